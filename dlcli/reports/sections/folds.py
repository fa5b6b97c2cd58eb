"""Cross-validation: the folds and their spread."""

from __future__ import annotations

import numpy as np

from dlcli.number_text import number
from dlcli.reports.blocks import Block, Figure, Section, Table, Text
from dlcli.reports.charts import Chart
from dlcli.reports.material import Material
from dlcli.reports.sections.training import read_columns
from dlcli.runs.metrics import KfoldMetrics, LearningCurveMetrics

MAX_FOLDS = 100


def folds(material: Material) -> Section | None:
    """Return the section with the scores of the folds."""
    say, metrics = material.say, material.metrics
    if not isinstance(metrics, KfoldMetrics) or not metrics.folds:
        return None
    names = [name for name in metrics.folds[0] if name != "fold"]
    shown: list[list[str]] = [
        [f"{fold.get('fold') or at:.0f}", *(_cell(name, fold.get(name)) for name in names)]
        for at, fold in enumerate(metrics.folds[:MAX_FOLDS], 1)
    ]
    for key in ("mean", "std"):
        values = {name: getattr(item, key) for name, item in metrics.summary.items()}
        shown.append(
            [say(f"folds.{key}"), *(number(values[n]) if n in values else "" for n in names)]
        )
    blocks: list[Block] = []
    score = metrics.score()
    if score is not None and score.value is not None:
        values_of = [fold.get(score.name) for fold in metrics.folds]
        finite = [value for value in values_of if value is not None]
        blocks.append(
            Text(
                say("folds.spread", name=score.name, mean=score.value, std=score.std or 0.0,
                    low=min(finite), high=max(finite), folds=len(metrics.folds))
            )
        )  # fmt: skip
    header = [say("folds.fold"), *(say("folds.rows") if name == "rows" else
                                   say("training.epochs") if name == "epochs" else name
                                   for name in names)]  # fmt: skip
    blocks.append(Table(say("folds.caption"), header, shown))
    curves = _curves(material)
    return Section("folds", say("folds.title"), [*blocks, *curves])


def _cell(name: str, value: float | None) -> str:
    return f"{value:.0f}" if name in ("rows", "epochs") and value is not None else number(value)


def _curves(material: Material) -> list[Block]:
    """Return the learning curve of each fold for the loss."""
    say = material.say
    history = read_columns(material.facts.path / "fold_history.csv")
    name = "val_loss" if "val_loss" in history else "loss"
    if name not in history:
        return []
    fold, epoch, loss = (np.array(history[key]) for key in ("fold", "epoch", name))
    last = [float(loss[fold == number_][-1]) for number_ in np.unique(fold)]
    part = say("parts.validation" if name == "val_loss" else "parts.train")
    caption = say("folds.curves", part=part, low=min(last), high=max(last))
    chart = Chart(caption, say("training.epoch"), name, epoch.tolist(), loss.tolist())
    for at in np.unique(fold):
        chart.line(epoch[fold == at].tolist(), loss[fold == at].tolist(), 0)
    return [Figure(chart.svg(), caption)]


def sizes(material: Material) -> Section | None:
    """Return the section with the score against the number of training rows."""
    say, metrics = material.say, material.metrics
    if not isinstance(metrics, LearningCurveMetrics):
        return None
    rows = [size.rows for size in metrics.sizes]
    means = [size.mean for size in metrics.sizes]
    twice = metrics.twice
    caption = say(
        "sizes.caption", name=metrics.metric, last=means[-1], rows=f"{rows[-1]:.0f}",
        twice=twice.score, low=twice.low, high=twice.high,
    )  # fmt: skip
    values = [*means, twice.low, twice.high]
    chart = Chart(caption, say("sizes.rows"), metrics.metric, [*rows, float(twice.rows)], values)
    chart.line(rows, means, 0)
    chart.points(rows, means, 0)
    chart.line([float(twice.rows)] * 2, [twice.low, twice.high], 1)
    chart.points([float(twice.rows)], [twice.score], 1)
    table = [[f"{size.rows:.0f}", number(size.mean), number(size.std)] for size in metrics.sizes]
    header = [say("sizes.rows"), say("folds.mean"), say("folds.std")]
    blocks: list[Block] = [Figure(chart.svg(), caption), Table(say("sizes.table"), header, table)]
    return Section("sizes", say("sizes.title"), blocks)
