"""Raw texts: a column of a table, or class folders of files; and Keras's indexed archives."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np

from dlcli.config.loaders import FilesLoader, IndexedTextLoader, TextLoader
from dlcli.datasets.dataset import Column, Dataset, Dialect, Target
from dlcli.datasets.folders import ARCHIVES, arrange, labeller, walk
from dlcli.datasets.reading import file_sha256
from dlcli.datasets.tables import load_csv, objects, table
from dlcli.datasets.target_column import name_classes
from dlcli.errors import DatasetError

ENDINGS = (".txt",)


def load_text(
    loader: TextLoader, paths: Sequence[Path], name: str, extra: Sequence[str | int]
) -> Dataset:
    """Load raw texts with their classes.

    Parameters
    ----------
    loader : TextLoader
    paths : sequence of Path
        A table; two of them, training and test; or a folder or archive of class folders.
    name : str
        What the data set is called.
    extra : sequence of str or int
        ``split.column`` and ``split.group``.

    Returns
    -------
    Dataset
        ``x``: one column of text.
    """
    if paths[0].is_dir() or paths[0].name.endswith(ARCHIVES):
        return _from_folder(loader, paths[0], name)
    read = [load_csv(loader.table(), path, name, extra, kind="text") for path in paths]
    if len(read) == 1:
        return read[0]
    if read[0].target != read[1].target:
        raise DatasetError(f"{paths[1]}: other classes than in {paths[0]}")
    return _joined(read)


def _joined(read: Sequence[Dataset]) -> Dataset:
    """Put training and test rows together."""
    import pandas as pd

    train, test = read
    return replace(
        train,
        x=pd.concat([pd.DataFrame(train.x), pd.DataFrame(test.x)], ignore_index=True),
        y=np.concatenate([train.y, test.y]),
        parts=_marked(len(train), len(test)),
        files={**train.files, **test.files},
    )


def _marked(train: int, test: int) -> np.ndarray[Any, Any]:
    """Return the parts of training rows with the official test rows behind them."""
    return np.repeat(np.array([0, 2], np.int8), [train, test])


def _from_folder(loader: TextLoader, path: Path, name: str) -> Dataset:
    label = labeller(FilesLoader(path=str(path), classes=loader.classes))
    found = []
    for file, data in walk(path, ENDINGS):
        said = label(file)
        if said is not None:
            found.append((str(file), said, _decoded(data, f"{path}/{file}")))
    found.sort(key=lambda item: item[0])
    arranged = arrange(str(path), [item[1] for item in found], loader.class_names, None)
    column = Column(str(loader.text), "text", 0)
    values = table({column.name: objects([item[2] for item in found])})
    return Dataset(name, values, columns=(column,), dialect=Dialect(width=1), **arranged)


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise DatasetError(f"{where} is not UTF-8 (byte {error.start})") from None


def load_indexed(loader: IndexedTextLoader, paths: Sequence[Path], name: str) -> Dataset:
    """Load texts that are kept as ranks of words, and write them in words again.

    As words they go through the same preprocessing as a sentence that somebody types, with a
    vocabulary learned from the training rows.

    Parameters
    ----------
    loader : IndexedTextLoader
    paths : sequence of Path
        The archive, whose checksum is known, and its word index.
    name : str
        What the data set is called.

    Returns
    -------
    Dataset
        ``x``: one column ``text``; the official test rows are marked, where there are any.
    """
    words = _words(paths[1])
    arrays = _arrays(paths[0])
    keys = ("x", "y") if "x" in arrays else ("x_train", "y_train", "x_test", "y_test")
    ranks, labels = [arrays[key] for key in keys[::2]], [arrays[key] for key in keys[1::2]]
    texts = objects([" ".join(words[row].tolist()) for row in chain(*ranks)])
    y = np.concatenate(labels).astype(np.int32)
    names, raw = name_classes(
        tuple(map(str, range(int(y.max()) + 1))), loader.class_names, str(paths[0])
    )
    return Dataset(
        name,
        table({"text": texts}),
        y,
        Target("class", "classification", names, labels=raw),
        (Column("text", "text", 0),),
        Dialect(width=1),
        parts=_marked(*map(len, ranks)) if len(ranks) == 2 else None,
        files={str(path): file_sha256(path) for path in paths},
    )


def _words(path: Path) -> np.ndarray[Any, Any]:
    """Return the words of an index, each at its rank; the first rank is 1."""
    index: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    words = objects(["?"] * (max(index.values()) + 1))
    for word, rank in index.items():
        words[rank] = word
    return words


class _PlainUnpickler(pickle.Unpickler):
    """Rebuild arrays of lists of numbers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (
            name in ("_reconstruct", "ndarray", "dtype")
            and module.split(".", maxsplit=1)[0] == "numpy"
        ):
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"{module}.{name} is no array")


def _arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read the arrays of an archive; what is pickled is lists of numbers."""
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as file:
                    arrays[member.removesuffix(".npy")] = _array(file)
    except (OSError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path} is damaged: {error}") from None
    return arrays


def _array(file: IO[bytes]) -> np.ndarray[Any, Any]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, kind = np.lib.format.read_array_header_2_0(file)
    if kind.hasobject:
        return np.asarray(_PlainUnpickler(file, encoding="latin1").load(), object)
    return np.frombuffer(file.read(), kind).reshape(shape)
