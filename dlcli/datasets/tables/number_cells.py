"""What the numbers of a feature ask for: options of the csv loader, for `dlcli init`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.tables.column_notices import (
    MAX_EXACT,
    is_identifier_name,
    missing_sentinel,
)
from dlcli.datasets.tables.columns import RawColumn
from dlcli.datasets.tables.numbers import parse_number
from dlcli.datasets.tables.proposals import Proposal
from dlcli.errors import plural
from dlcli.types import Array

# Of 64 bits; most of the numbers of a column of identifiers are below it.
MAX_IDENTIFIER = 2.0**64
# Of fewer rows, values that are all different say little.
MIN_ROWS = 10
MIN_VALUES = 3


@dataclass(frozen=True)
class Decision:
    """What to do with a feature.

    Parameters
    ----------
    proposals : tuple of Proposal
    sentences : bool
        Whether it is dropped and holds sentences.
    sentinels : tuple of str
        Numbers that mean a missing value.
    """

    proposals: tuple[Proposal, ...] = ()
    sentences: bool = False
    sentinels: tuple[str, ...] = ()

    @property
    def drops(self) -> bool:
        """Whether the column is no feature."""
        return any(proposal.option == "drop" for proposal in self.proposals)


def drop(raw: RawColumn, reason: str) -> Decision:
    """Return the decision to leave a column out."""
    return Decision((Proposal("drop", [raw.name], reason),))


def too_few_values(raw: RawColumn, count: int) -> Decision | None:
    """Drop a column with hardly a value."""
    rows = len(raw.texts)
    if count >= min(MIN_VALUES, rows):
        return None
    share = f"only {count} of {plural(rows, 'row')}" if count else "no row"
    return drop(raw, f"values in {share}")


def decide_parsed(raw: RawColumn) -> Decision:
    """Decide about a feature whose texts were parsed while reading; `needs_texts` is false."""
    values = np.asarray(raw.texts)
    present = values[~np.isnan(values)]
    storage.release(values)
    return too_few_values(raw, len(present)) or decide_numbers(raw, present, ())


def decide_numbers(raw: RawColumn, values: Array, texts: Iterable[str]) -> Decision:
    """Decide about a numeric feature.

    Parameters
    ----------
    raw : RawColumn
    values : ndarray of float64, shape (n,)
        Without those that are missing.
    texts : iterable of str
        The different texts of the column.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return drop(raw, f"'{low:g}' in every row that has a value")
    whole = bool((values == np.floor(values)).all())
    different = whole and len(values) >= MIN_ROWS and len(np.unique(values)) == len(values)
    if whole and low >= 0 and MAX_EXACT < float(np.median(values)) <= MAX_IDENTIFIER:
        reason = f"whole numbers up to {high:g}, whose last digits would be lost"
        return drop(raw, f"{reason}: an identifier")
    if different and (np.abs(np.diff(values)) == 1).all():
        return drop(raw, f"the numbers {low:g} to {high:g} in order: a row number")
    if different and is_identifier_name(raw.name):
        return drop(raw, f"{len(values)} different numbers in as many rows: an identifier")
    if sentinel := missing_sentinel(values):
        words = [text for text in texts if parse_number(text, raw.dialect) == sentinel]
        count = int((values == sentinel).sum())
        reason = f"{raw.name!r} has {sentinel:g} in {count} rows, far from its other values"
        return Decision((Proposal("missing", words, reason),), sentinels=tuple(words))
    return Decision()


def checked_sentinels(
    columns: Sequence[RawColumn], decisions: Sequence[Decision]
) -> tuple[list[Decision], list[str]]:
    """Keep the numbers that mean a missing value in one column but are values of another.

    The option `missing` is for all columns; `check` tells what to do with a single one.

    Parameters
    ----------
    columns : sequence of RawColumn
        The features and the target.
    decisions : sequence of Decision
        Of the features.

    Returns
    -------
    decisions : list of Decision
    sentinels : list of str
        The numbers that mean a missing value wherever they occur.
    """
    places: dict[str, set[int]] = {}
    for at, decision in enumerate(decisions):
        for word in decision.sentinels:
            places.setdefault(word, set()).add(at)
    values = {
        word
        for word, positions in places.items()
        if any(_is_value(word, raw) for at, raw in enumerate(columns) if at not in positions)
    }
    kept = [
        decision if values.isdisjoint(decision.sentinels) else Decision() for decision in decisions
    ]
    return kept, [word for word in places if word not in values]


def _is_value(word: str, raw: RawColumn) -> bool:
    """Tell whether a column has a number, and not as its only negative one."""
    if isinstance(raw.texts, np.ndarray):
        number = parse_number(word, raw.dialect)
        has_it, below = (raw.texts == number).any(), raw.texts[raw.texts < 0]
        return bool(has_it) and not (len(below) and bool((below == number).all()))
    texts = {cell.strip() for cell in set(raw.texts)}
    if word not in texts:
        return False
    negative = {number for text in texts if (number := parse_number(text, raw.dialect)) < 0}
    return negative != {parse_number(word, raw.dialect)}
