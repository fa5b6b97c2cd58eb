"""Statistics of columns, with the arithmetic of scikit-learn; NaN is left out."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from dlcli.types import Array


def moments(blocks: Iterator[Array]) -> tuple[Array, Array, Array]:
    """Return mean, variance and number of values of each column, as of ``StandardScaler``.

    Parameters
    ----------
    blocks : iterator of ndarray, shape (n, columns)
        At least one.

    Returns
    -------
    mean, variance, counts : ndarray of float64, shape (columns,)

    Notes
    -----
    Source: Chan, Golub and LeVeque (1983), "Algorithms for computing the sample variance: analysis
    and recommendations", The American Statistician 37:242–247.
    """
    mean, variance, counts = (np.zeros(()) for _ in range(3))  # become those of columns
    for values in map(_floats, blocks):
        missing = np.isnan(values)
        total = np.nansum if missing.any() else np.sum
        sums = total(values, axis=0, dtype=np.float64)
        news = len(values) - missing.sum(axis=0, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            deviations = values - sums / news
            correction = total(deviations, axis=0, dtype=np.float64)
            deviations **= 2
            squares = total(deviations, axis=0, dtype=np.float64) - correction**2 / news
            olds = np.broadcast_to(counts, news.shape)
            old_sums, ratio = mean * olds, olds / news
            counts = olds + news
            between = ratio / counts * (old_sums / ratio - sums) ** 2
            merged = np.where(olds == 0, squares, variance * olds + squares + between)
            # A column of a block may have no values.
            variance = np.where(news == 0, variance, merged / counts)
            mean = np.where(news == 0, mean, (old_sums + sums) / counts)
    return np.where(counts == 0, np.nan, mean), variance, counts


def extremes(blocks: Iterator[Array]) -> tuple[Array, Array]:
    """Return the smallest and the largest value of each column; blocks as of `moments`."""
    lows, highs = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a block without values in a column
        for values in map(_floats, blocks):
            lows.append(np.nanmin(values, axis=0))
            highs.append(np.nanmax(values, axis=0))
    return np.fmin.reduce(lows), np.fmax.reduce(highs)


def _floats(values: Array) -> Array:
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def typical_values(
    values: Array, missing: Array, strategy: Literal["mean", "median", "most_frequent"]
) -> Array:
    """Return the value that ``SimpleImputer`` fills in for missing ones in each column.

    Parameters
    ----------
    values : ndarray of float or object, shape (n, columns)
    missing : ndarray of bool, shape (n, columns)
        No column has only missing values.
    strategy : {"mean", "median", "most_frequent"}
        Of equally frequent values the smallest is taken.
    """
    if strategy == "most_frequent":
        columns = zip(values.T, missing.T, strict=True)
        frequent = [_most_frequent(column[~absent]) for column, absent in columns]
        return np.array(frequent, object if values.dtype == object else np.float64)
    masked = np.ma.masked_array(_floats(values), missing)
    statistic: Any = np.ma.mean if strategy == "mean" else np.ma.median
    return np.asarray(np.ma.getdata(statistic(masked, axis=0)))


def _most_frequent(column: Array) -> Any:
    if column.dtype == object:
        counter = Counter(column.tolist())
        most = max(counter.values())
        return min(value for value, count in counter.items() if count == most)
    uniques, counts = np.unique(column, return_counts=True)
    return uniques[counts.argmax()]
