"""Sweeps and searches: the best trials, and what the score depends on."""

from __future__ import annotations

import math

from dlcli.number_text import number
from dlcli.reports.blocks import Block, Figure, Section, Table, Text
from dlcli.reports.charts import Chart, bars
from dlcli.reports.material import Material
from dlcli.reports.results import SEARCHES, SearchResults, Trial, read_results
from dlcli.reports.texts import cell, percent
from dlcli.runs.directions import metric_direction

MAX_TRIALS, MAX_KEYS = 15, 4


def search(material: Material) -> Section | None:
    """Return the section."""
    say, record = material.say, material.facts.record
    if record.kind not in SEARCHES:
        return None
    results = read_results(material.facts.path, SearchResults)
    direction = metric_direction(results.metric, material.facts.config) or "max"
    sign = -1 if direction == "max" else 1
    scored = sorted(
        (t for t in results.trials if t.mean is not None), key=lambda t: sign * (t.mean or 0)
    )
    blocks: list[Block] = [
        Text(
            say("search.trials", count=len(results.trials),
                metric=results.metric, part=say.word("parts", results.part))
        )
    ]  # fmt: skip
    if len(scored) < len(results.trials):
        blocks.append(Text(say("search.failed", count=len(results.trials) - len(scored))))
    if not scored:
        return Section("search", say("search.title"), blocks)
    blocks.append(Text(_best(material, results, scored)))
    keys = [*dict.fromkeys(key for trial in scored for key in trial.values)]
    header = [say("search.trial"), *keys, results.metric, "±"]
    rows = [
        [f"{trial.trial}", *(cell(trial.values.get(key)) for key in keys), number(trial.mean),
         number(trial.std)]
        for trial in scored[:MAX_TRIALS]
    ]  # fmt: skip
    blocks.append(Table(say("search.leaderboard"), header, rows, left=1))
    important = {k: v for k, v in results.importances.items() if v is not None}
    if important:
        names, shares = [*important], [*important.values()]
        caption = say("search.importances", name=names[0], share=percent(shares[0]))
        chart = bars(caption, names, shares, [*map(percent, shares)], first=len(names))
        blocks.append(Figure(chart, caption))
    order = sorted(keys, key=lambda key: -(important.get(key) or 0.0))
    blocks += [_key(material, results, scored, key) for key in order[:MAX_KEYS]]
    return Section("search", say("search.title"), blocks)


def _best(material: Material, results: SearchResults, scored: list[Trial]) -> str:
    say, best = material.say, scored[0]
    values = ", ".join(f"{key}: {cell(value)}" for key, value in best.values.items())
    text = say("search.best", trial=best.trial, values=values or "–", value=best.mean)
    if best.std is not None and len(scored) > 1 and scored[1].mean is not None:
        distance = abs((best.mean or 0.0) - scored[1].mean)
        is_near = distance < best.std
        text += " " + say("search.near" if is_near else "search.clear", std=best.std,
                          distance=distance)  # fmt: skip
    if results.test_score is not None:
        text += " " + say("search.test", value=results.test_score)
    elif results.part == "test" and len(scored) > 1:
        text += " " + say("search.too_good")
    return text


def _key(material: Material, results: SearchResults, scored: list[Trial], key: str) -> Figure:
    """Return the score against the values of a key."""
    say, best = material.say, scored[0]
    trials = [trial for trial in scored if key in trial.values]
    values = [trial.values[key] for trial in trials]
    means = [trial.mean or 0.0 for trial in trials]
    caption = say("search.key", name=key, metric=results.metric, best=cell(best.values.get(key)))
    titles = [f"{cell(value)}: {number(mean)}" for value, mean in zip(values, means, strict=True)]
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        numbers = [float(value) for value in values]
        is_wide = min(numbers) > 0 and max(numbers) / min(numbers) >= 100
        x = [math.log10(value) for value in numbers] if is_wide else numbers
        label = key
    else:
        is_wide, names = False, [*dict.fromkeys(map(cell, values))]
        x = [float(names.index(cell(value)) + 1) for value in values]
        label = f"{key}: " + ", ".join(f"{at} {name}" for at, name in enumerate(names, 1))
    chart = Chart(caption, label, results.metric, x, means, log_x=is_wide)
    chart.points(x, means, 0, titles)
    return Figure(chart.svg(), caption)
