"""Files of predictions: kept columns, Excel, and names with their endings."""

import csv
import json
import locale

import numpy as np
import openpyxl
import pytest
from conftest import PEOPLE

import dlcli as package
from dlcli import DatasetError, evaluate, predict, train
from dlcli.datasets.loading import load_dataset
from dlcli.experiments.init import init
from dlcli.preparation.split import split_rows
from dlcli.runs import training_rows

ROWS = PEOPLE.splitlines()[1:]


def read_csv(path, **options):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **options))


@pytest.mark.parametrize("keep", [["--keep", "city,age"], ["--keep", "city", "--keep", "age"]])
def test_columns_are_kept_in_front_of_the_predictions(dlcli, trained, tmp_path, keep):
    code, _, err = dlcli("predict", "runs/people/1", "people.csv", "-o", "out.csv", *keep)

    assert code == 0, err
    rows = read_csv(tmp_path / "out.csv")
    assert list(rows[0]) == ["city", "age", "prediction", "p_a", "p_b"]
    assert [(row["age"], row["city"]) for row in rows] == [tuple(r.split(";")[:2]) for r in ROWS]


def test_all_columns_are_kept_as_they_are_written(dlcli, trained, tmp_path):
    assert dlcli("predict", "people", "people.csv", "-o", "out.csv", "--keep", "all")[0] == 0

    rows = read_csv(tmp_path / "out.csv")
    assert list(rows[0])[:6] == ["age", "city", "member", "height", "label", "prediction"]
    assert [list(row.values())[:5] for row in rows] == [row.split(";") for row in ROWS]


def test_columns_that_the_model_does_not_take_are_kept(dlcli, trained, write, tmp_path):
    write("ids.csv", 'id;age;"a,b";city;member;height\n007;31;x;Seoul;yes;1.7\n')

    code, _, err = dlcli(
        "predict", "people", "ids.csv", "-o", "out.jsonl", "--keep", 'id,"a,b"', "--keep", "age"
    )

    assert code == 0
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert list(row) == ["id", "a,b", "age", "prediction", "p_a", "p_b"]
    assert (row["id"], row["a,b"], row["age"]) == ("007", "x", "31")
    assert "not used" not in err


def test_columns_of_json_lines_are_kept(dlcli, trained, write):
    row = {"id": 7, "age": 31, "city": "Seoul", "member": True, "height": 1.7, "tags": ["x"]}
    write("rows.jsonl", json.dumps(row) + "\n")

    for keep, start in (("id,tags", ["7", '["x"]']), ("all", ["7", "31", "Seoul"])):
        code, out, err = dlcli("predict", "people", "rows.jsonl", "--keep", keep)
        assert code == 0, err
        assert next(csv.reader(out.splitlines()[1:]))[: len(start)] == start


def test_kept_values_of_json_stay_what_they_are(dlcli, trained, write, tmp_path):
    kept = {"id": 7, "old": True, "gap": None, "tags": [1, "b"], "size": {"w": 1.5}, "code": "07"}
    row = {"age": 31, "city": "Seoul", "member": True, "height": 1.7} | kept
    nan = {**row, "size": float("nan"), "tags": [float("inf")]}
    write("rows.jsonl", f"{json.dumps(row)}\n{json.dumps(nan)}\n")

    assert dlcli("predict", "people", "rows.jsonl", "--keep", "all", "-o", "o.jsonl")[0] == 0
    code, out, err = dlcli("predict", "people", "rows.jsonl", "--keep", "all", "--json")
    assert code == 0, err

    first, second = map(json.loads, (tmp_path / "o.jsonl").read_text().splitlines())
    assert {key: first[key] for key in row} == row
    assert (second["size"], second["tags"]) == (None, [None])
    assert '"tags": [1, "b"]' in json.dumps(json.loads(out))

    assert dlcli("predict", "people", "rows.jsonl", "--keep", ",".join(kept), "-o", "o.csv")[0] == 0
    texts = ["7", "true", "", '[1, "b"]', '{"w": 1.5}', "07"]
    lines = (tmp_path / "o.csv").read_text().splitlines()
    assert next(csv.reader(lines[1:]))[: len(kept)] == texts
    frame = package.predict(trained.path, "rows.jsonl", keep=["id", "tags"]).to_frame()
    assert frame["id"].tolist() == [7, 7]


