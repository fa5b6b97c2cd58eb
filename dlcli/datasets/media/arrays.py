"""Loaders of arrays of images: IDX files, as of MNIST, and Keras's .npz archives."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from dlcli.config.loaders import IdxLoader, NpzLoader
from dlcli.config.own_loaders import OwnLoader
from dlcli.datasets.dataset import Dataset, Medium, pixel_columns, train_test_parts
from dlcli.datasets.dialect import PIXELS
from dlcli.datasets.media.targets import read_numbers
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


def load_idx(name: str, paths: Sequence[Path], loader: IdxLoader) -> Dataset:
    """Load images and labels from the four IDX files, in the order of `IDX_FILES`.

    Returns
    -------
    Dataset
        ``x``: uint8, shape (n, height, width, 1); the official test rows are marked.
    """
    arrays = [read_idx(path) for path in paths]
    return dataset_of_arrays(name, arrays, paths, loader)


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


def load_npz(name: str, path: Path, loader: NpzLoader) -> Dataset:
    """Load an archive of arrays; nothing in it is unpickled.

    Returns
    -------
    Dataset
        ``x``: as stored, shape (n, …); bytes of shape (n, height, width) get a dimension for
        their channel. The rows of ``x_test`` are the official test rows.

    Raises
    ------
    DatasetError
        If the archive is damaged or lacks an array.
    """
    with open_arrays(path) as archive:
        keys = NPZ_KEYS[: 4 if {"x_test", "y_test"} & set(archive) else 2]
        keys = ("x", "y") if "x" in archive else keys
        missing = [key for key in keys if key not in archive]
        if missing:
            present = f"it has {', '.join(archive)}" if len(archive) else "it is empty"
            raise DatasetError(
                f"{path}: no array {', '.join(missing)}; {present}",
                hint="save `x` and `y`, or `x_train`, `y_train`, `x_test` and `y_test`",
            )
        return dataset_of_arrays(name, [archive[key] for key in keys], [path], loader)


@contextmanager
def open_arrays(path: Path) -> Iterator[Mapping[str, Array]]:
    """Open a ``.npz`` or ``.npy`` file; nothing in it is unpickled.

    Yields
    ------
    mapping
        The arrays by name, read when they are used; that of a ``.npy`` file is ``x``.

    Raises
    ------
    DatasetError
        If there is no such file, it is damaged, or it contains objects.
    """
    if not path.is_file():
        raise DatasetError(f"no file {str(path)!r}")
    with _damage_reported(path):
        # The array of a .npy file stays on the disk.
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        yield {"x": loaded}
        return
    with loaded:
        yield _Archive(path, loaded)


class _Archive(Mapping[str, Array]):
    """The arrays of an archive; each is read, and its damage reported, when it is used."""

    def __init__(self, path: Path, arrays: Mapping[str, Array]) -> None:
        self._path, self._arrays = path, arrays

    def __getitem__(self, name: str) -> Array:
        if name not in self._arrays:
            raise KeyError(name)
        with _damage_reported(self._path):
            return self._arrays[name]

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 (readers raise anything on untrusted files)
        is_pickle = "pickle" in str(error) or "Python objects" in str(error)
        reason = "it contains pickles, which can run code" if is_pickle else first_line(error)
        raise DatasetError(f"{path} is not an archive of plain arrays: {reason}") from None


def dataset_of_arrays(
    name: str,
    arrays: Sequence[Array],
    paths: Sequence[Path],
    loader: NpzLoader | IdxLoader | OwnLoader,
) -> Dataset:
    """Return the data set of ``x`` and ``y``, or of those of the training and the test rows.

    Raises
    ------
    DatasetError
        If their shapes or types do not fit.
    """
    for x, y in zip(arrays[::2], arrays[1::2], strict=True):
        if x.ndim < 2 or x.dtype.kind not in "iufb":
            raise DatasetError(f"{name}: x has shape {x.shape} and type {x.dtype}; rows are wanted")
        if y.ndim not in (1, 2) or len(y) != len(x) or not y.size:
            raise DatasetError(
                f"{name}: y has shape {y.shape}; one label for each of {len(x)} rows is wanted"
            )
        if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind not in "iufb":
            raise DatasetError(f"{name}: y has type {y.dtype}; several labels are 0 and 1")
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            row = int(np.argwhere(~np.isfinite(y))[0, 0])
            raise DatasetError(f"{name}: y has {y[row]} in row {row + 1}; expected finite numbers")
    if arrays[0].shape[1:] != arrays[-2].shape[1:]:
        shapes = f"training rows {arrays[0].shape[1:]}, test rows {arrays[-2].shape[1:]}"
        raise DatasetError(f"{name}: {shapes}")
    x = np.concatenate(arrays[::2]) if len(arrays) > 2 else arrays[0]
    y = np.concatenate([y.ravel() if y.size == len(y) else y for y in arrays[1::2]])
    is_grey = x.ndim == 3 and x.dtype == np.uint8
    x = x[..., np.newaxis] if is_grey else x
    where = str(paths[0]) if len(paths) == 1 else name
    target, y = read_numbers(
        y, where, task=loader.task, unit=loader.unit, class_names=loader.class_names
    )
    return Dataset(
        name,
        x,
        y,
        target,
        pixel_columns(x.shape[1:]),
        PIXELS,
        medium=_medium(x),
        parts=train_test_parts(len(arrays[0]), len(arrays[2])) if len(arrays) > 2 else None,
        files={str(path): file_sha256(path) for path in paths},
    )


def _medium(x: Array) -> Medium:
    if x.ndim != 4 or x.shape[-1] not in (1, 3):
        return Medium()
    largest = float(x.max())
    high = 255.0 if x.dtype == np.uint8 else 1.0 if largest <= 1 else largest
    return Medium("image", high, float(x.mean()))
