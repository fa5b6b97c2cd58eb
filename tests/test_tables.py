"""Tables in text files: every dialect, types told once, and nothing shifted in silence."""

import csv
import gzip
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli import DatasetError, load_config
from dlcli.config.split_section import SplitConfig
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.card import describe_file
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import csv_table, load_csv, read_table, to_number
from dlcli.datasets.tables.delimiter import long_fields


@pytest.fixture
def load(tmp_path):
    def load_bytes(content, *, target="label", split=None, **options):
        path = tmp_path / "data.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_csv(CsvLoader(path=str(path), target=target, **options), path, "data", split)

    return load_bytes


TABLE = "age,city,label\n31,Seoul,a\n42,Busan,b\n25,Seoul,a\n51,Daegu,b\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        gzip.compress(TABLE.encode()),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode(),
        TABLE.replace(",", "|").encode(),
        TABLE.replace(",", "   ").encode(),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace("\n", ",\n").encode(),
        TABLE.replace("age", " age ").encode(),
        (TABLE + "\n\n").encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "gz", "semicolon", "tab", "bar", "blanks", "crlf", "cr",
         "trailing", "padded", "blank lines"],
)  # fmt: skip
def test_one_table_in_many_dialects(load, content):
    dataset = load(content)

    assert list(dataset.x["age"]) == [31, 42, 25, 51]
    assert list(dataset.x["city"]) == ["Seoul", "Busan", "Seoul", "Daegu"]
    assert dataset.target.class_names == ("a", "b")
    assert list(dataset.y) == [0, 1, 0, 1]


def test_korean_text_in_cp949_is_recognised(load):
    dataset = load(
        "나이,도시,결과\n31,서울,합격\n42,부산,불합격\n25,서울,합격\n".encode("cp949"),
        target="결과",
    )

    assert dataset.target.class_names == ("불합격", "합격")


def test_latin_1_is_never_guessed_but_can_be_named(load):
    content = "città,label\nForlì,a\nBari,b\n".encode("latin-1")

    with pytest.raises(DatasetError, match="not UTF-8") as error:
        load(content)
    assert "encoding" in error.value.hint
    assert list(load(content, encoding="latin-1").x["città"]) == ["Forlì", "Bari"]


def test_decimal_comma_is_pointed_out_and_read(load):
    content = "price;label\n1,5;a\n2,25;b\n1.000,5;a\n"

    with pytest.raises(DatasetError, match="decimal comma"):
        load("price;label\n1,5;a\n2,25;b\n")
    assert list(load(content, decimal=",").x["price"]) == [1.5, 2.25, 1000.5]


def test_without_a_header_columns_are_numbered_and_the_target_goes_by_position(load):
    dataset = load("1,2,x\n3,4,y\n5,6,x\n", target=-1)

    assert [column.name for column in dataset.columns] == ["0", "1"]
    assert dataset.target.name == "2"
    assert dataset.target.position == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("age,label\n", "no rows below its header"),
        ("age,label\n1,a\n2,b,c\n", "data.csv:3: 3 fields, but the first row has 2"),
        ("age,label\n1,a\n2\n", "data.csv:3: 1 field, but the first row has 2"),
        ("age,age,label\n1,2,a\n", "'age' appears twice (1 and 2)"),
        ("age,,label\n1,2,a\n", "column 2 has no name"),
        ('age,label\n1,"a\n2,b\n', "never closed"),
        ("age,label\n1,a\x00\n", "NUL"),
        ("age,label\n1,a\n2,\n", "data.csv:3: no 'label' in 1 row"),
        ("age,label\n1,a\n2,a\n", "target 'label': the only class is 'a'"),
        ("age,label\n1,a\n1e999,b\n", "is infinite"),
        ("age,lable\n1,a\n2,b\n", "Did you mean 'lable'?"),
        ("age\n1\n2\n", "no target column 'label'"),
    ],
)
def test_malformed_tables_are_refused_with_file_and_line(load, content, message):
    with pytest.raises(DatasetError) as error:
        load(content)

    assert message in str(error.value)


