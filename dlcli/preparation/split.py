"""Split rows into training, validation and test sets."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import PARTS, Dataset
from dlcli.datasets.tables import to_number
from dlcli.errors import DatasetError, plural
from dlcli.preparation.random_splits import train_test_split
from dlcli.types import Array

MAX_LISTED = 5
DEFAULT_TEST = 0.2
VALIDATION, TEST = 1, 2  # in `Dataset.parts`
# A share of grouped rows is rounded to a fraction with at most this denominator.
MAX_DENOMINATOR = 10


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts.

    Parameters
    ----------
    train, validation, test : ndarray of int64, shape (k,)
        Disjoint, unless the test rows are the validation rows too; both may be empty.
    """

    train: Array
    validation: Array
    test: Array

    def parts(self) -> dict[str, Array]:
        """Return the parts that have rows, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: rows for name, rows in parts.items() if len(rows)}

    def scored_parts(self) -> dict[str, Array]:
        """Return the parts that have rows, without validation rows that are the test rows."""
        parts = self.parts()
        if self.validation is self.test:
            parts.pop("validation", None)
        return parts


def split_rows(dataset: Dataset, section: SplitConfig, seed: int) -> Split:
    """Split the rows of a data set.

    Parameters
    ----------
    dataset : Dataset
        If it has ``parts``, they are used; validation rows are then drawn from the training
        rows, unless some rows are marked for validation.
    section : SplitConfig
    seed : int

    Raises
    ------
    DatasetError
        If a part would have no rows, a class is too small to split, or a group is in two parts.
    """
    everything = np.arange(len(dataset))
    if dataset.parts is not None:
        check_groups(dataset, dataset.parts)
        train, validation, test = (everything[dataset.parts == part] for part in range(3))
        if not len(validation):
            train, validation = cut_validation(dataset, train, test, section, seed)
    else:
        # The test rows are drawn first, so that they do not depend on the share for validation.
        share = DEFAULT_TEST if section.test is None else section.test
        rest, test = cut(dataset, everything, share, section, seed)
        train, validation = cut_validation(dataset, rest, test, section, seed)
    if not len(train):
        raise DatasetError(f"{dataset.name}: no training rows are left")
    return Split(train, validation, test)


def cut_validation(
    dataset: Dataset, rows: Array, test: Array, section: SplitConfig, seed: int
) -> tuple[Array, Array]:
    """Split the validation rows off the rows that are not test rows, or take the test rows."""
    if section.validates_on_test:
        if not len(test):
            raise DatasetError(
                f"{dataset.name}: `validation: test` needs test rows; there are none"
            )
        return rows, test
    return cut(dataset, rows, section.validation_share, section, seed)


def check_groups(dataset: Dataset, parts: Array) -> None:
    """Refuse official parts that share a group."""
    if dataset.groups is None:
        return
    groups = [set(dataset.groups[parts == part]) for part in range(len(PARTS))]
    for first, second in combinations(range(len(PARTS)), 2):
        if shared := sorted(groups[first] & groups[second]):
            raise DatasetError(
                f"{dataset.name}: its official {PARTS[first]} rows and {PARTS[second]} rows share "
                f"the group {shared[0]!r} (split.group)",
                hint="leave out split.group, or mark other test files, as in "
                f"`dataset: {{{dataset.name}: {{test: {{speaker: [{shared[0]}]}}}}}}`",
            )


def cut(
    dataset: Dataset, rows: Array, share: float, section: SplitConfig, seed: int
) -> tuple[Array, Array]:
    """Split off a share of some rows; return the rest and the share, both in ascending order."""
    if share == 0:
        return rows, rows[:0]
    size = max(1, round(share * len(rows)))
    if size >= len(rows):
        raise DatasetError(
            f"{dataset.name}: {plural(len(rows), 'row')} cannot be split, "
            f"with a share of {share:g} for validation or test",
            hint="use more rows, fewer folds, or `split: {validation: 0}` or `{test: 0}`",
        )
    # Later rows of a series must not be used for training.
    if dataset.medium.kind == "series" or not section.shuffle:
        return rows[:-size], rows[-size:]
    stratify = section.stratify and dataset.target.task == "classification"
    if dataset.groups is not None:
        return _cut_groups(dataset, rows, share, seed, stratify=stratify)
    if not stratify:
        rest, part = train_test_split(len(rows), size, seed, None)
        return rows[rest], rows[part]
    # The only row of a class is used for training; nothing could be learned of it otherwise.
    is_single = np.bincount(dataset.y[rows])[dataset.y[rows]] == 1
    single, others = rows[is_single], rows[~is_single]
    labels = dataset.y[others]
    _check_class_sizes(dataset, labels, size)
    rest, part = train_test_split(len(others), size, seed, labels)
    return np.sort(np.concatenate([others[rest], single])), others[part]


def _cut_groups(
    dataset: Dataset, rows: Array, share: float, seed: int, *, stratify: bool
) -> tuple[Array, Array]:
    """Split off about a share of some rows, without dividing a group.

    scikit-learn has no stratified ``GroupShuffleSplit``: stratified folds are made, and as many
    of them split off as come closest to the share.
    """
    from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

    assert dataset.groups is not None  # noqa: S101 (for the type checker)
    groups, y = dataset.groups[rows], dataset.y[rows]
    try:
        if stratify:
            count, folds = fold_fraction(share, min(len(set(groups)), int(np.bincount(y).max())))
            splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            with without_class_warnings():
                parts = [part for _, part in splitter.split(rows, y, groups)]
            part = np.concatenate(parts[:count])
            rest = np.setdiff1d(np.arange(len(rows)), part)
        else:
            shuffle = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
            rest, part = next(shuffle.split(rows, groups=groups))
    except ValueError:
        rest = part = rows[:0]
    if not len(rest) or not len(part):
        raise DatasetError(f"{dataset.name}: too few groups to split")
    return np.sort(rows[rest]), np.sort(rows[part])


def fold_fraction(share: float, most: int) -> tuple[int, int]:
    """Return numerator and denominator of a share, for at most `most` equal folds."""
    fraction = Fraction(share).limit_denominator(min(MAX_DENOMINATOR, most))
    if fraction in (0, 1):  # smaller, or larger, than one fold
        folds = max(2, min(round(1 / min(share, 1 - share)), most))
        return (1 if share < 0.5 else folds - 1), folds
    return fraction.numerator, fraction.denominator


def without_class_warnings() -> warnings.catch_warnings[None]:
    """Ignore scikit-learn's warning about classes with few groups.

    `dlcli.preparation.leaks` reports the classes without training rows.
    """
    return warnings.catch_warnings(action="ignore", category=UserWarning)


def _check_class_sizes(dataset: Dataset, labels: Array, size: int) -> None:
    names = dataset.target.class_names
    counts = np.bincount(labels, minlength=len(names))
    present = np.flatnonzero(counts)
    if not len(present):
        raise DatasetError(
            f"{dataset.name}: every class has a single row",
            hint=f"use `split: {{stratify: false}}`{_number_hint(names)}",
        )
    if size < len(present) or len(labels) - size < len(present):
        raise DatasetError(
            f"{dataset.name}: {len(labels)} rows are too few to have {len(present)} classes in "
            f"every part",
            hint=f"use `split: {{stratify: false}}`, or another share{_number_hint(names)}",
        )


def _number_hint(names: Sequence[str]) -> str:
    """Ask whether classes that are numbers are a quantity."""
    are_numbers = not any(math.isnan(to_number(name)) for name in names)
    return "; `task: regression` if the target is a number" if are_numbers else ""


def single_row_classes(dataset: Dataset, splits: Sequence[Split]) -> list[str]:
    """Report the classes that have a single row, and where it is."""
    names = dataset.target.class_names
    if dataset.target.task != "classification":
        return []
    single = np.flatnonzero(np.bincount(dataset.y, minlength=len(names)) == 1)
    if len(splits) > 1 or not len(single):
        return []
    listed = ", ".join(repr(names[code]) for code in single[:MAX_LISTED])
    rest = f" and {len(single) - MAX_LISTED} more" if len(single) > MAX_LISTED else ""
    if len(single) == 1:
        return [f"class {listed} has a single row{_number_hint(names)}"]
    return [f"classes {listed}{rest} have a single row each{_number_hint(names)}"]
