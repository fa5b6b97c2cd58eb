"""Which rows teach, which watch, and which are met once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.config import Config
from dlcli.config.sections import SplitConfig
from dlcli.datasets import Dataset
from dlcli.errors import DatasetError
from dlcli.types import Array

DEFAULT_TEST = 0.2


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts.

    Parameters
    ----------
    train, validation, test : ndarray of int64, shape (k,)
        Disjoint; validation and test may be empty.
    """

    train: Array
    validation: Array
    test: Array

    def parts(self) -> dict[str, Array]:
        """Return the parts that have rows, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: rows for name, rows in named.items() if len(rows)}


def split_rows(dataset: Dataset, section: SplitConfig, seed: int) -> Split:
    """Divide the rows of a data set.

    Parameters
    ----------
    dataset : Dataset
        Its ``parts`` decide, where it has them; validation rows are then drawn from the
        training rows, unless some are marked.
    section : SplitConfig
    seed : int

    Raises
    ------
    DatasetError
        If a part would be left without rows, or a class is too small to divide.
    """
    everything = np.arange(len(dataset))
    _check_groups(dataset)
    if dataset.parts is not None:
        train, validation, test = (everything[dataset.parts == part] for part in range(3))
        if not len(validation):
            train, validation = _cut(dataset, train, section.validation, section, seed)
    else:
        share = DEFAULT_TEST if section.test is None else section.test
        rest, test = _cut(dataset, everything, share, section, seed)
        train, validation = _cut(dataset, rest, section.validation, section, seed)
    if not len(train):
        raise DatasetError(f"{dataset.name}: no training rows are left")
    return Split(train, validation, test)


def _check_groups(dataset: Dataset) -> None:
    """Refuse official test rows of groups that also teach."""
    if dataset.parts is None or dataset.groups is None:
        return
    test = set(dataset.groups[dataset.parts == 2])
    both = sorted(test & set(dataset.groups[dataset.parts == 0]))
    if both:
        raise DatasetError(
            f"{dataset.name}: its official test rows and its training rows share the group "
            f"{both[0]!r} (split.group)",
            hint="leave out split.group, or mark other test files, as in "
            f"`dataset: {{{dataset.name}: {{test: {{speaker: [{both[0]}]}}}}}}`",
        )


def _cut(
    dataset: Dataset, rows: Array, share: float, section: SplitConfig, seed: int
) -> tuple[Array, Array]:
    """Cut a share off some rows, shuffled; return the rest and what was cut off."""
    if share == 0:
        return rows, rows[:0]
    if dataset.medium.kind == "series":  # the future must not teach
        cut = max(1, round(share * len(rows)))
        return rows[:-cut], rows[-cut:]
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    cut = max(1, round(share * len(rows)))
    if cut >= len(rows):
        raise DatasetError(
            f"{dataset.name}: {len(rows)} rows are too few to set a share of {share:g} apart",
            hint="use `split: {test: 0}`",
        )
    if dataset.groups is not None:
        splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        try:
            kept, taken = next(splitter.split(rows, groups=dataset.groups[rows]))
        except ValueError:
            raise DatasetError(f"{dataset.name}: too few groups to split") from None
        return np.sort(rows[kept]), np.sort(rows[taken])
    labels = None
    if section.stratify and dataset.target.task == "classification":
        labels = dataset.y[rows]
        _check_class_sizes(dataset, labels, cut)
    kept, taken = train_test_split(rows, test_size=cut, random_state=seed, stratify=labels)
    return np.sort(kept), np.sort(taken)


def _check_class_sizes(dataset: Dataset, labels: Array, cut: int) -> None:
    names = dataset.target.class_names
    counts = np.bincount(labels, minlength=len(names))
    present = np.flatnonzero(counts)
    single = [names[code] for code in present if counts[code] < 2]
    if single:
        raise DatasetError(
            f"{dataset.name}: class {single[0]!r} has a single row and cannot be divided",
            hint="use `split: {stratify: false}`, or `test: 0`",
        )
    if cut < len(present) or len(labels) - cut < len(present):
        raise DatasetError(
            f"{dataset.name}: {len(labels)} rows are too few to keep {len(present)} classes in "
            f"every part",
            hint="use `split: {stratify: false}`, or another share",
        )


def make_folds(dataset: Dataset, section: SplitConfig, folds: int, seed: int) -> list[Split]:
    """Divide the rows into folds, each of them tested once.

    Parameters
    ----------
    dataset : Dataset
        Array marked as test rows stay out.
    section : SplitConfig
        Its ``validation`` share is cut from the training rows of each fold.
    folds : int
        At least 2.
    seed : int

    Returns
    -------
    list of Split
        Stratified for classes, by group where there are groups. Of a series, each fold is
        tested by what was learned from the rows before it.

    Raises
    ------
    DatasetError
        If a class, the groups or the rows are too few for so many folds; the message says
        the largest number that is possible.
    """
    from sklearn.model_selection import (
        GroupKFold,
        KFold,
        StratifiedGroupKFold,
        StratifiedKFold,
        TimeSeriesSplit,
    )

    rows = np.arange(len(dataset))
    _check_groups(dataset)
    if dataset.parts is not None:
        rows = rows[dataset.parts != 2]
    classes = dataset.target.task == "classification" and section.stratify
    labels = dataset.y[rows] if classes else None
    groups = None if dataset.groups is None else dataset.groups[rows]
    _check_folds(dataset, rows, labels, groups, folds)
    splitter: Any
    if dataset.medium.kind == "series":
        splitter = TimeSeriesSplit(n_splits=folds)
    elif groups is not None:
        # GroupKFold shuffles groups only from scikit-learn 1.6 on.
        kind = StratifiedGroupKFold if classes else GroupKFold
        splitter = kind(n_splits=folds, shuffle=True, random_state=seed)
    else:
        kind = StratifiedKFold if classes else KFold
        splitter = kind(n_splits=folds, shuffle=True, random_state=seed)
    made = []
    try:
        with warnings.catch_warnings():
            # Of a class with few groups it warns; which classes are not learned is said elsewhere.
            warnings.simplefilter("ignore", UserWarning)
            parts = list(splitter.split(rows, labels, groups))
    except ValueError as error:
        raise DatasetError(f"{dataset.name}: {error}") from None
    for train, test in parts:
        kept, validation = _cut(dataset, rows[train], section.validation, section, seed)
        made.append(Split(kept, validation, rows[test]))
    return made


def _check_folds(
    dataset: Dataset, rows: Array, labels: Array | None, groups: Array | None, folds: int
) -> None:
    if not len(rows):
        raise DatasetError(f"{dataset.name}: no rows are left for the folds")
    if groups is not None:
        count = len(set(groups.tolist()))
        if count < folds:
            raise DatasetError(
                f"{dataset.name}: {count} groups make at most {count} folds, not {folds}"
            )
        return
    if labels is None:
        most = len(rows) - (dataset.medium.kind == "series")
        if most < folds:
            raise DatasetError(
                f"{dataset.name}: {len(rows)} rows make at most {most} folds, not {folds}"
            )
        return
    counts = np.bincount(labels, minlength=len(dataset.target.class_names))
    present = np.flatnonzero(counts)
    smallest = present[np.argmin(counts[present])]
    most = int(counts[smallest])
    if most < folds:
        name = dataset.target.class_names[smallest]
        rows_text = "1 row" if most == 1 else f"{most} rows"
        if most == 1:
            advice = "no number of folds has it in every part; use `split: {stratify: false}`"
        else:
            advice = f"use --folds {most} or fewer"
        raise DatasetError(
            f"{dataset.name}: class {name!r} has {rows_text}, too few for {folds} folds; {advice}"
        )


def resolve_folds(config: Config, folds: int | None) -> Config:
    """Fill in how many folds there are and how long each is trained.

    Parameters
    ----------
    config : Config
    folds : int, optional
        Default: the config's ``kfold.folds``.
    """
    sections: dict[str, Any] = {}
    if folds is not None:
        sections["kfold"] = config.kfold.model_copy(update={"folds": folds})
    if config.kfold.epochs is not None:
        sections["fit"] = config.fit.model_copy(update={"epochs": config.kfold.epochs})
    resolved = config.model_copy(update=sections)
    return resolved.attach(config.name, config.document, config.warnings)


def excluded_test_rows(dataset: Dataset) -> Iterator[str]:
    """Say how many rows no fold has: those that are marked as test rows."""
    if dataset.parts is not None and (dataset.parts == 2).any():
        count = int((dataset.parts == 2).sum())
        yield f"the {count} test rows stay out of the cross-validation"
