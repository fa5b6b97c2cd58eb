"""Split rows at random, as scikit-learn does, to the bit.

Importing `sklearn.model_selection` takes a second, a third of what a small training takes beside
TensorFlow; it is imported for groups alone.
"""

from __future__ import annotations

import numpy as np

from dlcli.types import Array


def train_test_split(rows: int, size: int, seed: int, labels: Array | None) -> tuple[Array, Array]:
    """Draw the test rows, as `sklearn.model_selection.train_test_split`.

    Parameters
    ----------
    rows : int
        Number of rows.
    size : int
        Number of test rows.
    seed : int
    labels : ndarray of int, shape (rows,), or None
        Classes whose shares are kept; at least two rows each.

    Returns
    -------
    train, test : ndarray of int, shape (k,)
        Positions in ascending order.
    """
    # The legacy generator: its numbers are the same in all versions of NumPy.
    random = np.random.RandomState(seed)
    test = np.zeros(rows, bool)
    if labels is None:
        test[random.permutation(rows)[:size]] = True
    else:
        _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        train_counts = _class_counts(counts, rows - size, random)
        test_counts = _class_counts(counts - train_counts, size, random)
        positions = np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1])
        for members, skipped, count in zip(positions, train_counts, test_counts, strict=True):
            drawn = random.permutation(len(members))[skipped : skipped + count]
            test[members[drawn]] = True
    return np.flatnonzero(~test), np.flatnonzero(test)


def _class_counts(counts: Array, rows: int, random: np.random.RandomState) -> Array:
    """Distribute rows over classes by their shares; draw among those with equal remainders."""
    exact = counts / counts.sum() * rows
    whole = np.floor(exact)
    missing = int(rows - whole.sum())
    if missing > 0:
        remainder = exact - whole
        for value in np.unique(remainder)[::-1]:
            (equal,) = np.nonzero(remainder == value)
            chosen = random.choice(equal, size=min(len(equal), missing), replace=False)
            whole[chosen] += 1
            missing -= len(chosen)
            if missing == 0:
                break
    return np.asarray(whole, int)


def fold_numbers(rows: int, folds: int, seed: int, labels: Array | None) -> Array:
    """Return the fold that tests each row, as of `KFold` and `StratifiedKFold` with a shuffle.

    Parameters
    ----------
    rows : int
        Number of rows.
    folds : int
        Number of folds; no class has fewer rows.
    seed : int
    labels : ndarray of int, shape (rows,), or None
        Classes whose shares are kept.

    Returns
    -------
    ndarray of int, shape (rows,)
    """
    random = np.random.RandomState(seed)
    numbers = np.empty(rows, int)
    if labels is None:
        order = np.arange(rows)
        random.shuffle(order)
        for number, members in enumerate(np.array_split(order, folds)):
            numbers[members] = number
        return numbers
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    # Classes in the order of their first rows.
    codes = np.argsort(np.argsort(first))[codes]
    in_order = np.sort(codes)
    counts = [np.bincount(in_order[at::folds], minlength=len(first)) for at in range(folds)]
    for code, column in enumerate(np.transpose(counts)):
        members = np.arange(folds).repeat(column)
        random.shuffle(members)
        numbers[codes == code] = members
    return numbers
