"""Reading large tables fast has to give what reading them row by row gives."""

import io
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlcli import DatasetError, load_config, predict, train
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import CsvReader, RawColumn, TextFile, convert, csv_reader
from dlcli.datasets.tables.csv_reader import LOOKAHEAD_LINES
from dlcli.prediction.prefetch import prefetch

PLAIN = [f"{n},{n / 7:.3f},word{n % 3}" for n in range(LOOKAHEAD_LINES)]
TYPES = ("numeric", "numeric", "categorical")
numbers = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        ["", "NA", "nan", "inf", "1e400", " 1", "2 ", "\t3", "1_0", "0x1F", "+5", ".5", "5.", "1e", "--1", "TRUE", "１", "1\xa0", "1;2", "e5",
         "1;234.5"]
    ),
)  # fmt: skip
words = st.sampled_from(
    [
        "a",
        "b c",
        "",
        "NA",
        "nan",
        " x ",
        'say "hi"',
        '"q"',
        '"p, q"',
        '"a ""b"""',
        '""',
        '"open',
        'x"y"',
        "#1",
        "é한",
        "0",
    ]
)
rows = st.tuples(numbers, numbers, words).map(",".join)
odd_rows = st.sampled_from(
    ["", "1,2", "1,2,c,", "1,2,c,d", "1,2,c,d,e", "  ", '1,2,"x,\ny"', "1,2,\0"]
)
ends = st.sampled_from(["\n", "\r\n"])


def _blocks(text, dialect, max_rows=7):
    reader = CsvReader(TextFile(io.StringIO(text, newline=""), "f.csv"), dialect)
    while (block := reader.read_block(TYPES, max_rows)) is not None:
        yield block
    reader.check_bad_rows()


def _read(text, dialect):
    """Return the columns of all rows and their lines, or the message of the error."""
    rows = []
    try:
        for block in _blocks(text, dialect):
            values = []
            for name, kind, texts in zip("abc", TYPES, block.columns, strict=True):
                column = convert(RawColumn(name, texts, block.lines, "f.csv", dialect), kind)
                values.append(["nan" if value != value else value for value in column])
            rows += zip(block.lines, *values, strict=True)
    except DatasetError as error:
        return str(error)
    return rows


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tail=st.lists(st.one_of(rows, rows, rows, odd_rows), max_size=25),
    end=ends,
    quoting=st.booleans(),
    comment=st.sampled_from(["", "#"]),
    missing=st.sampled_from([("", "NA"), ("", "0"), ("", "-999", "nan"), ("", "9,5")]),
    decimal=st.sampled_from(".,"),
)
def test_in_bulk_and_row_by_row_read_the_same(tail, end, quoting, comment, missing, decimal):
    text = end.join([*PLAIN, *tail])
    dialect = Dialect(",", quoting=quoting, comment=comment, missing=missing)
    if decimal == ",":
        text = text.translate(str.maketrans(",.;", ";,."))
        dialect = replace(dialect, delimiter=";", decimal=",")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "MIN_PANDAS_SIZE", 1)
        patch.setattr(csv_reader, "MAX_CHUNK_SIZE", 60)
        fast = _read(text, dialect)

    slow = _read(text, dialect)
    if isinstance(slow, str) or isinstance(fast, str):
        # An error of a later block may be met first where blocks are larger.
        assert isinstance(slow, str) == isinstance(fast, str)
    else:
        assert fast == slow


def test_plain_chunks_are_parsed_at_once(monkeypatch):
    monkeypatch.setattr(csv_reader, "MIN_PANDAS_SIZE", 1)
    monkeypatch.setattr(csv_reader, "MAX_CHUNK_SIZE", 500)
    text = "\n".join([*PLAIN, *PLAIN, "1,,x", "oops,1,x", *PLAIN])

    kinds = [
        (block.lines[0], isinstance(block.columns[0], np.ndarray))
        for block in _blocks(text, Dialect(","), 1000)
    ]

    assert kinds[0] == (1, False)  # the lines that were looked at
    assert sum(parsed for _, parsed in kinds) >= 5
    assert [at for at, parsed in kinds[1:] if not parsed] == [
        next(at for at, _ in reversed(kinds) if at <= 2 * LOOKAHEAD_LINES + 2)
    ]


def test_a_chunk_with_a_word_for_a_missing_value_is_parsed_at_once(monkeypatch):
    monkeypatch.setattr(csv_reader, "MIN_PANDAS_SIZE", 1)
    monkeypatch.setattr(csv_reader, "MAX_CHUNK_SIZE", 500)
    text = "\n".join([*PLAIN, *PLAIN, "NA,1,NA", *PLAIN])

    blocks = list(_blocks(text, Dialect(",", missing=("", "NA")), 1000))[1:]

    assert all(isinstance(block.columns[0], np.ndarray) for block in blocks)
    assert sum(np.isnan(block.columns[0]).sum() for block in blocks) == 1
    assert [text for block in blocks for text in block.columns[2]].count("NA") == 1


