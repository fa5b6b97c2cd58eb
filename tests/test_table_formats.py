"""Tables in all formats: workbooks, Parquet, ARFF and JSON give what the same CSV gives."""

import contextlib
import datetime as dt
import gzip
import json
import sys
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from dlcli import DatasetError, load_config, predict, train
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.card import describe_file
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import load_csv, propose_layout, read_table

RECORDS = [
    {"n": n, "x": None if n % 9 == 4 else n / 7, "ok": n % 2 == 0, "city": ["Seoul", "부산"][n % 2], "label": "xyz"[n % 3]}
    for n in range(150)
]  # fmt: skip
CONFIG = """
dataset: {csv: {path: NAME, target: label}}
model: [{Dense: {activation: softmax}}]
loss: categorical_crossentropy
fit: {epochs: 1}
"""


def _workbook(path, sheets):
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def _as_rows(records):
    return [list(records[0]), *(list(record.values()) for record in records)]


def _arff(records):
    rows = "\n".join(
        ",".join("?" if v is None else str(v).lower() if isinstance(v, bool) else f"'{v}'" if isinstance(v, str) else str(v)
                 for v in record.values()) for record in records
    )  # fmt: skip
    return (
        "% made up\n@RELATION r\n\n@ATTRIBUTE n numeric\n@attribute 'x' REAL\n"
        "@attribute ok {true, false}\n@attribute city string\n@attribute label {x,y,z}\n@DATA\n"
        + rows
    )


def write_table(path, records):
    """Write records in the format of the path's ending."""
    if path.suffix == ".xlsx":
        _workbook(path, {"nothing": [], "data": _as_rows(records)})
    elif path.suffix == ".parquet":
        pd.DataFrame(records).to_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    elif path.suffix == ".json":
        path.write_text(json.dumps(records, indent=1, ensure_ascii=False), encoding="utf-8")
    elif path.suffix == ".arff":
        path.write_text(_arff(records), encoding="utf-8")
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("d/data.csv", pd.DataFrame(records).to_csv(index=False))
    elif path.suffix == ".gz":
        path.write_bytes(
            gzip.compress(pd.DataFrame(records).to_csv(index=False, sep="\t").encode())
        )
    else:
        pd.DataFrame(records).to_csv(path, index=False)
    return path


def load(path, **options):
    return load_csv(CsvLoader(path=str(path), **{"target": "label", **options}), path, "data")


