"""The model and its training: the config, the learning curves, and the scores of all parts."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from dlcli.config.yaml_text import dump
from dlcli.errors import DlcliError
from dlcli.number_text import number
from dlcli.reports.blocks import Block, Code, Figure, Html, Section, Table, Text
from dlcli.reports.charts import Chart
from dlcli.reports.material import Material
from dlcli.reports.results import SEARCHES

KEY = re.compile(r"^(\s*(?:- )?)([^\s:#'\"{}\[\]][^:#'\"{}\[\]]*)(:)(?=\s|$)", re.MULTILINE)
MAX_BYTES, MAX_METRICS = 64 * 1024 * 1024, 4
# A rise of the validation loss after its lowest value that is worth a sentence.
OVERFITTING = 1.05


def config(material: Material) -> Section:
    """Return the section with the config."""
    say = material.say
    text = dump({**material.facts.config}).strip()
    shown = Html(KEY.sub(r'\1<span class="key">\2</span>\3', escape(text, quote=False)))
    is_search = material.facts.record.kind in SEARCHES
    sentence = say("config.text_trials" if is_search else "config.text")
    return Section("config", say("config.title"), [Text(sentence), Code(shown)])


def read_columns(path: Path) -> dict[str, list[float]]:
    """Read a CSV of numbers that a run wrote; empty if there is none.

    Raises
    ------
    DlcliError
        If it is damaged.
    """
    if not path.is_file():
        return {}
    if path.stat().st_size > MAX_BYTES:
        raise DlcliError(f"{path} is larger than {MAX_BYTES // 1024**2} MB")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = [*csv.reader(file)] or [[]]
        numbers = [[float(value) if value else float("nan") for value in row] for row in rows]
    except ValueError:
        raise DlcliError(f"{path} is damaged: a value is not a number") from None
    except (OSError, csv.Error) as error:
        raise DlcliError(f"{path} is damaged: {error}") from None
    if any(len(row) != len(header) for row in numbers):
        raise DlcliError(f"{path} is damaged: its rows have different lengths")
    return {name: [row[at] for row in numbers] for at, name in enumerate(header)}


def training(material: Material) -> Section | None:
    """Return the section with the learning curves."""
    say, record = material.say, material.facts.record
    history = read_columns(material.facts.path / "history.csv")
    epochs = history.pop("epoch", [])
    if not epochs:
        return None
    blocks: list[Block] = [
        Text(
            say(
                "training.duration", epochs=say.count("epoch", len(epochs)),
                seconds=f"{record.fit_seconds or record.seconds:.1f}",
            )
        )
    ]  # fmt: skip
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    names.sort(key=lambda name: name != "loss")
    blocks += [_curve(material, name, epochs, history) for name in names[:MAX_METRICS]]
    return Section("training", say("training.title"), blocks)


def _curve(
    material: Material, name: str, epochs: Sequence[float], history: Mapping[str, Sequence[float]]
) -> Figure:
    say, best = material.say, material.facts.record.best_epoch
    own, held_out = history[name], history.get(f"val_{name}", [])
    caption = say("training.curve", name=name, first=own[0], last=own[-1])
    if held_out and np.isfinite(held_out).any():
        caption += " " + say("training.validation", name=name, last=held_out[-1])
        if name == "loss":
            lowest = int(np.nanargmin(held_out))
            is_rising = held_out[-1] > OVERFITTING * held_out[lowest]
            key = "training.rises" if is_rising else "training.no_rise"
            caption += " " + say(key, epoch=int(epochs[lowest]), lowest=held_out[lowest])
    if best:
        caption += " " + say("training.best", epoch=best)
    chart = Chart(caption, say("training.epoch"), name, epochs, [*own, *held_out])
    chart.line(epochs, own, 0, say("parts.train"))
    if held_out:
        chart.line(epochs, held_out, 1, say("parts.validation"))
    if best:
        chart.mark(float(best), say("training.best_mark", epoch=best))
    return Figure(chart.svg(), caption)


def scores(material: Material) -> Section | None:
    """Return the section with the metrics of all parts."""
    say, results = material.say, material.results
    if results is None or not results.parts:
        return None
    parts = results.parts
    names = [*dict.fromkeys(name for part in parts.values() for name in part.metrics)]
    rows = [
        [say.word("parts", name), f"{part.rows:,}", *(number(part.metrics.get(m)) for m in names)]
        for name, part in parts.items()
    ]
    header = [say("scores.part"), say("scores.rows"), *names]
    blocks: list[Block] = [Table(say("scores.caption"), header, rows)]
    train, held_out = parts.get("train"), parts.get(material.part)
    total = len(material.splits[0].train) if material.splits else 0
    if train is not None and train.rows < total:
        blocks.append(Text(say("scores.sampled", count=f"{train.rows:,}", total=f"{total:,}")))
    if train is not None and held_out is not None and held_out is not train:
        name = next((name for name in names if name != "loss"), "loss")
        ours, theirs = train.metrics.get(name), held_out.metrics.get(name)
        if ours is not None and theirs is not None:
            part = say.word("parts", material.part)
            blocks.append(Text(say("scores.gap", name=name, train=ours, part=part, value=theirs)))
    explained = [*filter(None, (_explanation(material, name) for name in names))]
    blocks += [Text(" ".join(explained))] if explained else []
    return Section("scores", say("scores.title"), blocks)


def _explanation(material: Material, name: str) -> str:
    """Return what a metric measures, for several labels or numbers another thing than for one."""
    target = material.target
    several = target is not None and target.is_several
    kind = "labels" if target is not None and target.task == "multilabel" else "numbers"
    for key in (*([f"{name}_{kind}"] if several else []), name):
        if (sentence := material.say.word("metrics", key)) != key:
            return sentence
    return ""