def test_an_error_in_a_large_file_names_its_line(trained, tmp_path, write, monkeypatch):
    monkeypatch.setattr(csv_reader, "MIN_PANDAS_SIZE", 1)
    good = ["31;Seoul;yes;1.70"] * 500
    for bad, message in (
        ("x;Seoul;yes;1.70", "big.csv:302: 'x' in column 'age' is not a number"),
        ("31;Seoul;yes", "big.csv:302: 3 fields, but the first row has 4"),
        ("31;Seoul;yes;1.70;5", "big.csv:302: 5 fields, but the first row has 4"),
        ("inf;Seoul;yes;1.70", "big.csv:302: 'inf' in column 'age' is infinite"),
        ('31;"Seoul;yes;1.70', "big.csv:302: a quote is opened and never closed"),
    ):
        text = "\n".join(["age;city;member;height", *good[:300], bad, *good[300:]])
        with pytest.raises(DatasetError) as error:
            predict(trained.path, write("big.csv", text)).to_frame()
        assert (
            str(error.value).replace(str(tmp_path) + "/", "").startswith(message.partition(":")[0])
        )
        assert message.partition(": ")[2] in str(error.value)
        assert message in str(error.value) or "quote" in message  # csv names the end of the file


def test_bytes_that_are_no_utf8_are_named_by_place(trained, tmp_path, monkeypatch):
    path = tmp_path / "big.csv"
    row = b"31;Seoul;yes;1.70\n"
    path.write_bytes(b"age;city;member;height\n" + row * 100_000 + b"31;\xff\xfe;yes;1.70\n")

    with pytest.raises(DatasetError, match=r"big\.csv:100002: not UTF-8"):
        predict(trained.path, path).to_frame()


def test_a_large_file_gives_what_its_rows_give(trained, tmp_path, write):
    header = "age;city;member;height;label\n"
    body = "".join(
        f"{n % 60};{('Seoul', 'Busan', '')[n % 3]};yes;{1 + n % 7 / 10};a\n" for n in range(70_000)
    )

    whole = predict(trained.path, write("big.csv", header + body)).to_frame()

    assert len(body) > csv_reader.MIN_PANDAS_SIZE
    assert len(whole) == 70_000
    some = predict(
        trained.path, write("small.csv", header + "".join(body.splitlines(True)[60_000:60_050]))
    ).to_frame()
    part = whole[60_000:60_050].reset_index(drop=True)
    assert part["prediction"].tolist() == some["prediction"].tolist()
    np.testing.assert_allclose(part["p_a"], some["p_a"], atol=1e-6)


