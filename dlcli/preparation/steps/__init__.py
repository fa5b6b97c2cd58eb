"""Preprocessing steps, fitted on training rows and stored as plain data."""

from __future__ import annotations

from dlcli.config.steps import DateParts, Impute, OneHot, Pad, Standardize, Steps, Vectorize
from dlcli.datasets.dataset import ColumnType
from dlcli.preparation.steps.audio import FittedPad
from dlcli.preparation.steps.base import (
    FITTED,
    MAX_VALUES,
    FittedStep,
    InvertibleStep,
    check_category_count,
    fit_step,
    step_from_json,
    step_name,
    step_to_json,
    uses_rows,
)
from dlcli.preparation.steps.categories import FittedCategories, FittedOneHot, FittedOrdinal
from dlcli.preparation.steps.dates import PERIODS, FittedDateParts
from dlcli.preparation.steps.hashing import FittedHash
from dlcli.preparation.steps.normal import NORMAL_PARTS
from dlcli.preparation.steps.numbers import (
    FittedImpute,
    FittedLog,
    FittedMinMax,
    FittedScale,
    FittedStandardize,
)
from dlcli.preparation.steps.outliers import SMOOTH_BOUND, FittedClip, FittedRobust
from dlcli.preparation.steps.power import FittedPower
from dlcli.preparation.steps.quantiles import SMALLEST_SHARE, FittedQuantile
from dlcli.preparation.steps.terms import FittedPeriodic, FittedPolynomial
from dlcli.preparation.steps.words import PUNCTUATION, FittedVectorize, tokens

__all__ = [
    "FITTED",
    "MAX_VALUES",
    "NORMAL_PARTS",
    "PERIODS",
    "PUNCTUATION",
    "SMALLEST_SHARE",
    "SMOOTH_BOUND",
    "FittedCategories",
    "FittedClip",
    "FittedDateParts",
    "FittedHash",
    "FittedImpute",
    "FittedLog",
    "FittedMinMax",
    "FittedOneHot",
    "FittedOrdinal",
    "FittedPad",
    "FittedPeriodic",
    "FittedPolynomial",
    "FittedPower",
    "FittedQuantile",
    "FittedRobust",
    "FittedScale",
    "FittedStandardize",
    "FittedStep",
    "FittedVectorize",
    "InvertibleStep",
    "check_category_count",
    "default_steps",
    "fit_step",
    "step_from_json",
    "step_name",
    "step_to_json",
    "tokens",
    "uses_rows",
]


def default_steps(kind: ColumnType, *, has_missing: bool) -> Steps:
    """Return the steps of a column for which the config has none.

    Parameters
    ----------
    kind : {"numeric", "categorical", "boolean", "date", "text", "audio"}
    has_missing : bool
        Whether the column has missing values.
    """
    impute = Impute(strategy="most_frequent") if kind == "boolean" else Impute()
    imputing: Steps = (impute,) if has_missing else ()
    encoding: dict[str, Steps] = {
        "numeric": (Standardize(),), "categorical": (OneHot(),), "boolean": (),
        "date": (DateParts(), Standardize()), "text": (Vectorize(),), "audio": (Pad(),),
    }  # fmt: skip
    return (*imputing, *encoding[kind])
