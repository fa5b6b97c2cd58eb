"""Many copies of one model, trained in one TensorFlow program."""

from dlcli.training.stacked.reasons import NotStackable, why_not
from dlcli.training.stacked.rows import ROWS_BYTES
from dlcli.training.stacked.training import Copy, CopyResult, Replicas

__all__ = ["ROWS_BYTES", "Copy", "CopyResult", "NotStackable", "Replicas", "why_not"]
