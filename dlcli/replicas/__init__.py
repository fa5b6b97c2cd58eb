"""Many copies of one model, trained in one TensorFlow program."""

from dlcli.replicas.reasons import NotStackable, why_not
from dlcli.replicas.training import Copy, CopyResult, Replicas

__all__ = ["Copy", "CopyResult", "NotStackable", "Replicas", "why_not"]
