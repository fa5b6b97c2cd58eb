"""Rows, images, recordings and texts to predict that are in memory as the content of files."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.datasets.file_content import FileContent
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature
from dlcli.prediction.blocks import Source
from dlcli.prediction.layout import Keep
from dlcli.prediction.memory import array_blocks
from dlcli.prediction.predictions import Predictions
from dlcli.prediction.rows import blocks_of_text, max_rows
from dlcli.types import Array


def predict_table(
    model: LoadedModel, signature: Signature, table: FileContent, keep: Keep = ()
) -> Predictions:
    """Predict the rows of a table, or the next values of a series.

    Parameters
    ----------
    model : LoadedModel
    signature : Signature
        From `signature_of`; a caller with many tables computes it once.
    table : FileContent
        In any format that `dlcli.predict` reads.
    keep : sequence of str or "all"
        Columns that the predictions keep.

    Returns
    -------
    Predictions
        Errors in the rows are raised during iteration.
    """
    if signature.medium.kind == "series":
        from dlcli.prediction.media import read_series_windows

        source = Source(lambda: read_series_windows(table, signature, labelled=False), "row")
    else:
        source = Source(lambda: blocks_of_text(table, signature, keep))
    return Predictions(model, signature, source)


def predict_files(
    model: LoadedModel,
    signature: Signature,
    files: Sequence[FileContent],
    *,
    invert: bool = False,
) -> Predictions:
    """Predict images, recordings or texts, one in each file; see `predict_table`.

    The predictions do not name the files.
    """
    from dlcli.prediction.media import read_files

    source = Source(lambda: read_files(files, signature, invert=invert))
    return Predictions(model, signature, source)


def predict_array(model: LoadedModel, signature: Signature, x: Array, where: str) -> Predictions:
    """Predict the rows of an array of shape (n, …); see `predict_table`."""
    size = max_rows(signature)
    return Predictions(model, signature, Source(lambda: array_blocks(x, signature, size, where)))
