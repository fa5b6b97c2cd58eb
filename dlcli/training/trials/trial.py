"""One training of a trial, and its result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dlcli.config.sections import Config
from dlcli.training.trials.structure import Structure, structure_of


@dataclass(frozen=True)
class Training:
    """One training: a config, with its seed, on one split.

    Parameters
    ----------
    trial : int
        Number of the trial; the trainings of one trial are pruned together.
    config : Config
        Checked against the data; its ``seed`` is that of the weights and of the order of rows.
    split : int
        Number of the split, from 0.
    """

    trial: int
    config: Config
    split: int = 0

    @property
    def seed(self) -> int:
        """Seed of the weights and of the order of rows."""
        return self.config.seed

    @cached_property
    def structure(self) -> Structure:
        """What its config shares with copies in one program, and what is its own."""
        return structure_of(self.config)

    @cached_property
    def preprocessing(self) -> str:
        """Equal for trainings whose rows are preprocessed alike."""
        return json.dumps(self.config.plain()["preprocess"], sort_keys=True, default=str)


@dataclass(frozen=True)
class TrainingOutcome:
    """Result of one training.

    Parameters
    ----------
    epochs : int
        Completed epochs.
    seconds : float
        Duration of the fit; an equal share if copies were trained together.
    metrics : mapping
        By the name of the part of the rows, values by the name of the metric; empty after a
        failure.
    failure : str
        Why the training was given up; empty if it was not.
    """

    epochs: int
    seconds: float
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    failure: str = ""
