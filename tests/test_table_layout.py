"""The layout of tables: what the options of the loader read, and which of them are proposed."""

import zipfile

import pytest

from dlcli import DatasetError, load_config, predict, train
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv, propose_layout

INDEXED = ",tv,sales\n" + "".join(f"{n},{n * 7 % 90},{n * 3 % 11}.5\n" for n in range(12))


@pytest.fixture
def load(tmp_path):
    def load_bytes(content, *, target=-1, name="data.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_csv(CsvLoader(path=str(path), target=target, **options), path, "data")

    return load_bytes


def _rows(count, row="{n},{m},{l}"):
    return "".join(row.format(n=n, m=n * 7 % 10, l="xy"[n % 2]) + "\n" for n in range(count))


# What is in the file, the options that are proposed, and the columns that are read with them.
LAYOUTS = {
    "index of pandas": (",a,label\n" + _rows(9), {"index": True}, ["a"]),
    "index of pandas that was read again": ("Unnamed: 0,a,label\n" + _rows(9), {"index": True}, ["a"]),
    "row names of R": ('"a" "b" "label"\n' + _rows(9, '"T{n}" {n} {m} "{l}"'), {"index": True}, ["a", "b"]),
    "name twice": ("a,a,label\n" + _rows(9), {"unique_names": True}, ["a", "a.1"]),
    "no name": ("a,,label\n" + _rows(9), {"unique_names": True}, ["a", "column 2"]),
    "title": ("Sales of 2024\n\na,b,label\n" + _rows(9), {"skip_rows": 2}, ["a", "b"]),
    "groups of columns, merged": ("2024,,\na,b,label\n" + _rows(9), {"skip_rows": 1}, ["a", "b"]),
    "groups of columns, repeated": ("x,x,y\na,b,label\n" + _rows(9), {"skip_rows": 1}, ["a", "b"]),
    "years above the names": (",2023,2024\na,b,label\n" + _rows(9), {"skip_rows": 1}, ["a", "b"]),
    "title and two rows of groups": ("Sales\n\n2024,,\nx,x,y\na,b,label\n" + _rows(9), {"skip_rows": 4}, ["a", "b"]),
    "the same names in two groups": ("x,2023,,2024,,\nlabel,a,b,a,b,c\n" + _rows(9, "{l},{n},{m},{n},{m},{n}"), {"skip_rows": 2, "names": ["x label", "2023 a", "2023 b", "2024 a", "2024 b", "2024 c"]}, ["x label", "2023 a", "2023 b", "2024 a", "2024 b"]),
    "empty names above a first row of words": ("id,,,b\nkim,yes,no,two\n" + _rows(9, "n{n},yes,no,{m}"), {"unique_names": True}, ["id", "column 2", "column 3"]),
    "numbers without a header": ("1,2,3\n" + _rows(9, "{n},{m},{n}"), {}, ["0", "1"]),
    "name twice above words": ("a,a,label\n" + _rows(9, "u{n},v{m},{l}"), {"unique_names": True}, ["a", "a.1"]),
    "titles of Excel": ("Sales,,\nby region,,\na,b,label\n" + _rows(9), {"skip_rows": 2}, ["a", "b"]),
    "comments": ("# made by hand\n# in 2024\na,b,label\n" + _rows(9), {"comment": "#"}, ["a", "b"]),
    "names in a comment": ("% about\n% a b label\n" + _rows(9, "{n} {m} {l}"),
                           {"comment": "%", "names": ["a", "b", "label"]}, ["a", "b"]),
    "name with a hash": ("#a,b,label\n" + _rows(9), {}, ["#a", "b"]),
    "single quotes": ("'a','b','label'\n" + _rows(9, "'{n}, {m}',{m},'{l}'"), {"quotechar": "'"}, ["a", "b"]),
    "fixed width": ("name       age label\n" + _rows(9, "Al B{n}      3{m}  {l}") + "Carla      42  x\n", {"widths": [11, 4, 5]}, ["name", "age"]),
    "quotes that are inches": ("a,b,label\n" + '7,"5 inch,x\n' + _rows(9), {"quoting": False}, ["a", "b"]),
    "delimiter for Excel": ("sep=;\na;b;label\n" + _rows(9, "{n};{m};{l}"), {}, ["a", "b"]),
    "trailing delimiters": ("a,b,label,,\n" + _rows(9, "{n},{m},{l},,"), {}, ["a", "b"]),
    "trailing delimiters of rows alone": ("a,b,label\n" + _rows(9, "{n},{m},{l},"), {}, ["a", "b"]),
    "blank before a quote": ("a, b, label\n" + _rows(9, '{n}, "{m}, {n}", {l}'), {}, ["a", "b"]),
    "blanks and quotes": ('1 2 "x y"\n' + _rows(9, '{n}  {m}\t"{l} z"'), {}, ["0", "1"]),
    "Spanish": ("niño,b,label\n".encode("cp1252") + _rows(9).encode(), {"encoding": "cp1252"}, ["niño", "b"]),
    "Russian": (("имя,возраст,label\n" + _rows(9, "Иван{n},{m},{l}")).encode("cp1251"), {"encoding": "cp1251"}, ["имя", "возраст"]),
    "Japanese": (("名前,年齢,label\n" + _rows(9, "カナ{n},{m},{l}")).encode("cp932"), {"encoding": "cp932"}, ["名前", "年齢"]),
    "Chinese": (("姓名,年龄,label\n" + _rows(9, "王小明{n},{m},{l}")).encode("gb18030"), {"encoding": "gb18030"}, ["姓名", "年龄"]),
    "degrees": (b"a,b,label\n" + _rows(9, "{n} °C{m},{m},{l}").encode("cp1252"), {"encoding": "cp1252"}, ["a", "b"]),
    "Korean": (("이름,나이,label\n" + _rows(9, "김{n},{m},{l}")).encode("cp949"), {}, ["이름", "나이"]),
    "UTF-16 without a mark": (("이름,나이,label\n" + _rows(9)).encode("utf-16-le"), {}, ["이름", "나이"]),
    "broken bytes": ("é한ñ,b,label\n".encode() + _rows(9, "é한ñ{n},{m},{l}").encode() + b"\xff,1,x\n",
                     {"encoding_errors": "replace"}, ["é한ñ", "b"]),
    "index and title": ("Sales\n\n,a,label\n" + _rows(9), {"skip_rows": 2, "index": True}, ["a"]),
    "texts without a header": ("p,x,s\ne,x,f\np,b,s\np,x,f\ne,x,s\ne,b,f\n", {}, ["0", "1"]),
    "a few bad rows": ("a,b,label\n" + _rows(60) + "1,2\n" + _rows(9) + "1,2,3,4\n", {"on_bad_row": "skip"}, ["a", "b"]),
    "letters that are no types of Orange": ("a,b\n" + "c,d\nc,c\nd,c\ns,d\n" * 3, {}, ["a"]),
    "Orange": ("a\tb\tlabel\nc\td\td\n\t\tclass\n" + _rows(9, "{n}\t{m}\t{l}"), {"types": {"b": "categorical"}, "target": "label"}, ["a", "b"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_file_is_read_with_the_options_that_are_proposed(load, tmp_path, name):
    content, options, columns = LAYOUTS[name]
    path = tmp_path / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    proposals = propose_layout(path)

    assert {proposal.option: proposal.value for proposal in proposals} == options
    assert all(proposal.reason for proposal in proposals)
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in options.items()}
    dataset = load(content, **{"target": -1, **options})
    assert [column.name for column in dataset.columns] == columns
    assert len(dataset) >= 6


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("index of pandas", "data.csv:1: column 1 has no name", "set `index: true` in the loader"),
        ("row names of R", "data.csv:2: 4 fields, but the first row has 3", "`index: true`"),
        ("name twice", "column 'a' appears twice (1 and 2)", "`unique_names: true`"),
        ("title", "3 fields, but the first row has 1", "`skip_rows: 2`"),
        ("index and title", "3 fields, but", "set `skip_rows: 2` and `index: true` in the loader"),
        ("Spanish", "data.csv:1: not UTF-8 (byte 0xf1)", "the line as cp1252 'niño,b,label'"),
        (
            "a few bad rows",
            "data.csv:62: 2 fields, but the first row has 3; 1 more row has another number, on line 72",
            "`on_bad_row: skip`",
        ),
        ("broken bytes", "data.csv:11:1: byte 0xff is not UTF-8", "`encoding_errors: replace`"),
    ],
)
def test_a_layout_that_no_option_allows_is_refused_with_the_option(load, name, message, hint):
    with pytest.raises(DatasetError) as error:
        load(LAYOUTS[name][0])

    assert message in str(error.value)
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("content", "notice"),
    [
        ("sep=;\na;b;label\n1;2;x\n2;3;y\n", "data.csv:1: the line is for Excel and is skipped"),
        ("a,b,label\n1,2,x\na,b,label\n2,3,y\n", "data.csv:3: rows that repeat the header"),
        ("a,b,label\n1,2,x\n,,\n2,3,y\n,,\n", "data.csv:3: rows without any value are skipped"),
        ("x,y\ny,y\nx,x\ny,x\nx,y\n", "has no header: 'x', 'y' of its first row"),
        ("e\u0301t\u00e9, b,label\n1,2,x\n3,4,y\n", "blanks around column names are removed"),
        ("ha,b,label\n1,2,x\n쟋,3,y\n".encode("utf-16"), "is read as utf-16: '쟋,3,y'"),
    ],
)
def test_what_is_skipped_or_detected_is_noted(load, content, notice):
    dataset = load(content)

    assert any(notice in other for other in dataset.notices), dataset.notices
    assert len(dataset) == (5 if "no header" in notice else 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html><body>1,2,3</body></html>", "an HTML page"),
        (b"%PDF-1.7\n1 0 obj", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Office programs (.xls, .doc)"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"SQLite format 3\0", "an SQLite database"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_named_for_what_it_is(load, content, message):
    with pytest.raises(DatasetError) as error:
        load(content)

    assert message in str(error.value)
    assert error.value.hint


def test_the_one_table_of_a_zip_file_is_read(load, tmp_path):
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.md", "about")
        archive.writestr("__MACOSX/._data.csv", "\0")
        archive.writestr("folder/data.csv", "a,b,label\n" + _rows(9))
    dataset = load_csv(CsvLoader(path=str(path), target=-1), path, "data")
    assert list(dataset.x["a"]) == list(range(9))

    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", "a\n1\n")
    with pytest.raises(DatasetError, match="holds 2 tables; expected one"):
        load_csv(CsvLoader(path=str(path), target=-1), path, "data")


def test_names_are_the_same_in_both_unicode_forms(load):
    dataset = load("cafe\u0301,b,label\n1,2,x\n3,4,y\n", drop=("caf\u00e9",))

    assert [column.name for column in dataset.columns] == ["b"]


def test_rows_to_predict_need_no_index_and_no_title(write, tmp_path):
    write("data.csv", "Sales\n\n" + INDEXED)
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: sales, index: true, skip_rows: 2}}\n"
        "model: [Dense]\nloss: mse\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs").path

    def predicted(text):
        return predict(run, write("rows.csv", text)).to_frame()["prediction"].tolist()

    expected = predicted("tv\n7\n14\n")
    assert predicted("Sales\n\n,tv\n0,7\n1,14\n") == expected
    assert predicted(",tv,sales\n0,7,1\n1,14,2\n") == expected
    assert predicted("tv\na 7\nb 14\n".replace(" ", ",")) == expected
    assert predicted("0,7\n1,14\n") != []


