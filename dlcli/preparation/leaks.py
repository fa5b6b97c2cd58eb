"""Signs that a score will be too good: an answer among the features, rows that teach and test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.preparation.split import Split
from dlcli.types import Array

# Of fewer rows a column tells the answer by chance.
ENOUGH = 30
# What a column is looked at first; most of them are told from these.
SAMPLE = 2_000
WRONG = 0.001
CORRELATED = 0.9999
# Comparing all cells of a larger table takes longer than the notice is worth.
MOST_CELLS = 10_000_000
SHOWN = 5


def columns_that_reveal_target(dataset: Dataset) -> list[str]:
    """Name the columns of a table that tell the target alone.

    Parameters
    ----------
    dataset : Dataset
    """
    if not dataset.is_table or len(dataset) < ENOUGH:
        return []
    rows = np.random.default_rng(0).permutation(len(dataset))
    looks = [rows[:SAMPLE], rows] if len(rows) > SAMPLE else [rows]
    tells = _tells_class if dataset.target.class_names else _tells_number
    found = []
    for column in dataset.columns:
        if column.type in ("text", "audio"):
            continue
        values = np.asarray(dataset.x[column.name])
        if all(tells(values[part], dataset.y[part]) for part in looks):
            found.append(column.name)
    if not found:
        return []
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    names = ", ".join(map(repr, found[:SHOWN])) + more
    which = f"column {names}" if len(found) == 1 else f"each of {names}"
    what = "the classes of " if dataset.target.class_names else ""
    advice = "does it hold the answer? Use `drop` if it is not known beforehand"
    return [f"{which} alone tells {what}{dataset.target.name!r}: {advice}"]


def _tells_class(values: Array, y: Array) -> bool:
    """Tell whether a column gives the class of nearly every row: by few thresholds, or by name."""
    usual = int(np.bincount(y).max())
    allowed = min(WRONG * len(y), 0.02 * (len(y) - usual))
    if values.dtype == object:
        texts, codes = np.unique([str(text) for text in values], return_inverse=True)
        if len(texts) * 5 > len(y):
            return False
    else:
        if np.isnan(values).any():
            return False
        texts, codes = np.unique(values, return_inverse=True)
    classes = int(y.max()) + 1
    # Rows of each class at each value; a value stands for its commonest class.
    counts = np.zeros((len(texts), classes), np.int64)
    np.add.at(counts, (codes, y), 1)
    if len(y) - counts.max(axis=1).sum() > allowed:
        return False
    changes = np.count_nonzero(np.diff(counts.argmax(axis=1)))
    return values.dtype == object or bool(changes < np.count_nonzero(np.bincount(y)) + 2 * allowed)


def _tells_number(values: Array, y: Array) -> bool:
    """Tell whether a column is the target, or rises or falls with it."""
    if values.dtype == object or np.isnan(values).any():
        return False
    return any(
        abs(_correlation(a, b)) > CORRELATED for a, b in ((values, y), (_ranks(values), _ranks(y)))
    )


def _correlation(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def _ranks(values: Array) -> Array:
    """Return the place of each value among the different ones."""
    return np.unique(values, return_inverse=True)[1].astype(np.float64)


def classes_without_training_rows(dataset: Dataset, splits: Sequence[Split]) -> list[str]:
    """Say which classes have no training rows, in a split or in some of the folds.

    Parameters
    ----------
    dataset : Dataset
    splits : sequence of Split
    """
    names = dataset.target.class_names
    if not names:
        return []
    present = np.bincount(dataset.y, minlength=len(names)) > 0
    absent = [
        present & (np.bincount(dataset.y[split.train], minlength=len(names)) == 0)
        for split in splits
    ]
    found = []
    for code in np.flatnonzero(np.any(absent, axis=0)).tolist():
        count = sum(bool(lacks[code]) for lacks in absent)
        where = f" in {count} of {len(splits)} folds" if len(splits) > 1 else ""
        found.append(f"class {names[code]!r} has no training rows{where}, so it cannot be learned")
    return found


def repeated_rows(dataset: Dataset, split: Split) -> list[str]:
    """Count the rows that are held out and among the training rows too, target and all.

    Parameters
    ----------
    dataset : Dataset
    split : Split
    """
    held = {name: rows for name, rows in split.parts().items() if name != "train"}
    if not dataset.is_table or not held or len(dataset) * len(dataset.columns) > MOST_CELLS:
        return []
    if any(column.type == "audio" for column in dataset.columns):
        return []
    import pandas as pd

    digests = pd.util.hash_pandas_object(
        pd.DataFrame(dataset.x).assign(**{"\0target": dataset.y}), index=False
    ).to_numpy()
    found = []
    for name, rows in held.items():
        count = int(np.isin(digests[rows], digests[split.train]).sum())
        if count:
            held_out = f"{count} of {len(rows)} {name} rows {'is' if count == 1 else 'are'}"
            found.append(f"{held_out} among the training rows too: scores may be too good")
    return found