def test_reading_ahead_keeps_order_and_errors():
    def items():
        yield from range(5)
        raise DatasetError("the end")

    reading = prefetch(items())
    assert [next(reading) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(DatasetError, match="the end"):
        next(reading)
    assert list(prefetch(iter([]))) == []


def test_a_reader_does_not_run_far_ahead_and_stops_with_its_user():
    made = []

    def items():
        for number in range(1000):
            made.append(number)
            yield number

    reading = prefetch(items(), size=2)
    assert next(reading) == 0
    time.sleep(0.3)
    assert len(made) <= 4
    reading.close()
    time.sleep(0.3)
    assert len(made) <= 4
    assert not any(thread.name.startswith("prefetch") for thread in threading.enumerate())


TABLES = {
    "numbers": [f"{n},{n / 3:.4f},{'ab'[n % 2]}" for n in range(400)],
    "gaps": [f"{n},{'NA' if n % 50 == 3 else n / 3},{'ab'[n % 2]}" for n in range(400)],
    "gap in the last column": [f"{'ab'[n % 2]},{n},{'' if n == 300 else n}" for n in range(400)],
    "words": [f"{n % 7},{('true', 'false')[n % 3 == 0]},{'ab'[n % 2]}" for n in range(400)],
    "a word far below": [f"{n % 9 if n < 250 else 'xyz'[n % 3]},{n},{'ab'[n % 2]}" for n in range(400)],
    "one bad cell": [f"{'oops' if n == 350 else n % 9},{n},{'ab'[n % 2]}" for n in range(400)],
    "quotes far below": [f"{n},{n},{'ab'[n % 2]}" if n < 300 else f'"{n}",{n},"{"ab"[n % 2]}"' for n in range(400)],
    "labels like numbers": [f"{n},{n % 11},{('007', '7.0')[n % 2]}" for n in range(400)],
    "zeros that are missing": [f"{n % 4},{n},{'ab'[n % 2]}" for n in range(400)],
    "codes far below": [f"{('10001', '10002')[n % 2] if n < 350 else '02139'},0{n},{'ab'[n % 2]}" for n in range(400)],
    "quoted codes": [f'"{10001 + n % 2 if n < 350 else "02139"}",{n},"b, 0"' if n % 2 else f"{10001},{n},a" for n in range(400)],
    "leading zeros far below": [f"{n if n != 350 else '0350'},{n},{'ab'[n % 2]}" for n in range(400)],
    "constant": [f"5,{n},{'ab'[n % 2]}" for n in range(400)],
    "short row": [f"{n},{n},{'ab'[n % 2]}" if n != 360 else "1,2" for n in range(400)],
    "bytes of a spreadsheet": [f"{n},{n},{'ab'[n % 2]}\r" for n in range(400)],
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_training_reads_large_tables_as_it_reads_small_ones(write, monkeypatch, name):
    first = "label,a,b" if name.startswith("gap in") else "a,b,label"
    write("data.csv", "\n".join([first, *TABLES[name]]) + "\n", newline="")
    more = ", missing: ['', '0'], comment: '#'" if "missing" in name else ""
    config = load_config(
        write("c.yaml", f"dataset: {{csv: {{path: data.csv, target: label{more}}}}}\nmodel: [Dense]\n"
              "loss: binary_crossentropy\nfit: {epochs: 1}\n".replace("[Dense]", "[{Dense: {activation: sigmoid}}]"))
    )  # fmt: skip

    def loaded():
        try:
            data = load_dataset(config)
        except DatasetError as error:
            return str(error)
        return data.x.to_dict("list"), data.y.tolist(), data.columns, data.target, data.notices

    slow = loaded()
    monkeypatch.setattr(csv_reader, "MIN_PANDAS_SIZE", 1)
    monkeypatch.setattr(csv_reader, "MAX_CHUNK_SIZE", 300)

    assert repr(loaded()) == repr(slow)


def test_a_number_that_means_missing_is_missing_everywhere(write):
    rows = "".join(f"{n % 4},{n},{'ab'[n % 2]}\n" for n in range(300))
    write("data.csv", f"a,b,label\n{rows}")
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: label, missing: ['', '0']}}\n"
        "preprocess: {columns: {a: [impute], b: [impute]}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n",
    )

    data = load_dataset(load_config(config))

    assert data.x["a"].isna().sum() == 75


def test_a_table_below_a_long_comment_is_read(write):
    comment = "".join(f"# {n}\n" for n in range(150))
    rows = "".join(f"{n},{'ab'[n % 2]}\n" for n in range(30))
    write("data.csv", f"{comment}a,label\n{rows}")
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: label, comment: '#'}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n",
    )

    assert len(load_dataset(load_config(config))) == 30


def test_a_reader_ends_with_the_one_who_gave_up(trained, tmp_path, write):
    path = write("big.csv", "age;city;member;height\n" + "31;Seoul;yes;1.70\n" * 200_000)
    predictions = predict(trained.path, path)

    with pytest.raises(KeyError):
        for _ in predictions:
            raise KeyError
    time.sleep(0.5)

    assert not any(thread.name == "prefetch" for thread in threading.enumerate())


def test_a_missing_value_is_named_with_its_line(write, tmp_path):
    rows = "".join(f"{n % 9},{n},{'ab'[n % 2]}\n" for n in range(60))
    write("data.csv", f"a,b,label\n{rows}")
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
        "loss: binary_crossentropy\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs").path
    for count, bad in ((50, 20), (200_000, 150_000)):
        lines = ["1,2"] * count
        lines[bad] = ",2"
        path = write("rows.csv", "a,b\n" + "\n".join(lines) + "\n")
        with pytest.raises(DatasetError) as error:
            predict(run, path).to_frame()
        assert str(error.value) == f"{path}:{bad + 2}: column 'a': 1 value is missing"


def test_a_header_is_known_by_its_words_where_training_had_none(write, tmp_path):
    write("data.csv", "".join(f"{n % 9},{n},{'ab'[n % 2]}\n" for n in range(60)))
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, names: [width, height, label], target: label}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs").path

    with pytest.raises(DatasetError, match=r"no column 'height'\. Did you mean 'hieght'"):
        predict(run, write("rows.csv", "width,hieght\n1,2\n")).to_frame()
    assert len(predict(run, write("rows.csv", "1,2\n3,4\n")).to_frame()) == 2
