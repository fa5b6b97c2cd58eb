"""Read the target of a table: classes or numbers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dlcli.config.known import Task
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import Target
from dlcli.datasets.tables.classes import encode_classes
from dlcli.datasets.tables.column_notices import variant_notices
from dlcli.datasets.tables.column_types import refuse_written_numbers
from dlcli.datasets.tables.columns import RawColumn, spelling_variants, to_category, to_numbers
from dlcli.datasets.tables.label_lists import holds_lists, propose_separator, read_label_lists
from dlcli.datasets.tables.numbers import parse_number
from dlcli.datasets.tables.proposals import Proposal
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

# Whole numbers with more distinct values are a regression target.
MAX_INTEGER_CLASSES = 20
# If the loss is for classes, whole numbers with up to as many distinct values are classes.
MAX_CLASSES = 1_000
# Fewer whole numbers are classes, whatever their values are. Those of a column that is called like
# a degree can be predicted as numbers as well.
FEW_CLASSES = 5
DEGREE = re.compile("(?i)(?<![a-z])(rating|score|star|grade|level)s?(?![a-z])|등급|[점평]점|점수")
OTHER_TASK = {
    "classification": "`--task regression` predicts a number",
    "regression": "`--task classification` predicts one of them",
}
MAX_WORDS_AMONG_NUMBERS = 0.1
MAX_LISTED = 5


def read_target(
    loader: CsvLoader, column: RawColumn, position: int, implied: Task | None = None
) -> tuple[Target, Array, tuple[str, ...]]:
    """Read the target of one column; `read_several` reads several.

    The texts for missing values apply to numbers alone: among classes, "NA" is one of them. An
    empty text is refused.

    Parameters
    ----------
    loader : CsvLoader
    column : RawColumn
        Without the rows that `rows_without_target` returns, if these are dropped.
    position : int
    implied : {"classification", "regression"}, optional
        Task that the loss and the last layer of the config are for; it decides about whole numbers.

    Returns
    -------
    target : Target
    y : ndarray, shape (n,)
        int32 codes of the sorted classes, or float64; of labels int32, shape (n, labels).
    notices : tuple of str

    Raises
    ------
    DatasetError
        With the line of a value that is missing or not a number, or if there is only one class.
    """
    is_labels = holds_labels(loader, column)
    missing_as = "classification" if is_labels else loader.task
    if len(empty := rows_without_target(column, missing_as)):
        raise _no_target(column, empty)
    if is_labels:
        return read_label_lists(loader, column, position)
    texts, distinct = column.texts, set(column.texts)
    notices: tuple[str, ...] = ()
    task = loader.task
    if task == "auto":
        number_of = {text: parse_number(text.strip(), column.dialect) for text in distinct}
        values = np.fromiter(map(number_of.__getitem__, texts), np.float64, len(texts))
        if np.isnan(values).any():
            _refuse_mistyped_numbers(column, values)
        named = loader.class_names is not None
        task, notices = detect_task(column.name, values, "classification" if named else implied)
        notices = () if named else notices
    if task == "regression":
        y = to_numbers(column.without_missing())
        return Target(column.name, "regression", (), loader.unit, position), y, notices
    lowercase = column.dialect.lowercase
    label_of = {text: to_category(text, lowercase=lowercase) for text in distinct}
    labels = [label_of[text] for text in texts]
    where = f"{column.where}: target {column.name!r}"
    class_names, file_labels, y = encode_classes(labels, loader.class_names, where)
    target = Target(column.name, "classification", class_names, "", position, file_labels)
    variants = variant_notices("target", "classes", column)
    joined = _joined_labels(column) if loader.task == "auto" else ()
    return target, y, (*notices, *variants, *_missing_classes(target, column), *joined)


def holds_labels(loader: CsvLoader, column: RawColumn) -> bool:
    """Tell whether a column has any number of labels in each row."""
    if loader.target_separator or loader.task == "multilabel":
        return True
    return loader.task == "auto" and holds_lists(column.texts)


def _joined_labels(column: RawColumn) -> tuple[str, ...]:
    """Return a notice about classes that look like several labels in one text."""
    separator = propose_separator(column.texts)
    if not separator:
        return ()
    example = next(text.strip() for text in column.texts if separator in text)
    proposal = Proposal("target_separator", separator, "")
    seen = f"classes such as {example!r} of {column.name!r} look like several labels"
    return (f"{seen}; `{proposal}` in the loader splits them",)


def rows_without_target(column: RawColumn, task: str = "auto") -> Array:
    """Return the rows whose target is missing.

    They are empty, or one of the texts for missing values; among classes these count only if
    rows without a target are dropped.

    Returns
    -------
    ndarray of int64, shape (k,)
    """
    dialect, distinct = column.dialect, set(column.texts)
    words = {""}
    if task != "classification":
        others = {*dialect.missing, *dialect.missing_numbers}
        present = set(map(str.strip, distinct)) - others
        numbers = [text for text in present if not math.isnan(parse_number(text, dialect))]
        if task == "regression" or (present and len(numbers) == len(present)):
            words |= others
    if dialect.missing_target == "drop":
        words |= set(dialect.missing)
    missing = {text for text in distinct if text.strip() in words}
    if not missing:
        return np.empty(0, np.int64)
    return np.array([row for row, text in enumerate(column.texts) if text in missing], np.int64)


def _no_target(column: RawColumn, rows: Array) -> DatasetError:
    """Return the error for rows without a target."""
    first = int(rows[0])
    text = column.texts[first].strip()
    hint = "`missing_target: drop` in the loader leaves these rows out"
    if not text:
        message = f"{column.where}:{column.lines[first]}: no {column.name!r} in"
        return DatasetError(f"{message} {plural(len(rows), 'row')}", hint=hint)
    others = len(column.texts) - len(rows)
    return DatasetError(
        f"{column.cell(first, 'the target')} is not a number, but {others} of "
        f"{len(column.texts)} values are",
        hint=f"{hint}; `task: classification` takes all values for classes",
    )


def missing_targets(column: RawColumn, rows: Array) -> str:
    """Count the rows without a target, with their texts."""
    counts = Counter(column.texts[row].strip() for row in rows.tolist())
    words = ", ".join(
        f"{text!r} in {count}" for text, count in counts.most_common(MAX_LISTED) if text
    )
    first = column.lines[int(rows[0])]
    listed = f"{words}; " if words else ""
    return f"{plural(len(rows), 'row')} without {column.name!r} ({listed}first on line {first})"


def _refuse_mistyped_numbers(column: RawColumn, values: Array) -> None:
    """Refuse classes that are numbers with separators or signs, or numbers with a few words."""
    words = np.flatnonzero(np.isnan(values))
    first = int(words[0])
    refuse_written_numbers(column, [first], "the target")
    few = len(words) <= MAX_WORDS_AMONG_NUMBERS * len(values)
    if few and len(set(map(str.strip, column.texts))) > MAX_INTEGER_CLASSES:
        raise DatasetError(
            f"{column.cell(first, 'the target')} is not a number, but "
            f"{len(values) - len(words)} of {len(values)} values are",
            hint="correct the cell, add it to the loader's `missing` with `missing_target: drop`, "
            "or set `task` in the loader",
        )


def detect_task(
    name: str, values: Sequence[float] | Array, implied: Task | None = None
) -> tuple[Task, tuple[str, ...]]:
    """Detect classes: texts (here NaN), and a few whole numbers that repeat.

    Parameters
    ----------
    name : str
        Of the target, for the notice.
    values : sequence or ndarray of float
    implied : {"classification", "regression"}, optional
        What the loss and the last layer are for.

    Returns
    -------
    task : {"classification", "regression"}
    notices : tuple of str
        The decision, if it is a close one.
    """
    if np.isnan(values).any():
        return "classification", ()
    counts = Counter(values.tolist() if isinstance(values, np.ndarray) else values)
    if not all(value.is_integer() for value in counts):
        return "regression", ()
    numbers = f"the {len(counts)} different whole numbers of {name!r}"
    few = len(counts) <= MAX_INTEGER_CLASSES and len(counts) <= len(values) / 2
    to_classes = "`task: classification` in the loader reads classes"
    to_number = "`task: regression` in the loader predicts a number"
    if implied == "regression" and few:
        return "regression", (f"{numbers} are read as numbers, as the loss does; {to_classes}",)
    repeated = implied == "classification" and len(counts) <= min(MAX_CLASSES, len(values) / 2)
    if not few and repeated:
        return "classification", (f"{numbers} are read as classes, as the loss does; {to_number}",)
    if not few:
        return "regression", ()
    is_few = len(counts) <= FEW_CLASSES
    if is_few and (len(counts) <= 2 or not DEGREE.search(name)):
        return "classification", ()
    if implied is None and not is_few and is_quantity(counts):
        return "regression", (f"{numbers} are read as a quantity: {_why(counts)}; {to_classes}",)
    return "classification", (f"{numbers} are read as classes; {to_number}",)


def is_quantity(counts: Counter[float]) -> bool:
    """Tell whether whole numbers are a quantity: some occur once, or there are large gaps."""
    return bool(_why(counts))


def _why(counts: Counter[float]) -> str:
    single = sum(count == 1 for count in counts.values())
    if single:
        return f"{single} of them occur{'s' if single == 1 else ''} once"
    low, high = min(counts), max(counts)
    gaps = high - low + 1 > 2 * len(counts)
    return f"they lie between {low:g} and {high:g}, with gaps" if gaps else ""


def _missing_classes(target: Target, column: RawColumn) -> tuple[str, ...]:
    """Return a notice about classes that are words for a missing value."""
    missing = {word for word in column.dialect.missing if word}
    names = [name for name in (target.labels or target.class_names) if name in missing]
    if not names or len(names) == len(target.class_names):
        return ()
    advice = "`missing_target: drop` in the loader leaves its rows out"
    return (f"class {names[0]!r} of {target.name!r} is a word for a missing value; {advice}",)


def propose_target(column: RawColumn) -> list[Proposal]:
    """Return the options of the loader that the target asks for.

    Parameters
    ----------
    column : RawColumn
        With its texts.
    """
    proposals = []
    column = replace(column, dialect=replace(column.dialect, missing_target="drop"))
    stripped = {text: text.strip() for text in set(column.texts)}
    texts = [stripped[text] for text in column.texts]
    present = Counter(texts)
    values = {text: parse_number(text, column.dialect) for text in present}
    ignored = {*column.dialect.missing, *column.dialect.missing_numbers}
    words = [text for text in present if math.isnan(values[text]) and text not in ignored]
    numbers = len(present) - len(words)
    if words and numbers > MAX_INTEGER_CLASSES and len(words) <= MAX_LISTED:
        listed = ", ".join(map(repr, words))
        reason = f"{column.name!r} has {numbers} different numbers, besides {listed}"
        proposals.append(Proposal("missing", words, reason))
        missing = (*column.dialect.missing, *words)
        column = replace(column, dialect=replace(column.dialect, missing=missing))
    rows = rows_without_target(column)
    if len(rows):
        proposals.append(Proposal("missing_target", "drop", missing_targets(column, rows)))
    kept = np.delete(np.array(texts, object), rows).tolist() if len(rows) else texts
    if holds_lists(kept):
        return proposals
    # Numbers can have separators too, between their digits.
    has_words = any(math.isnan(values[text]) for text in kept)
    if has_words and (separator := propose_separator(kept)):
        reason = f"{column.name!r} has several labels in a row, as in "
        reason += repr(next(text for text in kept if separator in text))
        return [*proposals, Proposal("target_separator", separator, reason)]
    task, notices = detect_task(column.name, [values[text] for text in kept])
    if task == "classification":
        pair = spelling_variants(kept)
        if pair:
            reason = f"the classes {pair[0]!r} and {pair[1]!r} differ in case or blanks only"
            proposals.append(Proposal("lowercase", True, reason))
    if notices:
        other = OTHER_TASK[task]
        proposals.append(Proposal("task", task, f"{notices[0].partition(';')[0]}; {other}"))
    return proposals
