"""Predictions of a stream of rows, computed block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.tables import NEITHER
from dlcli.errors import DatasetError
from dlcli.models.loading import LoadedModel
from dlcli.models.onnx_cache import cache_graph
from dlcli.models.signature import Signature
from dlcli.prediction.blocks import PredictionBlock, Source
from dlcli.prediction.rows import RawBlock
from dlcli.preparation.labels import decode_labels, label_probabilities
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import FittedCategories
from dlcli.preparation.targets import decode, output_columns, probabilities
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd


class Predictions:
    """Predictions of a stream of rows, computed while they are iterated.

    Iterate for one `PredictionBlock` after the other, or call `to_frame` for all rows. Each
    iteration reads the source again from its start; standard input allows only one.

    Attributes
    ----------
    columns : list of str
        The kept columns of the input, once its first rows are read; ``prediction``, or
        ``prediction_<name>`` for each of several targets; then ``p_<class>`` for each class or
        label, or ``score_<class>`` with hinge losses; or ``lower`` and ``upper``, the interval of
        a number, if the model is calibrated. The first column is
        ``file`` if files are predicted, and ``row``, the number of the forecast row, if a series
        is.
    model : LoadedModel
    rows : int
        Rows predicted so far in the current iteration.
    """

    def __init__(self, model: LoadedModel, signature: Signature, source: Source) -> None:
        self.model = model
        self.signature = signature
        self.rows = 0
        self._source = source
        self._started = False
        self._report = TransformReport()
        self._source_notices: list[str] = []
        self._first_inputs: Array | None = None
        self.kept: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Predictions({str(self.model.path)!r}, columns {', '.join(self.columns)})"

    @property
    def name_column(self) -> str:
        """Column that names the rows: ``file``, ``row``, or empty."""
        return self._source.name_column

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `to_frame`."""
        first = [self.name_column] if self.name_column else []
        return [*first, *self.kept, *self.outputs]

    @property
    def outputs(self) -> list[str]:
        """Names of the columns that the model computes."""
        signature = self.signature
        columns = output_columns(signature.output, signature.class_names, signature.target)
        return [*columns, *self._interval_columns()]

    def _interval_columns(self) -> list[str]:
        target, calibration = self.signature.target, self.signature.calibration
        if target is None or calibration is None or self.signature.output != "value":
            return []
        names = [f"_{name}" for name in target.outputs] if target.is_several else [""]
        return [f"{end}{name}" for name in names for end in ("lower", "upper")]

    def __iter__(self) -> Iterator[PredictionBlock]:
        for block, _ in self.with_raw():
            yield block

    def with_raw(self) -> Iterator[tuple[PredictionBlock, RawBlock]]:
        """Yield each block of predictions with its raw rows; see `raw_blocks`."""
        for raw in self.raw_blocks():
            yield self.predictions_of(raw, self.model.network(self.inputs_of(raw))), raw

    def raw_blocks(self) -> Iterator[RawBlock]:
        """Yield the blocks of raw rows, none of them empty.

        A caller that computes the outputs itself calls `inputs_of` and `predictions_of` with each.

        Raises
        ------
        DatasetError
            If a value cannot be read, or standard input is iterated a second time.
        """
        if self._source.once and self._started:
            raise DatasetError(
                "standard input can be read only once",
                hint="to_frame() returns all predictions in one table, which can be reused",
            )
        self._started = True
        self.rows = 0
        self._report = TransformReport()
        self._source_notices = []
        # Closing the reader ends its thread, also if the caller stops early.
        with closing(self._source.open_blocks()) as blocks:
            for raw in blocks:
                for notice in raw.notices:
                    if notice not in self._source_notices:
                        self._source_notices.append(notice)
                self._set_kept(raw)
                if len(raw):
                    yield raw

    def _set_kept(self, raw: RawBlock) -> None:
        """Note the names of the kept columns, which must not be those of the outputs."""
        for name in raw.kept:
            if name in self.outputs:
                raise DatasetError(
                    f"the input has a column {name!r}, like the predictions",
                    hint="name the columns to keep, without this one",
                )
        self.kept = self.kept or tuple(raw.kept)

    def inputs_of(self, block: RawBlock) -> Array:
        """Return the preprocessed rows of a block, as the network takes them.

        Raises
        ------
        DatasetError
            With the place of a value that cannot be used.
        """
        signature = self.signature
        try:
            x = signature.preprocessor.transform(block.values, self._report)
            self._count_neither_true_nor_false(block)
        except DatasetError as error:
            place = block.place(error.row)
            raise DatasetError(f"{place}: {error}", hint="correct the row or remove it") from None
        x = x.reshape(len(block), *signature.input_shape)
        if self._first_inputs is None:
            self._first_inputs = x[:64]
        return x

    def predictions_of(self, block: RawBlock, outputs: Array) -> PredictionBlock:
        """Return the predictions of a block from the outputs of the network.

        Raises
        ------
        DatasetError
            If those of a row are not finite.
        """
        signature, target = self.signature, self.signature.target
        calibration = signature.calibration
        self.rows += len(block)
        if signature.output == "value":
            several = target is not None and target.is_several
            numbers = signature.target_preprocessor.invert(outputs)
            block.check_finite(numbers)
            values = (numbers if several else numbers[:, 0]).astype(np.float64)
            intervals = None
            if calibration is not None:
                ends = calibration.interval(outputs, signature.target_preprocessor)
                intervals = np.stack(ends, axis=-1).reshape(len(block), -1)
            return PredictionBlock(values, None, outputs, block.names, block.kept, intervals)
        calibrated = outputs
        if calibration is not None:
            calibrated = calibration.calibrate(outputs, signature.output)
        if target is not None and target.task == "multilabel":
            labels = decode_labels(calibrated, signature.output, target)
            shares = label_probabilities(calibrated, signature.output)
            block.check_finite(shares)
            return PredictionBlock(labels, shares, outputs, block.names, block.kept)
        codes = decode(calibrated, signature.output)
        names = np.asarray(signature.class_names, object)
        shares = probabilities(calibrated, signature.output)
        block.check_finite(shares)
        return PredictionBlock(names[codes], shares, outputs, block.names, block.kept)

    def _count_neither_true_nor_false(self, block: RawBlock) -> None:
        """Count the texts of boolean columns that no training row had; encoders count theirs."""
        groups = self.signature.preprocessor.groups
        encoded = {
            name
            for group in groups
            if any(isinstance(step, FittedCategories) for step in group.steps)
            for name in group.columns
        }
        for column in self.signature.columns:
            if column.type == "boolean" and column.name not in encoded:
                count = int((np.asarray(block.values[column.name]) == NEITHER).sum())
                if count:
                    self._report.unseen[column.name] += count

    def notices(self) -> list[str]:
        """Return notices about the model and about the rows read so far."""
        metadata = self.model.metadata
        sample_notice = "the model was trained on a sample only: do not rely on its predictions"
        return [
            *self.model.notices,
            *([sample_notice] if metadata is not None and metadata.sampled else []),
            *self._source_notices,
            *self._report.notices(),
        ]

    def keep_graph(self) -> None:
        """Cache an ONNX graph of the model for later predictions, if its file has none.

        The graph is compared with Keras on the first predicted rows, and saved in the user's
        cache folder. Nothing is saved if the network cannot be converted.
        """
        model, file = self.model, self.model.file
        is_needed = model.network.engine == "keras" and file.needs_graph and not model.is_changed
        if is_needed and self._first_inputs is not None:
            cache_graph(model.model, self._first_inputs, file.digest)

    def to_frame(self) -> pd.DataFrame:
        """Return the predictions of all rows.

        Returns
        -------
        DataFrame
            Columns as in `columns`.
        """
        import pandas as pd

        frames = []
        for block in self:
            values: dict[str, Any] = {self.name_column: block.names} if self.name_column else {}
            values |= block.kept
            values |= dict(zip(self.outputs, block.columns(), strict=True))
            frames.append(pd.DataFrame(values))
        if not frames:
            return pd.DataFrame(columns=self.columns)
        return pd.concat(frames, ignore_index=True)
