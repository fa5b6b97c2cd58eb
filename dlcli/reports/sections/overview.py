"""The first section: what was predicted, and how well."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dlcli.reports.blocks import Block, Bullets, Section, Text
from dlcli.reports.material import Material
from dlcli.reports.results import accuracy_interval
from dlcli.reports.texts import percent

FEW_ROWS, MAX_NUMBERS = 100, 6


def overview(material: Material) -> Section:
    """Return the section."""
    say, record = material.say, material.facts.record
    blocks: list[Block] = [Text(sentence) for sentence in _sentences(material)]
    cautions = [*_cautions(material)]
    if cautions:
        blocks += [Text(say("overview.cautions")), Bullets(cautions)]
    if record.error:
        blocks.append(Text(say("overview.error", error=record.error)))
    return Section("overview", say("overview.title"), blocks)


def _sentences(material: Material) -> Iterator[str]:
    say, facts, target = material.say, material.facts, material.target
    if facts.notes.note:
        yield facts.notes.note
    if target is not None:
        names = target.outputs if target.is_several else target.class_names
        if target.is_several or target.class_names:
            yield say(
                f"overview.task_{target.task}" if target.class_names else "overview.task_numbers",
                target=target.name,
                count=len(names),
                names=", ".join(names[:12]) + (", …" if len(names) > 12 else ""),
            )
        else:
            unit = say("overview.unit", unit=target.unit) if target.unit else ""
            yield say("overview.task_regression", target=target.name, unit=unit)
    yield from _scores(material)


def _scores(material: Material) -> Iterator[str]:
    say, scores = material.say, material.scores
    if scores is None:
        return
    rows = say.count("row", scores.rows)
    part = say.word("parts", material.part)
    if scores.right is not None and scores.rows:
        low, high = accuracy_interval(scores.right, scores.rows)
        yield say(
            "overview.right", right=scores.right, rows=rows, part=part,
            share=percent(scores.right / scores.rows), low=percent(low), high=percent(high),
        )  # fmt: skip
        most = max(scores.classes, key=lambda name: scores.classes[name].support)
        share = scores.classes[most].support / scores.rows
        key = "overview.majority" if low > share else "overview.majority_unclear"
        if scores.right / scores.rows <= share:
            key = "overview.majority_unbeaten"
        yield say(key, name=most, share=percent(share))
    # A mean over numbers in different units says nothing.
    for name, one in [*scores.numbers.items()][:MAX_NUMBERS]:
        if one.rmse is not None and one.r2 is not None:
            yield say("overview.number", name=name, rmse=one.rmse, r2=one.r2, rows=rows, part=part)
    rmse, r2 = scores.metrics.get("rmse"), scores.metrics.get("r2")
    if rmse is not None and r2 is not None and not scores.numbers:
        unit = material.target.unit if material.target is not None else ""
        yield say("overview.rmse", rmse=rmse, unit=f" {unit}" if unit else "", rows=rows, part=part)
        if r2 < 1:
            mean = rmse / math.sqrt(1 - r2)
            yield say(
                "overview.mean_rmse" if r2 > 0 else "overview.mean_unbeaten", r2=r2, rmse=mean
            )
    f1 = scores.metrics.get("f1_macro")
    if scores.labels and f1 is not None:
        yield say("overview.labels", rows=rows, part=part, f1=f1)


def _cautions(material: Material) -> Iterator[str]:
    """Yield why the figures could be wrong."""
    say, record, scores = material.say, material.facts.record, material.scores
    if record.sample:
        yield say("overview.sample")
    if record.status != "finished":
        status = say.word("statuses", record.status)
        yield say("overview.unfinished", status=status)
    if material.part == "train":
        yield say("overview.train_rows")
    if material.part == "validation":
        yield say("overview.validation_rows")
    if scores is not None and 0 < scores.rows < FEW_ROWS:
        yield say("overview.few", rows=say.count("row", scores.rows))
    if material.problem:
        yield say("overview.incomplete", problem=material.problem)
    looks = record.scored_rows.times if record.scored_rows is not None else 0
    if looks > 1:
        yield say("overview.looks", times=looks)