NAMES = ["a.xlsx", "a.parquet", "a.jsonl", "a.json", "a.arff", "a.zip", "a.tsv.gz"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    write_table(folder / "a.csv", RECORDS)
    (folder / "c.yaml").write_text(CONFIG.replace("NAME", "a.csv"))
    return train(load_config(folder / "c.yaml"), runs=folder / "runs").path


@pytest.mark.parametrize("name", NAMES)
def test_every_format_gives_what_csv_gives(tmp_path, name):
    expected = load(write_table(tmp_path / "a.csv", RECORDS))

    dataset = load(write_table(tmp_path / name, RECORDS))

    pd.testing.assert_frame_equal(dataset.x, expected.x)
    np.testing.assert_array_equal(dataset.y, expected.y)
    assert dataset.columns == expected.columns
    assert dataset.target == expected.target


@pytest.mark.parametrize("name", NAMES)
def test_every_format_is_predicted(tmp_path, run, name):
    rows = [{k: v for k, v in record.items() if k != "label"} for record in RECORDS]
    if name.endswith("arff"):
        rows = RECORDS
    expected = predict(run, write_table(tmp_path / "a.csv", rows)).to_frame()

    frame = predict(run, write_table(tmp_path / name, rows)).to_frame()

    pd.testing.assert_frame_equal(frame, expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_is_shown(tmp_path, name):
    card = describe_file(write_table(tmp_path / name, RECORDS))

    assert card.rows == len(RECORDS)
    assert [column.name for column in card.columns] == ["n", "x", "ok", "city", "label"]


def test_cells_of_a_workbook_are_their_values(tmp_path):
    path = tmp_path / "a.xlsx"
    day = dt.datetime(2024, 3, 5)  # noqa: DTZ001 (Excel knows no time zones)
    rows = [
        [
            day,
            day.replace(hour=13, minute=5),
            dt.time(7, 30),
            0.25,
            1 / 3,
            10**15 + 1,
            True,
            "#N/A",
            "1,5",
            "a",
        ]
    ]
    _workbook(path, {"s": [[*"abcdefghi", "label"], *rows, [*rows[0][:-1], "b"]]})

    x = load(path, types=dict.fromkeys("abcdefghi", "text")).x

    assert x.iloc[0].tolist() == [
        "2024-03-05", "2024-03-05 13:05:00", "07:30:00", "0.25", repr(1 / 3), "1000000000000001", "true", "#N/A", "1,5",
    ]  # fmt: skip
    assert load(path, decimal=",", drop=("h",)).x["i"].tolist() == [1.5, 1.5]


def test_a_cover_sheet_is_no_table(tmp_path):
    path = tmp_path / "w.xlsx"
    rows = [["a", "label"], *([n, "xy"[n % 2]] for n in range(30))]
    _workbook(path, {"cover": [["Sales"], [], ["by", "me"]], "data": rows})

    proposals = {item.option: item.value for item in propose_layout(path)}

    assert proposals == {"sheet": "data"}


def test_sheets_and_titles_of_a_workbook_are_chosen_and_proposed(tmp_path):
    path = tmp_path / "a.xlsx"
    table = _as_rows(RECORDS[:30])
    _workbook(path, {"empty": [], "first": [["Sales"], [], *table], "second": table})

    proposals = {item.option: item.value for item in propose_layout(path)}

    assert proposals == {"skip_rows": 2, "sheet": "first"}
    assert len(load(path, **proposals)) == 30
    assert len(load(path, sheet="second")) == 30
    with pytest.raises(
        DatasetError, match=r"a\.xlsx:3: 5 fields, but the first row has 1"
    ) as error:
        load(path)
    assert "`skip_rows: 2`" in error.value.hint
    with pytest.raises(DatasetError, match=r"no sheet 'secnd' with values\. Did you mean 'second'"):
        load(path, sheet="secnd")


def _merged_workbook(path, rows, ranges):
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for name in ranges:
        book.active.merge_cells(name)
    book.save(path)


def test_merged_cells_of_a_workbook_have_the_value_of_their_range(tmp_path):
    path = tmp_path / "m.xlsx"
    rows = [
        [region if year == 2011 else None, year, None if year == 2012 else year % 7]
        for region in ("서울", "부산")
        for year in range(2011, 2023)
    ]
    # The last range reaches beyond the table, and a note below it is no value of the columns.
    merged = ["A1:C1", "A3:A14", "A15:A30", "C3:C4", "A32:C32"]
    table = [["인구 통계"], ["지역", "연도", "n"], *rows, *[[]] * 5, ["※ 통계청"]]
    _merged_workbook(path, table, merged)

    assert {item.option: item.value for item in propose_layout(path)} == {"skip_rows": 1}
    frame = read_table(path, Dialect(skip_rows=1))
    columns = [column.texts for column in frame.columns]
    assert columns[0] == ["서울"] * 12 + ["부산"] * 12 + ["※ 통계청"]
    assert columns[2][:3] == [str(2011 % 7)] * 2 + [str(2013 % 7)]
    assert columns[2][13] == columns[2][24] == ""
    notice = "3 ranges of merged cells (such as A3:A14): each cell has the range's value"
    assert f"{path}: {notice}" in frame.notices


def test_merged_cells_of_headers_and_rows(tmp_path):
    path = tmp_path / "m.xlsx"
    rows = [["세종", None, n, n % 3] for n in range(20)]
    header = [["시도", "구", "2024", None], [None, None, "n", "k"]]
    ranges = ["A1:A2", "B1:B2", "C1:D1", "A3:B3", *(f"A{n}:B{n}" for n in range(4, 24))]
    _merged_workbook(path, [*header, *rows, ["합계", None, 190, 19]], ranges)

    table = read_table(path, Dialect(skip_rows=1))

    assert list(table.names) == ["시도", "구", "n", "k"]
    # A sum has no district: its name would be one more.
    assert table.columns[1].texts == [*["세종"] * 20, ""]


def test_merged_cells_that_fill_nothing_are_not_noted(tmp_path):
    path = tmp_path / "m.xlsx"
    rows = [["a", "b", "c"], *([n, n % 3, None if n in (3, 4) else 1] for n in range(20))]
    # A note below the table, one without any value, and a range that reaches into an empty row.
    _merged_workbook(path, [*rows, [], ["note"]], ["A23:B24", "C5:C6", "B21:B22"])

    table = read_table(path, Dialect())

    assert not table.has_filled_cells
    assert not any("merged cells (" in notice for notice in table.notices)
    _merged_workbook(path, [*rows, [], ["note"]], ["A23:B24", "C4:C6"])
    filled = read_table(path, Dialect())
    assert filled.has_filled_cells
    assert any("1 range of merged cells (C4:C6)" in notice for notice in filled.notices)


def test_hostile_merged_cells_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "m.xlsx"
    _merged_workbook(path, [["a", "b"], [1, 2], [3, 4]], ["C2:XFD3", "C4:XFD5"])
    assert len(read_table(path, Dialect())) == 2

    monkeypatch.setattr("dlcli.datasets.tables.merged_cells.MAX_COLUMNS_OF_RANGES", 20_000)
    with pytest.raises(DatasetError, match="the sheet has too many merged cells"):
        read_table(path, Dialect())


def test_a_bad_cell_of_a_workbook_is_named_by_its_row(tmp_path):
    path = tmp_path / "a.xlsx"
    _workbook(path, {"s": [["a", "label"], *([n, "xy"[n % 2]] for n in range(20)), ["oops", "x"]]})

    with pytest.raises(DatasetError, match=r"a\.xlsx:22: 'oops' in column 'a' is not a number"):
        load(path)


def test_formats_whose_package_is_missing_say_what_to_install(tmp_path, monkeypatch):
    for name, package in (("a.xlsx", "openpyxl"), ("a.parquet", "pyarrow")):
        path = write_table(tmp_path / name, RECORDS[:9])
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            with pytest.raises(
                DatasetError, match=f"need {package}, which is not installed"
            ) as error:
                load(path)
        assert error.value.hint.startswith("pip install 'dlcli[")


def test_damaged_and_hostile_files_are_refused(tmp_path, monkeypatch):
    for name in ("a.xlsx", "a.parquet"):
        path = write_table(tmp_path / name, RECORDS)
        whole = path.read_bytes()
        for size in (10, len(whole) // 2, len(whole) - 30):
            path.write_bytes(whole[:size])
            with pytest.raises(DatasetError):
                load(path)
        for at in range(40, len(whole), len(whole) // 25):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
            with contextlib.suppress(DatasetError):  # some bytes decide nothing
                load(path)
    path = write_table(tmp_path / "b.xlsx", RECORDS)
    monkeypatch.setattr("dlcli.datasets.tables.excel.MAX_UNPACKED", 1000)
    with pytest.raises(DatasetError, match="too large when unpacked"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("@relation r\n@attribute a numeric\n@attribute b {x,y}\n@data\n1,x\n2,z\n", "a.arff:6: 'z' in 'b' is not declared"),
        ("@relation r\n@attribute a numeric\n@attribute b {x,y}\n@data\n1,x,3\n", "a.arff:5: 3 fields, but the first row has 2"),
        ("@relation r\n@attribute a relational\n@data\n", "a.arff:2: type 'relational'; expected numeric"),
        ("@relation r\n1,2\n", "a.arff:2: '1,2'; expected @attribute"),
        ("@relation r\n@attribute a numeric\n@attribute b {x,y}\n@data\n{5 3}\n", "positions from 0 to 1"),
        ("@relation r\n@attribute a string\n@attribute b {x,y}\n@data\n'a,x\n", "a.arff:5: a quote is not closed"),
        ("@relation r\n@data\n", "no @attribute"),
    ],
)  # fmt: skip
def test_malformed_arff_is_refused_with_the_line(tmp_path, content, message):
    (tmp_path / "a.arff").write_text(content)

    with pytest.raises(DatasetError) as error:
        load(tmp_path / "a.arff", target="b")

    assert message in str(error.value)


def test_sparse_arff_has_zeros_and_the_first_category(tmp_path):
    path = tmp_path / "a.arff"
    path.write_text(
        "@relation r\n@attribute 'a b' numeric\n@attribute q {0,1}\n@attribute label {x,'y z'}\n@data\n"
        "{0 2.5, 2 'y z'}\n{1 1}\n{}\n{0 1}\n"
    )

    proposals = {item.option: item.value for item in propose_layout(path)}
    dataset = load(path, types=proposals["types"])

    assert proposals == {"target": "label", "types": {"q": "categorical"}}
    assert dataset.x.to_dict("list") == {"a b": [2.5, 0, 0, 1], "q": ["0", "1", "0", "0"]}
    assert [dataset.target.class_names[code] for code in dataset.y] == ["y z", "x", "x", "x"]


def test_a_position_with_many_zeros_is_refused(tmp_path):
    path = tmp_path / "a.arff"
    path.write_text(f"@relation r\n@attribute a numeric\n@data\n{{0 1}}\n{{{'0' * 9}9 1}}\n")

    with pytest.raises(DatasetError, match=r"a.arff:5: .*expected \{position value"):
        load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"a": 1, "label": "x"},\n {"a": 2 "label": "y"}]', "a.json:2: not valid JSON"),
        ('[{"a": 1, "label": "x"}\n {"a": 2}]', "a.json:2: not valid JSON: a comma is missing"),
        ('[{"a": 1, "label": "x"},\n', "not valid JSON"),
        ('[{"a": 1, "a": 2}]', "a.json:1: the key 'a' appears twice"),
        ('[{"a": [1], "label": "x"}]', "a.json:1: 'a' is a list, not a number or a text"),
        ("[1, 2]", "a.json:1: expected an object"),
        ("[" * 100_000, "a.json:1: not valid JSON"),
        ('{"a": 1}\n[2]', "a.json:2: expected an object"),
    ],
)
def test_malformed_json_is_refused_with_the_line(tmp_path, content, message):
    (tmp_path / "a.json").write_text(content)

    with pytest.raises(DatasetError) as error:
        load(tmp_path / "a.json")

    assert message in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_init_writes_a_config_for_every_format(tmp_path, dlcli, name):
    write_table(tmp_path / name, RECORDS)

    code, out, err = dlcli("init", name, "--target", "label", "-o", "my.yaml")
    assert code == 0, out + err
    code, out, err = dlcli("check", "my.yaml")

    assert code == 0, out + err


