"""Read ``metrics.json`` of a run, as far as `dlcli runs` shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.runs.records import Kind


class Metrics(BaseModel):
    """Part of ``metrics.json``; other fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class PartMetrics(Metrics):
    """The metrics of the training, validation or test rows."""

    metrics: dict[str, float | None]


class MetricSummary(Metrics):
    """The mean of a metric over the folds."""

    mean: float | None


class ModelMetrics(Metrics):
    """The mean score of a model that was compared."""

    model: str
    mean: float | None


class SizeMetrics(Metrics):
    """The scores with one number of training rows."""

    rows: float
    mean: float
    std: float
    scores: list[float]


class PowerLawMetrics(Metrics):
    """The curve through the errors; see `PowerLaw` of the experiments."""

    floor: float
    scale: float
    exponent: float


class ForecastMetrics(Metrics):
    """The score that is expected with more rows, and its 95 % interval."""

    rows: int
    score: float
    low: float
    high: float


class RunMetrics(Metrics, ABC):
    """What all kinds kinds of ``metrics.json`` share."""

    sample: bool = False

    @abstractmethod
    def headline(self) -> str:
        """Return the first metric besides the loss, or an empty text."""


class TrainMetrics(RunMetrics):
    """``metrics.json`` of `dlcli train`."""

    train: PartMetrics | None = None
    validation: PartMetrics | None = None
    test: PartMetrics | None = None

    def headline(self) -> str:
        """Return the first metric of the test rows, else of the validation or training rows."""
        parts = {"test": self.test, "validation": self.validation, "train": self.train}
        name, part = next(((n, p) for n, p in parts.items() if p is not None), ("", None))
        return _first(name, part.metrics if part else {})


class KfoldMetrics(RunMetrics):
    """``metrics.json`` of `dlcli kfold`."""

    summary: dict[str, MetricSummary]

    def headline(self) -> str:
        """Return the mean over the folds of the first metric."""
        return _first("mean", {name: item.mean for name, item in self.summary.items()})


class BaselineMetrics(RunMetrics):
    """``metrics.json`` of `dlcli baseline`."""

    metric: str
    folds: int
    network: ModelMetrics
    models: list[ModelMetrics]

    def headline(self) -> str:
        """Return the score of the network and of the best other model."""
        part = "mean" if self.folds > 1 else "test"
        text = _value(f"{part} {self.metric}", self.network.mean)
        best = self.models[0] if self.models else None
        return (
            text
            if best is None or best.mean is None
            else f"{text}, {_value(best.model, best.mean)}"
        )


class LearningCurveMetrics(RunMetrics):
    """``metrics.json`` of `dlcli learning-curve`."""

    metric: Literal["accuracy", "rmse"]
    unit: str
    sizes: list[SizeMetrics] = Field(min_length=1)
    power_law: PowerLawMetrics
    twice: ForecastMetrics

    def headline(self) -> str:
        """Return the score with all rows, and the one expected with twice as many."""
        return f"{_value(f'mean {self.metric}', self.sizes[-1].mean)}, " + _value(
            "with 2 × the rows", self.twice.score
        )


KINDS: Mapping[Kind, type[RunMetrics]] = {
    "train": TrainMetrics,
    "kfold": KfoldMetrics,
    "baseline": BaselineMetrics,
    "learning-curve": LearningCurveMetrics,
}


def headline(run: Path, kind: Kind) -> str:
    """Return the first metric of a run on the rows that were held out.

    Parameters
    ----------
    run : Path
    kind : {"train", "kfold", "baseline", "learning-curve"}

    Returns
    -------
    str
        Empty if the run has no metrics, or they cannot be read.
    """
    try:
        content = (run / "metrics.json").read_bytes()
        metrics = KINDS[kind].model_validate_json(content)
    except (OSError, ValidationError):
        return ""
    text = metrics.headline()
    return f"{text} (sample)" if text and metrics.sample else text


def _first(part: str, metrics: Mapping[str, float | None]) -> str:
    """Return the first metric besides the loss; the loss if there is no other."""
    name = next((name for name in metrics if name != "loss"), next(iter(metrics), None))
    return _value(f"{part} {name}", metrics[name]) if name is not None else ""


def _value(name: str, value: float | None) -> str:
    return "" if value is None else f"{name} {value:.4g}"
