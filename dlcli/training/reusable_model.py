"""One compiled model for all splits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.config.known import Facts
from dlcli.config.sections import Config
from dlcli.network.backend import seed_everything
from dlcli.network.building import build_model, compile_model
from dlcli.network.cost import choose_steps_per_execution
from dlcli.network.hardware import device_scope, set_memory_growth
from dlcli.network.memory import check_batch
from dlcli.network.outputs import Predictor
from dlcli.training.batches import steps_per_epoch
from dlcli.types import Array


class ReusableModel:
    """A compiled model whose variables are reset before each split.

    Building a model takes three times as long as resetting its variables, those of the optimizer
    and the seed generators included, which gives the same bits. The model is built again only
    if a split has inputs of another shape.

    Parameters
    ----------
    config : Config
    facts : Facts
        Of the data set.
    reset : bool
        Whether more than one split is trained, so that the initial values are kept in memory.

    Attributes
    ----------
    devices : sequence of str
        Devices that share each batch, from `dlcli.network.hardware.prepare_devices`; set before
        `prepare`.
    model : keras.Sequential or None
    predictor : Predictor
        Of the present model.
    initial_values : list of ndarray
        Of the variables of model and optimizer; empty if nothing is ever reset.
    """

    def __init__(self, config: Config, facts: Facts, *, reset: bool = True) -> None:
        self.config, self.facts, self.reset = config, facts, reset
        self.devices: Sequence[str] = ()
        self.model: Any = None
        self.predictor: Any = None
        self.initial_values: list[Array] = []
        self._steps = 0

    def prepare(self, input_shape: tuple[int, ...], rows: int) -> None:
        """Build the model, or reset it to its initial values.

        Parameters
        ----------
        input_shape : tuple of int
            Of one preprocessed sample.
        rows : int
            Training rows.

        Raises
        ------
        ConfigError
            If the layers do not fit the inputs or the target, or a batch does not fit in memory.
        """
        steps = steps_per_epoch(rows, self.config.fit.batch_size)
        # One-hot encoding gives as many inputs as the training rows have categories.
        if self.model is None or tuple(self.model.input_shape[1:]) != input_shape:
            self._build(input_shape, rows, steps)
            return
        for variable, value in zip(self._variables(), self.initial_values, strict=True):
            variable.assign(value)
        if steps != self._steps:
            self.model.steps_per_execution = self._steps_per_execution(steps)
            # The number of steps is part of the traced functions.
            self.model.train_function = self.model.test_function = None
            self._steps = steps

    def _build(self, input_shape: tuple[int, ...], rows: int, steps: int) -> None:
        config = self.config
        set_memory_growth(config.hardware)
        # Whenever it is built, the model of a split has the initial weights that it would have
        # alone.
        seed_everything(config.seed)
        with device_scope(self.devices):
            self.model = build_model(config, input_shape, self.facts)
            check_batch(self.model, config, rows)
            per_call = self._steps_per_execution(steps)
            compile_model(self.model, config, steps_per_execution=per_call)
        if self.reset:
            self.initial_values = [variable.numpy() for variable in self._variables()]
        self.predictor = Predictor(self.model)
        self._steps = steps

    def _steps_per_execution(self, steps: int) -> int:
        return choose_steps_per_execution(self.model, steps, self.config.fit.batch_size)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]
