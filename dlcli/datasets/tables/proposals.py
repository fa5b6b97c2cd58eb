"""Options of a loader that a file suggests, for hints and for `dlcli init`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from dlcli.datasets.dialect import Dialect


@dataclass(frozen=True)
class Proposal:
    """An option with which a table can be read, and why.

    Parameters
    ----------
    option : str
        Name of an argument of the csv loader.
    value : Any
        Its value, in terms of YAML.
    reason : str
        What was seen in the file, as in ``300 different values in 300 rows: an identifier``.
    """

    option: str
    value: Any
    reason: str

    def __str__(self) -> str:
        """Return the option as a YAML line, for hints."""
        from dlcli.config.yaml_text import dump_inline  # here, since few tables need it

        return f"{self.option}: {dump_inline(self.value)}"


def hint_of(proposals: Iterable[Proposal]) -> str | None:
    """Return what to set in the loader, or None if there is no proposal."""
    options = [f"`{proposal}`" for proposal in proposals]
    if not options:
        return None
    listed = " and ".join(filter(None, [", ".join(options[:-1]), options[-1]]))
    return f"set {listed} in the loader"


def with_proposals(dialect: Dialect, proposals: Iterable[Proposal]) -> Dialect:
    """Return a dialect with the proposals that are part of it."""
    names = set(Dialect.__dataclass_fields__) - {"header"}
    options: dict[str, Any] = {
        item.option: tuple(item.value) if isinstance(item.value, list) else item.value
        for item in proposals
        if item.option in names
    }
    return replace(dialect, **options)
