"""Is the network worth it, and what does it look at: simpler models, and importance."""

from __future__ import annotations

import math

from dlcli.number_text import number
from dlcli.reports.blocks import Block, Figure, Section, Table, Text
from dlcli.reports.charts import bars
from dlcli.reports.material import Material
from dlcli.reports.results import BaselineResults, BaselineRow, read_results

MAX_BARS = 20


def baselines(material: Material) -> Section | None:
    """Return the section on simpler models: computed here, or by a run of `baseline`."""
    say, facts = material.say, material.facts
    blocks: list[Block] = []
    if material.baselines is not None:
        comparison = material.baselines
        network = BaselineRow(model="network", mean=comparison.network.mean)
        models = [
            BaselineRow(
                model=row.model.name, mean=_finite(row.model.mean), p=_finite(row.p),
                difference=_finite(row.difference), network_is=row.verdict,
            )
            for row in comparison.models
        ]  # fmt: skip
        results = BaselineResults(
            metric=comparison.metric, test=comparison.test, network=network, models=models
        )
        blocks.append(Text(say("baselines.computed", part=say.word("parts", material.part))))
    elif facts.record.kind == "baseline":
        results = read_results(facts.path, BaselineResults)
        blocks.append(
            Text(say("baselines.folds", folds=results.folds))
            if results.folds > 1
            else Text(say("baselines.computed", part=say("parts.test")))
        )
    elif (earlier := facts.baselines()) is not None:
        results = earlier[1]
        blocks.append(Text(say("baselines.earlier", run=str(earlier[0]))))
    else:
        return None
    return Section("baselines", say("baselines.title"), [*blocks, *_compared(material, results)])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _compared(material: Material, results: BaselineResults) -> list[Block]:
    say = material.say
    rows = [results.network, *results.models]
    scored = [row for row in rows if row.mean is not None]
    best = (max if results.metric == "accuracy" else min)(scored, key=lambda row: row.mean or 0.0)
    names = [say.word("models", row.model) for row in scored]
    key = "baselines.network_best" if best is results.network else "baselines.best"
    caption = say(
        key, metric=say.word("words", results.metric), value=best.mean,
        model=say.word("models", best.model), network=results.network.mean,
    )  # fmt: skip
    values = [row.mean or 0.0 for row in scored]
    chart = bars(caption, names, values, [*map(number, values)])
    header = [say("baselines.model"), say.word("words", results.metric)]
    header += [say("baselines.difference"), "p", say("baselines.verdict")]
    table = [
        [
            say.word("models", row.model), number(row.mean),
            "" if row is results.network else number(row.difference),
            "" if row is results.network else p_value(row.p),
            "" if row is results.network else say.word("verdicts", row.network_is),
        ]
        for row in rows
    ]  # fmt: skip
    test = say.word("tests", results.test) if results.test else ""
    words = say("baselines.test", test=test) if test else say("baselines.untested")
    return [Figure(chart, caption), Table(words, header, table), Text(_sentence(material, results))]


def p_value(p: float | None) -> str:
    """Format a p-value."""
    if p is None or p != p:
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _sentence(material: Material, results: BaselineResults) -> str:
    say = material.say
    groups = {
        verdict: [
            say.word("models", row.model) for row in results.models if row.network_is == verdict
        ]
        for verdict in ("better", "worse", "chance")
    }
    sentences = [
        say(f"baselines.{verdict}", models=say.enumeration(names))
        for verdict, names in groups.items()
        if names
    ]
    without_p = [
        say.word("models", row.model) for row in results.models if row.network_is == "untested"
    ]
    if results.test and without_p:
        sentences.append(say("baselines.without_p", models=say.enumeration(without_p)))
    return " ".join(sentences)


def importance(material: Material) -> Section | None:
    """Return the section on what the network looks at."""
    say, results = material.say, material.importance
    if results is None or not results.columns:
        return None
    columns = results.columns[:MAX_BARS]
    first = columns[0]
    metric = say.word("words", results.metric)
    key = "importance.accuracy" if results.metric == "accuracy" else "importance.rmse"
    if first.mean <= first.std:
        key = "importance.none"
    caption = say(key, column=first.name, score=results.score, drop=first.mean)
    useless = sum(column.mean <= column.std for column in results.columns)
    if useless and first.mean > first.std:
        caption += " " + say("importance.useless", columns=say.count("column", useless))
    texts = [f"{column.mean:.3g} ± {column.std:.1g}" for column in columns]
    chart = bars(
        caption, [column.name for column in columns], [column.mean for column in columns], texts,
        [column.std for column in columns], first=len(columns),
    )  # fmt: skip
    rows = say.count("row", results.rows)
    blocks: list[Block] = [
        Text(say("importance.how", shuffles=len(first.drops), rows=rows, metric=metric)),
        Figure(chart, caption),
        Text(say("importance.limits")),
    ]
    return Section("importance", say("importance.title"), blocks)
