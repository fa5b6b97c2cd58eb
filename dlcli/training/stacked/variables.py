"""Weights, other variables and optimizer of all copies, stacked along a leading axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlcli.network import internals
from dlcli.network.backend import import_keras
from dlcli.training.stacked.hyperparameters import Hyperparameters
from dlcli.training.stacked.vectorized import vectorize
from dlcli.types import Array


class StackedVariables:
    """Variables of all copies of a model, and the optimizer that updates them.

    The trainable weights of a copy are one row of one matrix. An element-wise optimizer then needs
    a dozen operations per step, however many layers and copies there are.

    Parameters
    ----------
    model : keras.Sequential
        Compiled.
    values : sequence of list of ndarray
        Initial values of ``model.variables``, for each copy.
    own_steps : bool
        Whether the numbers of steps can differ between the copies.
    own_rates : bool
        Whether the learning rates can differ between the copies.
    hyperparameters : Hyperparameters
    """

    def __init__(
        self,
        model: Any,
        values: Sequence[list[Array]],
        *,
        own_steps: bool,
        own_rates: bool,
        hyperparameters: Hyperparameters,
    ) -> None:
        import tensorflow as tf

        self.model = model
        self.count = len(values)
        self.own_steps, self.own_rates = own_steps, own_rates
        self.hyperparameters = hyperparameters
        self.trainable = list(model.trainable_variables)
        self.non_trainable = list(model.non_trainable_variables)
        self.shapes = [tuple(variable.shape) for variable in self.trainable]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        matrix, others = self._stacked(values)
        with tf.device("cpu:0"):
            self.weights = import_keras().Variable(matrix, name="stack")
            self.others = [tf.Variable(array, trainable=False) for array in others]
            self.optimizer = self._build_optimizer()
        self._initial_optimizer = [variable.numpy() for variable in self.optimizer.variables]

    def _stacked(self, values: Sequence[list[Array]]) -> tuple[Array, list[Array]]:
        """Return the matrix of weights and the other arrays, from the variables of each copy."""
        index = {id(variable): number for number, variable in enumerate(self.model.variables)}
        rows = [
            np.concatenate([arrays[index[id(variable)]].ravel() for variable in self.trainable])
            for arrays in values
        ]
        others = [
            np.stack([arrays[index[id(variable)]] for arrays in values])
            for variable in self.non_trainable
        ]
        return np.stack(rows), others

    def _build_optimizer(self) -> Any:
        """Build an optimizer for the matrix like that of the model.

        Where copies can differ, a scalar of the optimizer becomes a column with one number per
        copy. Clipping by a norm is left to `clip`: the norm of the matrix is that of all copies.
        """
        optimizer = self.model.optimizer
        config = {**optimizer.get_config(), "clipnorm": None, "global_clipnorm": None}
        optimizer = type(optimizer).from_config(config)
        optimizer.build([self.weights])
        if self.own_steps:
            internals.use_steps_per_row(optimizer, self.count)
        if self.own_rates:
            internals.use_learning_rate_per_row(optimizer, self.count)
        self.hyperparameters.set_in_optimizer(optimizer)
        return optimizer

    def begin(self, values: Sequence[list[Array]], numbers: Sequence[Mapping[str, float]]) -> None:
        """Set everything to the beginning of the training of other copies.

        Parameters
        ----------
        values : sequence of list of ndarray
            Initial values of ``model.variables``, for each copy.
        numbers : sequence of mapping
            Their hyperparameters.
        """
        matrix, others = self._stacked(values)
        arrays = [matrix, *others, *self._initial_optimizer]
        for variable, array in zip(self.variables, arrays, strict=True):
            variable.assign(array)
        self.hyperparameters.assign(numbers)

    @property
    def variables(self) -> list[Any]:
        """The matrix, the non-trainable variables and those of the optimizer."""
        return [self.weights, *self.others, *self.optimizer.variables]

    def unpack(self, row: Any) -> list[Any]:
        """Split the row of one copy into its trainable weights."""
        import tensorflow as tf

        parts = tf.split(row, self.sizes)
        return [tf.reshape(part, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def pack(self, parts: Sequence[Any]) -> Any:
        """Join the trainable weights of one copy, or their gradients, to a row."""
        import tensorflow as tf

        return tf.concat([tf.reshape(part, [-1]) for part in parts], 0)

    def clip(self, gradient: Any) -> Any:
        """Clip the gradients of one copy, given as a row, by their norms."""
        optimizer = self.model.optimizer
        if not (optimizer.clipnorm or optimizer.global_clipnorm):
            return gradient
        return self.pack(internals.clip_gradients(optimizer, self.unpack(gradient)))

    def apply(self, gradients: Any, active: Sequence[int] | None = None) -> None:
        """Make one step of the optimizer.

        The optimizer always updates the whole matrix. For copies that make no step, the rows of
        all variables, moments and step counters included, are put back afterwards.

        Parameters
        ----------
        gradients : tf.Tensor of float32, shape (copies, weights)
        active : sequence of int, optional
            Copies that make the step. Default: all.
        """
        import tensorflow as tf

        if active is None:
            self._update(gradients)
            return
        stacked = [v.value for v in (self.weights, *self.optimizer.variables) if self._has_rows(v)]
        before = [variable.read_value() for variable in stacked]
        self._update(gradients)
        mask = np.zeros((self.count, 1), bool)
        mask[list(active)] = True
        for variable, value in zip(stacked, before, strict=True):
            variable.assign(tf.where(mask, variable.read_value(), value))

    def _update(self, gradients: Any) -> None:
        """Update all weights, and apply their constraints as the optimizer of a model does."""
        self.optimizer.apply([gradients], [self.weights])
        constraints = [variable.constraint for variable in self.trainable]
        if not any(constraints):
            return

        def constrain(row: Any) -> Any:
            return self.pack(
                [
                    part if constraint is None else constraint(part)
                    for part, constraint in zip(self.unpack(row), constraints, strict=True)
                ]
            )

        rows = self.weights.value.read_value()
        self.weights.value.assign(vectorize(constrain, rows))

    def _has_rows(self, variable: Any) -> bool:
        return len(variable.shape) == 2 and variable.shape[0] == self.count

    def finite(self) -> Any:
        """Return whether all variables of each copy are finite; bool, shape (copies,)."""
        import tensorflow as tf

        finite = tf.reduce_all(tf.math.is_finite(self.weights.value.read_value()), axis=1)
        for variable in self.others:
            if variable.dtype.is_floating:
                rows = tf.reshape(variable.read_value(), [self.count, -1])
                finite &= tf.reduce_all(tf.math.is_finite(rows), axis=1)
        return finite

    def read_weights(self) -> list[list[Array]]:
        """Return the weights of every copy, in the order of ``model.weights``."""
        values = self._values()
        return [[values[id(w)][copy] for w in self.model.weights] for copy in range(self.count)]

    def subset(
        self, copies: Sequence[int], unused: StackedVariables | None = None
    ) -> StackedVariables:
        """Return the variables of some of the copies, with their present values.

        Parameters
        ----------
        copies : sequence of int
        unused : StackedVariables, optional
            Variables of as many copies, to be used instead of new ones.
        """
        present = self._values()
        values = [[present[id(v)][copy] for v in self.model.variables] for copy in copies]
        hyperparameters = self.hyperparameters.subset(copies)
        if unused is None:
            subset = StackedVariables(
                self.model, values, own_steps=self.own_steps, own_rates=self.own_rates,
                hyperparameters=hyperparameters,
            )  # fmt: skip
        else:
            subset = unused
            subset.begin(values, hyperparameters.values)
        pairs = zip(self.optimizer.variables, subset.optimizer.variables, strict=True)
        for variable, new_variable in pairs:
            value = variable.numpy()
            new_variable.assign(value[list(copies)] if self._has_rows(variable) else value)
        return subset

    def _values(self) -> dict[int, Array]:
        """Return the values of all copies by the identity of the model's variables."""
        matrix = self.weights.value.numpy()
        parts = np.split(matrix, np.cumsum(self.sizes)[:-1], axis=1)
        values: dict[int, Array] = {
            id(variable): part.reshape(self.count, *shape)
            for variable, part, shape in zip(self.trainable, parts, self.shapes, strict=True)
        }
        for variable, stacked in zip(self.non_trainable, self.others, strict=True):
            values[id(variable)] = stacked.numpy()
        return values
