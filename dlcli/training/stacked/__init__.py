"""Train many copies of one model in one TensorFlow program."""

from dlcli.training.stacked.copies import Copy, CopyResult
from dlcli.training.stacked.data import ROWS_BYTES
from dlcli.training.stacked.fit import StackedFit
from dlcli.training.stacked.stackable import NotStackable, stacking_obstacle

__all__ = ["ROWS_BYTES", "Copy", "CopyResult", "NotStackable", "StackedFit", "stacking_obstacle"]
