"""One YAML file, one reproducible Keras run.

>>> from dlcli import load_config, train, evaluate, kfold, baseline, predict

Importing dlcli imports neither Keras nor pandas; the functions do when they are called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlcli.baselines import BaselineResult, baseline
    from dlcli.config import Config, load_config
    from dlcli.contents import ModelContents, inspect
    from dlcli.cross_validation import KfoldResult, kfold
    from dlcli.errors import ConfigError, DatasetError, DlcliError, ModelFileError, TrainingError
    from dlcli.evaluation import Evaluation, evaluate
    from dlcli.prediction import Predictions, predict
    from dlcli.run import TrainResult, train

__version__ = "0.1.0"

_HOME = {
    "BaselineResult": "baselines",
    "Config": "config",
    "ConfigError": "errors",
    "DatasetError": "errors",
    "DlcliError": "errors",
    "Evaluation": "evaluation",
    "KfoldResult": "cross_validation",
    "ModelContents": "contents",
    "ModelFileError": "errors",
    "Predictions": "prediction",
    "TrainResult": "run",
    "TrainingError": "errors",
    "baseline": "baselines",
    "evaluate": "evaluation",
    "inspect": "contents",
    "kfold": "cross_validation",
    "load_config": "config",
    "predict": "prediction",
    "train": "run",
}

__all__ = [
    "BaselineResult", "Config", "ConfigError", "DatasetError", "DlcliError", "Evaluation",
    "KfoldResult", "ModelContents", "ModelFileError", "Predictions", "TrainResult",
    "TrainingError", "baseline", "evaluate", "inspect", "kfold", "load_config", "predict",
    "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dlcli' has no attribute {name!r}")
    return getattr(import_module(f"dlcli.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
