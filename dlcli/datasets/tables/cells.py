"""What the cells of a table ask for: options of the csv loader, for `dlcli init`."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlcli.config.date_formats import EXCEL
from dlcli.datasets.dataset import MAX_CATEGORIES
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.column_notices import MAX_EXACT, missing_sentinel
from dlcli.datasets.tables.column_types import detect_type, has_leading_zeros, holds_codes
from dlcli.datasets.tables.columns import MISSING, MISSING_NUMBERS, RawColumn, spelling_variants
from dlcli.datasets.tables.dates import date_formats, is_excel, usual_format
from dlcli.datasets.tables.label_lists import holds_lists
from dlcli.datasets.tables.number_options import propose_number_options
from dlcli.datasets.tables.numbers import parse_number
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.several_targets import propose_several
from dlcli.datasets.tables.table import Table
from dlcli.datasets.tables.target_column import propose_target
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

# Of fewer rows, texts that are all different say little.
MIN_ROWS = 10
MIN_VALUES = 3
MAX_WORDS = 5
MAX_EXCERPT = 30
# Texts with as many words on average are sentences.
SENTENCE_WORDS = 4
IDENTIFIER = re.compile(
    r"(.*[\s_.-])?(id|idx|index|key|uuid|code|no|nr|num|number|row|record|serial|rownames|"
    r"unnamed: ?\d+)|.*(번호|아이디|코드|순번)|.*[a-z]I[Dd]",
    re.IGNORECASE,
)

DATE_NAME = re.compile(r".*(date|day|time)|.*(날짜|일자|일시|일)", re.IGNORECASE)


@dataclass(frozen=True)
class _Decision:
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
        return any(proposal.option == "drop" for proposal in self.proposals)


def propose_values(table: Table, target: str | int | Sequence[str | int]) -> tuple[Proposal, ...]:
    """Return the options of the csv loader with which the cells of a table are read sensibly.

    Parameters
    ----------
    table : Table
        All columns as texts.
    target : str, int, or a sequence of them
        Columns to predict, by name or position.

    Returns
    -------
    tuple of Proposal
        Options with a list or a mapping may come several times, once per column.

    Raises
    ------
    DatasetError
        If there is no such column.
    """
    targets = [target] if isinstance(target, str | int) else target
    positions = [table.position(item, kind="target column") for item in targets]
    dialect = _with_usual_words(table.dialect)
    dialect, numbers = propose_number_options(table.columns, dialect)
    columns = [replace(raw, dialect=dialect) for raw in table.columns]
    labels = [columns[position] for position in positions]
    columns = [raw for at, raw in enumerate(columns) if at not in positions]
    decisions = [_decide(raw) for raw in columns]
    decisions, missing = _checked_sentinels([*columns, *labels], decisions)
    dialect = replace(dialect, missing=(*dialect.missing, *missing))
    labels = [replace(label, dialect=dialect) for label in labels]
    if all(decision.drops for decision in decisions):
        decisions = _with_a_feature(columns, decisions)
    of_target = propose_several(labels) if len(labels) > 1 else propose_target(labels[0])
    features = [proposal for decision in decisions for proposal in decision.proposals]
    labels = [] if any(item.option == "missing" for item in of_target) else labels
    categories = _categories([*columns, *labels], [*decisions, *(_Decision() for _ in labels)])
    proposals = [_with_categories(item, categories) for item in [*of_target, *features]]
    return (*numbers, *_once(proposals))


def _categories(columns: Sequence[RawColumn], decisions: Sequence[_Decision]) -> set[str]:
    """Return the texts of the columns that are neither dropped nor numbers nor dates."""
    texts: set[str] = set()
    for raw, decision in zip(columns, decisions, strict=True):
        if {"drop", "missing", "dates"}.isdisjoint(item.option for item in decision.proposals):
            words = {cell.strip() for cell in set(raw.texts)} - set(raw.dialect.missing)
            if any(math.isnan(parse_number(word, raw.dialect)) for word in words):
                texts |= words
    return texts


def _with_categories(proposal: Proposal, categories: set[str]) -> Proposal:
    """Return a proposal for which texts that are categories of other columns are such still."""
    if proposal.option != "missing" or categories.isdisjoint(proposal.value):
        return proposal
    reason = f"{proposal.reason}; a category of another column"
    return replace(proposal, option="missing_numbers", reason=reason)


def _with_usual_words(dialect: Dialect) -> Dialect:
    return replace(
        dialect,
        missing=tuple(dict.fromkeys((*MISSING, *dialect.missing))),
        missing_numbers=tuple(dict.fromkeys((*MISSING_NUMBERS, *dialect.missing_numbers))),
    )


def _checked_sentinels(
    columns: Sequence[RawColumn], decisions: Sequence[_Decision]
) -> tuple[list[_Decision], list[str]]:
    """Keep the numbers that mean a missing value in one column but are values of another.

    The option `missing` is for all columns; `check` tells what to do with a single one.

    Parameters
    ----------
    columns : sequence of RawColumn
        The features and the target.
    decisions : sequence of _Decision
        Of the features.

    Returns
    -------
    decisions : list of _Decision
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
        decision if values.isdisjoint(decision.sentinels) else _Decision() for decision in decisions
    ]
    return kept, [word for word in places if word not in values]


