"""`dlcli init` of large tables, whose numbers are parsed while they are read."""

import tracemalloc

import pytest

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv, parsed_table
from dlcli.experiments.init.init import init
from dlcli.preparation.leaks import columns_that_reveal_target

ROWS = 60


def _table(**columns):
    names = [*columns, "x", "label"]
    rows = [
        [*(str(column(row)) for column in columns.values()), f"{row * 7 % 11}.5", "ab"[row % 2]]
        for row in range(ROWS)
    ]
    return "".join(f"{','.join(row)}\n" for row in [names, *rows])


@pytest.mark.parametrize(
    "content",
    [
        _table(key=lambda row: row * 7 % 61),
        _table(row=lambda row: row + 1),
        _table(day=lambda row: 20240101 + row % 28),
        _table(start_date=lambda row: 45000 + row),
        _table(a=lambda row: "-999.0" if row in (3, 50) else row % 9),
        _table(a=lambda row: "-999.0" if row in (3, 50) else row % 9, b=lambda row: -999 + row),
        _table(a=lambda row: "NA" if row % 3 else row),
        _table(a=lambda row: "" if row > 1 else row),
        _table(a=lambda _: 5),
        _table(zip=lambda row: f"0{row % 7}"),
        _table(patient_id=lambda row: row // 4),
        _table(user_score=lambda row: f"{row // 4}.5"),
        _table(a=lambda row: 10**16 + row),
        _table(a=lambda row: "unknown" if row == 40 else row),
        _table(a=lambda row: row if row != 30 else "1,2"),
        _table(a=lambda row: row % 7).replace(",", ";").replace(".", ","),
        _table(a=lambda row: f"{row + 1}_{row + 100}").replace(",", ";").replace("_", ","),
        _table(a=lambda row: f"{row}%", b=lambda row: f"${row + 0.25}"),
        _table(part=lambda row: "test" if row % 4 else "train"),
        _table(a=lambda row: row % 5).replace("label", "size"),
        "".join(f"{row},{row * 3 % 17}.5,{row % 4}\n" for row in range(ROWS)),
    ],
)
def test_numbers_that_are_parsed_while_reading_decide_as_texts_do(tmp_path, monkeypatch, content):
    path = tmp_path / "table.csv"
    path.write_text(content)
    as_texts = init(path, output=tmp_path / "a.yaml")
    monkeypatch.setattr(parsed_table, "MIN_SIZE", 0)

    parsed = init(path, output=tmp_path / "b.yaml")

    assert parsed.text == as_texts.text.replace("a.yaml", "b.yaml")
    assert parsed.card.to_json() == as_texts.card.to_json()


@pytest.mark.parametrize("target", ["a", "0", None])
def test_any_column_of_a_large_table_can_be_the_target(tmp_path, monkeypatch, target):
    path = tmp_path / "table.csv"
    path.write_text(_table(a=lambda row: row * 3 % 41))
    monkeypatch.setattr(parsed_table, "MIN_SIZE", 0)

    result = init(path, target=target, output=tmp_path / "a.yaml")

    assert result.config.dataset.loader.target == ("label" if target is None else "a")


def test_a_long_category_does_not_multiply_by_the_rows(tmp_path):
    long = "x" * 100_000
    rows = (
        f"{row * 0.37:.3f},{long if row == 77 else 'pqr'[row % 3]},{row % 2}" for row in range(300)
    )
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a,b,label", *rows]))
    dataset = load_csv(CsvLoader(path=str(path), target="label"), path, "table")
    tracemalloc.start()

    notices = columns_that_reveal_target(dataset)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not notices
    assert peak < 10 * len(long)
