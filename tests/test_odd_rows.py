"""Rows that are no examples: totals and units."""

import pytest

from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv

HEADER = "region,height,weight,score"
ROWS = [f"{['서울', '부산', '대구'][n % 3]},{n * 1.5},{n % 7},{n * 2.25 + 1}" for n in range(1, 41)]


def notices(tmp_path, *rows):
    path = tmp_path / "data.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    loader = CsvLoader(path=str(path), target="score", missing_target="drop")
    return [notice for notice in load_csv(loader, path, "data").notices if "example" in notice]


@pytest.mark.parametrize(
    "word", ["합 계", "총계", "Total", "Grand total", " mean", "합계(명)", "전국 평균"]
)
@pytest.mark.parametrize("row", [0, 39, 40])
def test_rows_of_totals_are_noted(tmp_path, word, row):
    rows = [*ROWS[:row], f"{word},1230,120,1885", *ROWS[row:]]

    (notice,) = notices(tmp_path, *rows)

    assert f"line {row + 2} looks like a row of totals" in notice
    assert f"{word.strip()!r} in 'region'" in notice


def test_categories_called_total_and_rows_within_the_table_are_not_noted(tmp_path):
    assert not notices(tmp_path, "total,1,2,3.5", *ROWS, "total,2,3,4.5")
    assert not notices(tmp_path, *ROWS[:20], "total,1,2,3.5", *ROWS[20:])


def test_subtotals_within_a_table_are_noted(tmp_path):
    rows = [*ROWS[:10], "서울 소계,1,2,3.5", *ROWS[10:20], "부산 소계,2,3,4.5", *ROWS[20:]]

    (notice,) = notices(tmp_path, *rows)
    (repeated,) = notices(
        tmp_path, *(row.replace("서울 ", "").replace("부산 ", "") for row in rows)
    )

    assert "line 12 and 1 other row look like totals or means ('서울 소계' in 'region')" in notice
    assert "('소계' in 'region'); remove them, they are no examples" in repeated


def test_a_row_without_a_target_is_left_out_in_silence(tmp_path):
    assert not notices(tmp_path, *ROWS, "총계,1230,120,")


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ([], ["합계,3.2,1885"], "besides '합계'; line 42 may hold totals or means"),
        (["(명),(kg),3.5"], [], "besides '(kg)'; line 2 may hold units"),
        ([], ["unknown,1.5,7"], "besides 'unknown'\n"),
        (["?,unknown,7"], ["8,unknown,9"], "besides 'unknown'\n"),
    ],
)
def test_init_says_that_a_word_among_numbers_may_be_a_total_or_a_unit(
    tmp_path, dlcli, first, last, says
):
    rows = [f"{n},{n * 1.5 % 7},{n * 2.25 + 1}" for n in range(1, 41)]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["no,weight,score", *first, *rows, *last]), encoding="utf-8")

    code, out, err = dlcli("init", path)

    assert code == 0, err
    assert says in out
