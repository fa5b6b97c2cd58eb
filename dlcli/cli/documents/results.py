"""Documents of the commands that train, evaluate and predict."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dlcli.cli.documents.parts import Document, Number, Part, ScoresPart


class TrainDocument(Document):
    """Of ``dlcli train``."""

    command: Literal["train"] = "train"
    run: str = Field(description="The run directory.")
    model: str | None = Field(description="The model file; null if no epoch was completed.")
    status: Literal["finished", "interrupted"]
    sample: bool = Field(description="Whether the data are a sample.")
    epochs: int = Field(description="Completed epochs.")
    best_epoch: int | None = Field(description="Whose weights were kept instead of the last ones.")
    fit_seconds: Number
    scores: dict[Literal["train", "validation", "test"], ScoresPart]
    notes: list[str]


class Fold(Part):
    """One fold of a cross-validation."""

    fold: int = Field(description="From 1.")
    rows: int
    epochs: int
    metrics: dict[str, Number]


class Summary(Part):
    """One metric over the folds."""

    mean: Number
    std: Number
    ci95: list[Number] = Field(description="The 95 % confidence interval of the mean.")


class KfoldDocument(Document):
    """Of ``dlcli kfold``."""

    command: Literal["kfold"] = "kfold"
    run: str
    status: Literal["finished", "interrupted"]
    sample: bool
    folds: list[Fold]
    summary: dict[str, Summary] = Field(description="By metric.")
    scores: ScoresPart = Field(description="Of the out-of-fold predictions of all rows.")
    notes: list[str]


class ModelScore(Part):
    """The score of a model of a comparison."""

    model: str
    mean: Number
    std: Number
    scores: list[Number] = Field(description="One per fold.")
    fit_seconds: Number


class DecidingWord(Part):
    """A word by which naive Bayes decides."""

    word: str
    ratio: Number = Field(description="How many times more frequent it is than in other classes.")


class ClassWords(Part):
    """The words that speak most for a class."""

    name: str = Field(description="Of the class.")
    words: list[DecidingWord] = Field(description="The largest ratio first.")


class ComparedModel(ModelScore):
    """A simpler model, compared with the network."""

    difference: Number = Field(description="Mean of the network minus that of the model.")
    p: Number = Field(description="Of the difference; null without a test.")
    network_is: Literal["better", "worse", "chance", "untested"]
    note: str = ""
    words: list[ClassWords] | None = Field(
        default=None, description="Of naive Bayes on texts, for each class."
    )


class BaselineDocument(Document):
    """Of ``dlcli baseline``."""

    command: Literal["baseline"] = "baseline"
    run: str
    sample: bool
    metric: Literal["accuracy", "rmse"]
    unit: str
    folds: int
    test: str | None = Field(description="Name of the significance test.")
    network: ModelScore
    models: list[ComparedModel] = Field(description="The best first.")
    kept: str | None = Field(description="Model file of `--keep`.")
    notes: list[str]


class SizeScores(Part):
    """The scores with one number of training rows."""

    share: float = Field(description="Of the training rows of each fold.")
    rows: Number = Field(description="Mean number of training rows over the folds.")
    mean: Number
    std: Number
    scores: list[Number] = Field(description="One per fold.")


class PowerLaw(Part):
    """The curve error = floor + scale * rows ** -exponent."""

    floor: Number
    scale: Number
    exponent: Number


class TwiceTheRows(Part):
    """The score that the curve predicts for twice the rows."""

    rows: int
    score: Number
    low: Number = Field(description="Lower end of the 95 % interval.")
    high: Number = Field(description="Upper end of the 95 % interval.")
    gain: Number = Field(description="How much better it is than the curve at all rows.")
    gain_low: Number
    gain_high: Number


class LearningCurveDocument(Document):
    """Of ``dlcli learning-curve``."""

    command: Literal["learning-curve"] = "learning-curve"
    run: str
    sample: bool
    metric: Literal["accuracy", "rmse"]
    unit: str
    folds: int
    sizes: list[SizeScores] = Field(description="The fewest rows first.")
    power_law: PowerLaw = Field(description="Of the error: 1 - accuracy, or the RMSE.")
    twice: TwiceTheRows
    more_rows: Literal["help", "hardly help", "uncertain"]
    sentence: str
    notes: list[str]


class TrialPart(Part):
    """A trial of a sweep or a search."""

    trial: int = Field(description="From 1.")
    values: dict[str, Any] = Field(description="By the keys of the config that vary.")
    mean: Number
    std: Number = Field(description="Over the seeds, or with one seed over the folds.")
    seconds: Number
    failure: str = Field(description="Why it has no score; empty if it has one.")


class SweepDocument(Document):
    """Of ``dlcli sweep``, and of ``train`` and ``kfold`` with ``--seeds``."""

    command: Literal["sweep"] = "sweep"
    run: str
    sample: bool
    part: Literal["train", "validation", "test"] = Field(description="The rows that are scored.")
    metric: str
    seeds: list[int]
    folds: int = Field(description="1 for a single split.")
    best: int | None = Field(description="Number of the best trial.")
    trials: list[TrialPart]
    notes: list[str]


class NestedPart(Part):
    """One outer fold of a nested cross-validation."""

    fold: int = Field(description="From 1.")
    values: dict[str, Any]
    searched: Number = Field(description="Of the best trial in the search of this fold.")
    score: Number = Field(description="On the rows of this fold, which that search did not see.")


class TuneDocument(Document):
    """Of ``dlcli tune``."""

    command: Literal["tune"] = "tune"
    run: str
    sample: bool
    metric: str
    folds: int = Field(description="Of each trial; 1 for a single split.")
    best: int | None = Field(description="Number of the best trial.")
    best_values: dict[str, Any]
    best_score: Number | None
    test_score: Number | None = Field(
        description="Of the best trial, trained once more, on test rows that no trial has seen."
    )
    importances: dict[str, Number] = Field(description="How much each key matters.")
    nested: list[NestedPart]
    trials: list[TrialPart]
    notes: list[str]


class RowPrediction(Part):
    """A row with its true value and prediction."""

    row: int = Field(description="From 1.")
    true: str | Number | list[str] | dict[str, Number]
    prediction: str | Number | list[str] | dict[str, Number]
    probability: Number = Field(description="Of the predicted class; null without probabilities.")
    right: bool | None = Field(description="Whether classes and labels are right; else null.")


class EvaluateDocument(Document):
    """Of ``dlcli evaluate``."""

    command: Literal["evaluate"] = "evaluate"
    model: str
    source: str = Field(description="The scored rows: a file, or as in `test rows of sonar`.")
    scores: ScoresPart
    predictions: list[RowPrediction] = Field(description="Of some rows, with `--rows`.")
    notes: list[str]


class ReproduceDocument(Document):
    """Of ``dlcli reproduce``."""

    command: Literal["reproduce"] = "reproduce"
    run: str
    identical: bool
    compared: list[str]
    differences: list[str]
    environment: list[str]


class ExportDocument(Document):
    """Of ``dlcli export``."""

    command: Literal["export"] = "export"
    model: str
    output: str
    format: str
    rows: int = Field(description="Rows on which the export was compared with `predict`.")
    refused: int = Field(description="Those of them that both refuse.")
    largest_difference: float
    notes: list[str]


class PredictDocument(Document):
    """Of ``dlcli predict``."""

    command: Literal["predict"] = "predict"
    model: str
    rows: int
    columns: list[str]
    output: str | None = Field(description="The file with the predictions; null if they are here.")
    predictions: list[dict[str, Any]] | None = Field(description="Null if they are in a file.")
    notes: list[str]


class Comparison(Part):
    """What a script and dlcli both computed."""

    what: str = Field(description="Such as train rows, or weights after training.")
    difference: Number = Field(
        description="The largest, relative to 1 or the value; 0: the same bits; null: other shapes."
    )
    tolerance: Number
    equal: bool


class EjectDocument(Document):
    """Of ``dlcli eject``."""

    command: Literal["eject"] = "eject"
    script: str = Field(description="The script or notebook.")
    proven: bool = Field(description="Whether all comparisons are within their tolerances.")
    comparisons: list[Comparison] = Field(description="Empty with --no-proof.")
    notes: list[str]
