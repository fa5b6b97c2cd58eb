"""Signs of leaks: a column that reveals the target, or held-out rows among the training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dlcli.datasets import storage
from dlcli.datasets.dataset import Dataset
from dlcli.datasets.row_hashes import sample_hashes
from dlcli.errors import plural
from dlcli.preparation.split import Split
from dlcli.types import Array

# In a smaller table a column can match the target by chance.
MIN_ROWS = 30
# Most columns are ruled out by this many rows.
SAMPLE_ROWS = 2_000
ALLOWED_ERRORS = 0.001  # share of the rows
MIN_CORRELATION = 0.9999
MAX_LISTED = 5
# Of more targets, the first are examined.
MAX_TARGETS = 20


def columns_that_reveal_target(dataset: Dataset) -> list[str]:
    """Report the columns of a table from any of which the target can be predicted.

    Returns
    -------
    list of str
        One notice, or none.
    """
    if not dataset.is_table or len(dataset) < MIN_ROWS:
        return []
    order = np.random.default_rng(0).permutation(len(dataset))
    samples = [order[:SAMPLE_ROWS], order] if len(order) > SAMPLE_ROWS else [order]
    if dataset.target.is_several:
        return _columns_that_reveal_one(dataset)
    reveals = _reveals_class if dataset.target.class_names else _reveals_number
    names = []
    for column in dataset.columns:
        if column.type in ("text", "audio"):
            continue
        values = np.asarray(dataset.x[column.name])
        if all(reveals(values[rows], dataset.y[rows]) for rows in samples):
            names.append(column.name)
        storage.release(values)
    if not names:
        return []
    others = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    listed = ", ".join(map(repr, names[:MAX_LISTED])) + others
    subject = f"column {listed}" if len(names) == 1 else f"each of {listed}"
    fact = "the classes of " if dataset.target.class_names else ""
    advice = "does it contain the answer? Use `drop` if it is not known beforehand"
    return [f"{subject} alone predicts {fact}{dataset.target.name!r}: {advice}"]


def _columns_that_reveal_one(dataset: Dataset) -> list[str]:
    """Report the columns that reveal one of several targets; one notice for each of these."""
    target, notices = dataset.target, []
    for at, name in enumerate(target.outputs[:MAX_TARGETS]):
        if target.task == "multilabel":
            one = replace(target, name=name, task="classification", class_names=("no", "yes"))
        else:
            one = replace(target, name=name)
        one = replace(one, columns=())
        notices += columns_that_reveal_target(replace(dataset, y=dataset.y[:, at], target=one))
    return notices


def _reveals_class(values: Array, y: Array) -> bool:
    """Return whether a few thresholds of a column, or its categories, predict the class."""
    commonest = int(np.bincount(y).max())
    allowed = min(ALLOWED_ERRORS * len(y), 0.02 * (len(y) - commonest))
    if values.dtype == object:
        texts = values.tolist()
        # An array of the texts would give each the size of the longest.
        code_of = {text: code for code, text in enumerate(dict.fromkeys(texts))}
        if len(code_of) * 5 > len(y):
            return False
        items: Any = code_of
        codes = np.fromiter(map(code_of.__getitem__, texts), np.int64, len(texts))
    else:
        if np.isnan(values).any():
            return False
        items, codes = np.unique(values, return_inverse=True)
    classes = int(y.max()) + 1
    # Rows of each class at each value; a value stands for its commonest class.
    counts = np.zeros((len(items), classes), np.int64)
    np.add.at(counts, (codes, y), 1)
    if len(y) - counts.max(axis=1).sum() > allowed:
        return False
    changes = np.count_nonzero(np.diff(counts.argmax(axis=1)))
    return values.dtype == object or bool(changes < np.count_nonzero(np.bincount(y)) + 2 * allowed)


def _reveals_number(values: Array, y: Array) -> bool:
    """Return whether a column is the target, or rises or falls with it."""
    if values.dtype == object or np.isnan(values).any():
        return False
    return any(
        abs(_correlation(a, b)) > MIN_CORRELATION
        for a, b in ((values, y), (_ranks(values), _ranks(y)))
    )


def _correlation(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def _ranks(values: Array) -> Array:
    """Return the dense rank of each value; equal values have the same rank."""
    return np.unique(values, return_inverse=True)[1].astype(np.float64)


def classes_without_training_rows(dataset: Dataset, splits: Sequence[Split]) -> list[str]:
    """Report the classes that have no training rows, in a split or in some of the folds."""
    names = dataset.target.class_names
    if dataset.target.task == "multilabel":
        return _labels_without_training_rows(dataset, splits)
    if not names:
        return []
    present = np.bincount(dataset.y, minlength=len(names)) > 0
    absent = np.array(
        [
            present & (np.bincount(dataset.y[split.train], minlength=len(names)) == 0)
            for split in splits
        ]
    )
    return _absent_notices("class", names, absent)


def _labels_without_training_rows(dataset: Dataset, splits: Sequence[Split]) -> list[str]:
    """Report the labels that some row has, but no training row."""
    some = dataset.y.any(axis=0)
    absent = np.array([some & ~dataset.y[split.train].any(axis=0) for split in splits])
    return _absent_notices("label", dataset.target.class_names, absent)


def _absent_notices(kind: str, names: Sequence[str], absent: Array) -> list[str]:
    """Name the classes or labels that training rows lack, given per split; many in one notice."""
    codes = np.flatnonzero(absent.any(axis=0)).tolist()
    if len(codes) > MAX_LISTED:
        listed = ", ".join(repr(names[code]) for code in codes[:MAX_LISTED])
        where = " in some folds" if len(absent) > 1 else ""
        some = f"{plural(len(codes), kind)} ({listed}, …)"
        return [f"{some} have no training rows{where}, so they cannot be learned"]
    counts = absent.sum(axis=0).tolist()
    folds = [f" in {count} of {len(absent)} folds" if len(absent) > 1 else "" for count in counts]
    return [
        f"{kind} {names[code]!r} has no training rows{folds[code]}, so it cannot be learned"
        for code in codes
    ]


def repeated_rows(dataset: Dataset, split: Split) -> list[str]:
    """Count the held-out rows that equal a training row, target included."""
    held_out = {name: rows for name, rows in split.scored_parts().items() if name != "train"}
    if dataset.medium.kind == "series" or not held_out:
        return []
    hashes = sample_hashes(dataset.x, dataset.columns, dataset.y)
    notices = []
    for name, rows in held_out.items():
        count = int(np.isin(hashes[rows], hashes[split.train]).sum())
        if count:
            verb = "is" if count == 1 else "are"
            notices.append(
                f"{count} of {plural(len(rows), f'{name} row')} {verb} among the training rows "
                "too: scores may be too good"
            )
    return notices
