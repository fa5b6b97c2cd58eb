"""Read ``metrics.json`` of a run, as far as `dlcli runs` shows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.errors import DlcliError
from dlcli.parser_messages import first_problem

METRICS = "metrics.json"


@dataclass(frozen=True)
class Score:
    """The first metric of a run besides the loss.

    Parameters
    ----------
    part : str
        ``test``, ``validation`` or ``train`` rows; ``mean`` over the folds; may be empty.
    name : str
    value : float or None
        None if it is not finite.
    std : float or None
        Over the folds; None for a single split.
    """

    part: str
    name: str
    value: float | None
    std: float | None = None

    def __str__(self) -> str:
        """Return it as in ``test accuracy 0.83``; empty without a value."""
        return _value(f"{self.part} {self.name}".strip(), self.value)


class Metrics(BaseModel):
    """Part of ``metrics.json``; other fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class PartMetrics(Metrics):
    """The metrics of the training, validation or test rows."""

    metrics: dict[str, float | None]


class MetricSummary(Metrics):
    """The mean of a metric over the folds."""

    mean: float | None
    std: float | None = None


class ModelMetrics(Metrics):
    """The mean score of a model that was compared."""

    model: str
    mean: float | None
    std: float | None = None


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
    """What all kinds of ``metrics.json`` share."""

    sample: bool = False

    @abstractmethod
    def score(self) -> Score | None:
        """Return the first metric besides the loss; None if nothing was measured."""

    def values(self) -> dict[str, float | None]:
        """Return loss and metrics of the rows that were held out, by name."""
        score = self.score()
        return {} if score is None else {score.name: score.value}

    def headline(self) -> str:
        """Return the first metric as a text, or an empty text."""
        return str(self.score() or "")


class TrainMetrics(RunMetrics):
    """``metrics.json`` of `dlcli train`."""

    train: PartMetrics | None = None
    validation: PartMetrics | None = None
    test: PartMetrics | None = None

    def score(self) -> Score | None:
        """Return the first metric of the test rows, else of the validation or training rows."""
        name = _first_name(self.values())
        return None if name is None else Score(self.part(), name, self.values()[name])

    def values(self) -> dict[str, float | None]:
        """Return the metrics of the same rows."""
        part: PartMetrics | None = getattr(self, self.part(), None)
        return part.metrics if part else {}

    def part(self) -> str:
        """Return the name of the part whose scores say most about new rows; may be empty."""
        parts = ("test", "validation", "train")
        return next((name for name in parts if getattr(self, name) is not None), "")


class KfoldMetrics(RunMetrics):
    """``metrics.json`` of `dlcli kfold`."""

    summary: dict[str, MetricSummary]
    folds: list[dict[str, float | None]] = Field(default=[], description="Rows and metrics.")

    def score(self) -> Score | None:
        """Return the mean over the folds of the first metric."""
        name = _first_name(self.summary)
        if name is None:
            return None
        return Score("mean", name, self.summary[name].mean, self.summary[name].std)

    def values(self) -> dict[str, float | None]:
        """Return the means over the folds."""
        return {name: item.mean for name, item in self.summary.items()}


class BaselineMetrics(RunMetrics):
    """``metrics.json`` of `dlcli baseline`."""

    metric: str
    folds: int
    network: ModelMetrics
    models: list[ModelMetrics]

    def score(self) -> Score:
        """Return the score of the network."""
        part = "mean" if self.folds > 1 else "test"
        return Score(part, self.metric, self.network.mean, self.network.std)

    def headline(self) -> str:
        """Return the score of the network and of the best other model."""
        text = str(self.score())
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

    def score(self) -> Score:
        """Return the score with all rows."""
        return Score("mean", self.metric, self.sizes[-1].mean, self.sizes[-1].std)

    def headline(self) -> str:
        """Return the score with all rows, and the one expected with twice as many."""
        return f"{self.score()}, {_value('with 2 × the rows', self.twice.score)}"


class TrialMetrics(Metrics):
    """The score of one trial of a sweep."""

    trial: int
    mean: float | None
    std: float | None = None


class SweepMetrics(RunMetrics):
    """``metrics.json`` of `dlcli sweep`."""

    metric: str
    part: str
    best: int | None = None
    trials: list[TrialMetrics] = []

    def score(self) -> Score | None:
        """Return the score of the best trial."""
        best = next((trial for trial in self.trials if trial.trial == self.best), None)
        return None if best is None else Score(self.part, self.metric, best.mean, best.std)

    def headline(self) -> str:
        """Return the score of the best trial, and of how many it is the best."""
        text = super().headline()
        return f"{text}, best of {len(self.trials)}" if text and len(self.trials) > 1 else text


class TuneMetrics(RunMetrics):
    """``metrics.json`` of `dlcli tune`."""

    metric: str
    best_score: float | None = None
    test_score: float | None = None
    trials: list[TrialMetrics] = []

    def score(self) -> Score | None:
        """Return the score on the test rows, or without any that of the best trial."""
        if self.test_score is not None:
            return Score("test", self.metric, self.test_score)
        return Score("validation", self.metric, self.best_score)

    def headline(self) -> str:
        """Return the score, and of how many trials it is that of the best."""
        text = super().headline()
        return f"{text}, best of {len(self.trials)}" if text else text


class OtherMetrics(RunMetrics):
    """``metrics.json`` of a kind that has no class above: its one score, if it has one."""

    metric: str = ""
    part: str = ""
    mean: float | None = None
    std: float | None = None

    def score(self) -> Score | None:
        """Return the score that it names."""
        return Score(self.part, self.metric, self.mean, self.std) if self.metric else None


KINDS: Mapping[str, type[RunMetrics]] = {
    "train": TrainMetrics,
    "kfold": KfoldMetrics,
    "baseline": BaselineMetrics,
    "learning-curve": LearningCurveMetrics,
    "sweep": SweepMetrics,
    "tune": TuneMetrics,
}


def read_metrics(run: Path, kind: str) -> RunMetrics | None:
    """Read ``metrics.json`` of a run; None if there is none.

    Parameters
    ----------
    run : Path
    kind : str
        As in ``run.json``; of one that is not known here a single score is read.

    Raises
    ------
    DlcliError
        If it cannot be read, or is not that of such a run.
    """
    path = run / METRICS
    try:
        return KINDS.get(kind, OtherMetrics).model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DlcliError(f"cannot read {path}: {error.strerror}") from None
    except ValidationError as error:
        raise DlcliError(f"{path} is damaged: {first_problem(error)}") from None


def _first_name(metrics: Mapping[str, object]) -> str | None:
    """Return the name of the first metric besides the loss; the loss if there is no other."""
    return next((name for name in metrics if name != "loss"), next(iter(metrics), None))


def _value(name: str, value: float | None) -> str:
    return "" if value is None else f"{name} {value:.4g}"
