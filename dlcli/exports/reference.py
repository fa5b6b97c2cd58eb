"""What `predict` answers for raw rows, with the rows that it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.errors import DatasetError
from dlcli.exports.rows import count, halves, take
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature
from dlcli.prediction.blocks import PredictionBlock, Source
from dlcli.prediction.predictions import Predictions
from dlcli.prediction.rows import RawBlock
from dlcli.types import Array

MAX_BLOCK = 64


@dataclass(frozen=True)
class Reference:
    """Answers of `predict`.

    Parameters
    ----------
    values : dict of arrays, or ndarray
        The rows, as `RawBlock.values`.
    refused : ndarray of bool, shape (n,)
        Rows that `predict` refuses.
    blocks : list of PredictionBlock
        Of the others.
    block: int
        Largest number of rows that are computed together.
    """

    values: Any
    refused: Array
    blocks: list[PredictionBlock]
    block: int

    def column(self, name: str) -> Array:
        """Return an attribute of the answers for the rows that are not refused."""
        return np.concatenate([getattr(block, name) for block in self.blocks])


def reference(loaded: LoadedModel, signature: Signature, values: Any) -> Reference:
    """Predict rows; of a block with a row that is refused, the others are found by halving."""
    rows = count(values)
    refused = np.zeros(rows, bool)
    blocks: list[PredictionBlock] = []
    size = min(MAX_BLOCK, loaded.network.block)
    for start in range(0, rows, size):
        for first, block in _answers(loaded, signature, values, start, min(rows, start + size)):
            if block is None:
                refused[first] = True
            else:
                blocks.append(block)
    return Reference(values, refused, blocks, size)


def _answers(
    loaded: LoadedModel, signature: Signature, values: Any, start: int, stop: int
) -> Iterator[tuple[int, PredictionBlock | None]]:
    """Yield the answers for the rows of a range in their order, None for a refused row."""
    if stop <= start:
        return
    raw = RawBlock(take(values, slice(start, stop)), stop - start, "the row")

    def blocks() -> Any:
        yield raw

    try:
        with np.errstate(all="ignore"):
            (block,) = Predictions(loaded, signature, Source(blocks))
    except DatasetError:
        if stop - start == 1:
            yield start, None
            return
        for part in halves(start, stop):
            yield from _answers(loaded, signature, values, *part)
    else:
        yield start, block