def _is_value(word: str, raw: RawColumn) -> bool:
    """Tell whether a column has a number, and not as its only negative one."""
    texts = {cell.strip() for cell in set(raw.texts)}
    if word not in texts:
        return False
    negative = {number for text in texts if (number := parse_number(text, raw.dialect)) < 0}
    return negative != {parse_number(word, raw.dialect)}


def _once(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Return the proposals without those that repeat an option with its value."""
    first: dict[str, Proposal] = {}
    for proposal in proposals:
        first.setdefault(str(proposal), proposal)
    return list(first.values())


def _with_a_feature(
    columns: Sequence[RawColumn], decisions: Sequence[_Decision]
) -> list[_Decision]:
    """Keep sentences as text if nothing else is left, or else all columns with two values."""
    if any(decision.sentences for decision in decisions):
        text = max(
            (at for at, decision in enumerate(decisions) if decision.sentences),
            key=lambda at: sum(map(len, columns[at].texts)),
        )
        kept = Proposal("types", {columns[text].name: "text"}, "sentences, each different")
        return [
            _Decision((kept,)) if at == text else decision for at, decision in enumerate(decisions)
        ]
    return [
        decision if len(set(raw.texts)) < 2 else _Decision()
        for raw, decision in zip(columns, decisions, strict=True)
    ]


def _decide(raw: RawColumn) -> _Decision:
    """Decide about a feature."""
    missing = set(raw.dialect.missing)
    if holds_lists(raw.texts):
        return _drop(raw, "lists, which only the target can have")
    stripped = {cell: cell.strip() for cell in set(raw.texts)}
    texts = [text for cell in raw.texts if (text := stripped[cell]) not in missing]
    counts = Counter(texts)
    rows = len(raw.texts)
    if len(texts) < min(MIN_VALUES, rows):
        share = f"only {len(texts)} of {plural(rows, 'row')}" if texts else "no row"
        return _drop(raw, f"values in {share}")
    if len(counts) == 1:
        return _drop(raw, f"{texts[0][:MAX_EXCERPT]!r} in every row that has a value")
    values = {text: parse_number(text, raw.dialect) for text in counts}
    words = [text for text in counts if math.isnan(values[text])]
    others = [word for word in words if word not in raw.dialect.missing_numbers]
    infinite = [text for text in counts if math.isinf(values[text])]
    if form := _date_format(raw, texts, counts):
        reason = f"dates as {texts[0]!r}, {len(counts)} different"
        return _Decision((Proposal("dates", {raw.name: form}, reason),))
    numbers = len(texts) - sum(counts[word] for word in words)
    if holds_codes(texts):
        example = next(text for text in texts if text.startswith("0") and len(text) > 1)
        reason = f"leading zeros, as in {example!r}"
        return _Decision((Proposal("types", {raw.name: "categorical"}, reason),))
    if infinite and not others:
        reason = f"{raw.name!r} has {infinite[0]!r}, which is no finite number"
        return _Decision((Proposal("missing", infinite, reason),))
    if numbers and not others:
        if has_leading_zeros(texts) and len(counts) == len(texts) >= MIN_ROWS:
            return _drop(raw, f"{len(counts)} different numbers with leading zeros: an identifier")
        return _decide_numbers(
            raw, np.array([values[text] for text in texts if text not in words]), counts
        )
    if numbers > len(texts) / 2 and len(others) <= MAX_WORDS:
        shown = ", ".join(repr(word[:MAX_EXCERPT]) for word in others)
        reason = f"{raw.name!r} has numbers in {numbers} of {plural(rows, 'row')}, besides {shown}"
        return _Decision((Proposal("missing", others, reason),))
    return _decide_texts(raw, texts, counts)


def _date_format(raw: RawColumn, texts: Sequence[str], counts: Counter[str]) -> str:
    """Return the format of a column of dates; empty if it does not hold dates."""
    words = {*raw.dialect.missing_numbers}
    present = [text for text in counts if text not in words]
    is_short = all(len(text) == len("20240305") for text in present)
    is_numeric = not any(math.isnan(parse_number(text, raw.dialect)) for text in present)
    if is_numeric and DATE_NAME.fullmatch(raw.name) and is_excel(present):
        return EXCEL
    forms = date_formats(present) if is_short or not is_numeric else []
    return usual_format([text for text in texts if text not in words], forms) if forms else ""


def _decide_numbers(raw: RawColumn, values: Array, counts: Counter[str]) -> _Decision:
    """Decide about a numeric feature; `values` are without those that are missing."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return _drop(raw, f"{low:g} in every row that has a value")
    if np.isfinite(values).all() and max(-low, high) > MAX_EXACT:
        return _drop(raw, f"numbers up to {high:g}: an identifier")
    whole = bool((values == np.floor(values)).all())
    different = len(set(values.tolist())) == len(values) >= MIN_ROWS
    if whole and different and (np.abs(np.diff(values)) == 1).all():
        return _drop(raw, f"the numbers {low:g} to {high:g} in order: a row number")
    if whole and different and IDENTIFIER.fullmatch(raw.name):
        return _drop(raw, f"{len(values)} different numbers in as many rows: an identifier")
    if sentinel := missing_sentinel(values):
        words = [text for text in counts if parse_number(text, raw.dialect) == sentinel]
        count = int((values == sentinel).sum())
        reason = f"{raw.name!r} has {sentinel:g} in {count} rows, far from its other values"
        return _Decision((Proposal("missing", words, reason),), sentinels=tuple(words))
    return _Decision()


def _decide_texts(raw: RawColumn, texts: Sequence[str], counts: Counter[str]) -> _Decision:
    """Decide about a feature of texts."""
    rows = len(texts)
    words = sum(len(text.split()) for text in counts) / len(counts)
    if rows >= MIN_ROWS and (len(counts) > MAX_CATEGORIES or len(counts) > rows / 2):
        kind = "sentences" if words >= SENTENCE_WORDS else "texts"
        kind = "an identifier" if len(counts) == rows and words < SENTENCE_WORDS else kind
        reason = f"{len(counts)} different values in {rows} rows: {kind}"
        drop = _drop(raw, reason)
        return replace(drop, sentences=words >= SENTENCE_WORDS / 2)
    try:
        detect_type(raw)
    except DatasetError:
        reason = f"{len(counts)} different texts, not all of them numbers"
        return _Decision((Proposal("types", {raw.name: "categorical"}, reason),))
    pair = spelling_variants(list(counts))
    if pair:
        reason = f"{pair[0]!r} and {pair[1]!r} in {raw.name!r} differ in case or blanks only"
        return _Decision((Proposal("lowercase", True, reason),))
    return _Decision()


def _drop(raw: RawColumn, reason: str) -> _Decision:
    return _Decision((Proposal("drop", [raw.name], reason),))
