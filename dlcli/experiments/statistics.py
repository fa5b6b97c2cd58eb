"""Summarize a metric over folds, and test whether two models differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.types import Array

# Parts and names of metrics that lie between 0 and 1, and of those that are at least 0.
UNIT_INTERVAL = ("accuracy", "precision", "recall", "f1score")
NON_NEGATIVE = ("mae", "mse", "rmse", "mape", "msle")


@dataclass(frozen=True)
class Summary:
    """Mean, spread and confidence interval of a metric over the folds.

    Parameters
    ----------
    mean : float
    std : float
        Sample standard deviation (n - 1).
    low, high : float
        95 % confidence interval of the mean (Student's t). It is somewhat too narrow, because
        the training sets of the folds overlap (Bengio and Grandvalet, 2004, JMLR 5).
    """

    mean: float
    std: float
    low: float
    high: float


def summarize_metric(values: list[float], name: str = "") -> Summary:
    """Return mean, standard deviation and 95 % confidence interval of fold scores.

    Parameters
    ----------
    values : list of float
        One per fold. For a single fold, all but the mean is NaN.
    name : str
        Name of the metric. The interval is clipped to the range of the metric, if that is
        known: [0, 1] for accuracy and the like, [0, inf) for errors.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Summary(mean, math.nan, math.nan, math.nan)
    from scipy.stats import t

    std = float(np.std(values, ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * std / math.sqrt(len(values))
    low, high = _bounds(name)
    return Summary(mean, std, max(low, mean - half), min(high, mean + half))


def _bounds(name: str) -> tuple[float, float]:
    """Return the smallest and largest possible value of a metric, as far as its name tells."""
    plain = name.lower().replace("_", "")
    if plain in ("acc", "auc") or any(word in plain for word in UNIT_INTERVAL):
        return 0.0, 1.0
    return (0.0 if plain in NON_NEGATIVE or plain.endswith("error") else -math.inf), math.inf


def corrected_t_test(differences: Sequence[float], train_rows: float, test_rows: float) -> float:
    """Test whether the mean scores of two models over the folds differ.

    The training sets of the folds overlap, so the fold scores are dependent, and the usual paired
    t-test reports too many differences. The corrected resampled t-test increases the variance by
    the ratio of test rows to training rows::

        t = mean(d) / sqrt((1 / k + test_rows / train_rows) * var(d)),  k - 1 degrees of freedom

    Parameters
    ----------
    differences : sequence of float
        Score of one model minus score of the other, per fold; at least 2.
    train_rows, test_rows : float
        Mean numbers of rows over the folds.

    Returns
    -------
    float
        Two-sided p-value. If all differences are equal, 1 if they are 0, else NaN, because their
        variance is unknown.

    Notes
    -----
    Source: Nadeau and Bengio (2003), "Inference for the Generalization Error", Machine Learning
    52:239–281, doi:10.1023/A:1024068626366. It was derived for repeated random subsampling; for
    the folds of one cross-validation it is a common approximation.
    """
    if len(differences) < 2:
        raise ValueError("a t-test needs at least two differences")
    values = np.asarray(differences, np.float64)
    mean = float(values.mean())
    # Compare with a tolerance: in floating point, 0.9 - 0.8 and 0.8 - 0.7 differ.
    if float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return 1.0 if abs(mean) <= 1e-12 else math.nan
    from scipy.stats import t

    spread = (1 / len(values) + test_rows / train_rows) * float(values.var(ddof=1))
    return 2 * float(t.sf(abs(mean) / math.sqrt(spread), len(values) - 1))


def mcnemar_test(right: Array, other_right: Array) -> float:
    """Test whether two classifiers have different accuracies on the same rows.

    Only rows that exactly one model classifies correctly count. If the models are equally good,
    each of the two is the correct one with probability 1/2.

    Parameters
    ----------
    right, other_right : ndarray of bool, shape (n,)
        Whether each row is classified correctly.

    Returns
    -------
    float
        Two-sided p-value of the exact binomial test; 1 if there is no such row.

    Notes
    -----
    Source: McNemar (1947), "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12:153–157, doi:10.1007/BF02295996.
    """
    first = int(np.count_nonzero(right & ~other_right))
    second = int(np.count_nonzero(other_right & ~right))
    if first + second == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(first, first + second, 0.5).pvalue)
