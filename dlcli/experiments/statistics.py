"""A metric over several trainings: mean, spread and interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.types import Array

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


def summarize_metric(values: list[float], name: str = "") -> Summary:
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


def corrected_t_test(differences: Sequence[float], train_rows: float, test_rows: float) -> float:
    """Test whether the scores of two models differ in the mean over folds.

    The training sets of the folds overlap, so that fold scores depend on each other and the usual
    paired t-test finds differences that are none. The corrected resampled t-test adds the share
    of test to training rows to the variance::

        t = mean(d) / sqrt((1 / k + test_rows / train_rows) * var(d)),  k - 1 degrees of freedom

    Parameters
    ----------
    differences : sequence of float
        A score of one model minus that of the other, per fold; at least 2.
    train_rows, test_rows : float
        Of a fold, or their means over the folds.

    Returns
    -------
    float
        Two-sided p-value. Where the differences do not vary: 1 if they are 0, else NaN, since
        nothing says how much they would.

    Notes
    -----
    Source: Nadeau and Bengio (2003), "Inference for the Generalization Error", Machine Learning
    52:239–281, doi:10.1023/A:1024068626366. It was derived for repeated random subsampling; its
    use on the folds of one cross-validation is common, and an approximation.
    """
    if len(differences) < 2:
        raise ValueError("a t-test needs at least two differences")
    values = np.asarray(differences, np.float64)
    mean = float(values.mean())
    # Equal differences are equal up to rounding: 0.9 - 0.8 is not 0.8 - 0.7.
    if float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return 1.0 if abs(mean) <= 1e-12 else math.nan
    from scipy.stats import t

    spread = (1 / len(values) + test_rows / train_rows) * float(values.var(ddof=1))
    return 2 * float(t.sf(abs(mean) / math.sqrt(spread), len(values) - 1))


def mcnemar_test(right: Array, other_right: Array) -> float:
    """Test whether two models are right on different numbers of the same rows.

    Only the rows count that one model gets right and the other wrong: if the models are equally
    good, each is the right one with probability 1/2.

    Parameters
    ----------
    right, other_right : ndarray of bool, shape (n,)
        Whether each model is right, row by row.

    Returns
    -------
    float
        Two-sided p-value by the exact binomial distribution; 1 if no row tells the two apart.

    Notes
    -----
    Source: McNemar (1947), "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12:153–157, doi:10.1007/BF02295996.
    """
    mine = int(np.count_nonzero(right & ~other_right))
    theirs = int(np.count_nonzero(other_right & ~right))
    if mine + theirs == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(mine, mine + theirs, 0.5).pvalue)