def test_a_bad_cell_in_a_numeric_column_is_located(load):
    rows = "".join(f"{number},{'ab'[number % 2]}\n" for number in range(20))

    with pytest.raises(DatasetError, match=r"data.csv:22: 'x' in column 'age' is not a number"):
        load(f"age,label\n{rows}x,a\n")


def test_line_numbers_count_quoted_newlines_and_comments(load):
    content = '# made by hand\nnote,age,label\n"two\nlines",1,a\nb,2,b\nc,3\n'

    with pytest.raises(DatasetError, match=r"data.csv:6: 2 fields"):
        load(content, comment="#")


def test_types_are_detected_and_can_be_overridden(load):
    content = "zip,member,size,note,label\n" + "".join(
        f"0{n},{'yes' if n % 2 else 'no'},{n}.5,{'NA' if n == 3 else 'x'},{'ab'[n % 2]}\n"
        for n in range(10, 20)
    )
    types = {column.name: column.type for column in load(content).columns}
    overridden = load(content, types={"zip": "categorical"})

    assert types == {
        "zip": "numeric", "member": "boolean", "size": "numeric", "note": "categorical",
    }  # fmt: skip
    assert overridden.x["zip"][0] == "010"


def test_a_point_is_no_thousands_mark_by_itself(load):
    with pytest.raises(DatasetError, match=r"data.csv:14: '12.5' in column 'p' is not a number"):
        load(
            "p;label\n" + "".join(f"{n},5;{'ab'[n % 2]}\n" for n in range(12)) + "12.5;a\n",
            decimal=",",
        )


def test_a_row_of_decimal_commas_is_no_header(load):
    assert len(load("0,5;1,5;a\n0,7;2,5;b\n", target=2, decimal=",")) == 2


def test_names_that_cannot_be_are_refused(load):
    for options in (
        {"names": ("a", "a", "y"), "header": False},
        {"names": ("a", "b", "y"), "header": True},
    ):
        with pytest.raises(DatasetError, match="names"):
            load("1,2,x\n3,4,y\n", target=2, **options)


def test_a_word_among_the_numbers_of_a_target_is_located(load):
    rows = "".join(f"{n},{n}.5\n" for n in range(40))

    with pytest.raises(DatasetError, match=r"data.csv:42: 'NA' in the target"):
        load(f"age,label\n{rows}3,NA\n")


def test_label_texts_are_kept_as_they_are(load):
    dataset = load("age,label\n1,NA\n2,007\n3,None\n4,true\n5,NA\n")

    assert dataset.target.class_names == ("007", "NA", "None", "true")


def test_numeric_class_names_are_sorted_as_numbers(load):
    rows = "".join(f"{n},{n % 3 * 5}\n" for n in range(30))

    assert load(f"age,label\n{rows}").target.class_names == ("0", "5", "10")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["1", "2", "1", "2"], "classification"),
        (["81", "93", "91", "97"], "regression"),
        (["0.5", "0.7", "0.5", "0.5"], "regression"),
        ([str(n) for n in range(30)] * 3, "regression"),
    ],
)
def test_the_task_is_told_from_the_target(load, values, task):
    rows = "".join(f"{n},{value}\n" for n, value in enumerate(values))

    assert load(f"age,label\n{rows}").target.task == task


def test_oddities_are_noticed(load):
    rows = "".join(f"{n},1,name{n},{'ab'[n % 2]}\n" for n in range(30))

    found = " ".join(load(f"record,same,name,label\n{rows}").notices)

    assert "'record' looks like a row number" in found
    assert "'same' has the same value in every row" in found
    assert "'name' looks like an identifier" in found


def test_different_numbers_are_an_identifier_if_they_are_called_so(load):
    rows = "".join(f"{n * 37 % 1009},{n * 53 % 997},{'ab'[n % 2]}\n" for n in range(30))

    found = load(f"order_no,income,label\n{rows}").notices

    assert found == (
        "column 'order_no' looks like an identifier: no two rows are alike; consider `drop`",
    )


