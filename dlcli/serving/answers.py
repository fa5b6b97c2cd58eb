"""Answers: the predictions of a request as columns, records or a CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from dlcli.prediction.blocks import PredictionBlock
from dlcli.prediction.output import CsvStyle, csv_writer, records
from dlcli.prediction.predictions import Predictions


@dataclass(frozen=True)
class Answer:
    """The predictions of a request.

    Parameters
    ----------
    predictions : Predictions
        Finished.
    blocks : sequence of PredictionBlock
    """

    predictions: Predictions
    blocks: Sequence[PredictionBlock]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(map(len, self.blocks))

    @property
    def notes(self) -> list[str]:
        """What a user should know: values that were filled in, categories that are new."""
        return list(dict.fromkeys(self.predictions.notices()))

    @property
    def columns(self) -> list[str]:
        """Names of the columns of a CSV."""
        return self.predictions.columns

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as ``dlcli predict --json`` prints them."""
        return [record for block in self.blocks for record in records(self.predictions, block)]

    def csv(self, *, safe: bool = False) -> str:
        """Return the rows as ``dlcli predict`` prints them; `safe` as with ``--csv-safe``."""
        file = StringIO()
        write = csv_writer(self.predictions, file, CsvStyle(safe=safe))
        for block in self.blocks:
            write(block)
        return file.getvalue()
