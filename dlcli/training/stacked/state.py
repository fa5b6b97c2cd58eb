"""The state of copies in training, kept and put back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.network.variables import assign, take
from dlcli.training.callback_state import callback_states, restore_callbacks
from dlcli.training.checkpoint import SaveSchedule, State, read_state, write_state
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.training.stacked.single import Single
    from dlcli.training.stacked.stack import Stack


class StackKeeper:
    """Keeps the state of all copies, and gives it back.

    Parameters
    ----------
    folder : Path or None
        None: nothing is kept.
    every : float
        Seconds at most between two states within an epoch.
    """

    def __init__(self, folder: Path | None, every: float) -> None:
        self.folder, self.every = folder, every
        self.schedule = SaveSchedule()
        self.state, self.notices = read_state(folder) if folder is not None else (None, [])

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and step where the training goes on, both from 0."""
        values = self.state.values if self.state else {}
        return int(values.get("epoch", 0)), int(values.get("step", 0))

    @property
    def seconds(self) -> float:
        """How long the copies have been trained before."""
        return float(self.state.values["seconds"]) if self.state else 0.0

    def is_due(self, *, within: bool) -> bool:
        """Tell whether it is time to keep a state, within an epoch or after one."""
        return self.folder is not None and self.schedule.is_due(self.every if within else None)

    def keep(
        self,
        place: tuple[int, int],
        members: Sequence[int],
        stack: Stack,
        singles: Sequence[Single],
        rates: Array,
        seconds: float,
        metrics: Sequence[Any] = (),
    ) -> None:
        """Keep the state before a step of an epoch."""
        if self.folder is None:
            return
        with self.schedule.timed():
            copies: list[dict[str, Any]] = []
            arrays: dict[str, list[Array]] = {}
            for at, single in enumerate(singles):
                states, of = callback_states(single.callbacks)
                arrays |= {f"copy{at}.{name}": values for name, values in of.items()}
                arrays[f"copy{at}.final"] = single.final
                copies.append({**single.plain(), "callbacks": states})
            arrays["stack"] = take(stack.variables)
            arrays["rates"] = [rates]
            arrays["metrics"] = [metric.numpy() for metric in metrics]
            values = {
                "epoch": place[0], "step": place[1], "seconds": seconds,
                "members": [*members], "copies": copies,
            }  # fmt: skip
            write_state(self.folder, State(values, arrays))

    def members(self, count: int) -> list[int]:
        """Return the copies that were still in training."""
        return [*self.state.values["members"]] if self.state else [*range(count)]

    def metrics(self) -> tuple[Any, ...]:
        """Return the metrics' variables within an epoch; empty at the beginning of one."""
        import tensorflow as tf

        return tuple(map(tf.constant, self.state.arrays["metrics"])) if self.state else ()

    def restore(self, stack: Stack, singles: Sequence[Single], rates: Array) -> None:
        """Put the state back into a stack of the members and the callbacks of all copies."""
        if self.state is None:
            return
        arrays = self.state.arrays
        assign(stack.variables, arrays["stack"])
        rates[...] = arrays["rates"][0]
        for at, (single, plain) in enumerate(
            zip(singles, self.state.values["copies"], strict=True)
        ):
            start = f"copy{at}."
            own = {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
            restore_callbacks(single.callbacks, plain["callbacks"], own)
            single.restore(plain, list(own["final"]))
