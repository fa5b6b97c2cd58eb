"""Regression: true against predicted values, and the errors."""

from __future__ import annotations

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.number_text import number
from dlcli.reports.blocks import Block, Figure, Section, Table, Text
from dlcli.reports.charts import Chart
from dlcli.reports.material import Material
from dlcli.reports.texts import percent
from dlcli.types import Array

# A mean error of more than this share of the spread of the errors is a bias.
BIAS = 0.2


def numbers(material: Material) -> Section | None:
    """Return the section, for one or several numbers per row."""
    say, scores, predictions = material.say, material.scores, material.predictions
    blocks: list[Block] = []
    if scores is not None and scores.numbers:
        rows = [
            [name, *map(number, (one.mae, one.rmse, one.r2))]
            for name, one in scores.numbers.items()
        ]
        header = [say("numbers.target"), "MAE", "RMSE", "R²"]
        blocks.append(Table(say("numbers.several"), header, rows))
    if predictions is not None and predictions.is_numeric and predictions.true.shape[1] == 1:
        blocks += _one(material, predictions.true[:, 0], predictions.predicted[:, 0])
    return Section("numbers", say("numbers.title"), blocks) if blocks else None


def _one(material: Material, true: Array, predicted: Array) -> list[Block]:
    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.isfinite(predicted - true)
    true, predicted = true[finite], predicted[finite]
    if not len(true):
        return []
    blocks: list[Block] = [_scatter(material, true, predicted), _errors(material, predicted - true)]
    return [*blocks, *_interval(material, np.abs(predicted - true))]


def _scatter(material: Material, true: Array, predicted: Array) -> Figure:
    say, target = material.say, material.target
    size = np.abs(predicted - true)
    half, most = (_with_unit(np.quantile(size, share), target) for share in (0.5, 0.9))
    caption = say("numbers.scatter", half=half, most=most)
    both, unit = [*true.tolist(), *predicted.tolist()], _unit(target)
    x_label, y_label = say("numbers.actual") + unit, say("numbers.predicted") + unit
    chart = Chart(caption, x_label, y_label, both, both)
    chart.diagonal()
    titles = [f"{a:.5g} → {b:.5g}" for a, b in zip(true, predicted, strict=True)]
    chart.points(true.tolist(), predicted.tolist(), 0, titles)
    return Figure(chart.svg(), caption)


def _errors(material: Material, errors: Array) -> Figure:
    """Return the histogram of the errors."""
    say = material.say
    counts, edges = np.histogram(errors, bins=min(30, max(5, int(np.sqrt(len(errors)) * 2))))
    with np.errstate(over="ignore"):
        mean, spread = float(errors.mean()), float(errors.std())
    above = percent(float((errors > 0).mean()))
    key = "numbers.biased" if abs(mean) > BIAS * spread else "numbers.unbiased"
    caption = say(key, mean=mean, above=above, spread=spread)
    label = say("numbers.error") + _unit(material.target)
    x, y = edges.tolist(), counts.tolist()
    chart = Chart(caption, label, say("numbers.rows"), x, y, y_from_zero=True)
    chart.columns(x, y, 0)
    if edges[0] < 0 < edges[-1]:
        chart.mark(0.0, "")
    return Figure(chart.svg(), caption)


def _interval(material: Material, size: Array) -> list[Block]:
    """Say how many of the true values are in the intervals, if the model has any."""
    metadata = material.metadata
    if metadata is None or metadata.calibration is None or not metadata.calibration.half_widths:
        return []
    calibration = metadata.calibration
    width = float(calibration.half_widths[0])
    key = "numbers.interval_scaled" if metadata.target_preprocess else "numbers.interval"
    text = material.say(
        key, coverage=f"{100 * calibration.coverage:g} %", width=width,
        share=percent(float(np.mean(size <= width))),
    )  # fmt: skip
    return [Text(text)]


def _unit(target: Target | None) -> str:
    return f" ({target.unit})" if target is not None and target.unit else ""


def _with_unit(value: float, target: Target | None) -> str:
    unit = target.unit if target is not None else ""
    return f"{number(float(value))} {unit}".strip()
