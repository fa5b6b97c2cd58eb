"""Dates and times of day in tables: read, detected, ambiguous, and as inputs of a network."""

import math
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from dlcli import DatasetError, load_config, predict, train
from dlcli.config.steps import DateParts
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv, loader_dialect, propose_values, read_table
from dlcli.datasets.tables.dates import date_formats, parse_date, to_dates
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import fit_step, step_from_json, step_to_json


@pytest.fixture
def load(tmp_path):
    def load_texts(texts, **options):
        path = tmp_path / "data.csv"
        rows = "\n".join(f"{text};{at % 2}" for at, text in enumerate(texts))
        path.write_text(f"day;label\n{rows}\n", encoding="utf-8")
        loader = CsvLoader(path=str(path), target="label", delimiter=";", **options)
        return load_csv(loader, path, "data")

    return load_texts


def seconds(*moment):
    return datetime(*moment, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("texts", "form", "first"),
    [
        (["2024-01-05", "2024-02-29"], "%Y-%m-%d", (2024, 1, 5)),
        (["2024-1-5 9:30", "2024-02-29 13:05"], "%Y-%m-%d %H:%M", (2024, 1, 5, 9, 30)),
        (["2024-01-05T09:30:15Z", "2024-02-29T13:05:00Z"], "%Y-%m-%dT%H:%M:%S%z", (2024, 1, 5, 9, 30, 15)),
        (["2024-03-05 24:00", "2024-03-06 01:00"], "%Y-%m-%d %H:%M", (2024, 3, 6)),
        (["2024. 3. 5.", "2024. 12. 24."], "%Y. %m. %d.", (2024, 3, 5)),
        (["2024년 3월 5일", "2024년 12월 24일"], "%Y년 %m월 %d일", (2024, 3, 5)),
        (["05.03.2024", "24.12.2024"], "%d.%m.%Y", (2024, 3, 5)),
        (["05/03/2024", "24/12/2024"], "%d/%m/%Y", (2024, 3, 5)),
        (["03/05/2024", "12/24/2024"], "%m/%d/%Y", (2024, 3, 5)),
        (["5 Mar 2024", "24 Dec 2024"], "%d %b %Y", (2024, 3, 5)),
        (["March 5, 2024", "December 24, 2024"], "%B %d, %Y", (2024, 3, 5)),
        (["3/5/2024 1:05 PM", "12/24/2024 9:30 AM"], "%m/%d/%Y %I:%M %p", (2024, 3, 5, 13, 5)),
        (["20240305", "20241224"], "%Y%m%d", (2024, 3, 5)),
        (["13:05", "7:30"], "%H:%M", (1970, 1, 1, 13, 5)),
        (["45356", "45650"], "excel", (2024, 3, 5)),
        (["45356.5", "45650"], "excel", (2024, 3, 5, 12)),
    ],
)  # fmt: skip
def test_dates_of_many_forms_are_read(load, texts, form, first):
    dataset = load(texts, dates=["day"])

    assert dataset.columns[0].type == "date"
    assert dataset.columns[0].format == form
    assert dataset.x["day"][0] == seconds(*first)
    assert load(texts, dates={"day": form}).x["day"].equals(dataset.x["day"])


@pytest.mark.parametrize(
    ("texts", "message", "hint"),
    [
        (["03/04/2024", "05/06/2024"], "data.csv:2: '03/04/2024' in column 'day' may be 3 April 2024 or 4 March 2024",
         '`dates: {day: "%d/%m/%Y"}` or `dates: {day: "%m/%d/%Y"}`'),
        (["2024-01-05", "tomorrow"], "data.csv:3: 'tomorrow' in column 'day' is no date", "correct the cell"),
        (["2024-01-05", "2024-02-30"], "data.csv:3: '2024-02-30' in column 'day' is no date", "correct the cell"),
        (["red", "blue"], "data.csv:2: 'red' in column 'day' is no date", "dates: {day:"),
    ],
)  # fmt: skip
def test_what_is_no_date_or_two_dates_is_an_error(load, texts, message, hint):
    with pytest.raises(DatasetError) as error:
        load(texts, dates=["day"])

    assert message in str(error.value)
    assert hint in error.value.hint


def test_missing_dates_and_dates_without_the_option(load):
    dataset = load(["2024-01-05", "", "NULL", "-", "2024-01-06"], dates=["day"])

    assert dataset.x["day"].isna().sum() == 3
    noted = load([f"2024-01-{n:02}" for n in range(1, 20)])
    assert any("holds dates, each a category; `dates`" in note for note in noted.notices)


@pytest.mark.parametrize("form", ["%d", "%Y%Y", "day", "%Q-%Y", "%Y" + "-" * 50])
def test_only_formats_that_read_dates_are_accepted(form):
    with pytest.raises(ValueError, match="is no format of dates"):
        CsvLoader(path="x.csv", target="y", dates={"day": form})


@pytest.mark.parametrize(
    "text", ["", "9" * 500, "2024", "2024115", "1e5", "nan", "\0", "٢٠٢٤-٠١-٠٥x"]
)
def test_odd_texts_are_no_dates(text):
    assert not date_formats([text])
    assert math.isnan(parse_date(text, "%Y-%m-%d"))


