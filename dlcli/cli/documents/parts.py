"""Parts that several documents share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from dlcli.datasets.card import Card
    from dlcli.network.scores import Scores

Number = float | None  # null if it is not finite


class Part(BaseModel):
    """A part of a document."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), defer_build=True)


class Document(Part):
    """What all documents have."""

    schema_version: Literal[1] = Field(default=1, description="Of the documents.")


class Problem(Part):
    """One mistake in a config."""

    file: str = Field(description="The file, or the option --set with its key.")
    line: int | None = Field(description="From 1; null if there is none.")
    key: str = Field(description="As in fit.epochs; empty for the whole file.")
    message: str


class ClassScores(Part):
    """Scores of one class."""

    name: str
    precision: Number
    recall: Number
    f1: Number
    support: int = Field(description="Rows of the class.")


class LabelScores(Part):
    """Scores of one of several labels."""

    name: str
    accuracy: Number
    precision: Number
    recall: Number
    f1: Number
    roc_auc: Number = Field(description="Null if no row, or every row, has the label.")
    support: int = Field(description="Rows with the label.")


class AverageScores(Part):
    """An average over the labels."""

    name: Literal["micro", "macro"]
    precision: Number
    recall: Number
    f1: Number


class NumberScores(Part):
    """Scores of one of several numbers."""

    name: str
    mae: Number
    rmse: Number
    r2: Number


class ScoresPart(Part):
    """Scores of some rows."""

    rows: int
    metrics: dict[str, Number] = Field(description="Loss and metrics by name.")
    classes: list[ClassScores] = Field(description="Empty for regression.")
    confusion_matrix: list[list[int]] = Field(
        description="A row per true class, a column per predicted class; empty for regression."
    )
    labels: list[LabelScores] = Field(description="Of several labels per row; else empty.")
    averages: list[AverageScores] = Field(description="Over the labels.")
    numbers: list[NumberScores] = Field(description="Of several numbers per row; else empty.")


class ClassCount(Part):
    """One class of a data set."""

    name: str
    rows: int


class CardPart(Part):
    """The card of a data set."""

    name: str
    rows: int
    shape: list[int] = Field(description="Of a sample; empty for tables.")
    target: str
    classes: list[ClassCount]
    duplicates: int = Field(description="Rows that repeat an earlier one.")
    parts: dict[str, int] = Field(description="Rows of a given split: train, validation, test.")
    columns: list[dict[str, Any]] = Field(
        description="Name, type, missing, distinct, and low, mean, high or examples."
    )
    constant: list[str] = Field(description="Columns with one value.")
    notes: list[str]


def scores_part(scores: Scores) -> ScoresPart:
    """Return the part of a document with these scores."""
    classes = [ClassScores(**vars(item)) for item in scores.classes]
    confusion = [list(row) for row in scores.confusion]
    return ScoresPart(
        rows=scores.rows,
        metrics=dict(scores.metrics),
        classes=classes,
        confusion_matrix=confusion,
        labels=[LabelScores(**vars(item)) for item in scores.labels],
        averages=[AverageScores.model_validate(vars(item)) for item in scores.averages],
        numbers=[NumberScores(**vars(item)) for item in scores.numbers],
    )


def card_part(card: Card) -> CardPart:
    """Return the part of a document with this card."""
    plain = card.to_json()
    plain["notes"] = plain.pop("notices")
    plain["classes"] = [{"name": name, "rows": rows} for name, rows in card.classes.items()]
    return CardPart.model_validate(plain)