def test_keys_that_only_some_records_have_are_kept(dlcli, trained, write):
    row = {"age": 31, "city": "Seoul", "member": True, "height": 1.7}
    write("rows.jsonl", "\n".join(map(json.dumps, [row, {**row, "note": "late", "id": 8}])))

    for keep, rows in (
        ("note", [["note"], [""], ["late"]]),
        ("all", [["age", "city"], ["31", "Seoul"], ["31", "Seoul"]]),
    ):
        code, out, err = dlcli("predict", "people", "rows.jsonl", "--keep", keep)
        assert code == 0, err
        table = list(csv.reader(out.splitlines()))
        assert [row[: len(rows[0])] for row in table] == rows
    assert table[0][4:6] == ["note", "id"]
    assert table[2][4:6] == ["late", "8"]

    code, _, err = dlcli("predict", "people", "rows.jsonl", "--keep", "notes")
    assert code == 2
    assert "no column 'notes' to keep. Did you mean 'note'?" in err


def test_columns_of_a_file_without_a_header_have_the_names_of_the_model(dlcli, trained, write):
    write("bare.csv", "31;Seoul;yes;1.7;a\n")

    code, out, err = dlcli("predict", "people", "bare.csv", "--keep", "all")

    assert code == 0, err
    assert out.startswith("age,city,member,height,label,prediction,p_a,p_b\n31,Seoul,yes,1.7,a,")


def test_columns_of_a_table_in_memory_are_kept(trained):
    import pandas as pd

    table = pd.read_csv("people.csv", sep=";").assign(id=range(12))

    frame = package.predict(trained.path, table, keep=["id", "age"]).to_frame()

    assert list(frame) == ["id", "age", "prediction", "p_a", "p_b"]
    assert frame["id"].tolist() == list(range(12))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--keep", "agee"], "people.csv: no column 'agee' to keep. Did you mean 'age'?"),
        (["--format", "xlsx"], "an Excel file needs a name"),
        (["-o", "out.foo"], "not as .foo"),
        (["-o", "out"], "the name has no ending"),
        (["-o", "out.jsonl", "--excel"], "--excel is for .csv"),
        (["-o", "out.xlsx", "--excel"], "--excel is for .csv"),
    ],
)
def test_what_cannot_be_written_is_said(dlcli, trained, tmp_path, options, message):
    code, out, err = dlcli("predict", "people", "people.csv", *options)

    assert (code, out) == (2, "")
    assert message in err
    assert not list(tmp_path.glob("out*"))


def test_a_kept_column_has_not_the_name_of_an_output(dlcli, trained, write):
    write("again.csv", "prediction;age;city;member;height\nb;31;Seoul;yes;1.7\n")

    code, out, err = dlcli("predict", "people", "again.csv", "--keep", "all")

    assert (code, out) == (2, "")
    assert "the input has a column 'prediction', like the predictions" in err


def test_an_excel_file_holds_numbers_as_numbers_and_formulas_as_texts(
    dlcli, trained, write, tmp_path
):
    write(
        "rows.csv", "id;note;age;city;member;height\n0042;=1+1;31;Seoul;yes;1.70\n7;\a;;Seoul;no;\n"
    )

    code, _, err = dlcli("predict", "people", "rows.csv", "-o", "out.xlsx", "--keep", "all")

    assert code == 0, err
    assert "2 rows predicted: out.xlsx" in err
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    header, first, second = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert header == [
        "id", "note", "age", "city", "member", "height", "prediction", "p_a", "p_b"
    ]  # fmt: skip
    assert first[:6] == ["0042", "=1+1", 31, "Seoul", "yes", 1.7]
    assert sheet["B2"].data_type == "s"
    assert second[:3] == [7, "\ufffd", None]
    assert all(isinstance(value, float) for value in first[7:] + second[7:])
    assert first[7] + first[8] == pytest.approx(1, abs=1e-6)


