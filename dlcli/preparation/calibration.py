"""Calibrated probabilities and intervals of numbers, fitted on validation rows."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from dlcli.datasets.dataset import Target
from dlcli.errors import plural
from dlcli.preparation.labels import label_probabilities
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.preparation.targets import Output, probabilities
from dlcli.types import Array

DEFAULT_COVERAGE = 0.9
# Temperatures that are tried; all validation rows right would otherwise give 0.
TEMPERATURES = (0.05, 20.0)
# The logarithm of 0 is infinite.
SMALLEST = 1e-12


class Calibration(BaseModel):
    """What was fitted on validation rows; part of the metadata in a model file.

    Probabilities are calibrated by temperature scaling (Guo et al., 2017, arXiv:1706.04599): the
    predicted class stays. Intervals of numbers are those of split conformal prediction (Lei et
    al., 2018, doi:10.1080/01621459.2017.1307116), equally wide for all rows on the scale on which
    the network was trained.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    coverage: float = Field(gt=0, lt=1, description="Share of the rows that intervals contain.")
    rows: int = Field(ge=1, description="Validation rows.")
    exclusive: bool = Field(default=True, description="Whether a row has one class.")
    temperature: float = Field(default=1.0, gt=0, le=100, allow_inf_nan=False)
    half_widths: tuple[float, ...] = Field(
        default=(), description="Of the intervals of each number, after the target's preprocessing."
    )

    def problems(self, targets: int) -> Iterator[str]:
        """Yield problems that a fitted calibration never has.

        Parameters
        ----------
        targets : int
            Numeric targets of the model.
        """
        if len(self.half_widths) != targets:
            yield f"{plural(len(self.half_widths), 'interval')} for {plural(targets, 'number')}"
        if not all(math.isfinite(width) and width >= 0 for width in self.half_widths):
            yield "an interval without a width"

    def calibrate(self, outputs: Array, kind: Output) -> Array:
        """Return outputs of a network with calibrated probabilities or logits.

        Parameters
        ----------
        outputs : ndarray of float32, shape (n, units)
        kind : {"value", "probability", "logit", "score"}
            Numbers and scores do not change.
        """
        if self.temperature == 1 or kind not in ("probability", "logit"):
            return outputs
        values = outputs.astype(np.float64)
        if kind == "logit":
            return (values / self.temperature).astype(np.float32)
        shares = np.clip(values, 0, 1)
        own = shares ** (1 / self.temperature)
        if self.exclusive and outputs.shape[1] > 1:
            total = own.sum(axis=1, keepdims=True)
        else:
            total = own + (1 - shares) ** (1 / self.temperature)
        scaled = np.divide(own, total, out=shares, where=total > 0)
        return np.asarray(scaled, np.float32)

    def interval(self, outputs: Array, preprocessor: TargetPreprocessor) -> tuple[Array, Array]:
        """Return the ends of the intervals in the unit of the target.

        Parameters
        ----------
        outputs : ndarray of float32, shape (n, targets)
            Of the network.
        preprocessor : TargetPreprocessor
            Its steps do not change the order of numbers.

        Returns
        -------
        lower, upper : ndarray of float64, shape (n, targets)
        """
        widths = np.array(self.half_widths)
        lower = preprocessor.invert((outputs - widths).astype(np.float32))
        upper = preprocessor.invert((outputs + widths).astype(np.float32))
        return lower.astype(np.float64), upper.astype(np.float64)


def least_rows(coverage: float) -> int:
    """Return how many validation rows intervals of a coverage need."""
    return math.ceil(coverage / (1 - coverage) - 1e-9)


def fit_intervals(outputs: Array, y: Array, coverage: float) -> Calibration:
    """Fit the intervals of numbers.

    Parameters
    ----------
    outputs : ndarray, shape (n, targets)
        Of the network for the validation rows, at least `least_rows`.
    y : ndarray, shape (n,) or (n, targets)
        Their preprocessed targets.
    coverage : float
        Share of new rows that an interval contains, at least.
    """
    residuals = np.sort(np.abs(outputs.astype(np.float64) - y.reshape(outputs.shape)), axis=0)
    rank = math.ceil((len(residuals) + 1) * coverage - 1e-9)
    widths = residuals[min(rank, len(residuals)) - 1]
    return Calibration(
        coverage=coverage, rows=len(residuals), half_widths=tuple(map(float, widths))
    )


def fit_temperature(
    outputs: Array, y: Array, target: Target, kind: Output, coverage: float
) -> Calibration:
    """Fit the temperature that gives validation rows the highest likelihood.

    The true classes get a little less than the probability 1, as in Platt (1999), so that rows
    that are all right do not make every probability 0 or 1.

    Parameters
    ----------
    outputs : ndarray, shape (n, units)
        Of the network for the validation rows.
    y : ndarray of int, shape (n,) or (n, labels)
    target : Target
    kind : {"probability", "logit"}
    coverage : float
        Kept in the calibration.
    """
    from scipy.optimize import minimize_scalar

    several = target.task == "multilabel"
    if several:
        truth = np.stack([1 - y, y], axis=-1).reshape(-1, 2)
    else:
        truth = np.eye(len(target.class_names))[y]
    smooth = 1 / (len(truth) + 2)
    truth = truth * (1 - smooth) + (1 - truth) * smooth / (truth.shape[1] - 1)

    def calibration(temperature: float) -> Calibration:
        return Calibration(
            coverage=coverage, rows=len(y), temperature=temperature, exclusive=not several
        )

    def loss(log_temperature: float) -> float:
        scaled = calibration(math.exp(log_temperature)).calibrate(outputs, kind)
        if several:
            ones = label_probabilities(scaled, kind).reshape(-1, 1)
            shares = np.hstack([1 - ones, ones])
        else:
            shares = probabilities(scaled, kind)
        return -float(np.mean(np.sum(truth * np.log(np.maximum(shares, SMALLEST)), axis=1)))

    bounds = tuple(map(math.log, TEMPERATURES))
    best = minimize_scalar(loss, bounds=bounds, method="bounded")
    return calibration(float(math.exp(best.x)))
