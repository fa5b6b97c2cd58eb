"""Weights, states and optimizer of all copies, stacked along a leading axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.network import internals
from dlcli.network.backend import import_keras
from dlcli.training.stacked.graphs import vectorised
from dlcli.types import Array


class Stack:
    """Variables of all copies of a model.

    All trainable weights of a copy stand in one row of one matrix: an element-wise optimizer
    then needs a dozen operations per step, however many weights the model has.

    Parameters
    ----------
    model : keras.Sequential
        Compiled.
    states : sequence of list of ndarray
        First values of ``model.variables``, for each copy.
    own_steps : bool
        Whether the copies may have made different numbers of steps.
    own_rates : bool
        Whether the copies may have different learning rates.
    """

    def __init__(
        self, model: Any, states: Sequence[list[Array]], *, own_steps: bool, own_rates: bool
    ) -> None:
        import tensorflow as tf

        keras = import_keras()
        self.model = model
        self.count = len(states)
        self.own = {"own_steps": own_steps, "own_rates": own_rates}
        self.trainable = list(model.trainable_variables)
        self.fixed = list(model.non_trainable_variables)
        self.shapes = [tuple(variable.shape) for variable in self.trainable]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        place = {id(variable): at for at, variable in enumerate(model.variables)}
        of = [[state[place[id(v)]] for v in self.trainable] for state in states]
        with tf.device("cpu:0"):
            flat = [np.concatenate([array.ravel() for array in arrays]) for arrays in of]
            self.weights = keras.Variable(np.stack(flat), name="stack")
            self.others = [
                tf.Variable(np.stack([state[place[id(v)]] for state in states]), trainable=False)
                for v in self.fixed
            ]
            self.optimizer = self._own_optimizer(own_steps=own_steps, own_rates=own_rates)

    def _own_optimizer(self, *, own_steps: bool, own_rates: bool) -> Any:
        """Make an optimizer for the stack; what is one number for a model may be a column."""
        like = self.model.optimizer
        config = {**like.get_config(), "clipnorm": None, "global_clipnorm": None}
        optimizer = type(like).from_config(config)
        optimizer.build([self.weights])
        if own_steps:
            internals.use_steps_per_row(optimizer, self.count)
        if own_rates:
            internals.use_learning_rate_per_row(optimizer, self.count)
        return optimizer

    def unpack(self, row: Any) -> list[Any]:
        """Cut the row of one copy into its trainable weights."""
        import tensorflow as tf

        parts = tf.split(row, self.sizes)
        return [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def pack(self, parts: Sequence[Any]) -> Any:
        """Put the trainable weights of one copy, or their gradients, into a row."""
        import tensorflow as tf

        return tf.concat([tf.reshape(part, [-1]) for part in parts], 0)

    def clip(self, gradient: Any) -> Any:
        """Clip the gradients of one copy by their norms, which the stack's optimizer cannot."""
        like = self.model.optimizer
        if not (like.clipnorm or like.global_clipnorm):
            return gradient
        return self.pack(internals.clip_gradients(like, self.unpack(gradient)))

    def apply(self, gradients: Any, active: Sequence[int] | None = None) -> None:
        """Make one step of the optimizer.

        Parameters
        ----------
        gradients : tf.Tensor of float32, shape (copies, weights)
        active : sequence of int, optional
            The copies that make it; for the others nothing changes.
        """
        import tensorflow as tf

        if active is None:
            self.optimizer.apply([gradients], [self.weights])
            self._constrain()
            return
        rows = [v.value for v in (self.weights, *self.optimizer.variables) if self._has_rows(v)]
        before = [variable.read_value() for variable in rows]
        self.optimizer.apply([gradients], [self.weights])
        self._constrain()
        mask = np.zeros((self.count, 1), bool)
        mask[list(active)] = True
        for variable, old in zip(rows, before, strict=True):
            variable.assign(tf.where(mask, variable.read_value(), old))

    def _has_rows(self, variable: Any) -> bool:
        return len(variable.shape) == 2 and variable.shape[0] == self.count

    def _constrain(self) -> None:
        """Apply the constraints of the weights, as the optimizer does for a single model."""
        constraints = [variable.constraint for variable in self.trainable]
        if not any(constraints):
            return

        def constrained(row: Any) -> Any:
            return self.pack(
                [
                    part if constraint is None else constraint(part)
                    for part, constraint in zip(self.unpack(row), constraints, strict=True)
                ]
            )

        rows = self.weights.value.read_value()
        self.weights.value.assign(vectorised(constrained, rows))

    def finite(self) -> Any:
        """Tell for each copy whether its weights are finite; bool, shape (copies,)."""
        import tensorflow as tf

        found = tf.reduce_all(tf.math.is_finite(self.weights.value.read_value()), axis=1)
        for variable in self.others:
            if variable.dtype.is_floating:
                finite = tf.math.is_finite(tf.reshape(variable.read_value(), [self.count, -1]))
                found &= tf.reduce_all(finite, axis=1)
        return found

    def _values(self) -> dict[int, Array]:
        """Return the present values of all copies by the identity of the model's variables."""
        matrix = self.weights.value.numpy()
        ends = np.cumsum(self.sizes)[:-1]
        cut = zip(self.trainable, np.split(matrix, ends, axis=1), self.shapes, strict=True)
        values: dict[int, Array] = {
            id(variable): part.reshape(self.count, *shape) for variable, part, shape in cut
        }
        for variable, stacked in zip(self.fixed, self.others, strict=True):
            values[id(variable)] = stacked.numpy()
        return values

    @property
    def variables(self) -> list[Any]:
        """All variables: weights, states and the optimizer's."""
        return [self.weights, *self.others, *self.optimizer.variables]

    def read(self) -> list[list[Array]]:
        """Return the weights of every copy, in the order of ``model.weights``."""
        values = self._values()
        return [[values[id(w)][copy] for w in self.model.weights] for copy in range(self.count)]

    def take(self, copies: Sequence[int]) -> Stack:
        """Return a stack of some of the copies, which go on from where they are."""
        values = self._values()
        states = [[values[id(v)][copy] for v in self.model.variables] for copy in copies]
        taken = Stack(self.model, states, **self.own)
        for old, new in zip(self.optimizer.variables, taken.optimizer.variables, strict=True):
            value = old.numpy()
            new.assign(value[list(copies)] if self._has_rows(old) else value)
        return taken
