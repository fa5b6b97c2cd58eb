"""Classes: sorted, named and encoded as the integers 0, 1, …."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dlcli.datasets.tables.header import first_repeated
from dlcli.datasets.tables.numbers import to_number
from dlcli.errors import DatasetError
from dlcli.types import Array

MAX_LISTED = 10


def encode_classes(
    labels: Sequence[str], class_names: Sequence[str] | None, where: str, *, hint: str | None = None
) -> tuple[tuple[str, ...], tuple[str, ...], Array]:
    """Encode the labels of samples.

    Parameters
    ----------
    labels : sequence of str
    class_names : sequence of str or None
        The loader's names for the sorted classes.
    where : str
        The file or folder, for messages.
    hint : str, optional
        What to do if there is only one class.

    Returns
    -------
    class_names : tuple of str
    file_labels : tuple of str
        The sorted labels, if they differ from `class_names`.
    codes : ndarray of int32, shape (n,)

    Raises
    ------
    DatasetError
        If there are fewer than two classes, or `class_names` does not fit.
    """
    classes = sort_classes(set(labels))
    if len(classes) < 2:
        raise DatasetError(
            f"{where}: the only class is {classes[0]!r}; classification needs two or more",
            hint=hint,
        )
    code_of = {label: code for code, label in enumerate(classes)}
    codes = np.fromiter((code_of[label] for label in labels), np.int32, len(labels))
    return *name_classes(classes, class_names, where), codes


def name_classes(
    classes: tuple[str, ...], class_names: Sequence[str] | None, where: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of sorted classes, and the labels of the file if they differ.

    Raises
    ------
    DatasetError
        If `class_names` has a name twice, an empty one, or another number of names.
    """
    if class_names is None or tuple(class_names) == classes:
        return classes, ()
    if first_repeated(class_names) is not None or not all(map(str.strip, class_names)):
        raise DatasetError(
            f"{where}: `class_names` of the loader has a name twice, or an empty one"
        )
    if len(class_names) != len(classes):
        listed = ", ".join(classes[:MAX_LISTED]) + (", …" if len(classes) > MAX_LISTED else "")
        raise DatasetError(
            f"{where}: {len(classes)} classes ({listed}), but `class_names` has {len(class_names)}"
        )
    return tuple(class_names), classes


def sort_classes(labels: set[str]) -> tuple[str, ...]:
    """Sort labels: as numbers if all are numbers, else as text."""
    values = {label: to_number(label) for label in labels}
    if any(map(math.isnan, values.values())):
        return tuple(sorted(labels))
    return tuple(sorted(labels, key=lambda label: (values[label], label)))
