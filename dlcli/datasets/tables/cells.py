"""What the cells of a table ask for: options of the csv loader, for `dlcli init`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dlcli.config.date_formats import EXCEL
from dlcli.datasets.dataset import MAX_CATEGORIES
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.amounts import (
    ADVICE,
    is_amount_of_parts,
    quantities_of_several_units,
)
from dlcli.datasets.tables.column_types import detect_type, has_leading_zeros, holds_codes
from dlcli.datasets.tables.columns import MISSING, MISSING_NUMBERS, RawColumn, spelling_variants
from dlcli.datasets.tables.dates import date_formats, is_excel, usual_format
from dlcli.datasets.tables.label_lists import holds_lists
from dlcli.datasets.tables.number_cells import (
    MIN_ROWS,
    Decision,
    checked_sentinels,
    decide_numbers,
    decide_parsed,
    drop,
    too_few_values,
)
from dlcli.datasets.tables.number_options import propose_number_options
from dlcli.datasets.tables.numbers import number_form, parse_number
from dlcli.datasets.tables.odd_rows import odd_word_reason
from dlcli.datasets.tables.parsed_table import DATE_NAME
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.several_targets import propose_several
from dlcli.datasets.tables.table import Table
from dlcli.datasets.tables.target_column import propose_target
from dlcli.errors import DatasetError, plural

MAX_WORDS = 5
MAX_EXCERPT = 30
# Texts with as many words on average are sentences.
SENTENCE_WORDS = 4


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
    decisions, missing = checked_sentinels([*columns, *labels], decisions)
    dialect = replace(dialect, missing=(*dialect.missing, *missing))
    labels = [replace(label, dialect=dialect) for label in labels]
    if all(decision.drops for decision in decisions):
        decisions = _with_a_feature(columns, decisions)
    of_target = propose_several(labels) if len(labels) > 1 else propose_target(labels[0])
    features = [proposal for decision in decisions for proposal in decision.proposals]
    labels = [] if any(item.option == "missing" for item in of_target) else labels
    categories = _categories([*columns, *labels], [*decisions, *(Decision() for _ in labels)])
    proposals = [_with_categories(item, categories) for item in [*of_target, *features]]
    return (*numbers, *_once(proposals))


def _categories(columns: Sequence[RawColumn], decisions: Sequence[Decision]) -> set[str]:
    """Return the texts of the columns that are neither dropped nor numbers nor dates."""
    texts: set[str] = set()
    for raw, decision in zip(columns, decisions, strict=True):
        if isinstance(raw.texts, np.ndarray):
            continue
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


def _once(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Return the proposals without those that repeat an option with its value."""
    first: dict[str, Proposal] = {}
    for proposal in proposals:
        first.setdefault(str(proposal), proposal)
    return list(first.values())


def _with_a_feature(columns: Sequence[RawColumn], decisions: Sequence[Decision]) -> list[Decision]:
    """Keep sentences as text if nothing else is left, or else all columns with two values."""
    if any(decision.sentences for decision in decisions):
        text = max(
            (at for at, decision in enumerate(decisions) if decision.sentences),
            key=lambda at: sum(map(len, columns[at].texts)),
        )
        kept = Proposal("types", {columns[text].name: "text"}, "sentences, each different")
        return [
            Decision((kept,)) if at == text else decision for at, decision in enumerate(decisions)
        ]
    return [
        decision if raw.is_constant else Decision()
        for raw, decision in zip(columns, decisions, strict=True)
    ]


def _decide(raw: RawColumn) -> Decision:
    """Decide about a feature."""
    if isinstance(raw.texts, np.ndarray):
        return decide_parsed(raw)
    missing = set(raw.dialect.missing)
    if holds_lists(raw.texts):
        return drop(raw, "lists, which only the target can have")
    stripped = {cell: cell.strip() for cell in set(raw.texts)}
    texts = [text for cell in raw.texts if (text := stripped[cell]) not in missing]
    counts = Counter(texts)
    rows = len(raw.texts)
    if few := too_few_values(raw, len(texts)):
        return few
    if len(counts) == 1:
        return drop(raw, f"{texts[0][:MAX_EXCERPT]!r} in every row that has a value")
    values = {text: parse_number(text, raw.dialect) for text in counts}
    words = [text for text in counts if math.isnan(values[text])]
    others = [word for word in words if word not in raw.dialect.missing_numbers]
    infinite = [text for text in counts if math.isinf(values[text])]
    if form := _date_format(raw, texts, counts):
        reason = f"dates as {texts[0]!r}, {len(counts)} different"
        return Decision((Proposal("dates", {raw.name: form}, reason),))
    numbers = len(texts) - sum(counts[word] for word in words)
    if holds_codes(texts):
        example = next(text for text in texts if text.startswith("0") and len(text) > 1)
        reason = f"leading zeros, as in {example!r}"
        return Decision((Proposal("types", {raw.name: "categorical"}, reason),))
    if infinite and not others:
        reason = f"{raw.name!r} has {infinite[0]!r}, which is no finite number"
        return Decision((Proposal("missing", infinite, reason),))
    if numbers and not others:
        if has_leading_zeros(texts) and len(counts) == len(texts) >= MIN_ROWS:
            return drop(raw, f"{len(counts)} different numbers with leading zeros: an identifier")
        return decide_numbers(
            raw, np.array([values[text] for text in texts if text not in words]), counts
        )
    amounts = [word for word in others if is_amount_of_parts(word)]
    if numbers > len(texts) / 2 and len(others) <= MAX_WORDS and amounts:
        reason = f"amounts of several parts, as in {amounts[0]!r}, beside plain numbers; {ADVICE}"
        return drop(raw, reason)
    if numbers > len(texts) / 2 and len(others) <= MAX_WORDS:
        shown = ", ".join(repr(word[:MAX_EXCERPT]) for word in others)
        reason = f"{raw.name!r} has numbers in {numbers} of {plural(rows, 'row')}, besides {shown}"
        return Decision((Proposal("missing", others, reason + odd_word_reason(raw, others)),))
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


def _decide_texts(raw: RawColumn, texts: Sequence[str], counts: Counter[str]) -> Decision:
    """Decide about a feature of texts."""
    rows = len(texts)
    words = sum(len(text.split()) for text in counts) / len(counts)
    if rows >= MIN_ROWS and (len(counts) > MAX_CATEGORIES or len(counts) > rows / 2):
        kind = "sentences" if words >= SENTENCE_WORDS else "texts"
        kind = "an identifier" if len(counts) == rows and words < SENTENCE_WORDS else kind
        reason = f"{len(counts)} different values in {rows} rows: {kind}"
        if quantities := quantities_of_several_units(counts):
            return drop(raw, f"{quantities}, which no option reads as numbers; {ADVICE}")
        if number_form(counts, raw.dialect, units=True):
            example = next(iter(counts))
            return drop(raw, f"numbers in another form than those of others, as in {example!r}")
        return replace(drop(raw, reason), sentences=words >= SENTENCE_WORDS / 2)
    try:
        detect_type(raw)
    except DatasetError:
        reason = f"{len(counts)} different texts, not all of them numbers"
        return Decision((Proposal("types", {raw.name: "categorical"}, reason),))
    pair = spelling_variants(list(counts))
    if pair:
        reason = f"{pair[0]!r} and {pair[1]!r} in {raw.name!r} differ in case or blanks only"
        return Decision((Proposal("lowercase", True, reason),))
    return Decision()
