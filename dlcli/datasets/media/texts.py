"""Raw texts: a column of a table, class folders of files, or Keras's archives of word indices."""

from __future__ import annotations

import json
import pickle
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from dlcli.config.loader_base import Loader
from dlcli.config.loaders import IndexedTextLoader
from dlcli.config.split_section import SplitConfig
from dlcli.config.table_loaders import Table, TextLoader
from dlcli.datasets.dataset import Column, Dataset, Target, train_test_parts
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.media.archives import is_collection
from dlcli.datasets.media.decoding import decode_files
from dlcli.datasets.media.folders import find_files
from dlcli.datasets.media.labels import LabelParser
from dlcli.datasets.media.suffixes import SUFFIXES
from dlcli.datasets.storage import MemoryEstimate
from dlcli.datasets.tables import decode_text, load_csv, name_classes, objects, to_frame
from dlcli.errors import DatasetError
from dlcli.files import file_sha256
from dlcli.types import Array

# Of a table; a folder has a path, class names and an encoding as well.
TABLE_OPTIONS = sorted(
    set(Table.model_fields) - {*Loader.model_fields, "path", "target", "class_names", "encoding"}
)


def load_text(loader: TextLoader, paths: Sequence[Path], name: str, split: SplitConfig) -> Dataset:
    """Load raw texts with their classes.

    Parameters
    ----------
    loader : TextLoader
    paths : sequence of Path
        A table; two of them, training and test; or a folder or archive of class folders.
    name : str
        Name of the data set.
    split : SplitConfig
        Its ``column`` and ``group`` are for a single table.

    Returns
    -------
    Dataset
        ``x``: one column of text.
    """
    has_columns = split.column is not None or split.group is not None
    if is_collection(paths[0]):
        if has_columns:
            raise DatasetError(f"{paths[0]}: split.column and split.group are for tables")
        return _from_folder(loader, paths[0], name)
    if has_columns and len(paths) > 1:
        raise DatasetError(f"{name} has official test rows; leave out split.column and split.group")
    tables = [
        load_csv(
            loader.table(), path, name, split, feature_type="text", usual_task="classification"
        )
        for path in paths
    ]
    if len(tables) == 1:
        return tables[0]
    if tables[0].target != tables[1].target:
        raise DatasetError(f"{paths[1]}: other classes than in {paths[0]}")
    return _concatenate(*tables)


def _concatenate(train: Dataset, test: Dataset) -> Dataset:
    import pandas as pd

    return replace(
        train,
        x=pd.concat([pd.DataFrame(train.x), pd.DataFrame(test.x)], ignore_index=True),
        y=np.concatenate([train.y, test.y]),
        parts=train_test_parts(len(train), len(test)),
        files={**train.files, **test.files},
        lines=(),  # of two files
        notices=(*train.notices, *test.notices),
    )


def _from_folder(loader: TextLoader, path: Path, name: str) -> Dataset:
    ignored = [
        option
        for option in TABLE_OPTIONS
        if getattr(loader, option) != TextLoader.model_fields[option].default
    ]
    if ignored:
        raise DatasetError(f"{path} is a folder; {ignored[0]!r} of the loader is for tables")
    files = find_files(path, SUFFIXES["text"], LabelParser(loader.classes))
    texts: list[Any] = [None] * len(files.names)
    decode = partial(decode_text, encoding=loader.encoding)
    estimate = MemoryEstimate(len(texts), "texts", "use fewer files")

    def store(row: int, text: str) -> None:
        estimate.add(sys.getsizeof(text))
        texts[row] = text

    files = decode_files(files, decode, loader.on_bad_file, store)
    column = Column(str(loader.text), "text", 0)
    values = to_frame({column.name: objects([text for text in texts if text is not None])})
    fields = files.dataset_fields(loader, SplitConfig())
    dialect = Dialect(encoding=loader.encoding, width=1)
    return Dataset(name, values, columns=(column,), dialect=dialect, **fields)


def load_indexed(loader: IndexedTextLoader, paths: Sequence[Path], name: str) -> Dataset:
    """Load texts that are stored as word indices, and convert them back to words.

    As words they are preprocessed like any other text, with a vocabulary of the training rows.

    Parameters
    ----------
    loader : IndexedTextLoader
    paths : sequence of Path
        The archive, whose checksum has been verified, and its word index.
    name : str
        Name of the data set.

    Returns
    -------
    Dataset
        ``x``: one column ``text``; the official test rows are marked, where there are any.
    """
    words = _words(paths[1])
    arrays = _arrays(paths[0])
    keys = ("x", "y") if "x" in arrays else ("x_train", "y_train", "x_test", "y_test")
    indices, labels = [arrays[key] for key in keys[::2]], [arrays[key] for key in keys[1::2]]
    texts = objects([" ".join(words[row].tolist()) for row in chain(*indices)])
    y = np.concatenate(labels).astype(np.int32)
    classes = tuple(map(str, range(int(y.max()) + 1)))
    class_names, file_labels = name_classes(classes, loader.class_names, str(paths[0]))
    return Dataset(
        name,
        to_frame({"text": texts}),
        y,
        Target("class", "classification", class_names, labels=file_labels),
        (Column("text", "text", 0),),
        Dialect(width=1),
        parts=train_test_parts(*map(len, indices)) if len(indices) == 2 else None,
        files={str(path): file_sha256(path) for path in paths},
    )


def _words(path: Path) -> Array:
    """Return the words by index; the first has index 1."""
    index: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    words = objects(["?"] * (max(index.values()) + 1))
    for word, position in index.items():
        words[position] = word
    return words


class _PickledItems:
    """Takes the place of an array of objects in a pickle, and keeps the objects."""

    items: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.items = state[4]


class _Ignored:
    """Takes the place of the description of an array in a pickle."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def _reconstruct(*_: Any) -> _PickledItems:
    return _PickledItems()


class _ListUnpickler(pickle.Unpickler):
    """Read arrays of lists of numbers; no function of NumPy or another module is called."""

    CLASSES: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "ndarray"): _Ignored,
        ("numpy", "dtype"): _Ignored,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.CLASSES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not an array") from None


def _arrays(path: Path) -> dict[str, Array]:
    """Read the arrays of an archive; pickled ones are lists of numbers."""
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
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.hasobject:
        pickled = _ListUnpickler(file, encoding="latin1").load()
        return objects([np.asarray(row, np.int64) for row in pickled.items])
    return np.frombuffer(file.read(), dtype).reshape(shape)
