"""What one copy computes in a batch, as functions of tensors alone."""

from __future__ import annotations

from typing import Any

from dlcli.network.backend import import_keras
from dlcli.training.stacked.variables import StackedVariables

Tensors = tuple[Any, ...]


class CopyStep:
    """What Keras's ``train_step`` does to variables, for one copy.

    Weights, other variables and metrics are arguments and results. A `StatelessScope` makes the
    layers of the one model read and write them, so that ``tf.vectorized_map`` can run the functions
    for all copies at once. It could not do so with variables, which all copies would share.

    Parameters
    ----------
    variables : StackedVariables
    """

    def __init__(self, variables: StackedVariables) -> None:
        self.variables, self.model = variables, variables.model

    def train(self, values: Any) -> Any:
        """Return gradients, non-trainable variables and metrics of one copy after a batch."""
        import tensorflow as tf

        row, *rest = values
        with tf.GradientTape() as tape:
            tape.watch(row)
            loss, others, metrics = self._compute(row, *rest, training=True)
        gradient = tape.gradient(loss, row, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return self.variables.clip(gradient), others, metrics

    def validate(self, values: Any) -> Tensors:
        """Return the metrics of one copy after a batch of validation rows."""
        return self._compute(*values, training=False)[2]

    def _compute(
        self,
        row: Any,
        others: Tensors,
        metrics: Tensors,
        batch: Tensors,
        settings: Tensors,
        *,
        training: bool,
    ) -> tuple[Any, Tensors, Tensors]:
        """Return loss, non-trainable variables and metrics of one copy, as ``train_step`` does.

        The seeds of dropout and noise are among the non-trainable variables: each copy draws the
        random numbers that it would draw alone.
        """
        model, variables = self.model, self.variables
        x, y, *rest = batch
        weights = rest[0] if rest else None
        mapping = [
            *zip(variables.trainable, variables.unpack(row), strict=True),
            *zip(variables.non_trainable, others, strict=True),
            *zip(model.metrics_variables, metrics, strict=True),
        ]
        with (
            variables.hyperparameters.in_network(model, settings),
            import_keras().StatelessScope(state_mapping=mapping, collect_losses=True) as scope,
        ):
            outputs = model(x, training=training)
            loss = model.compute_loss(
                x=x, y=y, y_pred=outputs, sample_weight=weights, training=training
            )
            for metric in model.metrics:
                # Keras weights the mean of the losses by the rows of each batch, too.
                if metric.name == "loss":
                    metric.update_state(loss, sample_weight=x.shape[0])
                else:
                    metric.update_state(y, outputs, sample_weight=weights)
        others, metrics = (
            tuple(scope.get_current_value(variable) for variable in group)
            for group in (variables.non_trainable, model.metrics_variables)
        )
        return loss, others, metrics

    def results(self, metrics: Tensors) -> dict[str, Any]:
        """Return the measured values of one copy."""
        mapping = list(zip(self.model.metrics_variables, metrics, strict=True))
        with import_keras().StatelessScope(state_mapping=mapping):
            return dict(self.model.get_metrics_result())
