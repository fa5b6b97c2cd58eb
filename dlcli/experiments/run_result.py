"""What the results of all commands that write a run have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dlcli.config.sections import Config


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """The result of a run.

    Parameters
    ----------
    path : Path
        The run directory.
    notices : tuple of str
    seconds : float
        Duration without the loading of the data; of a training the duration of the fit.
    config : Config
        Resolved.
    sampled : bool
        Whether the data are a sample (``sample=True``).
    """

    path: Path
    notices: tuple[str, ...]
    seconds: float
    config: Config
    sampled: bool = False

    def __fspath__(self) -> str:
        """Return the path of the run, so that functions that take a run take the result."""
        return str(self.path)


@dataclass(frozen=True, kw_only=True)
class HeadlineResult(RunResult):
    """The result of a run with scores in one metric; it also has the parameters of `RunResult`.

    Parameters
    ----------
    metric : {"accuracy", "rmse"}
    unit : str
        Unit of the target, and so of RMSE; empty if it has none.
    folds : int
        1 for a single split.
    """

    metric: Literal["accuracy", "rmse"]
    unit: str
    folds: int

    @property
    def metric_name(self) -> str:
        """The metric as texts name it."""
        return "accuracy" if self.metric == "accuracy" else "RMSE"

    @property
    def metric_with_unit(self) -> str:
        """The name of the metric, with the unit of an RMSE."""
        has_unit = self.unit and self.metric != "accuracy"
        return f"{self.metric_name} in {self.unit}" if has_unit else self.metric_name

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "sample": self.sampled,
            "metric": self.metric,
            "unit": self.unit,
            "folds": self.folds,
        }
