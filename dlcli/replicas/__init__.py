"""Many copies of one model, trained in one TensorFlow program."""

from dlcli.replicas.reasons import NotStackable, why_not
from dlcli.replicas.rows import ROWS_BYTES
from dlcli.replicas.training import Copy, CopyResult, Replicas

__all__ = ["ROWS_BYTES", "Copy", "CopyResult", "NotStackable", "Replicas", "why_not"]
