"""Train many copies of one model in one TensorFlow program."""

from dlcli.training.stacked.copies import Copy, CopyResult
from dlcli.training.stacked.data import ROWS_BYTES
from dlcli.training.stacked.fit import Prune, StackedFit
from dlcli.training.stacked.hyperparameters import LEARNING_RATE, numbers_in
from dlcli.training.stacked.kept_stacks import KeptStacks
from dlcli.training.stacked.stackable import NotStackable, stacking_obstacle

__all__ = [
    "LEARNING_RATE",
    "ROWS_BYTES",
    "Copy",
    "CopyResult",
    "KeptStacks",
    "NotStackable",
    "Prune",
    "StackedFit",
    "numbers_in",
    "stacking_obstacle",
]
