"""The section ``tune``: what a search varies, and how it searches."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from dlcli.config.base import Section, Text

KINDS = ("log", "uniform", "integer", "log_integer", "choice")
MOST_COMBINATIONS = 1_000_000


class SearchRange(Section):
    """The values that a key of the config can take: one of these."""

    log: tuple[float, float] | None = Field(
        default=None, description="Numbers between two, uniform on a logarithmic scale."
    )
    uniform: tuple[float, float] | None = Field(default=None, description="Numbers between two.")
    integer: tuple[int, int] | None = Field(
        default=None, description="Integers from one to another."
    )
    log_integer: tuple[int, int] | None = Field(
        default=None, description="Integers, uniform on a logarithmic scale."
    )
    choice: tuple[Any, ...] | None = Field(default=None, description="Any values.")

    @model_validator(mode="before")
    @classmethod
    def _is_range(cls, value: Any) -> Any:
        if isinstance(value, dict | SearchRange):
            return value
        values = value if isinstance(value, list) and len(value) > 1 else [8, 16]
        example = f"{{choice: {json.dumps(values, default=str)}}}"
        got = json.dumps(value, default=str)
        raise ValueError(f"expected a range, as in {example}, got {got}")

    @field_validator(*KINDS, mode="before")
    @classmethod
    def _as_tuple(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None or isinstance(value, tuple):
            return value
        if info.field_name == "choice":
            return tuple(value) if isinstance(value, list) else value
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"expected two numbers, [low, high], got {json.dumps(value)}")
        return tuple(value)

    @model_validator(mode="after")
    def _one_range(self) -> SearchRange:
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(
                f"expected one of {', '.join(KINDS)}, got {' and '.join(given) or 'none'}"
            )
        kind, values = given[0], getattr(self, given[0])
        if kind == "choice":
            if len({json.dumps(value, sort_keys=True, default=str) for value in values}) < 2:
                raise ValueError("expected at least two different values to choose from")
            return self
        low, high = values
        if not low < high:
            raise ValueError(f"expected [low, high] with low < high, got [{low:g}, {high:g}]")
        if kind.startswith("log") and low <= 0:
            raise ValueError(f"a logarithmic range begins above 0, got {low:g}")
        return self

    @property
    def kind(self) -> str:
        """Name of the one range."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def choices(self) -> list[str]:
        """Return the different values of a choice, as JSON."""
        texts = [
            json.dumps(value, ensure_ascii=False, sort_keys=True) for value in self.choice or ()
        ]
        return list(dict.fromkeys(texts))

    def extremes(self) -> list[Any]:
        """Return the values that have to be valid for all to be: both ends, or all choices."""
        return list(getattr(self, self.kind))

    def plain(self) -> dict[str, list[Any]]:
        """Return the range in the notation of YAML."""
        return {self.kind: list(getattr(self, self.kind))}


class TuneConfig(Section):
    """What ``dlcli tune`` varies, and how it searches."""

    search: dict[Text, SearchRange] = Field(
        min_length=1, description="Ranges by key, as in model[0].Dense.units: {choice: [8, 16]}."
    )
    trials: int = Field(default=100, ge=2, le=100_000, description="Number of trials.")
    metric: Text | None = Field(
        default=None,
        description="What to improve, as metrics.json names it; default: the first metric.",
    )
    folds: int | None = Field(
        default=None,
        ge=2,
        description="Cross-validate each trial; default: 5, if the split has no validation rows.",
    )
    sampler: Literal["tpe", "random", "qmc", "cmaes", "gp", "grid"] = Field(
        default="tpe",
        description="How values are chosen; see Optuna. grid: all combinations of the choices.",
    )
    batch: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="Trials that are chosen before the scores of any of them are known: the most "
        "that can train at a time. Other values give another search.",
    )
    prune: bool = Field(
        default=True,
        description="Give up the worse half of trials that are trained together after a quarter "
        "and after half of the epochs, by the validation rows.",
    )

    @model_validator(mode="after")
    def _ranges_of_sampler(self) -> TuneConfig:
        kinds = {key: item.kind for key, item in self.search.items()}
        if self.sampler == "grid":
            for key, kind in kinds.items():
                if kind != "choice":
                    raise ValueError(
                        f"sampler: grid takes choices only, and {key} is {kind}; "
                        "write its values as {choice: [...]}, or take sampler: random"
                    )
            if self.combinations > MOST_COMBINATIONS:
                raise ValueError(
                    f"sampler: grid has {self.combinations:,} combinations, more than "
                    f"{MOST_COMBINATIONS:,}; take sampler: random"
                )
        if self.sampler == "cmaes" and set(kinds.values()) == {"choice"}:
            raise ValueError(
                "sampler: cmaes is for numbers, and all ranges are choices; take sampler: tpe"
            )
        return self

    @property
    def combinations(self) -> int:
        """Number of combinations of the choices of a grid."""
        return math.prod(len(item.choices()) for item in self.search.values())

    @property
    def most_trials(self) -> int:
        """Number of trials: `trials`, or the combinations of a grid that has fewer."""
        return min(self.trials, self.combinations) if self.sampler == "grid" else self.trials

    def plain(self) -> dict[str, Any]:
        """Return the section in the notation of YAML."""
        plain = self.model_dump(exclude_none=True, exclude={"search"})
        return {"search": {key: item.plain() for key, item in self.search.items()}, **plain}