def test_a_missing_openpyxl_is_one_sentence(dlcli, trained, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)

    code, _, err = dlcli("predict", "people", "people.csv", "-o", "out.xlsx")

    assert code == 2
    assert 'hint: `pip install "dlcli[excel]"`' in err


def test_a_sheet_has_its_limits(dlcli, trained, monkeypatch, tmp_path):
    monkeypatch.setattr("dlcli.cli.excel_file.MAX_ROWS", 5)

    code, _, err = dlcli("predict", "people", "people.csv", "-o", "out.xlsx")

    assert code == 2
    assert "out.xlsx: a sheet of Excel has at most 5 rows" in err
    assert not (tmp_path / "out.xlsx").exists()


@pytest.mark.parametrize(("decimal", "delimiter"), [(",", ";"), (".", ",")])
def test_a_csv_for_excel_follows_the_locale(
    dlcli, trained, write, tmp_path, monkeypatch, decimal, delimiter
):
    write("rows.csv", "note;age;city;member;height\n@SUM(1);31;서울;yes;1.7\n-5;31;Seoul;yes;1.7\n")
    monkeypatch.setattr(locale, "localeconv", lambda: {"decimal_point": decimal})

    options = ["--keep", "note,city", "--excel"]
    assert dlcli("predict", "people", "rows.csv", "-o", "out.csv", *options)[0] == 0

    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read_csv(tmp_path / "out.csv", delimiter=delimiter)
    assert [row["note"] for row in rows] == ["'@SUM(1)", "-5"]
    assert rows[0]["city"] == "서울"
    assert sum(float(rows[0][name].replace(decimal, ".")) for name in ("p_a", "p_b")) == (
        pytest.approx(1, abs=1e-6)
    )


def test_kept_numbers_have_the_decimal_sign_of_excel(dlcli, write, tmp_path, monkeypatch):
    rows = "".join(f"{n},25;{2 * n},5\n" for n in range(20))
    write("rows.csv", f"a;y\n{rows}")
    loader = {"csv": {"path": "rows.csv", "target": "y", "decimal": ","}}
    config = {"dataset": loader, "model": ["Dense"], "loss": "mse", "fit": {"epochs": 1}}
    write("c.yaml", json.dumps(config))
    write("new.csv", "id;a;price\n007;1,5;1.234\n8;2,25;-0,5\n")
    assert dlcli("train", "c.yaml", "-q")[0] == 0

    assert dlcli("predict", "c", "new.csv", "--keep", "all", "-o", "out.xlsx")[0] == 0
    for name, decimal in (("us.csv", "."), ("de.csv", ",")):
        monkeypatch.setattr(locale, "localeconv", lambda sign=decimal: {"decimal_point": sign})
        assert dlcli("predict", "c", "new.csv", "--keep", "all", "-o", name, "--excel")[0] == 0

    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    kept = [[cell.value for cell in row[:3]] for row in sheet.iter_rows(min_row=2)]
    assert kept == [["007", 1.5, "1.234"], [8, 2.25, -0.5]]
    us = read_csv(tmp_path / "us.csv")
    de = read_csv(tmp_path / "de.csv", delimiter=";")
    assert [[row["id"], row["a"], row["price"]] for row in us] == [
        ["007", "1.5", "1.234"], ["8", "2.25", "-0.5"],
    ]  # fmt: skip
    assert [[row["id"], row["a"], row["price"]] for row in de] == [
        ["007", "1,5", "1.234"], ["8", "2,25", "-0,5"],
    ]  # fmt: skip


