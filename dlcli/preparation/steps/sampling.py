"""Steps that need all values of a column at once: those of large data are fitted to a sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from dlcli.preparation.steps.base import FittedStep, Names
from dlcli.types import Array


class SampledStep(FittedStep):
    """A step that is fitted to all training rows, or to a random sample of them."""

    max_values: ClassVar[int] = 10_000_000  # 80 MB of float64

    @classmethod
    def fit_blocks(cls, step: Any, blocks: Iterator[Array], names: Names) -> Self:
        return cls.fit(step, sampled(blocks, cls.max_values // max(len(names), 1)), names)


def sampled(blocks: Iterator[Array], most: int) -> Array:
    """Join blocks of rows; of more than `most` rows, half are kept, or a quarter, and so on.

    The sample depends on the number of rows alone, not on the sizes of the blocks.
    """
    generator = np.random.default_rng(0)
    share = 1.0
    rows: list[Array] = []
    draws: list[Array] = []
    for block in blocks:
        drawn = generator.random(len(block))
        rows.append(block[drawn < share])
        draws.append(drawn[drawn < share])
        while sum(map(len, rows)) > max(most, 1):
            share /= 2
            rows = [block[drawn < share] for block, drawn in zip(rows, draws, strict=True)]
            draws = [drawn[drawn < share] for drawn in draws]
    return rows[0] if len(rows) == 1 else np.concatenate(rows)
