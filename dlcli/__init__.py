"""One YAML file, one reproducible Keras run.

>>> from dlcli import load_config, train, evaluate, kfold, baseline, predict

Importing dlcli imports neither Keras nor pandas; they are imported when a function needs them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dlcli.version import __version__

if TYPE_CHECKING:
    from dlcli.config.load import load_config
    from dlcli.config.sections import Config
    from dlcli.errors import (
        ConfigError,
        DatasetError,
        DlcliError,
        Interrupted,
        ModelFileError,
        TrainingError,
        WriteError,
    )
    from dlcli.experiments.baseline.baseline import BaselineResult, baseline
    from dlcli.experiments.evaluate import Evaluation, evaluate
    from dlcli.experiments.kfold import kfold
    from dlcli.experiments.kfold_result import FoldResult, KfoldResult
    from dlcli.experiments.learning_curve.learning_curve import learning_curve
    from dlcli.experiments.learning_curve.result import LearningCurveResult
    from dlcli.experiments.reproduce import Reproduction, reproduce
    from dlcli.experiments.train import train
    from dlcli.experiments.train_result import TrainResult
    from dlcli.models.contents import ModelContents, inspect
    from dlcli.models.limits import Limits
    from dlcli.models.loading import load_model
    from dlcli.network.registration import register
    from dlcli.network.scores import Scores
    from dlcli.prediction.predict import predict
    from dlcli.prediction.predictions import Predictions
    from dlcli.training.folds.engines import Engine
    from dlcli.training.progress import Progress

# The modules that define the public names; each is imported when one of its names is first used.
_MODULES = {
    "config.load": ("load_config",),
    "config.sections": ("Config",),
    "errors": (
        "ConfigError",
        "DatasetError",
        "DlcliError",
        "Interrupted",
        "ModelFileError",
        "TrainingError",
        "WriteError",
    ),
    "experiments.baseline.baseline": (
        "BaselineResult",
        "baseline",
    ),
    "experiments.evaluate": (
        "Evaluation",
        "evaluate",
    ),
    "experiments.kfold": ("kfold",),
    "experiments.kfold_result": (
        "FoldResult",
        "KfoldResult",
    ),
    "experiments.learning_curve.learning_curve": ("learning_curve",),
    "experiments.learning_curve.result": ("LearningCurveResult",),
    "experiments.reproduce": (
        "Reproduction",
        "reproduce",
    ),
    "experiments.train": ("train",),
    "experiments.train_result": ("TrainResult",),
    "models.contents": (
        "ModelContents",
        "inspect",
    ),
    "models.limits": ("Limits",),
    "models.loading": ("load_model",),
    "network.registration": ("register",),
    "network.scores": ("Scores",),
    "prediction.predict": ("predict",),
    "prediction.predictions": ("Predictions",),
    "training.folds.engines": ("Engine",),
    "training.progress": ("Progress",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "BaselineResult",
    "Config",
    "ConfigError",
    "DatasetError",
    "DlcliError",
    "Engine",
    "Evaluation",
    "FoldResult",
    "Interrupted",
    "KfoldResult",
    "LearningCurveResult",
    "Limits",
    "ModelContents",
    "ModelFileError",
    "Predictions",
    "Progress",
    "Reproduction",
    "Scores",
    "TrainResult",
    "TrainingError",
    "WriteError",
    "__version__",
    "baseline",
    "evaluate",
    "inspect",
    "kfold",
    "learning_curve",
    "load_config",
    "load_model",
    "predict",
    "register",
    "reproduce",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dlcli' has no attribute {name!r}")
    return getattr(import_module(f"dlcli.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__]
