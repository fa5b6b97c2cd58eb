"""The arguments of the preprocessing steps; `dlcli.preparation.steps` implements them."""

from __future__ import annotations

from dlcli.config.steps.base import STEPS, Step, Steps, plain_steps
from dlcli.config.steps.encoders import (
    DATE_PARTS,
    MAX_BUCKETS,
    MAX_NGRAMS,
    DatePart,
    DateParts,
    Hash,
    OneHot,
    Ordinal,
    Pad,
    Vectorize,
)
from dlcli.config.steps.numbers import (
    MAX_DEGREE,
    MAX_QUANTILES,
    Clip,
    Impute,
    Log,
    MinMax,
    Periodic,
    Polynomial,
    Power,
    Quantile,
    Robust,
    Scale,
    Standardize,
)

__all__ = [
    "DATE_PARTS",
    "MAX_BUCKETS",
    "MAX_DEGREE",
    "MAX_NGRAMS",
    "MAX_QUANTILES",
    "STEPS",
    "Clip",
    "DatePart",
    "DateParts",
    "Hash",
    "Impute",
    "Log",
    "MinMax",
    "OneHot",
    "Ordinal",
    "Pad",
    "Periodic",
    "Polynomial",
    "Power",
    "Quantile",
    "Robust",
    "Scale",
    "Standardize",
    "Step",
    "Steps",
    "Vectorize",
    "plain_steps",
]
