"""Recordings of different lengths as arrays of one length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import Pad
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import MAX_VALUES, FittedStep, Names, fitted_step_of
from dlcli.types import Array


@fitted_step_of(Pad)
@dataclass(frozen=True)
class FittedPad(FittedStep):
    """Length in samples, and whether each recording is scaled to a peak of 1."""

    length: Annotated[int, Field(gt=0, le=MAX_VALUES)]
    normalize: bool

    @classmethod
    def fit(cls, step: Pad, values: Array, names: Names) -> Self:
        longest = max(len(recording) for recording in values[:, 0])
        return cls(step.length or longest, step.normalize)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty((len(values), self.length), np.float32)
        self.write(values, names, report, out)
        return out

    def write(self, values: Array, names: Names, report: TransformReport, out: Array) -> None:
        out[...] = 0
        for row, recording in zip(out, values[:, 0], strict=True):
            samples = recording[: self.length]
            peak = float(np.abs(recording).max(initial=0.0)) if self.normalize else 1.0
            row[: len(samples)] = samples / (peak or 1.0)

    def width(self, columns: int) -> int:
        return self.length

    def names(self, names: Names) -> list[str]:
        return [f"{names[0]}[{index}]" for index in range(self.length)]
