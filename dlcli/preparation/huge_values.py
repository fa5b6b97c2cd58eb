"""Report values with which the float32 arithmetic of a training overflows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dlcli.config.sections import Config
from dlcli.config.steps import Quantile, Steps
from dlcli.config.target_checks import SQUARE_OVERFLOWS
from dlcli.config.yaml_text import dump_inline
from dlcli.datasets import storage
from dlcli.datasets.dataset import Dataset
from dlcli.errors import plural
from dlcli.types import Array

MAX_LISTED = 5


def overflow_notices(dataset: Dataset, config: Config) -> list[str]:
    """Report numbers of the target and of columns whose squares are infinite in float32.

    What becomes quantiles is left out: a huge value is then only the largest.

    Parameters
    ----------
    dataset : Dataset
    config : Config
        With the steps of each column.
    """
    notices: list[str] = []
    if dataset.target.task == "regression" and not _has_quantiles(config.preprocess.target):
        y = dataset.y.reshape(len(dataset), -1)
        for at, name in enumerate(dataset.target.outputs):
            subject, effect = f"the target {name!r}", "losses and scores can be infinite"
            notices += _notices(dataset, y[:, at], subject, effect, {"target": "quantile"})
    if not isinstance(dataset.x, np.ndarray):
        numeric = _has_quantiles(config.preprocess.numeric)
        for column in dataset.columns:
            own = config.preprocess.columns.get(column.name)
            has_quantiles = numeric if own is None else _has_quantiles(own)
            if column.type == "numeric" and not has_quantiles:
                values = dataset.x[column.name].to_numpy()
                subject, effect = f"column {column.name!r}", "beside it the others look alike"
                setting = {"columns": {column.name: "quantile"}}
                notices += _notices(dataset, values, subject, effect, setting)
                storage.release(values)
    others = len(notices) - MAX_LISTED
    more = [f"{plural(others, 'other column')} with such values"] if others > 0 else []
    return [*notices[:MAX_LISTED], *more]


def _has_quantiles(steps: Steps | None) -> bool:
    return any(isinstance(step, Quantile) for step in steps or ())


def _notices(
    dataset: Dataset, values: Array, subject: str, effect: str, setting: dict[str, Any]
) -> Iterator[str]:
    """Yield a notice about the first huge value of a column."""
    with np.errstate(invalid="ignore"):
        high, low = values.max(initial=0), values.min(initial=0)
        if not (high > SQUARE_OVERFLOWS or low < -SQUARE_OVERFLOWS or high != high):
            return
        huge = np.flatnonzero((np.abs(values) > SQUARE_OVERFLOWS) & np.isfinite(values))
    if not len(huge):  # missing values alone
        return
    row = int(huge[0])
    place = dataset.place(row) or f"row {row + 1}"
    others = len(huge) - 1
    more = f" (and {plural(others, 'other value')})" if others else ""
    what = f"{place}: {values[row]:g} in {subject}{more} is so large that float32 overflows"
    advice = f"remove the row, or set `preprocess: {dump_inline(setting)}`"
    yield f"{what}: {effect}; {advice}"
