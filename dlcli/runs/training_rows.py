"""Hashes of the samples that a model was trained on, so that a scoring of them is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.datasets.row_hashes import sample_hashes
from dlcli.errors import plural
from dlcli.files import atomic
from dlcli.types import Array

# Unsigned integers of 8 bytes, the least significant byte first, without a header: the parser of
# those in .npy files fails on hostile ones in many ways.
TRAINING_ROWS = "training_rows.uint64"
DTYPE = np.dtype("<u8")
# Of more rows, those with the smallest hashes stand for all: the file has 8 MB at most.
MAX_ROWS = 1_000_000


def write_training_rows(folder: Path, dataset: Dataset, rows: Array) -> None:
    """Write the sorted hashes of the training samples into a run directory.

    Parameters
    ----------
    folder : Path
    dataset : Dataset
        For windows of a series nothing is written.
    rows : ndarray of int
    """
    if dataset.sampled or dataset.medium.kind == "series":
        return
    hashes = sample_hashes(dataset.x, dataset.columns, dataset.y)
    smallest = np.unique(hashes[rows])[:MAX_ROWS]
    with atomic(folder / TRAINING_ROWS) as temporary:
        temporary.write_bytes(smallest.astype(DTYPE).tobytes())


def training_row_notices(folder: Path, hashes: Array) -> list[str]:
    """Return a notice if some of the rows with these hashes were trained on.

    Parameters
    ----------
    folder : Path
        The run directory of the model; one without hashes gives no notice.
    hashes : ndarray of uint64, shape (n,)
    """
    path = folder / TRAINING_ROWS
    try:
        if not path.is_file() or path.stat().st_size > DTYPE.itemsize * MAX_ROWS:
            return []
        training_hashes = np.fromfile(path, DTYPE)
    except OSError:
        return []
    if not len(training_hashes):
        return []
    compared = (
        hashes if len(training_hashes) < MAX_ROWS else hashes[hashes <= training_hashes.max()]
    )
    share = float(np.isin(compared, training_hashes).mean()) if len(compared) else 0.0
    count = round(share * len(hashes))
    if not count:
        return []
    sign = "" if len(compared) == len(hashes) else "about "
    rows = plural(len(hashes), "row")
    verb = "is one" if count == 1 else "are among those"
    return [f"{sign}{count} of {rows} {verb} that the model was trained on: scores may be too good"]
