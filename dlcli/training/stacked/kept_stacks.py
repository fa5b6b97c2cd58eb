"""Stacks that are kept after a training, for the next copies of the same kind."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

from dlcli.config.sections import FitConfig
from dlcli.training.stacked.copies import Copy
from dlcli.training.stacked.data import ROWS_BYTES
from dlcli.training.stacked.stack import Stack, have_own_rates


class KeptStacks:
    """Makes stacks, and uses those of earlier trainings again.

    A program that trains other copies gives them the same bits as a program of their own.

    Parameters
    ----------
    most : int
        Number of stacks that are kept, those that were used last; 0 keeps none. Their rows
        together are not larger than those of the largest stack may be.
    """

    def __init__(self, most: int = 0) -> None:
        self.most = most
        self._stacks: OrderedDict[Hashable, Stack] = OrderedDict()

    def of(self, model: Any, copies: Sequence[Copy], section: FitConfig) -> Stack:
        """Return a stack of copies at the beginning of their training.

        Raises
        ------
        NotStackable
            If the program cannot be built.
        """
        key = _key(model, copies, range(len(copies)), section)
        stack = self._stacks.get(key)
        if stack is None:
            stack = Stack.of(model, copies, section)
        else:
            stack.begin(copies)
        return self._keep(key, stack)

    def subset(self, stack: Stack, members: Sequence[int]) -> Stack:
        """Return a stack of some of the members of a stack, with their present values."""
        key = _key(stack.variables.model, stack.copies, members, stack.section)
        return self._keep(key, stack.subset(members, self._stacks.get(key)))

    def _keep(self, key: Hashable, stack: Stack) -> Stack:
        if not self.most:
            return stack
        self._stacks[key] = stack
        self._stacks.move_to_end(key)
        while len(self._stacks) > self.most or self._bytes() > ROWS_BYTES:
            oldest, _ = self._stacks.popitem(last=False)
            if oldest == key:
                break
        return stack

    def _bytes(self) -> int:
        return sum(stack.row_bytes for stack in self._stacks.values())


def _key(
    model: Any, copies: Sequence[Copy], members: Sequence[int], section: FitConfig
) -> Hashable:
    """Return what is equal for copies that one program can train.

    Objects are compared by identity: a kept stack holds them, so that no identity is used again.
    """
    chosen = [copies[index] for index in members]
    return (
        id(model),
        section.batch_size,
        have_own_rates(copies),
        tuple(sorted(copies[0].hyperparameters)),
        tuple((id(copy.data), copy.seed) for copy in chosen),
    )
