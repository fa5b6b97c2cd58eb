"""What a sweep trains: the combinations of some values, with some seeds, on some splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dlcli.errors import DlcliError, plural
from dlcli.experiments.search.variants import check_key, grid
from dlcli.preparation.split import Split

MAX_TRAININGS = 100_000


@dataclass(frozen=True)
class Plan:
    """What a sweep trains.

    Parameters
    ----------
    points : list of dict
        Values by key, of each trial.
    seeds : tuple of int
    splits : list of Split
    """

    points: list[dict[str, Any]]
    seeds: tuple[int, ...]
    splits: list[Split]

    @property
    def has_validation(self) -> bool:
        """Whether the one split has validation rows."""
        return len(self.splits) == 1 and len(self.splits[0].validation) > 0

    @property
    def parts(self) -> tuple[str, ...]:
        """Parts of the rows that are scored: the test rows only if there are no others."""
        if self.has_validation and len(self.points) > 1:
            return ("train", "validation")
        return ("train", "validation", "test")

    @property
    def trainings(self) -> int:
        """Number of trainings."""
        return len(self.points) * len(self.seeds) * len(self.splits)

    def __str__(self) -> str:
        """Return one line for the terminal."""
        factors = []
        if len(self.points) > 1:
            factors.append(plural(len(self.points), "trial"))
        if len(self.seeds) > 1:
            factors.append(plural(len(self.seeds), "seed"))
        if len(self.splits) > 1:
            factors.append(plural(len(self.splits), "fold"))
        total = plural(self.trainings, "training")
        return f"{total}: {' × '.join(factors)}" if len(factors) > 1 else total


def make_plan(over: Mapping[str, Sequence[Any]], seeds: Sequence[int], splits: list[Split]) -> Plan:
    """Return the plan of a sweep.

    Raises
    ------
    DlcliError
        If a key must not vary, a value is there twice, or there are too many trainings.
    """
    for key, values in over.items():
        check_key(key)
        if not values:
            raise DlcliError(f"{key}: no values")
        if len({repr(value) for value in values}) < len(values):
            raise DlcliError(f"{key}: a value is there twice")
    plan = Plan(grid(over), tuple(seeds), splits)
    if plan.trainings > MAX_TRAININGS:
        raise DlcliError(f"{plan.trainings:,} trainings are more than {MAX_TRAININGS:,}")
    return plan
