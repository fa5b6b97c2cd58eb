"""Which weights a training records, under which names, and their picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.errors import ConfigError
from dlcli.experiments.equation import Equation, equation_form
from dlcli.network.loss_surface import losses
from dlcli.plots.weights import Surface, draw_weights
from dlcli.training.session import Session
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.training.weight_history import WeightHistory

FILE, PICTURE = "weights.csv", "weights.png"
MOST_WEIGHTS = 1_000
GRID = 61  # points along each axis of a picture of two weights


@dataclass(frozen=True)
class RecordedWeights:
    """The numbers that stand for the weights of a model.

    Parameters
    ----------
    names : tuple of str
    values : callable
        Maps the weights of the model, a list of arrays, to a number for each name.
    """

    names: tuple[str, ...]
    values: Callable[[list[Array]], Array]


def check_weight_history(session: Session) -> None:
    """Refuse to record a large network.

    Raises
    ------
    ConfigError
    """
    config = session.prepared.config
    count = sum(weight.size for weight in session.model.get_weights())
    if config.weight_history and count > MOST_WEIGHTS:
        reason = f"the network has {count:,} weights; of at most {MOST_WEIGHTS:,} each is recorded"
        problem = config.document.problem(("weight_history",), f"{reason}. Remove the key")
        raise ConfigError([problem])


def recorded_weights(session: Session) -> RecordedWeights:
    """Return what is recorded of a session's model: its equation if it has one, or all weights."""
    model, preprocessor = session.model, session.preprocessor
    target = session.prepared.dataset.target
    form = equation_form(model, preprocessor, session.target_preprocessor, target)
    if form is None:
        inputs = [] if preprocessor.shape else preprocessor.feature_names
        return RecordedWeights(tuple(_names(model, inputs)), _flat)
    columns = (*form.columns.names, "(intercept)")
    several = len(form.outputs) > 1
    names = [f"{out}: {name}" if several else name for out in form.outputs for name in columns]
    return RecordedWeights(tuple(names), lambda weights: _coefficients(form.equation(weights)))


def _coefficients(equation: Equation) -> Array:
    rows = np.vstack([equation.weights, equation.intercepts])
    return np.asarray(rows.T.ravel())


def _flat(weights: list[Array]) -> Array:
    return np.concatenate([np.ravel(weight).astype(np.float64) for weight in weights])


def _names(model: Any, inputs: list[str]) -> Iterator[str]:
    """Yield names such as ``model[0].kernel[age, 1]``, in the order of the weights.

    The names of Keras's layers count on in a process, and would differ when a run is resumed.
    """
    for number, layer in enumerate(model.layers):
        for weight in layer.weights:
            inside = weight.path.rpartition(f"{layer.name}/")[2].replace("/", ".")
            name = re.sub(r"_\d+\b", "", inside)
            axes = [[str(at + 1) for at in range(size)] for size in weight.shape]
            if number == 0 and len(axes) == 2 and len(inputs) == len(axes[0]):
                axes[0] = inputs
            for place in product(*axes):
                yield f"model[{number}].{name}[{', '.join(place)}]"


def recorders(session: Session, folder: Path) -> list[WeightHistory]:
    """Return the callback that records the weights, if the config asks for it."""
    if not session.prepared.config.weight_history:
        return []
    weights = recorded_weights(session)
    from dlcli.training.weight_history import WeightHistory  # needs Keras

    return [WeightHistory(folder / FILE, weights.names, weights.values)]


def draw_weight_history(session: Session, folder: Path, title: str) -> None:
    """Plot the recorded weights; of two, over the loss of the training rows."""
    from dlcli.training.weight_history import read_rows

    rows = read_rows(folder / FILE)
    if not session.prepared.config.weight_history or not rows:
        return
    weights = recorded_weights(session)
    history = np.array([[float(cell) for cell in row[1:]] for row in rows])
    surface = _surface(session, weights, history) if len(weights.names) == 2 else None
    draw_weights(folder / PICTURE, weights.names, history, surface, title)


def _surface(session: Session, weights: RecordedWeights, history: Array) -> Surface | None:
    """Return the loss around the path of two weights; None if they do not determine it."""
    shapes = [weight.shape for weight in session.model.get_weights()]
    if sum(int(np.prod(shape)) for shape in shapes) != 2:
        return None

    def recorded(pair: Array) -> Array:
        first, *rest = shapes
        split = int(np.prod(first))
        parts = [pair[:split].reshape(first), *(pair[split:].reshape(shape) for shape in rest)]
        return weights.values(parts)

    # What is recorded is a matrix times the weights of the model, and an offset.
    offset = recorded(np.zeros(2))
    matrix = np.column_stack([recorded(unit) - offset for unit in np.eye(2)])
    if abs(np.linalg.det(matrix)) < 1e-12:
        return None
    low, high = history.min(axis=0), history.max(axis=0)
    margin = 0.35 * np.where(high > low, high - low, 1.0)
    x, y = (np.linspace(low[at] - margin[at], high[at] + margin[at], GRID) for at in (0, 1))
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    pairs = np.linalg.solve(matrix, (points - offset).T).T
    data = session.fit_data()
    values = losses(session.model, np.asarray(data.x), data.y, pairs)
    return Surface(x, y, values.reshape(GRID, GRID))
