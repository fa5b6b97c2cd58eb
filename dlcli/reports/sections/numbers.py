"""Regression: true against predicted values, and the errors."""

from __future__ import annotations

import numpy as np

from dlcli.datasets.dataset import Target
from dlcli.reports.blocks import Block, Figure, Section, Table, Text
from dlcli.reports.charts import Chart
from dlcli.reports.material import Material
from dlcli.reports.templating import number
from dlcli.reports.texts import percent

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


def _one(material: Material, true: np.ndarray, predicted: np.ndarray) -> list[Block]:
    say, target = material.say, material.target
    unit = f" ({target.unit})" if target is not None and target.unit else ""
    finite = np.isfinite(true) & np.isfinite(predicted)
    true, predicted = true[finite], predicted[finite]
    if not len(true):
        return []
    errors = predicted - true
    size = np.abs(errors)
    caption = say(
        "numbers.scatter", half=_with_unit(np.median(size), target),
        most=_with_unit(np.quantile(size, 0.9), target),
    )  # fmt: skip
    both = [*true.tolist(), *predicted.tolist()]
    chart = Chart(
        caption, say("numbers.actual") + unit, say("numbers.predicted") + unit, both, both
    )
    chart.diagonal()
    titles = [f"{a:.5g} → {b:.5g}" for a, b in zip(true, predicted, strict=True)]
    chart.points(true.tolist(), predicted.tolist(), 0, titles)
    counts, edges = np.histogram(errors, bins=min(30, max(5, int(np.sqrt(len(errors)) * 2))))
    mean, spread = float(errors.mean()), float(errors.std())
    above = percent(float((errors > 0).mean()))
    key = "numbers.biased" if abs(mean) > BIAS * spread else "numbers.unbiased"
    words = say(key, mean=mean, above=above, spread=spread)
    histogram = Chart(
        words, say("numbers.error") + unit, say("numbers.rows"), edges.tolist(), counts.tolist(),
        y_from_zero=True,
    )  # fmt: skip
    histogram.columns(edges.tolist(), counts.tolist(), 0)
    if edges[0] < 0 < edges[-1]:
        histogram.mark(0.0, "")
    blocks: list[Block] = [Figure(chart.svg(), caption), Figure(histogram.svg(), words)]
    calibration = material.metadata.calibration if material.metadata is not None else None
    if calibration is not None and calibration.half_widths:
        share = percent(float(np.mean(size <= calibration.half_widths[0])))
        steps = material.metadata.target_preprocess if material.metadata is not None else []
        key = "numbers.interval_scaled" if steps else "numbers.interval"
        blocks.append(
            Text(
                say(key, coverage=f"{100 * calibration.coverage:g} %",
                    width=float(calibration.half_widths[0]), share=share)
            )
        )  # fmt: skip
    return blocks


def _with_unit(value: float, target: Target | None) -> str:
    unit = target.unit if target is not None else ""
    return f"{number(float(value))} {unit}".strip()