def test_parts_of_dates_that_vary_become_columns():
    values = np.array([[seconds(2024, 2, 29, 13)], [seconds(2024, 3, 4, 9)], [np.nan]])

    fitted = fit_step(DateParts(), iter([values]), ["day"])
    chosen = fit_step(DateParts(parts=("elapsed", "weekday")), iter([values]), ["day"])

    assert fitted.names(["day"]) == ["day month", "day day", "day weekday", "day hour"]
    assert fitted.apply(values[:2], ["day"], TransformReport()).tolist() == [
        [2, 29, 3, 13],
        [3, 4, 0, 9],
    ]
    assert np.isnan(fitted.apply(values, ["day"], TransformReport())[2]).all()
    assert step_from_json(step_to_json(fitted)) == fitted
    assert chosen.apply(values[:2], ["day"], TransformReport()).tolist() == [
        [0, 3],
        [3 + 20 / 24, 0],
    ]


def test_a_model_of_the_dates_of_spreadsheets_takes_times(write):
    rows = "".join(f"{45_000 + n / 4},{n % 12 + 0.5}\n" for n in range(60))
    write("data.csv", f"day,y\n{rows}")
    write(
        "exp.yaml",
        "dataset: {csv: {path: data.csv, target: y, dates: {day: excel}}}\n"
        "model: [{Dense: 4}, Dense]\nloss: mse\nfit: {epochs: 1}\n",
    )
    result = train(load_config("exp.yaml"))
    write("rows.csv", "day\n45356\n45356.75\n")
    frame = pd.DataFrame({"day": [date(2024, 3, 5), pd.Timestamp(2024, 3, 5, 18)]})
    times = pd.DataFrame({"day": pd.to_datetime(["2024-03-05 00:00", "2024-03-05 18:00"])})

    of_file = predict(result.model_path, "rows.csv").to_frame()
    assert of_file["prediction"].nunique() == 2
    assert of_file.equals(predict(result.model_path, frame).to_frame())
    assert of_file.equals(predict(result.model_path, times).to_frame())


def test_a_model_reads_dates_as_its_training_did(write, dlcli):
    rows = "".join(
        f"{1 + n % 28:02}.{1 + n % 12:02}.2024,{9 + n % 3}:30,{n % 12 + 0.5}\n" for n in range(60)
    )
    write("data.csv", f"day,at,y\n{rows}")
    write(
        "exp.yaml",
        'dataset: {csv: {path: data.csv, target: y, dates: {day: "%d.%m.%Y", at: "%H:%M"}}}\n'
        "model: [{Dense: 4}, Dense]\nloss: mse\nfit: {epochs: 1}\n",
    )
    result = train(load_config("exp.yaml"))
    write("rows.csv", "day,at\n05.03.2024,9:30\n31.12.2023,10:30\n")
    frame = pd.DataFrame({"day": [pd.Timestamp(2024, 3, 5), date(2023, 12, 31)], "at": ["9:30", "10:30"]})  # fmt: skip

    of_file = predict(result.model_path, "rows.csv").to_frame()
    of_frame = predict(result.model_path, frame).to_frame()
    write("iso.csv", "day,at\n2024-03-05,9:30\n2023-12-31 00:00:00,10:30\n")
    frame["day"] = pd.to_datetime(frame["day"])
    frame.to_excel("rows.xlsx", index=False)
    of_iso = predict(result.model_path, "iso.csv").to_frame()
    of_excel = predict(result.model_path, "rows.xlsx").to_frame()
    code, _, err = dlcli("predict", result.path, write("bad.csv", "day,at\n2024/03/05,9:30\n"))
    time = dlcli("predict", result.path, write("bad.csv", "day,at\n2024-03-05,2024-03-05\n"))

    assert of_file["prediction"].nunique() == 2
    assert of_file.equals(of_frame)
    assert of_file.equals(of_iso)
    assert of_file.equals(of_excel)
    assert code == 2
    assert "bad.csv:2: '2024/03/05' in column 'day' is no date of the form %d.%m.%Y" in err
    assert time[0] == 2
    assert "'2024-03-05' in column 'at' is no date of the form %H:%M" in time[2]


def test_iso_dates_are_not_read_where_the_day_follows_the_year():
    texts = ["2024-13-03", "2024-03-13"]

    assert to_dates(texts, [], "%Y-%d-%m", lenient=True)[1] == 1
    assert to_dates(texts[1:], [], "%d.%m.%Y", lenient=True)[1] is None


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        ([f"2024-{n % 12 + 1:02}-05" for n in range(40)], {"dates": {"day": "%Y-%m-%d"}}),
        ([f"0{n % 9 + 1}/0{n // 9 + 1}/2024" for n in range(40)], {"dates": {"day": "%d/%m/%Y"}}),
        ([f"{n % 12 + 1:02}/0{n % 9 + 1}/2024" for n in range(40)], {"dates": {"day": "%m/%d/%Y"}}),
        ([f"2024{n % 12 + 1:02}05" for n in range(40)], {"dates": {"day": "%Y%m%d"}}),
        ([f"{45000 + n * 7}" for n in range(40)], {"dates": {"day": "excel"}}),
        ([f"{9 + n % 9}:30" for n in range(40)], {"dates": {"day": "%H:%M"}}),
        ([f"{n % 12 + 1:02}" for n in range(40)], {"types": {"day": "categorical"}}),
        ([f"{n * 1001}" for n in range(40)], {}),
    ],
)
def test_init_proposes_dates(tmp_path, texts, options):
    path = tmp_path / "data.csv"
    rows = "".join(f"{text},{'xy'[n % 2]}\n" for n, text in enumerate(texts))
    path.write_text(f"day,label\n{rows}")
    loader = CsvLoader(path=str(path), target="label")

    proposals = propose_values(read_table(path, loader_dialect(loader)), "label")

    assert {item.option: item.value for item in proposals} == options
