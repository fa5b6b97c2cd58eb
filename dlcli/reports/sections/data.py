"""The data: where they are from, their columns and classes, what the checks say, the split."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.datasets.card import Card, ColumnCard
from dlcli.reports.blocks import Block, Bullets, Figure, Section, Table, Text
from dlcli.reports.charts import bars
from dlcli.reports.material import Material
from dlcli.reports.results import SEARCHES, SearchResults, read_results
from dlcli.reports.texts import cell, percent

MAX_COLUMNS, MAX_CLASSES = 30, 30

# Means of this share of the largest value are the rounding errors of a mean of 0.
ROUNDING = 1e-12


def data(material: Material) -> Section:
    """Return the section on the data."""
    say, facts, card = material.say, material.facts, material.card
    record, known = facts.record, facts.known
    blocks: list[Block] = []
    if known is not None:
        blocks.append(Text(f"{known.title}. {say('data.licence', licence=known.licence)}"))
        if known.source:
            blocks.append(Text(say("data.source", source=known.source)))
        if known.notes:
            blocks.append(Text(known.notes))
    blocks.append(
        Text(say("data.size", name=record.data.name, rows=say.count("row", record.data.rows)))
    )
    if card is None:
        blocks.append(Text(say("data.unread", problem=material.problem)))
    else:
        blocks += _described(material, card)
    rows = [[name, digest] for name, digest in record.data.files.items()]
    rows.append([say("data.loaded"), record.data.fingerprint or "–"])
    header = [say("data.file"), "SHA-256"]
    blocks.append(Table(say("data.checksums"), header, rows, left=2))
    return Section("data", say("data.title"), blocks)


def _described(material: Material, card: Card) -> Iterator[Block]:
    say = material.say
    if material.notes:
        yield Text(say("data.notes"))
        yield Bullets(material.notes)
    else:
        named = material.facts.known is not None
        yield Text(say("data.no_notes_known" if named else "data.no_notes"))
    if card.duplicates:
        yield Text(say("data.duplicates", rows=say.count("row", card.duplicates)))
    if card.shape:
        yield Text(say("data.shape", shape=" × ".join(map(str, card.shape))))
    if card.classes:
        names = [*card.classes][:MAX_CLASSES]
        counts = [card.classes[name] for name in names]
        most, least = max(counts), min(counts)
        is_label = material.target is not None and material.target.task == "multilabel"
        key = "data.labels" if is_label else "data.classes"
        key += "" if most > least else "_equal"
        caption = say(
            key, most=names[counts.index(most)], most_rows=say.count("row", most),
            least=names[counts.index(least)], least_rows=say.count("row", least),
        )  # fmt: skip
        chart = bars(caption, names, [*map(float, counts)], [f"{c:,}" for c in counts],
                     first=len(names))  # fmt: skip
        yield Figure(chart, caption)
    columns = [column for column in card.columns if column.name != "all values"]
    if columns:
        header = [
            say(f"data.{key}")
            for key in ("column", "type", "missing", "distinct", "low", "mean", "high")
        ]
        rows = [_column(column, material) for column in columns[:MAX_COLUMNS]]
        more = len(columns) - MAX_COLUMNS
        features = sum(column.type != "target" for column in columns)
        caption = say("data.columns", columns=say.count("column", features))
        if more > 0:
            caption += " " + say("data.more_columns", count=more)
        yield Table(caption, header, rows, left=2)


def _column(column: ColumnCard, material: Material) -> list[str]:
    mean, size = column.mean, max(abs(column.low or 0.0), abs(column.high or 0.0))
    if mean is not None and abs(mean) < ROUNDING * size:
        mean = 0.0
    numbers = [cell(value) for value in (column.low, mean, column.high)]
    if column.examples:
        numbers = [", ".join(column.examples[:3]), "", ""]
    kind = material.say.word("types", column.type)
    return [column.name, kind, f"{column.missing:,}", f"{column.distinct:,}", *numbers]


def split(material: Material) -> Section | None:
    """Return the section on which rows were held out, and how."""
    say, config = material.say, material.facts.config
    section = config.get("split")
    section = section if isinstance(section, dict) else {}
    seed = section.get("seed", material.facts.record.seed)
    folds = material.facts.record.folds
    blocks: list[Block] = []
    if folds is not None and folds > 1:
        is_series = material.dataset is not None and material.dataset.medium.kind == "series"
        key = "split.folds_series" if is_series else "split.folds"
        blocks.append(Text(say(key, folds=folds, seed=seed)))
        if material.dataset is not None and material.dataset.parts is not None:
            blocks.append(Text(say("split.folds_official")))
        return Section("split", say("split.title"), blocks)
    if not material.splits:
        return None
    parts = {name: len(rows) for name, rows in material.splits[0].parts().items()}
    total = sum(parts.values())
    rows = [
        [say.word("parts", name), say(f"split.use_{_use(material, name)}"), f"{count:,}",
         percent(count / total)]
        for name, count in parts.items()
    ]  # fmt: skip
    header = [say("split.part"), say("split.use"), say("split.rows"), say("split.share")]
    blocks.append(Table(say("split.caption", seed=seed), header, rows, left=2))
    dataset = material.dataset
    if dataset is not None and dataset.parts is not None:
        blocks.append(Text(say("split.official")))
    elif dataset is not None and dataset.groups is not None:
        blocks.append(Text(say("split.groups")))
    elif dataset is not None and dataset.medium.kind == "series":
        blocks.append(Text(say("split.series")))
    elif section.get("stratify") and dataset is not None and dataset.target.class_names:
        blocks.append(Text(say("split.stratified")))
    return Section("split", say("split.title"), blocks)


def _use(material: Material, part: str) -> str:
    """Return what the rows of a part are used for; a search compares its trials by one of them."""
    if material.facts.record.kind not in SEARCHES:
        return part
    results = read_results(material.facts.path, SearchResults)
    if part == results.part and part != "train":
        return f"{part}_trials"
    if part == "test":
        return "test_best" if results.test_score is not None else "test_none"
    return part
