"""A metric over several trainings: mean, spread and interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


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


def summarise(values: list[float]) -> Summary:
    """Return mean, standard deviation and 95 % confidence interval of fold scores.

    Parameters
    ----------
    values : list of float
        One per fold; with a single one the spread is NaN.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Summary(mean, math.nan, math.nan, math.nan)
    from scipy.stats import t

    std = float(np.std(values, ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * std / math.sqrt(len(values))
    return Summary(mean, std, mean - half, mean + half)
