"""What a model knows of the values of its columns: ranges, categories, typical values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dlcli.datasets.dataset import Column
from dlcli.datasets.tables import format_date
from dlcli.preparation.column_summaries import ColumnSummary
from dlcli.preparation.steps import (
    FittedCategories,
    FittedImpute,
    FittedMinMax,
    FittedStandardize,
    FittedStep,
)
from dlcli.serving.models import ServedModel

Facts = dict[str, Any]


def facts_of_columns(model: ServedModel) -> dict[str, Facts]:
    """Return what is known of the values of each column in the training rows, as plain data.

    Returns
    -------
    dict
        By column; for numbers and dates ``low``, ``median``, ``high`` and ``integers``, or, in
        files of older versions, what preprocessing knows: ``mean`` and ``std``, or ``low`` and
        ``high``; for categories ``values``; and ``typical``, the median or most frequent value.
    """
    metadata = model.loaded.metadata
    facts = dict(_facts_of_steps(model))
    summaries = metadata.summaries if metadata else ()
    for column, summary in zip(model.signature.columns, summaries, strict=False):
        facts[column.name] = {**facts.get(column.name, {}), **_facts_of_summary(column, summary)}
    for known in facts.values():
        if "typical" not in known and (number := _middle(known)) is not None:
            known["typical"] = number
    return facts


def _facts_of_summary(column: Column, summary: ColumnSummary) -> Facts:
    if summary.most_frequent is not None:
        return {"typical": summary.most_frequent}
    if summary.low is None or summary.median is None or summary.high is None:
        return {}
    if column.type == "boolean":
        return {"typical": bool(summary.median)}
    triple = (summary.low, summary.median, summary.high)
    if column.type == "date":
        try:
            first, middle, last = (_date_text(number, column.format) for number in triple)
        except (ValueError, OverflowError, OSError):  # a damaged file
            return {}
        return {"low": first, "median": middle, "high": last, "typical": middle}
    low, median, high = (int(value) if summary.integers else value for value in triple)
    facts = {"low": low, "median": median, "high": high, "typical": median}
    return {**facts, "integers": summary.integers}


def _date_text(seconds: float, form: str) -> str:
    return format_date(datetime.fromtimestamp(seconds, UTC), form)


def _middle(facts: Facts) -> float | None:
    """Return the typical number of a model file without summaries."""
    if "mean" in facts:
        return float(f"{facts['mean']:.3g}")
    if "low" in facts:
        return float(f"{(facts['low'] + facts['high']) / 2:.3g}")
    return None


def _facts_of_steps(model: ServedModel) -> Iterator[tuple[str, Facts]]:
    """Yield what the first steps know of the values of each column in the training rows."""
    kinds = {column.name: column.type for column in model.signature.columns}
    for group in model.signature.preprocessor.groups:
        for step in group.steps:
            facts = _facts(step)
            if len(facts) == len(group.columns):
                yield from (
                    (name, known)
                    for name, known in zip(group.columns, facts, strict=True)
                    if kinds[name] in ("numeric", "categorical")
                )
            if facts or not isinstance(step, FittedImpute):
                break  # what follows sees values that the step has changed


def _facts(step: FittedStep) -> list[Facts]:
    if isinstance(step, FittedCategories):
        return [{"values": [item for item in column if item is not None]}
                for column in step.categories]  # fmt: skip
    if isinstance(step, FittedStandardize):
        return [{"mean": mean, "std": std}
                for mean, std in zip(step.mean, step.scale, strict=True)]  # fmt: skip
    if isinstance(step, FittedMinMax):
        return [{"low": low, "high": low + span}
                for low, span in zip(step.low, step.span, strict=True)]  # fmt: skip
    return []
