"""The copies that are trained together at present, with their variables and program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcli.config.sections import FitConfig
from dlcli.errors import first_line
from dlcli.network.internals import extend_vectorized_map
from dlcli.training.stacked.copies import Copy
from dlcli.training.stacked.data import (
    BatchPlan,
    StackedRows,
    stack_training_rows,
    stack_validation_rows,
)
from dlcli.training.stacked.hyperparameters import LEARNING_RATE, Hyperparameters
from dlcli.training.stacked.program import EpochProgram
from dlcli.training.stacked.stackable import NotStackable, stacking_obstacle
from dlcli.training.stacked.variables import StackedVariables
from dlcli.training.stacked.vectorized import single_threaded

# Callbacks that change the learning rate of their copy.
RATE_CALLBACKS = {"ReduceLROnPlateau", "LearningRateScheduler"}


class Stack:
    """Some copies of a model in one program; see `of`.

    Copies of the same model with the same rows can take the place of the present ones: tracing a
    program takes a second or two, and TensorFlow never frees all of it.

    Parameters
    ----------
    copies : sequence of Copy
        All copies, those that are not in the stack too.
    section : FitConfig
    members : list of int
        Indices of the copies in the stack.
    variables : StackedVariables
    rows, validation : StackedRows or None
        Training and validation rows of the members.
    """

    def __init__(
        self,
        copies: Sequence[Copy],
        section: FitConfig,
        members: list[int],
        variables: StackedVariables,
        rows: StackedRows,
        validation: StackedRows | None,
    ) -> None:
        self.copies, self.section = copies, section
        self.members, self.variables = members, variables
        seeds = [copies[index].seed for index in members]
        plan = BatchPlan(rows.counts, section.batch_size)
        constants = [copies[index].metric_constants for index in members]
        self.program = EpochProgram(variables, rows, validation, seeds, plan, constants)
        with single_threaded():
            self.program.trace()

    @classmethod
    def of(cls, model: Any, copies: Sequence[Copy], section: FitConfig) -> Stack:
        """Stack all copies, and trace their program.

        Raises
        ------
        NotStackable
            If the program cannot be built.
        """
        obstacle = stacking_obstacle(model, copies[0].callbacks)
        if obstacle is not None:
            raise NotStackable(obstacle)
        hyperparameters = Hyperparameters([copy.hyperparameters for copy in copies])
        own_rates = have_own_rates(copies)
        data = [copy.data for copy in copies]
        rows, validation = stack_training_rows(data), stack_validation_rows(data)
        extend_vectorized_map()
        try:
            variables = StackedVariables(
                model,
                [copy.initial_values for copy in copies],
                own_steps=not BatchPlan(rows.counts, section.batch_size).equal,
                own_rates=own_rates,
                hyperparameters=hyperparameters,
            )
            return cls(copies, section, list(range(len(copies))), variables, rows, validation)
        except (MemoryError, NotStackable):
            raise
        except Exception as error:  # whatever TensorFlow raises while tracing
            message = f"TensorFlow does not vectorize the model: {first_line(error)}"
            raise NotStackable(message) from error

    @property
    def row_bytes(self) -> int:
        """Size of the training and validation rows in memory."""
        validation = self.program.validation
        return self.program.rows.nbytes + (validation.nbytes if validation else 0)

    def begin(self, copies: Sequence[Copy]) -> None:
        """Put as many copies in the place of all, at the beginning of their training."""
        self.copies, self.members = copies, list(range(len(copies)))
        self.variables.begin(
            [copy.initial_values for copy in copies], [copy.hyperparameters for copy in copies]
        )

    def subset(self, members: Sequence[int], unused: Stack | None = None) -> Stack:
        """Return a stack of some of the members, with their present values.

        Parameters
        ----------
        members : sequence of int
        unused : Stack, optional
            A stack of as many copies with the same rows, to be used instead of a new one.
        """
        positions = [self.members.index(index) for index in members]
        rows, validation = self.program.rows, self.program.validation
        if unused is not None:
            self.variables.subset(positions, unused.variables)
            unused.copies, unused.members = self.copies, list(members)
            return unused
        return Stack(
            self.copies,
            self.section,
            list(members),
            self.variables.subset(positions),
            rows.subset(positions),
            validation and validation.subset(positions),
        )


def have_own_rates(copies: Sequence[Copy]) -> bool:
    """Return whether the learning rates of copies can differ."""
    return LEARNING_RATE in copies[0].hyperparameters or any(
        type(callback).__name__ in RATE_CALLBACKS for callback in copies[0].callbacks
    )
