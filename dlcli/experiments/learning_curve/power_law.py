"""Fit a power law to errors, and predict the error for more rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dlcli.types import Array

# Exponents that are tried. Measured ones lie between 0.07 and 1 (Hestness et al., 2017,
# arXiv:1712.00409); faster than 1 / n no error falls for long.
EXPONENTS = np.geomspace(0.02, 1.0, 120)
SAMPLES = 1000
# Folds that all give the same error do not make it exact.
LEAST_SPREAD = 0.2


@dataclass(frozen=True)
class PowerLaw:
    """The curve ``error = floor + scale * rows ** -exponent``.

    Parameters
    ----------
    floor : float
        Error with any number of rows; at least 0.
    scale : float
        At least 0.
    exponent : float
    """

    floor: float
    scale: float
    exponent: float

    def __call__(self, rows: Array | float) -> Array:
        """Return the error for numbers of training rows."""
        values = np.asarray(rows, np.float64) ** -self.exponent
        return np.asarray(self.floor + self.scale * values)


@dataclass(frozen=True)
class Forecast:
    """The error that a fitted power law predicts, with 95 % intervals.

    Parameters
    ----------
    rows : int
    error, low, high : float
    gain, gain_low, gain_high : float
        By how much the error is smaller than the curve's at the present number of rows.
    """

    rows: int
    error: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float


def fit_power_law(rows: Array, errors: Array) -> PowerLaw:
    """Fit a power law by least squares, with floor and scale at least 0.

    Parameters
    ----------
    rows : ndarray, shape (sizes,)
        Training rows.
    errors : ndarray, shape (folds, sizes)
        The squared distances are weighted by the inverse variance of the folds.
    """
    means, weights = errors.mean(axis=0), _weights(errors)
    floors, scales, exponents = _fit(rows, means[np.newaxis], weights)
    return PowerLaw(float(floors[0]), float(scales[0]), float(exponents[0]))


def forecast(rows: Array, errors: Array, target: float, seed: int) -> Forecast:
    """Predict the error for another number of rows.

    The folds are drawn with replacement, all sizes of a fold together, and the curve is fitted
    again. The spread of these forecasts is widened from that of the drawn folds to Student's t.

    Parameters
    ----------
    rows : ndarray, shape (sizes,)
        Ascending.
    errors : ndarray, shape (folds, sizes)
        Of at least two folds.
    target : float
        Number of rows.
    seed : int
    """
    from scipy.special import stdtrit

    law = fit_power_law(rows, errors)
    ends = np.array([target, rows[-1]])
    error, present = law(ends)
    folds = len(errors)
    drawn = np.random.default_rng(seed).integers(folds, size=(SAMPLES, folds))
    floors, scales, exponents = _fit(rows, errors[drawn].mean(axis=1), _weights(errors))
    samples = floors[:, None] + scales[:, None] * ends ** -exponents[:, None]
    wider = float(stdtrit(folds - 1, 0.975)) / 1.96 * np.sqrt(folds / (folds - 1))

    def interval(center: float, values: Array) -> tuple[float, float]:
        low, high = center + wider * (np.quantile(values, (0.025, 0.975)) - center)
        return max(0.0, float(low)), float(high)

    gains = samples[:, 1] - samples[:, 0]
    return Forecast(
        round(target),
        float(error),
        *interval(float(error), samples[:, 0]),
        float(present - error),
        *interval(float(present - error), gains),
    )


def _weights(errors: Array) -> Array:
    spread = errors.std(axis=0, ddof=1) if len(errors) > 1 else np.ones(errors.shape[1])
    typical = float(np.median(spread)) or 1.0
    return np.asarray(1 / np.maximum(spread, LEAST_SPREAD * typical) ** 2)


def _fit(rows: Array, errors: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Fit many curves: for each exponent exactly, and the best exponent wins.

    Parameters
    ----------
    rows : ndarray, shape (sizes,)
    errors : ndarray, shape (curves, sizes)
    weights : ndarray, shape (sizes,)

    Returns
    -------
    tuple of ndarray, shape (curves,)
        Floors, scales and exponents.
    """
    weights = weights / weights.sum()
    # Relative to the most rows, so that the sums have no tiny terms.
    bases = (rows / rows.max()) ** -EXPONENTS[:, None]  # (exponents, sizes)
    mean_base, mean_error = bases @ weights, errors @ weights
    centred = (bases - mean_base[:, None]) * weights
    slopes = (errors @ centred.T) / (centred * bases).sum(axis=1)  # (curves, exponents)
    through_zero = (errors @ (bases * weights).T) / (bases**2 @ weights)
    scales = np.maximum(slopes, 0.0)
    floors = mean_error[:, None] - scales * mean_base
    scales = np.where(floors < 0, through_zero, scales)
    floors = np.maximum(floors, 0.0)
    residuals = errors[:, None, :] - floors[:, :, None] - scales[:, :, None] * bases
    best = np.argmin(residuals**2 @ weights, axis=1)
    every = np.arange(len(errors))
    exponents = EXPONENTS[best]
    return floors[every, best], scales[every, best] * rows.max() ** exponents, exponents
