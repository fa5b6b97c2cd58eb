"""Rows to predict from files of arrays."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.datasets.media import open_arrays
from dlcli.errors import DatasetError
from dlcli.models.signature import Signature
from dlcli.prediction.memory import array_blocks
from dlcli.prediction.rows import MAX_ROWS, RawBlock, max_rows
from dlcli.types import Array


def blocks_of_arrays(path: Path, signature: Signature) -> Generator[RawBlock]:
    """Yield the rows of a ``.npz`` or ``.npy`` file in blocks; nothing in it is unpickled.

    Raises
    ------
    DatasetError
        If the file is damaged, has several arrays of which none is called ``x``, or its rows have
        another shape than those of the model.
    """
    with open_arrays(path) as archive:
        names = [name for name in archive if not name.startswith("y")]
        name = next((name for name in ("x", "x_test") if name in archive), None)
        if name is None and len(names) != 1:
            present = ", ".join(archive) or "none"
            raise DatasetError(f"{path}: which array has the rows? There are {present}",
                               hint="save it as `x`, and the labels as `y`")  # fmt: skip
        name = name or names[0]
        x, labels = archive[name], archive.get(name.replace("x", "y", 1)) if "x" in name else None
        if x.ndim < 1 or not len(x):
            yield RawBlock({}, 0, str(path), (f"{path} has no rows",))
            return
        target = [] if labels is None else _label_texts(labels, signature)
        if target and len(target) != len(x):
            raise DatasetError(f"{path}: {len(x)} rows, but {len(target)} labels")
        yield from array_blocks(x, signature, min(MAX_ROWS, max_rows(signature)), str(path), target)


def _label_texts(labels: Array, signature: Signature) -> list[Any]:
    """Return labels as the texts that a table would have; tuples of them if there are several."""
    if labels.ndim > 1 and labels.shape[1] > 1:
        return [tuple(map(repr, row)) for row in labels.tolist()]
    flat = labels.ravel()
    if signature.target is not None and signature.target.task == "regression":
        return list(map(repr, flat.tolist()))
    whole = flat.astype(np.int64) if flat.dtype.kind in "iufb" and not np.any(flat % 1) else flat
    texts = list(map(str, whole.tolist()))
    names = signature.class_names
    known = {*names, *(signature.target.labels if signature.target else ())}
    if known >= set(texts) or not all(text.isdecimal() for text in texts):
        return texts
    # The labels 0, 1, … of classes that the config names.
    return [names[int(text)] if int(text) < len(names) else text for text in texts]
