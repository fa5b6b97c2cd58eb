"""A metric over several trainings: mean, spread and interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

SHARES = ("accuracy", "precision", "recall", "f1score")
ERRORS = ("mae", "mse", "rmse", "mape", "msle")


@dataclass(frozen=True)
class Summary:
    """A metric over the folds.

    Parameters
    ----------
    mean : float
    std : float
        Of the sample (n - 1).
    low, high : float
        95 % confidence interval of the mean, by Student's t. The training sets of the folds
        overlap, so it is somewhat too narrow (Bengio and Grandvalet, 2004, JMLR 5).
    """

    mean: float
    std: float
    low: float
    high: float


def summarise(values: list[float], name: str = "") -> Summary:
    """Return mean, standard deviation and 95 % confidence interval of fold scores.

    Parameters
    ----------
    values : list of float
        One per fold; with a single one the spread is NaN.
    name : str
        Of the metric. The interval does not leave its range: 0 to 1 of shares, from 0 on of
        errors.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Summary(mean, math.nan, math.nan, math.nan)
    from scipy.stats import t

    std = float(np.std(values, ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * std / math.sqrt(len(values))
    low, high = _range(name)
    return Summary(mean, std, max(low, mean - half), min(high, mean + half))


def _range(name: str) -> tuple[float, float]:
    """Return the smallest and largest value that a metric can have, as far as its name tells."""
    plain = name.lower().replace("_", "")
    if plain in ("acc", "auc") or any(word in plain for word in SHARES):
        return 0.0, 1.0
    return (0.0 if plain in ERRORS or plain.endswith("error") else -math.inf), math.inf
