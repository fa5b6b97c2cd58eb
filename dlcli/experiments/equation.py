"""A network without hidden layers as the equation that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.preparation.linear_form import LinearForm, linear_form, target_line
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.types import Array

# Activations of the one layer, and what its sum is then.
SUMS = {"linear": "", "sigmoid": "log-odds of {}", "softmax": "score of {}", "tanh": "artanh of {}"}


@dataclass(frozen=True)
class Equation:
    """Outputs as sums of weighted columns, in the units of the data.

    Parameters
    ----------
    outputs : tuple of str
        What the sums are, as in ``"points"`` or ``"log-odds of yes"``.
    columns : tuple of str
    weights : ndarray of float64, shape (columns, outputs)
    intercepts : ndarray of float64, shape (outputs,)
    """

    outputs: tuple[str, ...]
    columns: tuple[str, ...]
    weights: Array
    intercepts: Array

    @property
    def boundary(self) -> float | None:
        """Value of the only column at which two classes are equally probable."""
        is_logit = self.outputs[0].startswith("log-odds")
        if not is_logit or self.weights.shape != (1, 1) or not self.weights[0, 0]:
            return None
        return float(-self.intercepts[0] / self.weights[0, 0])


@dataclass(frozen=True)
class EquationForm:
    """How the weights of a `Dense` layer become an equation.

    Parameters
    ----------
    outputs : tuple of str
        See `Equation`.
    columns : LinearForm
        The preprocessing.
    target : tuple of ndarray
        Slopes and intercepts from the outputs of the layer to the unit of the target.
    """

    outputs: tuple[str, ...]
    columns: LinearForm
    target: tuple[Array, Array]

    def equation(self, weights: Sequence[Array]) -> Equation:
        """Return the equation for a kernel and, if there is one, a bias."""
        kernel, *bias = (np.asarray(weight, np.float64) for weight in weights)
        intercepts = bias[0] if bias else np.zeros(kernel.shape[1])
        # The preprocessing of the columns, then that of the target the other way.
        intercepts = intercepts + self.columns.intercepts @ kernel
        kernel = self.columns.slopes[:, np.newaxis] * kernel
        slope, intercept = self.target
        names = self.columns.names
        return Equation(self.outputs, names, kernel * slope, intercepts * slope + intercept)


def equation_of(
    model: Any, preprocessor: Preprocessor, target_preprocessor: TargetPreprocessor, target: Target
) -> Equation | None:
    """Return the equation of a trained model; None if it has no `equation_form`."""
    form = equation_form(model, preprocessor, target_preprocessor, target)
    return None if form is None else form.equation(model.get_weights())


def equation_form(
    model: Any, preprocessor: Preprocessor, target_preprocessor: TargetPreprocessor, target: Target
) -> EquationForm | None:
    """Return the form of the equation of one `Dense` layer, for a table; None for other models.

    Parameters
    ----------
    model : keras.Sequential
    preprocessor : Preprocessor
    target_preprocessor : TargetPreprocessor
    target : Target
    """
    layers = [layer for layer in model.layers if layer.weights]
    if len(layers) != 1 or len(model.layers) != 1 or type(layers[0]).__name__ != "Dense":
        return None
    activation = getattr(layers[0].activation, "__name__", "")
    line = target_line(target_preprocessor)
    if preprocessor.shape or len(model.input_shape) != 2 or activation not in SUMS:
        return None
    if line is None or (activation != "linear" and target_preprocessor.steps):
        return None
    if preprocessor.is_coded:
        return None
    units = int(model.output_shape[-1])
    names = target.outputs if not target.class_names else target.class_names[-units:]
    outputs = tuple(SUMS[activation].format(name) or name for name in names)
    return EquationForm(outputs, linear_form(preprocessor), line)