def test_init_takes_the_target_and_the_types_of_arff(tmp_path, dlcli):
    (tmp_path / "a.arff").write_text(
        "@relation r\n@attribute class {x,y}\n@attribute q {1,2}\n@attribute a real\n@data\n"
        + "".join(f"{'xy'[n % 2]},{n % 2 + 1},{n * 7 % 13}.5\n" for n in range(40))
    )

    code, out, err = dlcli("init", "a.arff", "-o", "my.yaml")

    assert code == 0, out + err
    config = (tmp_path / "my.yaml").read_text()
    assert "target: class  # the attribute is named 'class'" in config
    assert "q: categorical  # declared with 2 categories" in config


def people(count=24):
    """Return records with an object in each, null in one."""
    return [
        {
            "age": 20 + row * 7 % 31,
            "home": None if row == 5 else {"city": "ab"[row % 2], "at": {"x": row / 3, "tags": []}},
            "bought": "no" if row % 3 else "yes",
        }
        for row in range(count)
    ]


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (lambda rows: {"count": len(rows), "data": rows}, "data"),
        (lambda rows: {"meta": {"columns": [{"a": 1}]}, "answer": {"rows": rows}}, "answer.rows"),
        (lambda rows: rows, None),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_nested_json_is_read_with_options_that_init_writes(dlcli, tmp_path, content, path, indent):
    (tmp_path / "p.json").write_text(json.dumps(content(people()), indent=indent))
    config = "dataset: {csv: {path: p.json, target: bought}}\nmodel: [Dense]\nloss: mse\nfit: {epochs: 1}\n"
    (tmp_path / "plain.yaml").write_text(config)
    refused = dlcli("check", "plain.yaml")

    code, _, error = dlcli("init", "p.json", "-o", "my.yaml")

    assert code == 0, error
    text = (tmp_path / "my.yaml").read_text()
    assert ("record_path" in text) == (path is not None)
    if path:
        assert f"record_path: {path}  # 24 records under this key" in text
        assert f"record_path: {path}`" in refused[2]
    assert "flatten: true  # 'home' holds objects: its columns are home.city, …" in text
    assert "`flatten: true`" in refused[2]
    dataset = load_dataset(load_config(tmp_path / "my.yaml"))
    assert [column.name for column in dataset.columns] == ["age", "home.city", "home.at.x"]
    assert dataset.x["home.at.x"][4] == 4 / 3
    assert dataset.x["home.city"][5] is None


