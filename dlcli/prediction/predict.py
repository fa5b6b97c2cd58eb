"""A stream of raw rows in, labels and probabilities or values out."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.errors import DatasetError, ModelFileError
from dlcli.models.graph_cache import keep_graph
from dlcli.models.loading import Engine, LoadedModel, load_model
from dlcli.models.signature import Signature, signature_of
from dlcli.prediction.ahead import read_ahead
from dlcli.prediction.media import blocks_of_files, blocks_of_series, is_media, refuse
from dlcli.prediction.rows import RawBlock, blocks_of_frame, blocks_of_text
from dlcli.preparation.report import TransformReport
from dlcli.preparation.targets import decode, probabilities
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PredictionBlock:
    """Predictions of some rows.

    Parameters
    ----------
    prediction : ndarray, shape (n,)
        Class names (text), or values (float64).
    probabilities : ndarray of float64, shape (n, classes), or None
        None for regression.
    outputs : ndarray of float32, shape (n, units)
        What the network put out.
    names : sequence of str
        What the rows are called, where they are files or places in a series.
    """

    prediction: Array
    probabilities: Array | None
    outputs: Array
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.prediction)


class Predictions:
    """Predictions of a stream of rows, computed as they are asked for.

    Iterate over it for blocks, or take everything with `to_frame`.

    Attributes
    ----------
    columns : list of str
        ``prediction``, then ``p_<class>`` for each class; before them ``file`` where files are
        predicted, or ``row``, the row that is forecast, where a series is.
    model : LoadedModel
    rows : int
        Rows done so far.
    """

    def __init__(
        self,
        model: LoadedModel,
        signature: Signature,
        blocks: Generator[RawBlock],
        named: str = "",
    ) -> None:
        self.model = model
        self.signature = signature
        self.named = named
        self.rows = 0
        self._report = TransformReport()
        self._source_notices: list[str] = []
        self._blocks = blocks
        self._seen: Array | None = None

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `to_frame`."""
        first = [self.named] if self.named else []
        return [*first, "prediction", *(f"p_{name}" for name in self.signature.class_names)]

    def __iter__(self) -> Iterator[PredictionBlock]:
        for block, _ in self.with_raw():
            yield block

    def with_raw(self) -> Iterator[tuple[PredictionBlock, RawBlock]]:
        """Yield each block of predictions with the rows behind it."""
        with closing(self._blocks):  # a reader that runs ahead ends with its user
            for raw in self._blocks:
                for notice in raw.notices:
                    if notice not in self._source_notices:
                        self._source_notices.append(notice)
                if len(raw):
                    yield self._predict(raw), raw

    def _predict(self, block: RawBlock) -> PredictionBlock:
        signature = self.signature
        try:
            x = signature.preprocessor.transform(block.values, self._report)
        except DatasetError as error:
            place = block.place(error.row)
            raise DatasetError(f"{place}: {error}", hint="mend the row, or leave it out") from None
        x = x.reshape(len(block), *signature.input_shape)
        outputs = self.model.network(x)
        if self._seen is None:
            self._seen = x[:64]
        self.rows += len(block)
        if signature.output == "value":
            return PredictionBlock(outputs[:, 0].astype(np.float64), None, outputs, block.names)
        codes = decode(outputs, signature.output)
        names = np.asarray(signature.class_names, object)
        shares = probabilities(outputs, signature.output)
        return PredictionBlock(names[codes], shares, outputs, block.names)

    def notices(self) -> list[str]:
        """Say what a user should know about file and rows, as far as they were read."""
        sampled = self.model.metadata is not None and self.model.metadata.sampled
        marked = ["the model was trained on a generated sample: its predictions mean nothing"]
        return [
            *self.model.notices,
            *(marked if sampled else []),
            *self._source_notices,
            *self._report.notices(),
        ]

    def keep_graph(self) -> None:
        """Make the ONNX graph that the model file lacks, for the predictions to come.

        It is compared with Keras on the first rows that were predicted, and kept in the user's
        cache. Nothing happens if there is one already, or none is possible.
        """
        model, file = self.model, self.model.file
        made = file.metadata is not None and file.metadata.graph is not None
        wanted = model.network.engine == "keras" and not made and not model.is_changed
        if wanted and self._seen is not None:
            keep_graph(model.model, self._seen, file.digest)

    def to_frame(self) -> pd.DataFrame:
        """Return all predictions as one table.

        Returns
        -------
        DataFrame
            Columns as in `columns`.
        """
        import pandas as pd

        frames = []
        for block in self:
            values: dict[str, Any] = {self.named: block.names} if self.named else {}
            values["prediction"] = block.prediction
            if block.probabilities is not None:
                shares = self.columns[len(values) :]
                values |= dict(zip(shares, block.probabilities.T, strict=True))
            frames.append(pd.DataFrame(values))
        return (
            pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=self.columns)
        )


