"""A stream of raw rows in, labels and probabilities or values out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.errors import DatasetError
from dlcli.events import Events
from dlcli.inputs import RawBlock, blocks_of_frame, blocks_of_text
from dlcli.loading import LoadedModel, load_model
from dlcli.scoring import Predictor
from dlcli.signature import Signature, signature_of
from dlcli.targets import decode, probabilities

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]


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
    """

    prediction: Array
    probabilities: Array | None
    outputs: Array

    def __len__(self) -> int:
        return len(self.prediction)


class Predictions:
    """Predictions of a stream of rows, computed as they are asked for.

    Iterate over it for blocks, or take everything with `to_frame`.

    Attributes
    ----------
    columns : list of str
        ``prediction``, then ``p_<class>`` for each class.
    model : LoadedModel
    rows : int
        Rows done so far.
    """

    def __init__(
        self, model: LoadedModel, signature: Signature, blocks: Iterator[RawBlock]
    ) -> None:
        self.model = model
        self.signature = signature
        self.rows = 0
        self._events = Events()
        self._source_notices: list[str] = []
        self._blocks = blocks
        self._predictor = Predictor(model.model)

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `to_frame`."""
        return ["prediction", *(f"p_{name}" for name in self.signature.class_names)]

    def __iter__(self) -> Iterator[PredictionBlock]:
        for block, _ in self.with_raw():
            yield block

    def with_raw(self) -> Iterator[tuple[PredictionBlock, RawBlock]]:
        """Yield each block of predictions with the rows behind it."""
        for raw in self._blocks:
            yield self._predict(raw), raw

    def _predict(self, block: RawBlock) -> PredictionBlock:
        signature = self.signature
        for notice in block.notices:
            if notice not in self._source_notices:
                self._source_notices.append(notice)
        try:
            x = signature.preprocessor.transform(block.values, self._events)
        except DatasetError as error:
            raise DatasetError(f"{block.where}: {error}", hint=error.hint) from None
        outputs = self._predictor(x.reshape(len(block), *signature.input_shape))
        self.rows += len(block)
        if signature.output == "value":
            return PredictionBlock(outputs[:, 0].astype(np.float64), None, outputs)
        codes = decode(outputs, signature.output)
        names = np.asarray(signature.class_names, object)
        return PredictionBlock(names[codes], probabilities(outputs, signature.output), outputs)

    def notices(self) -> list[str]:
        """Say what a user should know about file and rows, as far as they were read."""
        sampled = self.model.metadata is not None and self.model.metadata.sampled
        marked = ["the model was trained on a generated sample: its predictions mean nothing"]
        return [
            *self.model.notices,
            *(marked if sampled else []),
            *self._source_notices,
            *self._events.notices(),
        ]

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
            values: dict[str, Any] = {"prediction": block.prediction}
            if block.probabilities is not None:
                values |= dict(zip(self.columns[1:], block.probabilities.T, strict=True))
            frames.append(pd.DataFrame(values))
        return (
            pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=self.columns)
        )


def predict(
    model: LoadedModel | str | os.PathLike[str],
    source: str | os.PathLike[str] | pd.DataFrame | Array,
) -> Predictions:
    """Predict raw rows.

    Parameters
    ----------
    model : path or LoadedModel
        A ``.keras`` or ``.h5`` file, or a run directory.
    source : path, DataFrame or ndarray
        A CSV or JSON Lines file, ``"-"`` for standard input, or rows in memory: a table with
        the model's columns, or an array of shape (n, …). With a header, or in a table, columns
        count by name, in any order, and others are ignored.

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
    loaded = model if isinstance(model, LoadedModel) else load_model(model)
    signature = signature_of(loaded)
    if isinstance(source, str | os.PathLike):
        path = "-" if source == "-" else Path(source)
        blocks = blocks_of_text(path, signature)
    else:
        blocks = blocks_of_frame(source, signature)
    return Predictions(loaded, signature, blocks)