def test_models_of_nested_json_predict_from_it_with_and_without_its_frame(dlcli, tmp_path):
    rows = people()
    (tmp_path / "p.json").write_text(json.dumps({"data": rows}, indent=1))
    dlcli("init", "p.json", "-o", "my.yaml")
    dlcli("train", "my.yaml", "-q", "--set", "fit.epochs=1")
    new = [{key: value for key, value in row.items() if key != "bought"} for row in rows[:6]]
    texts = [
        json.dumps({"next": None, "data": new}),
        json.dumps(new, indent=2),
        "".join(json.dumps(row) + "\n" for row in new),
    ]
    outputs = []
    for at, text in enumerate(texts):
        (tmp_path / f"{at}.json").write_text(text)
        code, out, error = dlcli("predict", "my", f"{at}.json")
        assert code == 0, error
        outputs.append(out)

    assert outputs[0].count("\n") == 7
    assert len(set(outputs)) == 1


@pytest.mark.parametrize(
    ("record", "options", "message"),
    [
        ({"a": {"b": 1}, "a.b": 2}, {"flatten": True}, "d.json:1: the key 'a.b' appears twice"),
        ({"a": {"b": [1]}}, {"flatten": True}, "d.json:1: 'a.b' is a list"),
        ({"a": 1}, {"record_path": "rows"}, "d.json: no list under the key 'rows'"),
        ({"rows": {"a": [{}]}}, {"record_path": "rows"}, "d.json: no list under the key 'rows'"),
    ],
)
def test_what_the_options_of_json_do_not_mend_is_named(tmp_path, record, options, message):
    path = tmp_path / "d.json"
    path.write_text(json.dumps(record | {"label": "x"}))

    with pytest.raises(DatasetError) as error:
        load(path, **options)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "record_path", "message"),
    [
        ('{"rows": [ROW],\n"rows": []}', "rows", "d.json:2: the key 'rows' appears twice"),
        ('{"rows": [ROW]', "rows", "d.json:1: not valid JSON behind the records"),
        ('{"rows": [ROW], x}', "rows", "d.json:1: not valid JSON behind the records"),
        ('{"b": {"rows": [ROW]}, "n": 3', "b.rows", "d.json:1: not valid JSON behind the records"),
        ('{"rows": [ROW]}\n{"rows": []}', "rows", "d.json:2: there is more behind the records"),
        (
            "[ROW]\n[ROW]",
            "",
            "d.json:2: there is more behind the records; write all into one array",
        ),
        ("[ROW] x", "", "d.json:1: there is more behind the records"),
        ('{"b": {"rows": [ROW], "n": 3}, "m": {"rows": []} }\n\n', "b.rows", None),
        ("\n[ROW]\n\n", "", None),
    ],
)
def test_more_behind_the_records_of_json_is_refused(tmp_path, text, record_path, message):
    rows = ", ".join(json.dumps({"a": at, "label": "xy"[at % 2]}) for at in range(4))
    (tmp_path / "d.json").write_text(text.replace("ROW", rows))

    if message is None:
        assert len(load(tmp_path / "d.json", record_path=record_path)) == 4
        return
    with pytest.raises(DatasetError) as error:
        load(tmp_path / "d.json", record_path=record_path)
    assert message in str(error.value)


