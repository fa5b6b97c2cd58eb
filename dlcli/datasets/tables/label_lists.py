"""Labels in one column: lists as JSON or Python writes them, or a text with a separator."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.dataset import Target
from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.classes import name_classes, sort_classes
from dlcli.datasets.tables.columns import BOOLEANS, RawColumn, to_category
from dlcli.errors import DatasetError, plural
from dlcli.types import Array

MAX_LABELS = 1_000
MAX_LISTED = 5
SEPARATORS = (";", "|", ",", " ")
# An item of a list as Python writes it; quotes inside are escaped by a backslash.
# Nothing is tried twice, so that hostile texts take no longer than others.
ITEM = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|[^\s,'"\[\](){}]++"""
PYTHON_LIST = re.compile(rf"\[\s*+(?:(?:{ITEM})\s*+(?:,\s*+(?:{ITEM})\s*+)*+(?:,\s*+)?)?\]")
ITEMS = re.compile(ITEM)


def parse_labels(text: str, separator: str) -> tuple[str, ...] | None:
    """Return the labels of a row; None if the text is no list.

    Parameters
    ----------
    text : str
    separator : str
        Between the labels; empty if the text must be a list. A list is read as one in any case.
    """
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        items = _list_items(text)
        if items is not None:
            return items
    if not separator:
        return None
    blank = not separator.strip()
    parts = text.split() if blank else text.split(separator.strip())
    return tuple(part for item in parts if (part := item.strip()))


def _list_items(text: str) -> tuple[str, ...] | None:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        if PYTHON_LIST.fullmatch(text) is None:
            return None
        items = map(_unquoted, ITEMS.findall(text))
        return tuple(label for item in items if (label := item.strip()))
    if any(item is None or isinstance(item, list | dict) for item in items):
        return None
    return tuple(label for item in items if (label := to_text(item).strip()))


def _unquoted(item: str) -> str:
    return re.sub(r"\\(.)", r"\1", item[1:-1]) if item[0] in "'\"" else item


def holds_lists(texts: Sequence[str] | Array) -> bool:
    """Tell whether every text of a column is a list of labels, or empty."""
    if isinstance(texts, np.ndarray):
        return False
    present = {stripped for text in set(texts) if (stripped := text.strip())}
    return bool(present) and all(
        text.startswith("[") and parse_labels(text, "") is not None for text in present
    )


def propose_separator(texts: Sequence[str] | Array) -> str:
    """Return the separator of texts that look like several labels each; empty if there is none.

    The labels between the separators must repeat: there are fewer of them than of the texts.
    """
    if isinstance(texts, np.ndarray):
        return ""
    distinct = {text.strip() for text in texts}
    for separator in SEPARATORS[:-1]:
        several = [text for text in distinct if separator in text]
        if not several:
            continue
        labels = {label for text in distinct for label in parse_labels(text, separator) or ()}
        if len(labels) < len(distinct) and len(labels) <= MAX_LABELS:
            return separator
    return ""


def read_label_lists(
    loader: CsvLoader, column: RawColumn, position: int
) -> tuple[Target, Array, tuple[str, ...]]:
    """Read a column of labels; no row is without a text.

    Returns
    -------
    target : Target
    y : ndarray of int32, shape (n, labels)
        1 where a row has the label.
    notices : tuple of str

    Raises
    ------
    DatasetError
        With the line of a text that is no list, or if there are fewer than two labels.
    """
    separator, lowercase = loader.target_separator, column.dialect.lowercase
    labels_of: dict[str, tuple[str, ...]] = {}
    for row, text in enumerate(column.texts):
        if text in labels_of:
            continue
        labels = parse_labels(text, separator)
        if labels is None:
            raise DatasetError(
                f"{column.cell(row, 'the target')} is no list of labels",
                hint=_separator_hint(column.texts),
            )
        labels_of[text] = tuple(to_category(label, lowercase=lowercase) for label in labels)
    labels = sort_classes({label for labels in labels_of.values() for label in labels})
    where = f"{column.where}: target {column.name!r}"
    if len(labels) < 2:
        listed = f"; the only one is {labels[0]!r}" if labels else ""
        raise DatasetError(f"{where} has {plural(len(labels), 'label')}{listed}; two are needed")
    if len(labels) > MAX_LABELS:
        raise DatasetError(
            f"{where} has {len(labels):,} different labels; at most {MAX_LABELS:,} are possible",
            hint="replace the rare ones in the file",
        )
    names, file_labels = name_classes(labels, loader.class_names, where)
    y = label_matrix([labels_of[text] for text in column.texts], labels)
    target = Target(
        column.name, "multilabel", names, "", position, file_labels, separator=separator
    )
    return target, y, label_notices(y, names)


def _separator_hint(texts: Sequence[str] | Array) -> str:
    if {text.strip().lower() for text in texts} <= BOOLEANS.keys():
        return "labels that are columns of 0 and 1 are several: name them all as the target"
    separator = propose_separator(texts) or ";"
    lists = '`["a", "b"]` is a list'
    return f"{lists}; `target_separator: {json.dumps(separator)}` in the loader splits texts"


def label_matrix(rows: Sequence[Sequence[Any]], labels: Sequence[Any]) -> Array:
    """Return int32 of shape (n, labels): 1 where a row has the label."""
    code_of = {label: code for code, label in enumerate(labels)}
    y = np.zeros((len(rows), len(labels)), np.int32)
    for row, present in enumerate(rows):
        for label in present:
            y[row, code_of[label]] = 1
    return y


def label_notices(y: Array, names: Sequence[str]) -> tuple[str, ...]:
    """Report the labels that no row has, or every row."""
    counts = y.sum(axis=0)
    notices = []
    for count, words in ((0, "no row"), (len(y), "every row")):
        same = [names[code] for code in np.flatnonzero(counts == count).tolist()]
        if same:
            listed = ", ".join(map(repr, same[:MAX_LISTED]))
            rest = f" and {len(same) - MAX_LISTED} more" if len(same) > MAX_LISTED else ""
            noun, verb = ("label", "is") if len(same) == 1 else ("labels", "are")
            notices.append(f"{noun} {listed}{rest} {verb} in {words}, so nothing can be learned")
    return tuple(notices)
