"""Classes: precision and recall, what is taken for what, and how sure the network is."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from dlcli.number_text import number
from dlcli.reports.blocks import Block, Bullets, Cell, Figure, Section, Table, Text
from dlcli.reports.charts import Chart
from dlcli.reports.material import Material
from dlcli.reports.results import ClassResult, PartResult
from dlcli.reports.texts import percent
from dlcli.types import Array

MAX_CLASSES, MAX_PAIRS, BINS, LEAST_IN_BIN = 30, 5, 10, 5
SHADES = 8
# A difference between probabilities and right answers that is too small to be worth a word.
SMALL_DIFFERENCE = 0.01


def classes(material: Material) -> Section | None:
    """Return the section on the classes, or on the labels."""
    say, scores = material.say, material.scores
    if scores is None or not (scores.classes or scores.labels):
        return None
    if scores.labels:
        blocks: list[Block] = [_table(material, scores.labels, "_labels")]
        return Section("classes", say("classes.title_labels"), blocks)
    blocks = [_table(material, scores.classes, "")]
    if scores.confusion_matrix:
        blocks += _confusion(material, scores)
    return Section("classes", say("classes.title"), blocks)


def _table(material: Material, results: dict[str, ClassResult], kind: str) -> Table:
    say = material.say
    names = sorted(results, key=lambda name: results[name].f1 or 0.0)[:MAX_CLASSES]
    names = [name for name in results if name in names]
    rows: list[list[str | Cell]] = [
        [name, *([number(results[name].accuracy)] if kind else []),
         *map(number, (results[name].precision, results[name].recall, results[name].f1)),
         f"{results[name].support:,}"]
        for name in names
    ]  # fmt: skip
    scored = {n: c for n, c in results.items() if c.support and c.precision is not None}
    caption = say(f"classes.caption{kind}", part=say.word("parts", material.part))
    if scored:
        name = min(scored, key=lambda name: scored[name].recall or 0.0)
        right = round((scored[name].recall or 0.0) * scored[name].support)
        rows_of = say.count("row", scored[name].support)
        caption += " " + say("classes.least", name=name, right=right, rows=rows_of)
    if len(results) > MAX_CLASSES:
        caption += " " + say(f"classes.more{kind}", count=len(results) - MAX_CLASSES)
    first = [say("classes.label"), say("words.accuracy")] if kind else [say("classes.class")]
    header = [*first, say("classes.precision"), say("classes.recall"), "F1", say("classes.rows")]
    return Table(caption, header, rows)


def _confusion(material: Material, scores: PartResult) -> Iterator[Block]:
    say, names = material.say, [*scores.classes]
    matrix = np.array(scores.confusion_matrix)
    wrong = matrix - np.diag(matrix.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:MAX_PAIRS]
    sentences = [
        say(
            "confusion.pair", true=names[at // len(names)], predicted=names[at % len(names)],
            count=int(wrong.flat[at]),
            rows=say.count("row", int(matrix[at // len(names)].sum())),
        )
        for at in order.tolist()
        if wrong.flat[at]
    ]  # fmt: skip
    if len(names) <= MAX_CLASSES:
        most = matrix.sum(axis=1, keepdims=True).clip(1)
        shades = np.ceil(SHADES * matrix / most).astype(int)
        rows: list[list[str | Cell]] = [
            [name, *(Cell(f"{matrix[i, j]:,}", int(shades[i, j]), i == j)
                     for j in range(len(names)))]
            for i, name in enumerate(names)
        ]  # fmt: skip
        caption = say("confusion.caption", part=say.word("parts", material.part))
        yield Table(caption, [say("confusion.corner"), *names], rows)
    yield Text(say("confusion.pairs" if sentences else "confusion.none"))
    if sentences:
        yield Bullets(sentences)


def calibration(material: Material) -> Section | None:
    """Return the section on whether probabilities are right as often as they say."""
    say, predictions = material.say, material.predictions
    if predictions is None or predictions.shares is None or predictions.true.shape[1] != 1:
        return None
    right, sure = predictions.right(), predictions.shares.max(axis=1)
    if not np.isfinite(sure).all() or sure.min() < 0 or sure.max() > 1 + 1e-6:
        return None
    low = 1 / predictions.shares.shape[1]
    edges = np.linspace(low, 1, BINS + 1)
    places = np.clip(np.digitize(sure, edges[1:-1]), 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    filled = np.flatnonzero(counts)
    means = np.array([sure[places == at].mean() for at in filled])
    shares = np.array([right[places == at].mean() for at in filled])
    error = float((counts[filled] * np.abs(means - shares)).sum() / len(sure))
    rows = [
        [f"{percent(edges[at])} – {percent(edges[at + 1])}", f"{counts[at]:,}", percent(mean),
         percent(share)]
        for at, mean, share in zip(filled, means, shares, strict=True)
    ]  # fmt: skip
    caption = say("calibration.caption", error=percent(error))
    caption += " " + _judgement(material, sure, right)
    chart = Chart(caption, say("calibration.sure"), say("calibration.right"),
                  [low, 1.0], [*shares, 0.0, 1.0])  # fmt: skip
    chart.diagonal()
    large = [at for at, count in enumerate(counts[filled]) if count >= LEAST_IN_BIN]
    chart.line(means[large].tolist(), shares[large].tolist(), 0)
    titles = [f"{count:,}" for count in counts[filled]]
    chart.points(means.tolist(), shares.tolist(), 0, titles)
    header = [say("calibration.bin"), say("calibration.rows"), say("calibration.mean"),
              say("calibration.share")]  # fmt: skip
    blocks: list[Block] = [
        Figure(chart.svg(), caption),
        Table(say("calibration.table"), header, rows),
    ]
    fitted = material.metadata.calibration if material.metadata is not None else None
    if fitted is not None:
        rows_of = say.count("row", fitted.rows)
        blocks.append(Text(say("calibration.fitted", rows=rows_of)))
    return Section("calibration", say("calibration.title"), blocks)


def _judgement(material: Material, sure: Array, right: Array) -> str:
    """Say whether the network is too sure, unless the difference could be chance."""
    differences = sure - right
    mean = float(differences.mean())
    error = float(differences.std()) / math.sqrt(len(differences))
    key = "calibration.over" if mean > 0 else "calibration.under"
    if abs(mean) <= max(2 * error, SMALL_DIFFERENCE):
        key = "calibration.even"
    return material.say(key, sure=percent(float(sure.mean())), right=percent(float(right.mean())))