def test_objects_within_many_objects_are_refused(tmp_path):
    (tmp_path / "d.json").write_text('{"a": ' * 900 + "1" + "}" * 900)

    with pytest.raises(DatasetError, match="more than 20 objects within each other"):
        load(tmp_path / "d.json", flatten=True)


def test_objects_in_records_are_refused_with_what_to_do(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"pos": {"x": 1}, "label": "a"}\n{"pos": {"x": 2}, "label": "b"}\n')

    with pytest.raises(DatasetError, match=r"d\.jsonl:1: 'pos' is an object") as error:
        load(path)

    assert "set `flatten: true` in the loader" in error.value.hint


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("'it''s'", "it's"),
        (r"'it\'s'", "it's"),
        (r"it\'s", "it's"),
        ('"a ""b"" c"', 'a "b" c'),
        (r'"a \"b\" c"', 'a "b" c'),
        ("'a \"b\" c'", 'a "b" c'),
        ("'a, b'", "a, b"),
        (r"'a\\b'", r"a\b"),
    ],
)
def test_quotes_in_names_and_values_of_arff_are_doubled_or_escaped(tmp_path, written, name):
    declared = f"@attribute {written} numeric\n@attribute kind {{{written},''}}\n"
    rows = "".join(f"{row}.5,{written if row % 2 else chr(39) * 2}\n" for row in range(20))
    (tmp_path / "a.arff").write_text(f"@relation r\n{declared}@data\n{rows}")

    table = read_table(tmp_path / "a.arff", Dialect("auto"))

    assert table.names == (name, "kind")
    assert table.columns[1].texts[:2] == ["", name]


