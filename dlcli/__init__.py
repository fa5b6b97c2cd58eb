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
    from dlcli.errors import (
        ConfigError,
        DatasetError,
        DlcliError,
        Interrupted,
        ModelFileError,
        TrainingError,
        WriteError,
    )
    from dlcli.evaluation import Evaluation, evaluate
    from dlcli.prediction import Predictions, predict
    from dlcli.reproduction import Reproduction, reproduce
    from dlcli.run import TrainResult, train

__version__ = "0.1.0"

_HOME = {
    "BaselineResult": "baselines",
    "Config": "config",
    "ConfigError": "errors",
    "DatasetError": "errors",
    "DlcliError": "errors",
    "Evaluation": "evaluation",
    "Interrupted": "errors",
    "KfoldResult": "cross_validation",
    "ModelContents": "contents",
    "ModelFileError": "errors",
    "Predictions": "prediction",
    "Reproduction": "reproduction",
    "TrainResult": "run",
    "TrainingError": "errors",
    "WriteError": "errors",
    "baseline": "baselines",
    "evaluate": "evaluation",
    "inspect": "contents",
    "kfold": "cross_validation",
    "load_config": "config",
    "predict": "prediction",
    "reproduce": "reproduction",
    "train": "run",
}

__all__ = [
    "BaselineResult", "Config", "ConfigError", "DatasetError", "DlcliError", "Evaluation",
    "Interrupted", "KfoldResult", "ModelContents", "ModelFileError", "Predictions", "Reproduction",
    "TrainResult", "TrainingError", "WriteError", "baseline", "evaluate", "inspect", "kfold",
    "load_config", "predict", "reproduce", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dlcli' has no attribute {name!r}")
    return getattr(import_module(f"dlcli.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
