"""Split rows into the folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcli.config.sections import Config
from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import Dataset
from dlcli.errors import DatasetError, plural
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.random_splits import fold_numbers
from dlcli.preparation.split import (
    TEST,
    Split,
    check_groups,
    cut_validation,
    without_class_warnings,
)
from dlcli.types import Array


def prepare_folds(prepared: Prepared, folds: int | None) -> tuple[Prepared, list[Split]]:
    """Split prepared rows into folds; their notices tell which rows are in none.

    Parameters
    ----------
    prepared : Prepared
    folds : int or None
        As for `resolve_folds`.

    Returns
    -------
    prepared : Prepared
        With the config resolved for the folds.
    splits : list of Split
        From `make_folds`.
    """
    config, dataset = resolve_folds(prepared.config, folds), prepared.dataset
    with dataset.with_notices():
        splits = make_folds(dataset, config.split, config.kfold.folds, config.split_seed)
    notices = (*prepared.notices, *_excluded_test_rows(dataset))
    return Prepared(config, dataset, notices), splits


def make_folds(dataset: Dataset, section: SplitConfig, folds: int, seed: int) -> list[Split]:
    """Split the rows into folds, each of them tested once.

    Parameters
    ----------
    dataset : Dataset
        Rows marked as test rows are in no fold.
    section : SplitConfig
        Its ``validation`` share is split off from the training rows of each fold.
    folds : int
        At least 2.
    seed : int

    Returns
    -------
    list of Split
        Stratified for classes; groups are not divided. In a series the training rows of a fold
        precede its test rows.

    Raises
    ------
    DatasetError
        If a class, the groups or the rows are too few; the message names the largest possible
        number of folds.
    """
    rows = np.arange(len(dataset))
    if dataset.parts is not None:
        rows = rows[dataset.parts != TEST]
        check_groups(dataset, np.where(dataset.parts == TEST, TEST, 0))
    stratify = dataset.target.task == "classification" and section.keeps_proportions
    labels = dataset.y[rows] if stratify else None
    groups = None if dataset.groups is None else dataset.groups[rows]
    _check_folds(dataset, rows, labels, groups, folds)
    if groups is None and not section.shuffle and dataset.medium.kind != "series":
        parts = np.array_split(np.arange(len(rows)), folds)
        pairs = [(np.setdiff1d(np.arange(len(rows)), part), part) for part in parts]
    elif groups is None and dataset.medium.kind != "series":
        numbers = fold_numbers(len(rows), folds, seed, labels)
        pairs = [(np.flatnonzero(numbers != n), np.flatnonzero(numbers == n)) for n in range(folds)]
    else:
        splitter = _fold_splitter(dataset, folds, seed, stratify=stratify)
        try:
            with without_class_warnings():
                pairs = list(splitter.split(rows, labels, groups))
        except ValueError as error:
            raise DatasetError(f"{dataset.name}: {error}") from None
    splits = []
    for number, (rest, test) in enumerate(pairs, 1):
        try:
            train, validation = cut_validation(dataset, rows[rest], rows[test], section, seed)
        except DatasetError as error:
            raise DatasetError(f"{error} (fold {number})", hint=error.hint) from None
        splits.append(Split(train, validation, rows[test]))
    return splits


def _fold_splitter(dataset: Dataset, folds: int, seed: int, *, stratify: bool) -> Any:
    """Return scikit-learn's splitter for a series or groups."""
    from sklearn import model_selection

    if dataset.medium.kind == "series":
        return model_selection.TimeSeriesSplit(n_splits=folds)
    grouped = model_selection.StratifiedGroupKFold if stratify else model_selection.GroupKFold
    return grouped(n_splits=folds, shuffle=True, random_state=seed)


def _check_folds(
    dataset: Dataset, rows: Array, labels: Array | None, groups: Array | None, folds: int
) -> None:
    if not len(rows):
        raise DatasetError(f"{dataset.name}: no rows are left for the folds")
    if groups is not None:
        most, source = len(set(groups.tolist())), "group"
    elif labels is None:
        most, source = len(rows) - (dataset.medium.kind == "series"), "row"
    else:
        _check_class_folds(dataset, labels, folds)
        return
    if most < folds:
        count = plural(most if source == "group" else len(rows), source)
        raise DatasetError(f"{dataset.name}: {count} make at most {most} folds, not {folds}")


def _check_class_folds(dataset: Dataset, labels: Array, folds: int) -> None:
    """Refuse more folds than the smallest class has rows."""
    counts = np.bincount(labels, minlength=len(dataset.target.class_names))
    present = np.flatnonzero(counts)
    smallest = present[np.argmin(counts[present])]
    most = int(counts[smallest])
    if most >= folds:
        return
    if most == 1:
        advice = "no number of folds has it in every part; use `split: {stratify: false}`"
    else:
        advice = f"use --folds {most} or fewer"
    raise DatasetError(
        f"{dataset.name}: class {dataset.target.class_names[smallest]!r} has "
        f"{plural(most, 'row')}, too few for {folds} folds; {advice}"
    )


def resolve_folds(config: Config, folds: int | None) -> Config:
    """Fill in the number of folds and the epochs of each.

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


def _excluded_test_rows(dataset: Dataset) -> Iterator[str]:
    """Report how many rows are in no fold, since they are marked as test rows."""
    count = 0 if dataset.parts is None else int((dataset.parts == TEST).sum())
    if count:
        verb = "is" if count == 1 else "are"
        yield f"the {plural(count, 'test row')} {verb} not used in the cross-validation"