def predict(
    model: LoadedModel | str | os.PathLike[str],
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | pd.DataFrame | Array,
    *,
    invert: bool = False,
    labelled: bool = False,
    engine: Engine = "auto",
) -> Predictions:
    """Predict raw rows, texts, pictures, recordings, or what follows a series.

    Parameters
    ----------
    model : path or LoadedModel
        A ``.keras`` or ``.h5`` file, or a run directory.
    source : path, paths, DataFrame or ndarray
        A CSV or JSON Lines file, ``"-"`` for standard input, or rows in memory: a table with
        the model's columns, or an array of shape (n, …). With a header, or in a table, columns
        count by name, in any order, and others are ignored. For models of text also a ``.txt``
        file with a text per line; for models of pictures or sound also one or several PNG,
        JPEG or WAV files, folders, or archives of them; for models of a series a table with it.
    invert : bool
        Whether to turn pictures into their negatives first.
    labelled : bool
        Whether the target is wanted with the rows: of a series, the last window is left out,
        whose next value is not there yet; folders have to be classes.
    engine : {"auto", "onnx", "keras"}
        What computes the outputs of a model that is not loaded yet; see `load_model`.

    Returns
    -------
    Predictions
        Read and computed block by block, so that memory does not grow with the file.

    Raises
    ------
    ModelFileError
        If the model cannot be opened.
    DatasetError
        If a column is missing or a value cannot be read; in part while iterating.
    """
    loaded = model if isinstance(model, LoadedModel) else load_model(model, engine)
    signature = signature_of(loaded)
    if invert and signature.medium.kind != "image":
        raise DatasetError("only pictures can be inverted, and the model takes none")
    if isinstance(source, str | os.PathLike):
        source = [source]
    if not isinstance(source, Sequence):
        blocks = _inverted(blocks_of_frame(source, signature), signature, invert=invert)
        return Predictions(loaded, signature, blocks)
    paths = [Path(path) for path in source]
    if all(is_media(path, signature) for path in paths):
        blocks = blocks_of_files(paths, signature, invert=invert, labelled=labelled)
        return Predictions(loaded, signature, blocks, "file")
    for path in paths:
        if not is_media(path, signature):
            refuse(path, signature)
    if len(paths) > 1:
        raise DatasetError(f"{paths[0]} and {len(paths) - 1} more: only one file of rows at a time")
    rows = "-" if str(paths[0]) == "-" else paths[0]
    if signature.medium.kind == "series":
        blocks = blocks_of_series(rows, signature, labelled=labelled)
        return Predictions(loaded, signature, blocks, "row")
    blocks = _inverted(read_ahead(blocks_of_text(rows, signature)), signature, invert=invert)
    return Predictions(loaded, signature, blocks)


def _inverted(
    blocks: Iterator[RawBlock], signature: Signature, *, invert: bool
) -> Generator[RawBlock]:
    """Make the white of pictures that come as rows of pixels black."""
    for block in blocks:
        seen = invert and len(block) > 0
        yield replace(block, values=signature.medium.high - block.values) if seen else block


def table_of_texts(model: LoadedModel, texts: Sequence[str]) -> pd.DataFrame:
    """Return texts as the table that a model of text takes.

    Raises
    ------
    ModelFileError
        If the model takes something else.
    """
    import pandas as pd

    signature = signature_of(model)
    if not signature.is_text:
        raise ModelFileError(f"{model.path} is no model of text; name a file with its rows")
    return pd.DataFrame({signature.names[0]: list(texts)})
