"""TensorFlow program that trains and measures all copies for one epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.network.target_metrics import assign_constants
from dlcli.training.batches import MIN_VALIDATION_BATCH
from dlcli.training.stacked.copy_step import CopyStep, Tensors
from dlcli.training.stacked.data import BatchPlan, StackedRows
from dlcli.training.stacked.variables import StackedVariables
from dlcli.training.stacked.vectorized import gather_copies, update_copies, vectorize
from dlcli.types import Array


class EpochProgram:
    """TensorFlow functions of one epoch: `order`, then `steps` once or more, then `finish`.

    ``tf.vectorized_map`` runs the functions of `CopyStep` for all copies at once.

    Parameters
    ----------
    variables : StackedVariables
    rows : StackedRows
        Training rows.
    validation : StackedRows or None
    seeds : sequence of int
        Seed of the order of rows, for each copy.
    plan : BatchPlan
    metric_constants : sequence of sequence of ndarray
        Values of the constants of the model's metrics, for each copy.

    Attributes
    ----------
    initial_metrics : tuple of tf.Tensor
        Values of the metrics' variables at the start of an epoch.
    names : list of str
        Names of the measured values, once `trace` was called.
    """

    def __init__(
        self,
        variables: StackedVariables,
        rows: StackedRows,
        validation: StackedRows | None,
        seeds: Sequence[int],
        plan: BatchPlan,
        metric_constants: Sequence[Sequence[Array]],
    ) -> None:
        import tensorflow as tf

        self.variables, self.model = variables, variables.model
        self.rows, self.validation, self.seeds, self.plan = rows, validation, seeds, plan
        self.copy_step = CopyStep(variables)
        self.initial_metrics = self._build_metrics(metric_constants)
        self.names: list[str] = []
        self.order = tf.function(self._order, autograph=False)
        self.steps = tf.function(self._steps, autograph=False)
        self.finish = tf.function(self._finish, autograph=False)

    def trace(self) -> None:
        """Trace all functions, so that operations that cannot be vectorized raise here."""
        import tensorflow as tf

        zero = tf.constant(0)
        order = self.order.get_concrete_function(tf.TensorSpec((), tf.int64)).structured_outputs
        order = tf.TensorSpec(order.shape, order.dtype)
        self.steps.get_concrete_function(order, zero, zero, self.initial_metrics)
        self.finish.get_concrete_function(order, self.initial_metrics)

    def _build_metrics(self, constants: Sequence[Sequence[Array]]) -> Tensors:
        """Create the model's metric variables, and return their initial values for all copies."""
        import tensorflow as tf

        model = self.model
        x, y = (array[0, :2].numpy() for array in self.rows.arrays[:2])
        # Keras creates the metrics' variables at their first update. In the traced functions, where
        # their values are arguments, it would be too late.
        outputs = model(x, training=False)
        model.compute_loss(y=y, y_pred=outputs, training=False)
        model.compute_metrics(None, y, outputs)
        model.reset_metrics()
        values = []
        for copy_constants in constants:
            assign_constants(model, copy_constants)
            values.append([variable.numpy() for variable in model.metrics_variables])
        return tuple(tf.constant(np.stack(copies)) for copies in zip(*values, strict=True))

    def _order(self, epoch: Any) -> Any:
        """Return the order of rows in an epoch: int32, shape (copies, rows).

        It is the permutation of (seed, epoch) that `training_batches` draws for a single training.
        """
        import tensorflow as tf

        # Copies with the same seed and number of rows share one permutation.
        permutations: dict[tuple[int, int], Any] = {}
        rows = max(self.rows.counts)
        orders = []
        for count, seed in zip(self.rows.counts, self.seeds, strict=True):
            if (count, seed) not in permutations:
                pair = tf.stack([tf.constant(seed, tf.int64), epoch])
                order = tf.random.experimental.stateless_shuffle(tf.range(count), seed=pair)
                permutations[count, seed] = tf.pad(order, [[0, rows - count]])
            orders.append(permutations[count, seed])
        return tf.stack(orders)

    def _steps(self, order: Any, start: Any, stop: Any, metrics: Tensors) -> Tensors:
        """Train on the full batches from `start` to `stop`; return the metrics."""
        import tensorflow as tf

        variables, size = self.variables, self.plan.batch_size

        def body(step: Any, metrics: Tensors) -> tuple[Any, Tensors]:
            indices = order[:, step * size : (step + 1) * size]
            # Slicing at a traced position loses the size, which is that of a full batch.
            indices.set_shape((variables.count, size))
            batch = self._batch(self.rows, indices, None)
            gradients, others, metrics = vectorize(
                self.copy_step.train, (*self._read_variables(), metrics, batch, self._settings())
            )
            self._assign_others(others)
            variables.apply(gradients)
            return step + 1, metrics

        result: Tensors = tf.while_loop(
            lambda step, _: step < stop, body, (start, metrics), parallel_iterations=1
        )[1]
        return result

    def _finish(self, order: Any, metrics: Tensors) -> Any:
        """Train on the batches after the full ones, and measure.

        Returns
        -------
        tf.Tensor of float32, shape (values + 1, copies)
            Measured values in the order of `names`; the last row is 1 where all weights are
            finite.
        """
        import tensorflow as tf

        for step, sizes in enumerate(self.plan.ragged_steps, self.plan.full_steps):
            metrics = self._ragged_step(order[:, step * self.plan.batch_size :], sizes, metrics)
        results = vectorize(self.copy_step.results, metrics)
        measured = {name: results[name] for name in sorted(results)}
        if self.validation is not None:
            results = vectorize(self.copy_step.results, self._validate(self.validation))
            measured |= {f"val_{name}": results[name] for name in sorted(results)}
        # Set while the function is traced, since its result can only be a tensor.
        self.names = list(measured)
        values = [tf.cast(value, tf.float32) for value in measured.values()]
        return tf.stack([*values, tf.cast(self.variables.finite(), tf.float32)])

    def _ragged_step(self, order: Any, sizes: dict[int, list[int]], metrics: Tensors) -> Tensors:
        """Make a step in which batches differ in size, and some copies have none.

        One vectorized call needs batches of one size: there is a call for each size, for the
        copies that have it. Then the optimizer makes one step for all of them.
        """
        import tensorflow as tf

        variables = self.variables
        weights, others = self._read_variables()
        # Copies without a batch have zero gradients here. Moments would change even so, therefore
        # `apply` restores the rows of these copies.
        results = (tf.zeros_like(weights), others, metrics)
        for size, copies in sizes.items():
            everyone = len(copies) == variables.count
            inputs = (weights, others, metrics, order[:, :size], self._settings())
            if not everyone:
                inputs = gather_copies(inputs, copies)
            *values, indices, settings = inputs
            batch = self._batch(self.rows, indices, None if everyone else copies)
            updates = vectorize(self.copy_step.train, (*values, batch, settings))
            results = updates if everyone else update_copies(results, copies, updates)
        gradients, others, metrics = results
        self._assign_others(others)
        active = sorted(copy for copies in sizes.values() for copy in copies)
        variables.apply(gradients, None if len(active) == variables.count else active)
        return metrics

    def _validate(self, rows: StackedRows) -> Tensors:
        """Measure on the validation rows; return the metrics.

        Copies with equally many rows are measured together.
        """
        metrics = self.initial_metrics
        variables = self._read_variables()
        for count in sorted(set(rows.counts)):
            copies = [
                copy for copy, rows_of_copy in enumerate(rows.counts) if rows_of_copy == count
            ]
            inputs = gather_copies((*variables, metrics, rows.arrays, self._settings()), copies)
            metrics = update_copies(metrics, copies, self._validate_copies(count, *inputs))
        return metrics

    def _validate_copies(
        self,
        count: int,
        weights: Any,
        others: Tensors,
        metrics: Tensors,
        arrays: Tensors,
        settings: Tensors,
    ) -> Tensors:
        """Measure on the validation rows of copies that have `count` rows each."""
        import tensorflow as tf

        size = max(self.plan.batch_size, MIN_VALIDATION_BATCH)

        def validate_batch(metrics: Tensors, start: Any, length: int) -> Tensors:
            batch = tuple(array[:, start : start + length] for array in arrays)
            for array in batch:
                array.set_shape((array.shape[0], length, *array.shape[2:]))
            inputs = (weights, others, metrics, batch, settings)
            values: Tensors = vectorize(self.copy_step.validate, inputs)
            return values

        full, rest = divmod(count, size)
        if full:
            _, metrics = tf.while_loop(
                lambda step, _: step < full,
                lambda step, metrics: (step + 1, validate_batch(metrics, step * size, size)),
                (tf.constant(0), metrics),
                parallel_iterations=1,
            )
        return validate_batch(metrics, full * size, rest) if rest else metrics

    def _read_variables(self) -> tuple[Any, Tensors]:
        """Return the matrix of weights and the non-trainable variables as tensors."""
        others = tuple(variable.read_value() for variable in self.variables.others)
        return self.variables.weights.value.read_value(), others

    def _settings(self) -> Tensors:
        return self.variables.hyperparameters.read()

    def _assign_others(self, values: Tensors) -> None:
        for variable, value in zip(self.variables.others, values, strict=True):
            variable.assign(value)

    def _batch(self, rows: StackedRows, indices: Any, copies: list[int] | None) -> Tensors:
        """Gather the rows of a batch, for all copies or for some."""
        import tensorflow as tf

        arrays = rows.arrays if copies is None else gather_copies(rows.arrays, copies)
        return tuple(tf.gather(array, indices, batch_dims=1) for array in arrays)