def test_a_quote_that_is_not_closed_in_arff_is_refused_quickly(tmp_path):
    (tmp_path / "a.arff").write_text(
        "@relation r\n@attribute a string\n@data\n'" + "''" * 50_000 + "x\n"
    )

    with pytest.raises(DatasetError, match=r"a\.arff:4: a quote is not closed"):
        read_table(tmp_path / "a.arff", Dialect("auto"))


def _in_all_formats(folder, frame):
    """Write a table as CSV, Parquet, workbook and lines of JSON."""
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet")
    frame.to_excel(folder / "t.xlsx", index=False)
    frame.to_json(folder / "t.jsonl", orient="records", lines=True, date_format="iso")
    return [folder / f"t.{ending}" for ending in ("csv", "parquet", "xlsx", "jsonl")]


def test_a_number_that_means_missing_is_missing_in_every_row_of_every_format(tmp_path):
    values = [float(-999 if n % 4 == 3 else n) for n in range(400)]
    whole = [int(value) for value in values]
    frame = pd.DataFrame({"x": values, "n": whole, "target": list("ab" * 200)})
    for path in _in_all_formats(tmp_path, frame):
        x = load(path, target="target", missing=["-999"]).x
        assert x.isna().sum().tolist() == [100, 100], path
    assert load(path, target="target", missing=["00"]).x.notna().all(axis=None)


def test_times_that_are_midnight_are_read_in_every_format(tmp_path):
    times = pd.date_range("2024-01-30", periods=60, freq="h")
    frame = pd.DataFrame({"t": times, "target": [n / 3 for n in range(60)]})
    for path in _in_all_formats(tmp_path, frame)[:3]:
        x = load(path, target="target", dates={"t": ""}).x
        assert x["t"].diff().dropna().eq(3600).all(), path


def test_decimals_of_parquet_keep_their_point_if_texts_have_a_comma(tmp_path):
    values = [Decimal("1.500"), Decimal("2.500")] * 20
    pd.DataFrame({"x": values, "target": list("ab" * 20)}).to_parquet(tmp_path / "t.parquet")
    x = load(tmp_path / "t.parquet", target="target", decimal=",").x
    assert sorted(set(x["x"])) == [1.5, 2.5]


def test_repeated_names_of_parquet_are_refused_in_a_sentence(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [pa.array(range(9)), pa.array(range(9)), pa.array(list("abc" * 3))]
    pq.write_table(pa.table(columns, names=["a", "a", "target"]), tmp_path / "t.parquet")
    with pytest.raises(DatasetError, match="'a' appears twice"):
        load(tmp_path / "t.parquet", target="target")


def test_half_a_surrogate_pair_is_refused_with_its_line(tmp_path):
    lines = [json.dumps({"c": "x", "target": "ab"[n % 2]}) for n in range(9)]
    lines[4] = r'{"c": "x\ud800", "target": "a"}'
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=r"t.jsonl:5: \\ud800 is half"):
        load(tmp_path / "t.jsonl", target="target")


def test_large_files_with_the_line_ends_of_old_macs_are_read(tmp_path):
    rows = [f"{n},{'ab'[n % 2]}{'x' * 40}" for n in range(25_000)]  # more than pandas starts at
    (tmp_path / "t.csv").write_bytes("\r".join(["n,target", *rows, ""]).encode())
    assert len(load(tmp_path / "t.csv", target="target").y) == 25_000


def test_categories_that_are_whole_numbers_are_the_same_as_floats(tmp_path):
    frame = pd.DataFrame({"c": [1, 2, 3] * 20, "target": list("abc") * 20})
    frame.to_csv(tmp_path / "t.csv", index=False)
    config = {
        "dataset": {"csv": {"path": str(tmp_path / "t.csv"), "target": "target", "types": {"c": "categorical"}}},
        "model": [{"Dense": {"activation": "softmax"}}],
        "loss": "categorical_crossentropy",
        "fit": {"epochs": 1},
    }  # fmt: skip
    model = train(config, runs=tmp_path / "runs").model_path
    expected = predict(model, pd.DataFrame({"c": [1, 2, 3]}))
    answer = predict(model, pd.DataFrame({"c": [1.0, 2.0, 3.0]}))
    np.testing.assert_array_equal(answer.to_frame(), expected.to_frame())
    assert not answer.notices()
