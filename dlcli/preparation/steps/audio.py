"""Recordings of all lengths to arrays of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import Pad
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import MOST, FittedStep, Names, fits
from dlcli.types import Array


@fits(Pad)
@dataclass(frozen=True)
class FittedPad(FittedStep):
    """How many samples a recording gets, and whether its largest swing becomes 1."""

    length: Annotated[int, Field(gt=0, le=MOST)]
    normalize: bool

    @classmethod
    def fit(cls, step: Pad, values: Array, names: Names) -> Self:
        longest = max(len(recording) for recording in values[:, 0])
        return cls(step.length or longest, step.normalize)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        made = np.zeros((len(values), self.length), np.float32)
        for row, recording in zip(made, values[:, 0], strict=True):
            kept = recording[: self.length]
            largest = float(np.abs(recording).max(initial=0.0)) if self.normalize else 1.0
            row[: len(kept)] = kept / (largest or 1.0)
        return made

    def width(self, columns: int) -> int:
        return self.length

    def names(self, names: Names) -> list[str]:
        return [f"{names[0]}[{index}]" for index in range(self.length)]
