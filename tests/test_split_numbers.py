"""Numbers such as 1,234 without quotes in a file with commas between its fields."""

import pytest

from dlcli import DatasetError
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv
from dlcli.datasets.tables.split_numbers import explain_surplus
from dlcli.experiments.init.init import init

CITIES = ("Seoul", "Busan", "Daegu")


def _table(price, rows=40):
    lines = [f"{CITIES[row % 3]},{price(row)},{'ab'[row % 2]}\n" for row in range(rows)]
    return "".join(["city,price,label\n", *lines])


@pytest.mark.parametrize(
    ("price", "seen"),
    [
        (
            lambda row: "1,234" if row in (5, 30) else 400 + row,
            (
                "t.csv:7: 4 fields, but the first row has 3: '1' and '234' look like the number "
                "1,234; 1 more row has another number, on line 32"
            ),
        ),
        (
            lambda row: "-2,345,678.50" if row == 8 else 400 + row,
            (
                "t.csv:10: 5 fields, but the first row has 3: '-2', '345' and '678.50' look like the "
                "number -2,345,678.50"
            ),
        ),
        (lambda row: f"{row + 1},0{row + 10}", "t.csv:2: 4 fields, but the first row has 3: '1' "),
        (lambda row: f"${row + 1},{row + 100}", "t.csv:2: 4 fields, but the first row has 3: '$1'"),
    ],
)
def test_commas_in_numbers_are_named_as_the_cause_and_no_row_is_lost(tmp_path, price, seen):
    path = tmp_path / "t.csv"
    path.write_text(_table(price))
    loader = CsvLoader(path=str(path), target="label")

    for read in (
        lambda: load_csv(loader, path, "t"),
        lambda: init(path, output=tmp_path / "a.yaml"),
    ):
        with pytest.raises(DatasetError) as error:
            read()
        assert seen in str(error.value)
        assert 'in quotes, as in "1,234"' in error.value.hint
    assert not (tmp_path / "a.yaml").exists()


def test_rows_that_are_skipped_on_request_are_told_with_the_cause(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(_table(lambda row: "1,234" if row in (5, 30) else 400 + row))

    dataset = load_csv(CsvLoader(path=str(path), target="label", on_bad_row="skip"), path, "t")

    assert len(dataset) == 38
    assert any("look like the number 1,234" in notice for notice in dataset.notices)


def test_row_names_before_numbers_of_three_digits_are_an_index(tmp_path):
    path = tmp_path / "t.csv"
    rows = (f"row {row},{row % 9 + 1},{100 + row * 7},{'ab'[row % 2]}\n" for row in range(40))
    path.write_text("".join(["size,price,label\n", *rows]))

    result = init(path, output=tmp_path / "a.yaml")

    assert "index: true" in result.text


@pytest.mark.parametrize(
    ("fields", "width"),
    [
        (["a", "1", "23", "x"], 3),
        (["a", "01", "234", "x"], 3),
        (["a", "1", "234", "x", "y"], 3),
        (["a", "12.5", "234"], 2),
        (["1", "234"], 2),
    ],
)
def test_other_fields_are_no_numbers_with_commas(fields, width):
    assert not explain_surplus(fields, width)
