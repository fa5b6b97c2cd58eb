"""The part of the script that splits the rows."""

from __future__ import annotations

import numpy as np

from dlcli.eject.context import Ejection
from dlcli.preparation.split import DEFAULT_TEST, fold_fraction

CUT = '''\
def split_off(rows, share):
    """Set a share of some rows aside{how}."""
{single}    size = max(1, round(share * len(rows)))
    rest, part = train_test_split(rows, test_size=size, random_state={seed}{stratify})
    return {rest}, np.sort(part)
'''
SINGLE = """\
    # The only row of a class stays in training: nothing could be learned of it otherwise.
    size = max(1, round(share * len(rows)))
    is_single = np.bincount(y[rows])[y[rows]] == 1
    single, rows = rows[is_single], rows[~is_single]
"""
SERIES = '''\
def split_off(rows, share):
    """Set the last rows aside{why}."""
    size = max(1, round(share * len(rows)))
    return rows[:-size], rows[-size:]
'''
GROUPS = '''\
def split_off(rows, share):
    """Set about a share of the rows aside, without dividing a group."""
    splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state={seed})
    rest, part = next(splitter.split(rows, groups=groups[rows]))
    return np.sort(rows[rest]), np.sort(rows[part])
'''
STRATIFIED_GROUPS = '''\
def split_off(rows, count, folds):
    """Set `count` of `folds` equal parts aside; no group is divided, classes keep their shares."""
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state={seed})
    parts = [part for _, part in splitter.split(rows, y[rows], groups[rows])]
    part = np.concatenate(parts[:count])
    return np.delete(rows, part), np.sort(rows[part])
'''
OFFICIAL = " The publishers say which rows are for testing."
MARKED = " The column {name!r} says which rows are for testing."
NO_TEST = "All rows are for training: none are set aside for a test."
WHY = (
    "The network learns from the training rows alone. Test rows are met once, at the end; "
    "otherwise the score would say how well they were learned by heart."
)
VALIDATION = " Validation rows tell during the training whether it still gets better."


def write_split(ejection: Ejection) -> None:
    """Write the part that splits the rows."""
    dataset, section, split = ejection.dataset, ejection.config.split, ejection.split
    has_validation = len(split.validation) > 0
    part = ejection.script.part("Split", _why(ejection))
    ejection.script.need("import numpy as np")
    has_parts = dataset.parts is not None
    share = DEFAULT_TEST if section.test is None else section.test
    on_test = section.validates_on_test
    draws_validation = (
        has_validation and not on_test and (dataset.parts is None or 1 not in dataset.parts)
    )
    if (len(split.test) and not has_parts) or draws_validation:
        part.add(split_function(ejection), "", "")
    if has_parts and has_validation and not draws_validation and not on_test:
        part.add(
            "train = np.flatnonzero(~is_test & ~is_validation)",
            "validation, test = np.flatnonzero(is_validation), np.flatnonzero(is_test)",
        )
    elif has_parts:
        part.add("train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)")
    elif len(split.test):
        part.add(f"train, test = split_off(np.arange(len(y)), {_share(ejection, share, -1)})")
    else:
        part.add("train = np.arange(len(y))")
    if draws_validation or on_test:
        part.add(validation_line(ejection))
    counts = [f"{{len({name})}} {name}" for name in split.parts()]
    part.add(f'print(f"rows: {", ".join(counts)}")')


def validation_line(ejection: Ejection) -> str:
    """Return the statement that takes the validation rows; empty if there are none."""
    section = ejection.config.split
    if section.validates_on_test:
        return "validation = test  # scores are too good: the training is stopped or chosen by them"
    if not section.validation_share:
        return ""
    arguments = _share(ejection, section.validation_share, 0)
    return f"train, validation = split_off(train, {arguments})"


def _why(ejection: Ejection) -> str:
    """Return what a learner should know about the split."""
    split, dataset = ejection.split, ejection.dataset
    official = OFFICIAL if dataset.parts is not None and len(split.test) else ""
    if official and ejection.config.split.column is not None:
        official = MARKED.format(name=ejection.config.split.column)
    return "".join(
        [WHY if len(split.test) else NO_TEST, official, VALIDATION if len(split.validation) else ""]
    )


def _share(ejection: Ejection, share: float, stage: int) -> str:
    """Return the arguments of ``split_off`` after the rows."""
    dataset = ejection.dataset
    if dataset.groups is None or not stratifies(ejection) or dataset.medium.kind == "series":
        return repr(share)
    rest = ejection.split.train
    if not ejection.config.split.validates_on_test:  # the rows are those of the test
        rest = np.concatenate([rest, ejection.split.validation])
    if stage < 0:
        rest = np.concatenate([rest, ejection.split.test])
    groups, y = dataset.groups[rest], dataset.y[rest]
    count, folds = fold_fraction(share, min(len(set(groups)), int(np.bincount(y).max())))
    return f"count={count}, folds={folds}"


def stratifies(ejection: Ejection) -> bool:
    """Tell whether the proportions of the classes are kept."""
    return ejection.config.split.keeps_proportions and ejection.is_classes


def split_function(ejection: Ejection) -> str:
    """Return the function that splits rows off."""
    dataset, script = ejection.dataset, ejection.script
    seed = "SEED" if ejection.config.split.seed is None else "SPLIT_SEED"
    if dataset.medium.kind == "series":
        return SERIES.format(why=": a forecast must not know the future").rstrip()
    if not ejection.config.split.shuffle:
        return SERIES.format(why="").rstrip()
    if dataset.groups is not None:
        name = "StratifiedGroupKFold" if stratifies(ejection) else "GroupShuffleSplit"
        script.need(f"from sklearn.model_selection import {name}")
        text = STRATIFIED_GROUPS if stratifies(ejection) else GROUPS
        return text.format(seed=seed).rstrip()
    script.need("from sklearn.model_selection import train_test_split")
    if not stratifies(ejection):
        text = CUT.format(how=" at random", single="", seed=seed, stratify="", rest="np.sort(rest)")
        return text.rstrip()
    single, rest = "", "np.sort(rest)"
    text = CUT
    rows = np.concatenate(list(ejection.split.parts().values()))
    if (np.bincount(dataset.y[rows]) == 1).any() or _loses_class(ejection):
        single, rest = SINGLE, "np.sort(np.concatenate([rest, single]))"
        text = text.replace("{single}    size = max(1, round(share * len(rows)))\n", "{single}")
    how = " at random, with the same share of every class"
    stratify = ",\n        stratify=y[rows]"
    return _one_line(
        text.format(how=how, single=single, seed=seed, stratify=stratify, rest=rest).rstrip()
    )


def _loses_class(ejection: Ejection) -> bool:
    """Tell whether a class has a single row once the test rows are set aside."""
    split = ejection.split
    rest = np.concatenate([split.train, split.validation])
    return bool((np.bincount(ejection.dataset.y[rest]) == 1).any())


def _one_line(text: str) -> str:
    """Lay the call of ``train_test_split`` out."""
    before, after = text.split("train_test_split(", 1)
    arguments, rest = after.split(")\n", 1)
    inner = ",\n        ".join(part.strip() for part in arguments.split(","))
    return f"{before}train_test_split(\n        {inner},\n    )\n{rest}"
