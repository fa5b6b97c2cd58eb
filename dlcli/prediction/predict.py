"""Predict rows, texts, images, recordings and series with a saved model."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.datasets.file_content import FileSource, read_pipe
from dlcli.datasets.media import ARRAY_SUFFIXES
from dlcli.errors import DatasetError
from dlcli.models.loading import Engine, LoadedModel, load_model
from dlcli.models.signature import Signature, signature_of
from dlcli.prediction.blocks import Source
from dlcli.prediction.file_kinds import check_can_contain_rows, is_media
from dlcli.prediction.layout import Keep
from dlcli.prediction.memory import as_source, blocks_of_frame
from dlcli.prediction.predictions import Predictions
from dlcli.prediction.prefetch import prefetch
from dlcli.prediction.rows import RawBlock, blocks_of_text
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.config.loader_base import OnBadFile


def predict(
    model: LoadedModel | str | os.PathLike[str],
    source: str
    | os.PathLike[str]
    | Sequence[str | os.PathLike[str] | Mapping[str, Any]]
    | Mapping[str, Any]
    | pd.DataFrame
    | Array,
    *,
    invert: bool = False,
    labelled: bool = False,
    on_bad_file: OnBadFile = "error",
    keep: Keep = (),
    engine: Engine = "auto",
) -> Predictions:
    """Predict rows, texts, images, recordings, or the next values of a series.

    Parameters
    ----------
    model : path or LoadedModel
        A ``.keras`` or ``.h5`` file, a run directory, or the name of runs in ``./runs``, of which
        the latest is meant.
    source : path, paths, DataFrame or ndarray
        A CSV or JSON Lines file, a ``.npy`` or ``.npz`` file with the array ``x``, ``"-"`` for
        standard input, or rows in memory: a DataFrame with the columns of the model, or an array
        of shape (n, …). In DataFrames and files with a header, columns are found by name, and
        other columns are ignored. Models of text also take a ``.txt`` file with a text per line;
        models of images or recordings also take PNG, JPEG or WAV files, folders and archives of
        them, and tables of their names; models of a series take a table with it.
    invert : bool
        Whether to invert the pixels of images.
    labelled : bool
        Whether the targets are needed, for `evaluate`: the last window of a series, whose next
        value is unknown, is left out, and folders must be classes.
    on_bad_file : {"error", "skip"}
        What to do with images, recordings and texts that cannot be read.
    keep : sequence of str or "all"
        Columns of the input that the predictions keep, such as an identifier.
    engine : {"auto", "onnx", "keras"}
        Library that runs the network, if the model is not loaded yet; see `load_model`.

    Returns
    -------
    Predictions
        Rows are read and predicted in blocks, so that memory does not grow with the file.

    Raises
    ------
    ModelFileError
        If the model cannot be opened.
    DatasetError
        If a column is missing or a value cannot be read; mostly during iteration.
    """
    loaded = model if isinstance(model, LoadedModel) else load_model(model, engine)
    signature = signature_of(loaded)
    if invert and signature.medium.kind != "image":
        raise DatasetError("only images can be inverted; this model takes other data")
    inputs: Any = as_source(source)
    if isinstance(inputs, Sequence):
        paths = list(map(Path, inputs))
        rows = _source_of_paths(paths, signature, invert, labelled, on_bad_file, keep)
    else:
        rows = Source(lambda: _rows(blocks_of_frame(inputs, signature, keep), signature, invert))
    return Predictions(loaded, signature, rows)


def _source_of_paths(
    paths: Sequence[Path],
    signature: Signature,
    invert: bool,
    labelled: bool,
    on_bad_file: OnBadFile,
    keep: Keep,
) -> Source:
    """Return the rows of files, folders or standard input."""
    is_table = signature.medium.kind == "rows" and not any(
        is_media(path, signature) or path.suffix.lower() in ARRAY_SUFFIXES for path in paths
    )
    if keep and not is_table:
        raise DatasetError("only columns of a table can be kept")
    if all(is_media(path, signature) for path in paths):
        from dlcli.prediction.media import read_files

        read = partial(read_files, invert=invert, labelled=labelled, on_bad_file=on_bad_file)
        return Source(lambda: read(paths, signature), "file")
    for path in paths:
        if not is_media(path, signature):
            check_can_contain_rows(path, signature)
    if len(paths) > 1:
        hint = "a folder of .txt files has a text in each" if signature.is_text else "join them"
        raise DatasetError(f"{len(paths)} files of rows; name one file", hint=hint)
    is_stdin = str(paths[0]) == "-"
    table: FileSource = "-" if is_stdin else paths[0]
    if paths[0].is_fifo():
        table = read_pipe(paths[0])
    if paths[0].suffix.lower() in ARRAY_SUFFIXES:
        from dlcli.prediction.arrays import blocks_of_arrays

        return Source(lambda: _rows(blocks_of_arrays(paths[0], signature), signature, invert))
    if signature.medium.kind == "series":
        from dlcli.prediction.media import read_series_windows

        return Source(
            lambda: read_series_windows(table, signature, labelled=labelled), "row", once=is_stdin
        )
    return Source(
        lambda: _rows(prefetch(blocks_of_text(table, signature, keep)), signature, invert),
        once=is_stdin,
    )


def _rows(blocks: Iterator[RawBlock], signature: Signature, invert: bool) -> Generator[RawBlock]:
    """Yield blocks of rows; pixels are inverted on request."""
    for block in blocks:
        if invert and len(block):
            yield replace(block, values=signature.medium.high - block.values)
        else:
            yield block
