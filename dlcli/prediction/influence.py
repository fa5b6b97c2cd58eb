"""How much each value of a row matters to its prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
DIGITS = 9  # predictions have seven significant ones


@dataclass(frozen=True)
class Influence:
    """How an output changes when one value of a row is the typical one.

    Parameters
    ----------
    column : str
    value, typical : object
        The value of the row, and the one in its place.
    change : float
        Output of the row minus its output with the typical value: positive if the value of the
        row raises the output.
    """

    column: str
    value: Any
    typical: Any
    change: float


def rows_with_typical_values(row: Record, typical: Record) -> list[Record]:
    """Return a row, and for each column a copy in which its value is the typical one."""
    columns = [column for column in row if column in typical]
    return [row, *({**row, column: typical[column]} for column in columns)]


def influences(
    row: Record, typical: Record, predictions: Sequence[Record], output: str
) -> list[Influence]:
    """Return the influence of each column of a row, the largest first.

    One value is replaced at a time. Columns that depend on each other, such as length and weight,
    share an influence that neither shows alone; the changes do not add up to the prediction, and
    say nothing about causes.

    Parameters
    ----------
    row : mapping
        Values by column.
    typical : mapping
        Typical values; columns without one are left out.
    predictions : sequence of mapping
        For the rows from `rows_with_typical_values`.
    output : str
        Key of the output in the predictions.
    """
    columns = [column for column in row if column in typical]
    before, *after = (float(prediction[output]) for prediction in predictions)
    changes = [
        Influence(column, row[column], typical[column], round(before - value, DIGITS))
        for column, value in zip(columns, after, strict=True)
    ]
    return sorted(changes, key=lambda influence: -abs(influence.change))


def output_to_explain(prediction: Record) -> str:
    """Return the key of the output that a prediction is about.

    It is the probability or score of the predicted class, that of the likeliest label if a row
    has several, the number itself, or the first of several numbers.
    """
    name = prediction.get("prediction")
    shares = [key for key in prediction if key.startswith(("p_", "score_"))]
    if isinstance(name, str):
        return next((key for key in shares if key in (f"p_{name}", f"score_{name}")), shares[0])
    if isinstance(name, list):
        return max(shares, key=lambda key: float(prediction[key]))
    return next(key for key in prediction if key.startswith("prediction"))
