"""The figures of ``metrics.json`` that a report shows; the file may come from a stranger."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dlcli.errors import DlcliError
from dlcli.parser_messages import first_problem
from dlcli.runs.metrics import METRICS

MAX_BYTES = 256 * 1024 * 1024
PARTS = ("train", "validation", "test")
# Kinds of runs that compare trials.
SEARCHES = ("sweep", "tune")


class Result(BaseModel):
    """Part of ``metrics.json``; other fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)


class ClassResult(Result):
    """The scores of one class, or of one of several labels."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int = Field(ge=0, le=2**53)
    accuracy: float | None = None


class NumberResult(Result):
    """The scores of one of several numbers."""

    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None


class PartResult(Result):
    """The scores of the training, validation or test rows."""

    rows: int = Field(ge=0, le=2**53)
    metrics: dict[str, float | None]
    classes: dict[str, ClassResult] = {}
    confusion_matrix: list[list[int]] = []
    labels: dict[str, ClassResult] = {}
    numbers: dict[str, NumberResult] = {}

    @model_validator(mode="after")
    def _check(self) -> PartResult:
        sizes = {len(self.confusion_matrix), *map(len, self.confusion_matrix)}
        if self.confusion_matrix and sizes != {len(self.classes)}:
            raise ValueError("the confusion matrix does not fit the classes")
        cells = [cell for row in self.confusion_matrix for cell in row]
        if cells and (min(cells) < 0 or sum(cells) != self.rows):
            raise ValueError("the confusion matrix does not fit the number of rows")
        return self

    @property
    def right(self) -> int | None:
        """Number of rows whose class is predicted correctly; None without classes."""
        matrix = self.confusion_matrix
        return sum(matrix[at][at] for at in range(len(matrix))) if matrix else None


class TrainResults(Result):
    """``metrics.json`` of a training."""

    sample: bool = False
    train: PartResult | None = None
    validation: PartResult | None = None
    test: PartResult | None = None

    @property
    def parts(self) -> dict[str, PartResult]:
        """The parts that were scored."""
        pairs = ((name, getattr(self, name)) for name in PARTS)
        return {name: part for name, part in pairs if part is not None}

    @property
    def held_out(self) -> str:
        """Name of the part that says most about new rows; empty if nothing was scored."""
        return next((name for name in reversed(PARTS) if getattr(self, name) is not None), "")


class BaselineRow(Result):
    """The score of a model that was compared with the network."""

    model: str
    mean: float | None
    std: float | None = None
    p: float | None = None
    difference: float | None = None
    network_is: str = "untested"


class BaselineResults(Result):
    """``metrics.json`` of a comparison with simpler models."""

    metric: str
    unit: str = ""
    folds: int = 1
    test: str | None = None
    network: BaselineRow
    models: list[BaselineRow]


class Trial(Result):
    """A trial of a sweep or a search."""

    trial: int
    values: dict[str, Any] = {}
    mean: float | None = None
    std: float | None = None
    failure: str = ""


class SearchResults(Result):
    """``metrics.json`` of a sweep or a search."""

    metric: str
    part: str = "validation"
    folds: int = 1
    seeds: list[int] = []
    best: int | None = None
    test_score: float | None = None
    importances: dict[str, float | None] = {}
    trials: list[Trial] = []


R = TypeVar("R", bound=Result)


def read_results(run: Path, kind: type[R]) -> R:
    """Read ``metrics.json`` of a run.

    Raises
    ------
    DlcliError
        If there is none, or it is damaged.
    """
    path = run / METRICS
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DlcliError(f"{path} is larger than {MAX_BYTES // 1024**2} MB")
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        hint = f"`dlcli train --resume {run}` ends a training that was interrupted"
        raise DlcliError(f"cannot read {path}: {error.strerror}", hint=hint) from None
    except ValidationError as error:
        raise DlcliError(f"{path} is damaged: {first_problem(error)}") from None


def accuracy_interval(right: int, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy (Wilson's, from the number of rows)."""
    from scipy.stats import binomtest

    interval: Any = binomtest(right, rows).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