def test_scores_of_rows_that_were_trained_on_are_called_too_good(dlcli, trained, write):
    header = PEOPLE.partition("\n")[0]
    new = [f"{90 + row}.5;Seoul;yes;{row}.25;a" for row in range(4)]
    dataset = load_dataset(trained.config)
    train_rows = split_rows(dataset, trained.config.split, trained.config.seed).train
    known = set(train_rows.tolist())
    files = {
        "subset.csv": ROWS[:10],
        "superset.csv": [*new, *ROWS],
        "reordered.csv": ROWS[::-1],
        "new.csv": new,
    }
    counts = {
        name: sum(any(ROWS[row] == line for row in known) for line in lines)
        for name, lines in files.items()
    }
    notes = {}
    for name, lines in files.items():
        write(name, "\n".join([header, *lines, ""]))
        code, _, notes[name] = dlcli("evaluate", "people", name)
        assert code == 0, notes[name]

    _, _, same = dlcli("evaluate", "people", "people.csv")

    assert "the model was trained on rows of people.csv" in same
    assert "trained on" not in notes.pop("new.csv")
    assert counts["subset.csv"] > 0
    for name, note in notes.items():
        total = len(files[name])
        assert (
            f"{counts[name]} of {total} rows are among those that the model was trained on" in note
        )


def test_hashes_of_many_training_rows_are_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(training_rows, "MAX_ROWS", 500)
    hashes = np.random.default_rng(0).integers(0, 2**64, 8_000, np.uint64)
    path = tmp_path / training_rows.TRAINING_ROWS
    np.sort(hashes[:4_000])[:500].tofile(path)

    [notice] = training_rows.training_row_notices(tmp_path, hashes)
    path.write_bytes(b"damaged")

    assert 3_700 < int(notice.split()[1]) < 4_300, notice
    assert notice.startswith("about ")
    assert training_rows.training_row_notices(tmp_path, hashes) == []


def test_hostile_hashes_of_training_rows_are_no_error(dlcli, trained, write):
    header, *rows = PEOPLE.splitlines()
    write("some.csv", "\n".join([header, *rows[:10], ""]))
    [path] = trained.path.glob("training_rows.*")
    content = path.read_bytes()
    try:
        for hostile in (b"", b"\x93NUMPY\x01\x00\x20\x00{'shape': (" + 22 * b" ", b"PK\3\4 no zip"):
            path.write_bytes(hostile)

            code, _, err = dlcli("evaluate", "people", "some.csv")

            assert code == 0, err
            assert "trained on" not in err
    finally:
        path.write_bytes(content)


def test_large_numbers_have_no_exponent(dlcli, write, monkeypatch):
    table = "size,price\n" + "".join(f"{n},{n * 30_000_000}\n" for n in range(1, 41))
    write("homes.csv", table)
    write("homes.yaml", "dataset: {csv: {path: homes.csv, target: price}}\nmodel: [Dense]\n"
          "preprocess: {numeric: standardize, target: standardize}\nloss: mse\nfit: {epochs: 1}\n")  # fmt: skip
    assert dlcli("train", "homes.yaml")[0] == 0

    _, out, _ = dlcli("predict", "homes", "homes.csv")
    prices = out.splitlines()[1:]

    assert max(len(price) for price in prices) >= 9
    assert "e" not in "".join(prices)
    assert [float(price) for price in prices] == [
        json.loads(row)["prediction"]
        for row in dlcli("predict", "homes", "homes.csv", "--format", "jsonl")[1].splitlines()
    ]


def test_json_records_may_lack_keys_that_others_have(write, tmp_path):
    records = [{"size": at, "kind": "uv"[at % 2], "label": "xy"[at % 3 == 0]} for at in range(60)]
    for record in records[::5]:
        del record["kind"]
    table = write("events.jsonl", "\n".join(map(json.dumps, records)))
    config = init(table, target="label", output=tmp_path / "events.yaml").config
    run = train(config, runs=tmp_path / "runs").path

    assert len(predict(run, table).to_frame()) == 60
    assert evaluate(run, table).scores.rows == 60
    with pytest.raises(DatasetError, match="no column 'kind'"):
        predict(run, write("one.jsonl", json.dumps(records[0]))).to_frame()
