"""The TensorFlow program of an epoch of all copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.network.backend import import_keras
from dlcli.training.stacked.graphs import put, rows_of, vectorised
from dlcli.training.stacked.rows import Batches, Rows
from dlcli.training.stacked.stack import Stack

Tensors = tuple[Any, ...]

# What `fit` takes as a batch of validation rows at least.
VALIDATION_BATCH = 256


class Program:
    """Functions that train all copies for an epoch and measure them.

    Parameters
    ----------
    stack : Stack
    rows : Rows
    validation : Rows or None
    seeds : sequence of int
        Of the order of rows, for each copy.
    batches : Batches
    """

    def __init__(
        self,
        stack: Stack,
        rows: Rows,
        validation: Rows | None,
        seeds: Sequence[int],
        batches: Batches,
    ) -> None:
        import tensorflow as tf

        self.stack, self.model = stack, stack.model
        self.rows, self.validation, self.seeds = rows, validation, seeds
        self.batches = batches
        self.first_metrics = self._build_metrics()
        self.names: list[str] = []
        self.order = tf.function(self._order, autograph=False)
        self.steps = tf.function(self._steps, autograph=False)
        self.finish = tf.function(self._finish, autograph=False)

    def trace(self) -> None:
        """Make the graphs of all functions, so that what cannot be made is known at once."""
        import tensorflow as tf

        zero = tf.constant(0)
        number = tf.TensorSpec((), tf.int64)
        order = self.order.get_concrete_function(number).structured_outputs
        order = tf.TensorSpec(order.shape, order.dtype)
        self.steps.get_concrete_function(order, zero, zero, self.first_metrics)
        self.finish.get_concrete_function(order, self.first_metrics)

    def _build_metrics(self) -> Tensors:
        """Have the model make its metrics' variables; return the first values of all copies."""
        import tensorflow as tf

        model = self.model
        x, y = (array[0, :2].numpy() for array in self.rows.arrays[:2])
        outputs = model(x, training=False)
        model.compute_loss(y=y, y_pred=outputs, training=False)
        model.compute_metrics(None, y, outputs)
        model.reset_metrics()
        count = self.stack.count
        return tuple(
            tf.constant(np.repeat(variable.numpy()[np.newaxis], count, axis=0))
            for variable in model.metrics_variables
        )

    def _order(self, epoch: Any) -> Any:
        """Return the order of rows in an epoch: int32, shape (copies, rows)."""
        import tensorflow as tf

        made: dict[tuple[int, int], Any] = {}
        most = max(self.rows.counts)
        orders = []
        for count, seed in zip(self.rows.counts, self.seeds, strict=True):
            if (count, seed) not in made:
                pair = tf.stack([tf.constant(seed, tf.int64), epoch])
                order = tf.random.experimental.stateless_shuffle(tf.range(count), seed=pair)
                made[count, seed] = tf.pad(order, [[0, most - count]])
            orders.append(made[count, seed])
        return tf.stack(orders)

    def _steps(self, order: Any, start: Any, stop: Any, metrics: Tensors) -> Tensors:
        """Train on the full batches from `start` to `stop`; return the metrics' variables."""
        import tensorflow as tf

        size = self.batches.batch_size

        def body(step: Any, metrics: Tensors) -> tuple[Any, Tensors]:
            indices = order[:, step * size : (step + 1) * size]
            indices.set_shape((self.stack.count, size))
            state = tuple(variable.read_value() for variable in self.stack.others)
            given = self._take(self.rows, indices, None)
            values = (self.stack.weights.value.read_value(), state, metrics, given)
            gradients, state, metrics = vectorised(self._learn, values)
            for variable, value in zip(self.stack.others, state, strict=True):
                variable.assign(value)
            self.stack.apply(gradients)
            return step + 1, metrics

        result: Tensors = tf.while_loop(
            lambda step, _: step < stop, body, (start, metrics), parallel_iterations=1
        )[1]
        return result

    def _finish(self, order: Any, metrics: Tensors) -> Any:
        """Train on the last rows and measure.

        Returns
        -------
        tf.Tensor of float32, shape (values + 1, copies)
            Measured values in the order of `names`; the last is 1 if all weights are finite.
        """
        import tensorflow as tf

        size = self.batches.batch_size
        for number, sizes in enumerate(self.batches.ragged, self.batches.full):
            metrics = self._ragged_step(order[:, number * size :], sizes, metrics)
        measured = vectorised(self._results, metrics)
        found = {name: measured[name] for name in sorted(measured)}
        if self.validation is not None:
            watched = vectorised(self._results, self._validate(self.validation))
            found |= {f"val_{name}": watched[name] for name in sorted(watched)}
        self.names = list(found)
        values = [tf.cast(value, tf.float32) for value in found.values()]
        return tf.stack([*values, tf.cast(self.stack.finite(), tf.float32)])

    def _ragged_step(self, order: Any, sizes: dict[int, list[int]], metrics: Tensors) -> Tensors:
        """Make a step in which the copies have batches of different sizes, or none."""
        import tensorflow as tf

        stack = self.stack
        weights = stack.weights.value.read_value()
        state = tuple(variable.read_value() for variable in stack.others)
        gradients = tf.zeros_like(weights)
        everything = (gradients, state, metrics)
        for size, copies in sizes.items():
            whole = len(copies) == stack.count
            part = (weights, state, metrics, order[:, :size])
            if not whole:
                part = rows_of(part, copies)
            *values, indices = part
            given = self._take(self.rows, indices, None if whole else copies)
            new = vectorised(self._learn, (*values, given))
            everything = new if whole else put(everything, copies, new)
        gradients, state, metrics = everything
        for variable, value in zip(stack.others, state, strict=True):
            variable.assign(value)
        active = sorted(copy for copies in sizes.values() for copy in copies)
        stack.apply(gradients, None if len(active) == stack.count else active)
        return metrics

    def _validate(self, rows: Rows) -> Tensors:
        """Measure on the validation rows; return the metrics' variables."""
        stack = self.stack
        metrics = self.first_metrics
        state = tuple(variable.read_value() for variable in stack.others)
        model = (stack.weights.value.read_value(), state)
        for count in sorted(set(rows.counts)):
            copies = [copy for copy, other in enumerate(rows.counts) if other == count]
            weights, state, values = rows_of((*model, metrics), copies)
            values = self._validate_some(rows, copies, (weights, state), values)
            metrics = put(metrics, copies, values)
        return metrics

    def _validate_some(
        self, rows: Rows, copies: list[int], model: tuple[Any, Tensors], metrics: Tensors
    ) -> Tensors:
        """Measure on the validation rows of copies that have the same number of them."""
        import tensorflow as tf

        count = rows.counts[copies[0]]
        size = max(self.batches.batch_size, VALIDATION_BATCH)
        arrays = rows_of(rows.arrays, copies)

        def watched(metrics: Tensors, start: Any, batch: int) -> Tensors:
            given = tuple(array[:, start : start + batch] for array in arrays)
            for array in given:
                array.set_shape((len(copies), batch, *array.shape[2:]))
            values: Tensors = vectorised(self._watch, (*model, metrics, given))
            return values

        full, rest = divmod(count, size)
        if full:
            _, metrics = tf.while_loop(
                lambda step, _: step < full,
                lambda step, metrics: (step + 1, watched(metrics, step * size, size)),
                (tf.constant(0), metrics),
                parallel_iterations=1,
            )
        return watched(metrics, full * size, rest) if rest else metrics

    def _take(self, rows: Rows, indices: Any, copies: list[int] | None) -> Tensors:
        """Take the rows of a batch, of all copies or of some."""
        import tensorflow as tf

        arrays = rows.arrays if copies is None else rows_of(rows.arrays, copies)
        taken: Tensors = tuple(tf.gather(array, indices, batch_dims=1) for array in arrays)
        return taken

    def _learn(self, values: Any) -> Any:
        """Return gradients, state and metrics of one copy after one batch."""
        import tensorflow as tf

        row, state, metrics, given = values
        with tf.GradientTape() as tape:
            tape.watch(row)
            loss, state, metrics = self._measure(row, state, metrics, given, training=True)
        gradient = tape.gradient(loss, row, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return self.stack.clip(gradient), state, metrics

    def _watch(self, values: Any) -> Tensors:
        """Return the metrics of one copy after one batch of validation rows."""
        return self._measure(*values, training=False)[2]

    def _measure(
        self, row: Any, state: Tensors, metrics: Tensors, given: Tensors, *, training: bool
    ) -> tuple[Any, Tensors, Tensors]:
        """Do for one copy what ``train_step`` and ``test_step`` of Keras do."""
        model, stack = self.model, self.stack
        x, y, *more = given
        weights = more[0] if more else None
        mapping = [
            *zip(stack.trainable, stack.unpack(row), strict=True),
            *zip(stack.fixed, state, strict=True),
            *zip(model.metrics_variables, metrics, strict=True),
        ]
        scope = import_keras().StatelessScope(state_mapping=mapping, collect_losses=True)
        with scope:
            outputs = model(x, training=training)
            loss = model.compute_loss(
                x=x, y=y, y_pred=outputs, sample_weight=weights, training=training
            )
            for metric in model.metrics:
                if metric.name == "loss":
                    metric.update_state(loss, sample_weight=x.shape[0])
                else:
                    metric.update_state(y, outputs, sample_weight=weights)
        state, metrics = (
            tuple(scope.get_current_value(variable) for variable in variables)
            for variables in (stack.fixed, model.metrics_variables)
        )
        return loss, state, metrics

    def _results(self, metrics: Tensors) -> dict[str, Any]:
        """Return the measured values of one copy."""
        mapping = list(zip(self.model.metrics_variables, metrics, strict=True))
        with import_keras().StatelessScope(state_mapping=mapping):
            return dict(self.model.get_metrics_result())
