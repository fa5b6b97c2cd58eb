"""The steps of preprocessing, fitted on training rows and kept as plain data."""

from __future__ import annotations

from dlcli.config.steps import Impute, OneHot, Pad, Standardize, Steps, Vectorize
from dlcli.datasets.dataset import ColumnType
from dlcli.preparation.steps import audio, numbers, words
from dlcli.preparation.steps.base import (
    FittedStep,
    fit_step,
    learns,
    step_from_json,
    step_name,
    step_to_json,
)

__all__ = [
    "FittedStep",
    "audio",
    "default_steps",
    "fit_step",
    "learns",
    "numbers",
    "step_from_json",
    "step_name",
    "step_to_json",
    "words",
]


def default_steps(kind: ColumnType, *, gaps: bool) -> Steps:
    """Return the steps of a column that the config leaves open.

    Parameters
    ----------
    kind : {"numeric", "categorical", "boolean", "text", "audio"}
    gaps : bool
        Whether the column has missing values.
    """
    fill: Steps = (Impute(strategy="most_frequent" if kind == "boolean" else None),) if gaps else ()
    own: dict[str, Steps] = {
        "numeric": (Standardize(),), "categorical": (OneHot(),), "boolean": (),
        "text": (Vectorize(),), "audio": (Pad(),),
    }  # fmt: skip
    return (*fill, *own[kind])
