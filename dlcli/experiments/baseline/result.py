"""The result of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.experiments.baseline.comparison import Comparison, ScoredModel
from dlcli.experiments.run_result import HeadlineResult


@dataclass(frozen=True, kw_only=True)
class BaselineResult(HeadlineResult):
    """The result of a comparison; it also has the parameters of `HeadlineResult`.

    Parameters
    ----------
    network : ScoredModel
    models : tuple of Comparison
        Best model first.
    kept : Path or None
        The file of the model that is kept.
    """

    network: ScoredModel
    models: tuple[Comparison, ...]
    kept: Path | None = None

    @property
    def unbeaten(self) -> ScoredModel | None:
        """The trivial model (majority class or mean), if the network is not better."""
        for row in self.models:
            gain = row.difference if self.metric == "accuracy" else -row.difference
            if row.model.trivial and not gain > 0:
                return row.model
        return None

    @property
    def test(self) -> str | None:
        """Name of the significance test; None for one split of a regression or of labels."""
        if self.folds > 1:
            return "corrected resampled t-test"
        return "McNemar's exact test" if self.network.right else None

    def __repr__(self) -> str:
        network = f"{self.metric} {self.network.mean:.4g}"
        return f"BaselineResult({str(self.path)!r}, {network}, {len(self.models)} other models)"

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            **super().to_json(),
            "test": self.test,
            "network": self.network.to_json(),
            "models": [row.to_json() for row in self.models],
            "kept": None if self.kept is None else str(self.kept),
        }
