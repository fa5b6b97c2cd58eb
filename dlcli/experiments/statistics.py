"""Summarize a metric over folds, and test whether two models differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.types import Array


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


def summarize_metric(
    values: list[float], bounds: tuple[float, float] = (-math.inf, math.inf)
) -> Summary:
    """Return mean, standard deviation and 95 % confidence interval of fold scores.

    Parameters
    ----------
    values : list of float
        One per fold. For a single fold, all but the mean is NaN.
    bounds : tuple of float
        Smallest and largest possible value of the metric; the interval is clipped to them.
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return Summary(mean, math.nan, math.nan, math.nan)
    from scipy.special import stdtrit  # scipy.stats takes half a second longer

    std = float(np.std(values, ddof=1))
    half = float(stdtrit(len(values) - 1, 0.975)) * std / math.sqrt(len(values))
    low, high = bounds
    return Summary(mean, std, max(low, mean - half), min(high, mean + half))


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
    from scipy.special import stdtr

    spread = (1 / len(values) + test_rows / train_rows) * float(values.var(ddof=1))
    return 2 * float(stdtr(len(values) - 1, -abs(mean) / math.sqrt(spread)))


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


def paired_t_test(errors: Array, other_errors: Array) -> float:
    """Test whether two models have different mean errors on the same rows.

    Parameters
    ----------
    errors, other_errors : ndarray of float, shape (n,)
        Absolute or squared errors of each row.

    Returns
    -------
    float
        Two-sided p-value; 1 if no error differs, NaN for fewer than two rows.

    Notes
    -----
    Source: Diebold and Mariano (1995), "Comparing predictive accuracy", Journal of Business &
    Economic Statistics 13:253–263, for independent rows.
    """
    differences = np.asarray(errors, np.float64) - other_errors
    if len(differences) < 2:
        return math.nan
    if not differences.any():
        return 1.0
    from scipy.stats import t

    spread = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    if not spread:
        return math.nan
    return 2 * float(t.sf(abs(float(differences.mean())) / spread, len(differences) - 1))
