from .config.load import load_config
from .config.sections import Config
from .errors import (
    ConfigError,
    DatasetError,
    DlcliError,
    Interrupted,
    ModelFileError,
    TrainingError,
    WriteError,
)
from .experiments.baseline.baseline import baseline
from .experiments.baseline.result import BaselineResult
from .experiments.compare import PairedTest, RunComparison, compare
from .experiments.evaluate import Evaluation, evaluate
from .experiments.kfold import kfold
from .experiments.kfold_result import FoldResult, KfoldResult
from .experiments.learning_curve.learning_curve import learning_curve
from .experiments.learning_curve.result import LearningCurveResult
from .experiments.reproduce import Reproduction, reproduce
from .experiments.search.result import SweepResult
from .experiments.search.sweep import sweep
from .experiments.search.tune import tune
from .experiments.search.tune_result import TuneResult
from .experiments.train import train
from .experiments.train_result import TrainResult
from .exports.estimators import DlcliClassifier, DlcliRegressor
from .exports.export import ExportResult, export
from .models.contents import ModelContents, inspect
from .models.limits import Limits
from .models.loading import load_model
from .network.registration import register
from .network.scores import Scores
from .prediction.predict import predict
from .prediction.predictions import Predictions
from .reports.card import card
from .reports.report import report
from .training.folds.engines import Engine
from .training.progress import Progress
from .version import __version__

__all__ = [
    "BaselineResult",
    "Config",
    "ConfigError",
    "DatasetError",
    "DlcliClassifier",
    "DlcliError",
    "DlcliRegressor",
    "Engine",
    "Evaluation",
    "ExportResult",
    "FoldResult",
    "Interrupted",
    "KfoldResult",
    "LearningCurveResult",
    "Limits",
    "ModelContents",
    "ModelFileError",
    "PairedTest",
    "Predictions",
    "Progress",
    "Reproduction",
    "RunComparison",
    "Scores",
    "SweepResult",
    "TrainResult",
    "TrainingError",
    "TuneResult",
    "WriteError",
    "__version__",
    "baseline",
    "card",
    "compare",
    "evaluate",
    "export",
    "inspect",
    "kfold",
    "learning_curve",
    "load_config",
    "load_model",
    "predict",
    "register",
    "report",
    "reproduce",
    "sweep",
    "train",
    "tune",
]
