"""Permutation importance: how much worse a model is if a column has the values of other rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.experiments.headline_score import headline_metric, headline_score, predicted_values
from dlcli.experiments.held_out import HeldOutRows
from dlcli.models.loading import LoadedModel
from dlcli.models.metadata import Metadata
from dlcli.types import Array

SHUFFLES = 5
# More rows and columns take long and change little.
MAX_ROWS, MAX_COLUMNS = 1_000, 200


@dataclass(frozen=True)
class ColumnImportance:
    """How much a model needs a column.

    Parameters
    ----------
    name : str
    drops : tuple of float
        For each shuffle how much the score is worse: the loss of accuracy, or the gain of RMSE.
    """

    name: str
    drops: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the shuffles."""
        return float(np.mean(self.drops))

    @property
    def std(self) -> float:
        """Standard deviation over the shuffles (n - 1)."""
        return float(np.std(self.drops, ddof=1))


@dataclass(frozen=True)
class Importance:
    """The importance of the columns of a table.

    Parameters
    ----------
    metric : {"accuracy", "rmse"}
    score : float
        With all columns as they are.
    rows : int
    columns : tuple of ColumnImportance
        The most important first.
    """

    metric: str
    score: float
    rows: int
    columns: tuple[ColumnImportance, ...]


def permutation_importance(
    loaded: LoadedModel, metadata: Metadata, held_out: HeldOutRows, *, seed: int
) -> Importance:
    """Shuffle each column of the held-out rows in turn, and score the predictions (Breiman, 2001).

    Columns that say the same stand in for each other: each of them may look unimportant.

    Parameters
    ----------
    loaded : LoadedModel
    metadata : Metadata
    held_out : HeldOutRows
        Of a table with at most `MAX_COLUMNS` columns; of more than `MAX_ROWS` rows some are drawn.
    seed : int
    """
    dataset, target = held_out.dataset, metadata.target
    random = np.random.default_rng(seed)
    rows = held_out.rows
    if len(rows) > MAX_ROWS:
        rows = np.sort(random.choice(rows, MAX_ROWS, replace=False))
    frame: Any = dataset.take(rows).x
    # Arrays, since a DataFrame would change the type of texts, and of what is missing among them.
    table = {column.name: np.asarray(frame[column.name]) for column in metadata.columns}
    y = dataset.y[rows]
    preprocessor, inverse = metadata.preprocessor(), metadata.target_preprocessor()
    sign = 1 if target.class_names else -1

    def score(x: Mapping[str, Array]) -> float:
        outputs = loaded.network(preprocessor.transform(x))
        if metadata.calibration is not None:
            outputs = metadata.calibration.calibrate(outputs, metadata.output)
        predicted = predicted_values(inverse.invert(outputs), metadata.output, target)
        return headline_score(y, predicted, target)

    base = score(table)
    columns = []
    for column in metadata.columns:
        drops = []
        for _ in range(SHUFFLES):
            values = table[column.name][random.permutation(len(rows))]
            drops.append(sign * (base - score({**table, column.name: values})))
        columns.append(ColumnImportance(column.name, tuple(drops)))
    columns.sort(key=lambda column: -column.mean)
    return Importance(headline_metric(target), base, len(rows), tuple(columns))