def test_rows_without_a_header_need_no_target_and_no_part(write, tmp_path):
    rows = [f"{n},{n * 7 % 10},{('train', 'test')[n % 4 == 0]},{'xy'[n % 2]}" for n in range(60)]
    write("data.csv", "\n".join(rows))
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: 3, drop: [1]}}\nsplit: {column: 2}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs").path

    def predicted(*positions):
        lines = [",".join(row.split(",")[at] for at in positions) for row in rows]
        return predict(run, write("rows.csv", "\n".join(lines))).to_frame()["prediction"].tolist()

    expected = predicted(0)
    assert predicted(0, 1, 2, 3) == predicted(0, 1, 2) == predicted(0, 3) == expected


def test_a_series_is_predicted_from_the_file_it_was_trained_on(write, tmp_path):
    path = write("data.csv", "Sales\n\nn,v\n" + "".join(f"{n},{n % 7}.5\n" for n in range(60)))
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: v, window: 5, skip_rows: 2}}\n"
        "model: [Flatten, Dense]\nloss: mse\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs").path

    expected = predict(run, path).to_frame()["prediction"].tolist()
    plain = write("plain.csv", "n,v\n" + "".join(f"{n},{n % 7}.5\n" for n in range(60)))

    assert len(expected) == 56
    assert predict(run, plain).to_frame()["prediction"].tolist() == expected
