"""Loaders of arrays of images: IDX files, as of MNIST, and Keras's .npz archives."""

from __future__ import annotations

import gzip
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dlcli.datasets.dataset import (
    PIXELS,
    Dataset,
    Medium,
    Target,
    pixel_columns,
    train_test_parts,
)
from dlcli.datasets.tables import encode_classes
from dlcli.errors import DatasetError, first_line
from dlcli.files import file_sha256
from dlcli.types import Array

IDX_FILES = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip
NPZ_KEYS = ("x_train", "y_train", "x_test", "y_test")


def read_idx(path: Path) -> Array:
    """Read an IDX file of unsigned bytes, gzipped or not.

    Returns
    -------
    ndarray of uint8
        The shape is that of the file's header.

    Raises
    ------
    DatasetError
        If it is not an IDX file of bytes, or its size does not match its header.

    Notes
    -----
    Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
    """
    data = path.read_bytes()
    try:
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path} is damaged: {error}") from None
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or not 1 <= data[3] <= 4:
        raise DatasetError(f"{path} is not an IDX file of bytes")
    dimensions = data[3]
    start = 4 + 4 * dimensions
    shape = tuple(np.frombuffer(data, ">u4", dimensions, 4).tolist()) if len(data) >= start else ()
    if not shape or len(data) - start != math.prod(shape):
        raise DatasetError(f"{path} is damaged: {len(data)} bytes, but its header says {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def load_idx(name: str, paths: Sequence[Path], class_names: Sequence[str] | None) -> Dataset:
    """Load images and labels from the four IDX files, in the order of `IDX_FILES`.

    Returns
    -------
    Dataset
        ``x``: uint8, shape (n, height, width, 1); the official test rows are marked.
    """
    arrays = [read_idx(path) for path in paths]
    return _images(name, arrays, paths, class_names)


def find_idx(folder: Path) -> list[Path]:
    """Return the four IDX files of a folder, gzipped or not.

    Raises
    ------
    DatasetError
        If one is missing.
    """
    paths = []
    for name in IDX_FILES:
        path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
        if path is None:
            raise DatasetError(f"no {name} or {name}.gz in {folder}")
        paths.append(path)
    return paths


def load_npz(name: str, path: Path, class_names: Sequence[str] | None) -> Dataset:
    """Load a Keras archive of images; nothing in it is unpickled.

    Returns
    -------
    Dataset
        ``x``: as stored, shape (n, height, width, channels); the official test rows are marked.

    Raises
    ------
    DatasetError
        If the archive is damaged or lacks one of its four arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = [key for key in NPZ_KEYS if key not in archive]
            arrays = [archive[key] for key in NPZ_KEYS if key in archive]
    except Exception as error:  # noqa: BLE001 (readers raise anything on untrusted files)
        is_pickle = "pickle" in str(error)
        reason = "it contains pickles, which can run code" if is_pickle else first_line(error)
        raise DatasetError(f"{path} is not an archive of plain arrays: {reason}") from None
    if missing:
        raise DatasetError(f"{path}: no array {', '.join(missing)}")
    return _images(name, arrays, [path], class_names)


def _images(
    name: str, arrays: Sequence[Array], paths: Sequence[Path], class_names: Sequence[str] | None
) -> Dataset:
    x_train, y_train, x_test, y_test = arrays
    for x, y in ((x_train, y_train), (x_test, y_test)):
        if x.ndim < 3 or len(x) != len(y.ravel()):
            raise DatasetError(f"{name}: {len(x)} images of shape {x.shape[1:]}, {y.size} labels")
    if x_train.shape[1:] != x_test.shape[1:]:
        raise DatasetError(f"{name}: training images {x_train.shape[1:]}, test {x_test.shape[1:]}")
    x, y = np.concatenate([x_train, x_test]), np.concatenate([y_train.ravel(), y_test.ravel()])
    x = x[..., np.newaxis] if x.ndim == 3 else x
    names, _, y = encode_classes(list(map(str, y.tolist())), class_names, name)
    return Dataset(
        name,
        x,
        y,
        Target("label", "classification", names),
        pixel_columns(x.shape[1:]),
        PIXELS,
        medium=_medium(x),
        parts=train_test_parts(len(x_train), len(x_test)),
        files={str(path): file_sha256(path) for path in paths},
    )


def _medium(x: Array) -> Medium:
    if x.shape[-1] not in (1, 3):
        return Medium()
    largest = float(x.max())
    high = 255.0 if x.dtype == np.uint8 else 1.0 if largest <= 1 else largest
    return Medium("image", high, float(x.mean()))