def test_columns_to_use_and_to_drop(load):
    dropped = load(TABLE, drop=("city",))
    chosen = load(TABLE, columns=("city",))

    assert list(dropped.x) == ["age"]
    assert list(chosen.x) == ["city"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_as_they_were_written(value):
    assert to_number(repr(value)) == value


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.sampled_from(["a", "b c", 'd"e', "f,g", "h\ni"])),
                min_size=2, max_size=20))  # fmt: skip
def test_any_table_that_csv_writes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    labels = ["x", "y", *("x" for _ in rows[2:])]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "word", "label"])
        writer.writerows([repr(n), w, label] for (n, w), label in zip(rows, labels, strict=True))

    dataset = load_csv(CsvLoader(path=str(path), target="label", delimiter=","), path, "data")

    assert np.array_equal(dataset.x["number"], [number for number, _ in rows])
    assert list(dataset.x["word"]) == [word for _, word in rows]


def test_paths_start_from_the_config(people, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert len(load_dataset(load_config(people))) == 12


def test_a_missing_file_is_named(people, tmp_path):
    (tmp_path / "people.csv").unlink()

    with pytest.raises(DatasetError, match=r"no file 'people.csv'"):
        load_dataset(load_config(people))


def test_the_field_size_limit_of_the_csv_module_is_left_alone(load):
    outer = csv.field_size_limit(1000)
    try:
        dataset = load(f"note,label\n{'x' * 200_000},a\ny,b\n")
        limit_after = csv.field_size_limit()
        with long_fields:
            with long_fields:  # a second thread, which leaves first
                pass
            assert csv.field_size_limit() > 200_000
        limit_after_threads = csv.field_size_limit()
    finally:
        csv.field_size_limit(outer)

    assert outer == 131_072  # importing dlcli has not changed it either
    assert limit_after == limit_after_threads == 1000
    assert len(dataset.x["note"][0]) == 200_000


def test_blank_lines_are_noticed_once(tmp_path):
    path = tmp_path / "one column.csv"
    path.write_text("a\n" + "1\n\n" * 10_000)

    notices = describe_file(path).notices

    assert [notice for notice in notices if "blank" in notice] == [
        f'{path}:3: blank lines are skipped; write "" for a missing value'
    ]


def test_a_repeated_name_among_many_is_found_quickly(load):
    names = [f"c{number}" for number in range(20_000)]
    started = time.process_time()

    with pytest.raises(DatasetError, match="`names` has 'c19999' twice"):
        load("1,2\n", target=0, names=(*names, "c19999"))

    assert time.process_time() - started < 2  # 8 s when each name was counted


def test_words_below_many_numbers_keep_the_texts_of_the_numbers(load):
    rows = "".join(f"{n % 7:03},{n},{'ab'[n % 2]}\n" for n in range(300))
    words = "".join(f"{'xyz'[n % 3]},{n},{'ab'[n % 2]}\n" for n in range(300))

    dataset = load(f"code,n,label\n{rows}{words}")

    assert set(dataset.x["code"]) == {*(f"{n:03}" for n in range(7)), "x", "y", "z"}
    assert dataset.x["n"].dtype == float


def test_parts_and_groups_come_from_the_same_reading_as_the_features(load, monkeypatch):
    reads = []
    monkeypatch.setattr(
        csv_table, "read_table", lambda *args, **kw: reads.append(args) or read_table(*args, **kw)
    )
    content = "part,a,label\nTrain,1,x\nval,2,y\ntest,3,x\n"

    dataset = load(content, split=SplitConfig(column="part"))
    groups = load(content, split=SplitConfig(group="part")).groups

    assert list(dataset.parts) == [0, 1, 2]
    assert list(groups) == ["Train", "val", "test"]
    assert list(dataset.x) == ["a"]
    assert len(reads) == 2
    with pytest.raises(DatasetError, match=r"data.csv:3: 'valley' .* is none of train, validation"):
        load(content.replace("val", "valley"), split=SplitConfig(column="part"))
