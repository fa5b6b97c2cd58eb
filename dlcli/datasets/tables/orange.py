"""The rows below the names in the tables of Orange: types of the columns, and their roles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.datasets.tables.proposals import Proposal

ORANGE_TYPES = frozenset("c d s t continuous discrete string time".split())  # noqa: SIM905
ORANGE_ROLES = frozenset(["", "class", "meta", "m", "i", "ignore", "c", "weight"])


def are_orange_rows(types: Sequence[str], roles: Sequence[str]) -> bool:
    """Tell whether the two rows below the names are types and roles."""
    kinds = {text.strip() for text in types}
    marks = {text.strip().split("=")[0] for text in roles}
    # Single letters may be values; a word is surely none.
    has_word = any(len(text) > 1 for text in kinds | marks)
    return has_word and kinds <= ORANGE_TYPES and marks <= ORANGE_ROLES


def propose_roles(
    names: Sequence[str], types: Sequence[str], roles: Sequence[str]
) -> Iterator[Proposal]:
    """Yield the target, the types, and the columns that are no features."""
    for name, kind, role in zip(names, types, roles, strict=False):
        mark = role.strip().split("=")[0]
        if mark in ("class", "c"):
            yield Proposal("target", name, "its role in Orange is class")
        elif mark in ("meta", "m", "i", "ignore"):
            yield Proposal("drop", [name], f"its role in Orange is {mark}")
        elif kind.strip() in ("d", "discrete"):
            yield Proposal("types", {name: "categorical"}, "its type in Orange is discrete")
