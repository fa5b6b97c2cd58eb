"""Raw texts: a column of a table, or class folders of files; and Keras's indexed archives."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from dlcli.config.loaders import IndexedTextLoader, TextLoader
from dlcli.datasets.dataset import Column, Dataset, Dialect, Target
from dlcli.datasets.media.archives import ARCHIVES
from dlcli.datasets.media.folders import Naming, read_folder
from dlcli.datasets.tables.columns import objects, table
from dlcli.datasets.tables.csv_table import load_csv
from dlcli.datasets.tables.reading import file_sha256
from dlcli.datasets.tables.target_column import name_classes
from dlcli.datasets.tables.text import decode_text
from dlcli.errors import DatasetError
from dlcli.types import Array

ENDINGS = (".txt",)
TABLE_ONLY = ("header", "names", "delimiter", "quoting", "comment")


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
        if extra:
            raise DatasetError(f"{paths[0]}: split.column and split.group are for tables")
        return _from_folder(loader, paths[0], name)
    if extra and len(paths) > 1:
        raise DatasetError(f"{name} has official test rows; leave out split.column and split.group")
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


def _marked(train: int, test: int) -> Array:
    """Return the parts of training rows with the official test rows behind them."""
    return np.repeat(np.array([0, 2], np.int8), [train, test])


def _from_folder(loader: TextLoader, path: Path, name: str) -> Dataset:
    ignored = [
        key for key in TABLE_ONLY if getattr(loader, key) != TextLoader.model_fields[key].default
    ]
    if ignored:
        raise DatasetError(f"{path} is a folder; {ignored[0]!r} of the loader is for tables")

    def decode(data: bytes, file: str) -> str:
        return decode_text(data, file, loader.encoding)

    found = read_folder(path, ENDINGS, Naming(loader.classes), decode)
    facts = found.facts(loader.class_names, None)
    column = Column(str(loader.text), "text", 0)
    values = table({column.name: objects(found.items)})
    return Dataset(name, values, columns=(column,), dialect=Dialect(width=1), **facts)


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


def _words(path: Path) -> Array:
    """Return the words of an index, each at its rank; the first rank is 1."""
    index: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    words = objects(["?"] * (max(index.values()) + 1))
    for word, rank in index.items():
        words[rank] = word
    return words


class _Items:
    """Stands for an array of objects in a pickle; keeps the objects."""

    items: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.items = state[4]


class _Nothing:
    """Stands for what only describes an array."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def _items(*_: Any) -> _Items:
    return _Items()


class _PlainUnpickler(pickle.Unpickler):
    """Rebuild lists of numbers; nothing of NumPy or anything else is ever called."""

    STAND_INS: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): _items,
        ("numpy._core.multiarray", "_reconstruct"): _items,
        ("numpy", "ndarray"): _Nothing,
        ("numpy", "dtype"): _Nothing,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.STAND_INS[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no array") from None


def _arrays(path: Path) -> dict[str, Array]:
    """Read the arrays of an archive; what is pickled is lists of numbers."""
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as file:
                    arrays[member.removesuffix(".npy")] = _array(file)
    except (
        OSError, ValueError, TypeError, AttributeError, IndexError, EOFError,
        pickle.UnpicklingError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise DatasetError(f"{path} is damaged: {error}") from None
    return arrays


def _array(file: IO[bytes]) -> Array:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, kind = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, kind = np.lib.format.read_array_header_2_0(file)
    if kind.hasobject:
        held = _PlainUnpickler(file, encoding="latin1").load()
        return objects([np.asarray(row, np.int64) for row in held.items])
    return np.frombuffer(file.read(), kind).reshape(shape)
