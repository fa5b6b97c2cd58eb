"""Statements that read a table with pandas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import Table, loader_dialect, read_table
from dlcli.eject.context import Ejection
from dlcli.eject.python_text import Call, Code, assignment, expression
from dlcli.eject.script import Part
from dlcli.eject.table_columns import (
    Kind,
    UsedColumn,
    are_integers,
    column_lines,
    part_lines,
)
from dlcli.eject.table_options import read_options
from dlcli.eject.table_trial import try_options
from dlcli.eject.targets import class_lines, label_lines

MAX_EMBEDDED = 1_000  # bytes of a file that the script contains itself
MAX_DROPPED = 3


def write_csv(ejection: Ejection, part: Part, loader: CsvLoader) -> None:
    """Write the statements that read a table: ``x``, ``y`` and what the split needs."""
    paths = [Path(path) for path in ejection.dataset.files]
    ejection.script.need("import pandas as pd", "import numpy as np")
    table = _joined(
        [
            read_table(path, loader_dialect(loader), header=loader.header, names=loader.names)
            for path in paths
        ]
    )
    columns = used_columns(ejection, table, loader)
    columns = _write_call(ejection, part, table, columns, paths)
    if loader.window is not None:
        part.add("", *_series(table, loader))
        return
    part.add(*column_lines(ejection, columns))
    targets = [table.names[table.position(target)] for target in loader.targets]
    if loader.missing_target == "drop":
        drop = f"table.dropna(subset={expression(targets)}, ignore_index=True)"
        part.add(assignment("table", Code(drop)))
    part.add("", *_features(ejection, table), *_target(ejection, columns, targets))
    for column in columns:
        if column.kind == "part":
            part.add(*part_lines(column))
        elif column.kind == "group":
            part.add(f"groups = table[{expression(column.name)}].to_numpy(object)")


def _joined(tables: Sequence[Table]) -> Table:
    """Return the rows of all tables as one."""
    first, *others = tables
    if not others:
        return first
    lines = [line for table in tables for line in table.lines]
    columns = [
        replace(
            raw, texts=[text for table in tables for text in table.columns[at].texts], lines=lines
        )
        for at, raw in enumerate(first.columns)
    ]
    return replace(first, columns=tuple(columns), lines=lines)


def used_columns(ejection: Ejection, table: Table, loader: CsvLoader) -> list[UsedColumn]:
    """Return the columns of a table that are features, the target, or say how to split."""
    dataset, split = ejection.dataset, ejection.config.split
    drops = loader.missing_target == "drop"
    used = {}
    if loader.window is None:
        for column in dataset.columns:
            raw = table.columns[column.position]
            used[column.position] = UsedColumn(raw, column.type, column.format)  # type: ignore[arg-type]
    is_number = dataset.target.task == "regression"
    for target in loader.targets:
        position = table.position(target)
        kind: Kind = "numeric" if is_number else "label"
        used[position] = UsedColumn(table.columns[position], kind, is_dropped=drops)
    asides: list[tuple[Any, Kind]] = [(split.column, "part"), (split.group, "group")]
    for name, kind in asides:
        if name is not None:
            position = table.position(name)
            used[position] = UsedColumn(table.columns[position], kind)
    return [used[position] for position in sorted(used)]


def _write_call(
    ejection: Ejection, part: Part, table: Table, columns: Sequence[UsedColumn],
    paths: Sequence[Path],
) -> list[UsedColumn]:  # fmt: skip
    """Write the call that reads the file, or two: training and test rows."""
    name, options = read_options(table, paths[0])
    keywords, chosen = try_options(name, options, columns, table, paths)
    if "quoting" in options:
        ejection.script.need("import csv")
    if len(paths) > 1:
        files = [ejection.path(path) for path in paths]
        call = expression(Call(f"pd.{name}", (Code("path"),), keywords))
        part.add(
            assignment("paths", files),
            f"tables = [{call} for path in paths]",
            "table = pd.concat(tables, ignore_index=True)",
            "is_test = np.arange(len(table)) >= len(tables[0])  # the publishers' test rows",
        )
    elif _is_small(ejection, paths[0]):
        ejection.script.need("import io")
        text = paths[0].read_text(encoding="utf-8").strip("\n")
        part.add(f'DATA = """\\\n{text}\n"""', _call(name, "io.StringIO(DATA)", keywords))
    else:
        part.add(assignment("path", ejection.path(paths[0])), _call(name, "path", keywords))
    return chosen


def _call(name: str, source: str, keywords: dict[str, Any]) -> str:
    return assignment("table", Call(f"pd.{name}", (Code(source),), keywords))


def _is_small(ejection: Ejection, path: Path) -> bool:
    """Tell whether a table of dlcli itself is small enough for the script."""
    known = ejection.config.dataset.known
    return known and path.suffix == ".csv" and path.stat().st_size <= MAX_EMBEDDED


def _features(ejection: Ejection, table: Table) -> list[str]:
    """Return the statement that takes the features."""
    names = [column.name for column in ejection.dataset.columns]
    others = [name for name in table.names if name not in names]
    in_order = [name for name in table.names if name in names]
    if names == in_order and len(others) <= MAX_DROPPED and len(names) > 1:
        dropped = others[0] if len(others) == 1 else others
        return [f"x = table.drop(columns={expression(dropped)})"]
    return [assignment("FEATURES", names), "x = table[FEATURES]"]


def _target(ejection: Ejection, columns: Sequence[UsedColumn], targets: Sequence[str]) -> list[str]:
    """Return the statements that take the target."""
    target = ejection.dataset.target
    if target.task == "regression":
        name = targets[0] if len(targets) == 1 else list(targets)
        return [f"y = table[{expression(name)}].to_numpy(float)"]
    chosen = [column for column in columns if column.name in targets]
    if target.task == "multilabel":
        return label_lines(ejection, chosen)
    (column,) = chosen
    as_numbers = not column.is_read_as_text and are_integers(sorted(column.values))
    return class_lines(target, f"table[{expression(column.name)}]", as_numbers=as_numbers)


def _series(table: Table, loader: CsvLoader) -> list[str]:
    """Return the statements that cut a series into windows."""
    name = expression(table.names[table.position(loader.targets[0])])
    return [
        f"WINDOW = {loader.window}  # values from which the next one is predicted",
        f"values = table[{name}].to_numpy(float)",
        "x = np.lib.stride_tricks.sliding_window_view(values[:-1], WINDOW)[..., np.newaxis]",
        "y = values[WINDOW:]",
    ]
