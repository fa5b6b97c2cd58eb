"""Columns at fixed places are found where their cells touch."""

import random

import pytest

from dlcli import DatasetError
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv
from dlcli.datasets.tables.fixed_width import column_widths
from dlcli.experiments.init.init import init

draw = random.Random(0)


def _lines(form, rows, header=()):
    cells = ([header] if header else []) + [row() for row in [rows] * 50]
    return [form.format(*row).rstrip() + "\n" for row in cells]


def _whole(digits):
    return draw.randint(1, 10 ** draw.randint(1, digits) - 1)


def _number(digits, decimals):
    return f"{draw.choice([-1, 1]) * _whole(digits) + draw.random():.{decimals}f}"


TABLES = {
    "right-aligned names": (
        _lines("{:>5}{:>5}{:>8}{:>2}", lambda: (_whole(5), _whole(5), _number(3, 3), draw.choice("ab")), "abck"),
        [5, 5, 8, 2],
    ),
    "names at the left": (
        _lines(
            "{:<10}{:<10}{:<4}{:<5}",
            lambda: (draw.choice(["Maximilian", "Jo"]), draw.choice(["Oppenheime", "Li"]), _whole(3), draw.choice(["yes", "no"])),
            ("first", "last", "age", "label"),
        ),
        [10, 10, 4, 5],
    ),
    "a name with a blank": (
        _lines(
            "{:<10}{:>6}{:>3}",
            lambda: (draw.choice(["Maximilian", "Jo"]), _whole(6), draw.choice("ab")),
            ("full name", "sales", "k"),
        ),
        [10, 6, 3],
    ),
    "no names, whole numbers": (
        _lines("{:>5}{:>4}{:>6}{:>2}", lambda: (_whole(5), _whole(4), _whole(6), draw.choice("ab"))),
        [5, 4, 6, 2],
    ),
    "no names, decimals": (
        _lines("{:>8}{:>9}{:>8}{:>2}", lambda: (_number(4, 2), _number(5, 2), _number(3, 3), draw.choice("ab"))),
        [8, 9, 8, 2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_init_finds_the_columns_of_cells_that_touch(tmp_path, table):
    lines, widths = TABLES[table]
    path = tmp_path / "t.txt"
    path.write_text("".join(lines))

    result = init(path, output=tmp_path / "a.yaml")

    found = list(result.config.dataset.loader.widths)
    ends = [sum(found[: at + 1]) for at in range(len(found))]
    cells = [
        [line[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]
        for line in lines
    ]
    true_ends = [sum(widths[: at + 1]) for at in range(len(widths))]
    assert cells == [
        [line[start:end].strip() for start, end in zip([0, *true_ends], true_ends, strict=False)]
        for line in lines
    ]


@pytest.mark.parametrize(
    "lines",
    [
        _lines("{:<6}", lambda: (_whole(6),)),
        _lines("{:>6}", lambda: (_whole(6),)),
        _lines("{}", lambda: (" ".join("x" * _whole(1) for _ in range(2)),)),
        _lines("{:<10}", lambda: (draw.choice(["Maximilian", "Jo"]),), ["full name"]),
    ],
)
def test_one_column_is_not_cut(lines):
    assert not column_widths(lines)


def test_where_nothing_shows_the_columns_the_error_says_how_to_give_them(tmp_path):
    words = ["abc", "d", "efgh"]
    lines = _lines(
        "{:<4}{:<4}{:>2}", lambda: (draw.choice(words), draw.choice(words), draw.choice("ab"))
    )
    path = tmp_path / "t.txt"
    path.write_text("".join(lines))
    loader = CsvLoader(path=str(path), target=-1)

    with pytest.raises(DatasetError) as error:
        load_csv(loader, path, "t")

    assert "`widths: [8, 10, 6]`" in error.value.hint
