"""Raw rows in, by name or by position; labels and probabilities out."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dlcli import DatasetError, load_config, predict, train
from dlcli.cli.prediction_files import write_predictions
from dlcli.prediction.blocks import PredictionBlock
from dlcli.prediction.output import CsvStyle


@pytest.fixture
def model(people_runs):
    return people_runs["keras"].path


ROWS = "age;city;member;height\n31;Seoul;yes;1.70\n42;Busan;no;1.81\n"


@pytest.fixture
def expected(model, write):
    return predict(model, write("rows.csv", ROWS)).to_frame()


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        ROWS.replace(";", ","),
        "city;height;extra;age;member\nSeoul;1.70;x;31;yes\nBusan;1.81;y;42;no\n",
        "label;age;city;member;height\nb;31;Seoul;yes;1.70\n?;42;Busan;no;1.81\n",
        "31;Seoul;yes;1.70\n42;Busan;no;1.81\n",
        "31;Seoul;yes;1.70;a\n42;Busan;no;1.81;b\n",
        "age;city;member;height\n31.0;Seoul;true;1.7e0\n4.2e1; Busan ;false;1.81\n",
    ],
    ids=[
        "as trained",
        "comma",
        "any order",
        "with target",
        "no header",
        "no header, target",
        "words",
    ],
)
def test_the_same_rows_in_many_forms(model, write, expected, text):
    found = predict(model, write("other.csv", text)).to_frame()

    pd.testing.assert_frame_equal(found, expected)
    assert list(found.columns) == ["prediction", "p_a", "p_b"]


def test_encodings_and_json_lines(model, tmp_path, write, expected):
    (tmp_path / "utf16.csv").write_bytes(ROWS.encode("utf-16"))
    records = [
        {"height": 1.7, "age": 31, "city": "Seoul", "member": True},
        {"height": 1.81, "age": 42, "city": "Busan", "member": False},
    ]
    write("rows.jsonl", "\n".join(map(json.dumps, records)))

    for name in ("utf16.csv", "rows.jsonl"):
        pd.testing.assert_frame_equal(predict(model, tmp_path / name).to_frame(), expected)


def test_rows_in_memory(model, expected):
    table = pd.DataFrame(
        {
            "member": [True, False],
            "city": ["Seoul", "Busan"],
            "height": [1.7, 1.81],
            "age": [31, 42],
        }
    )

    pd.testing.assert_frame_equal(predict(model, table).to_frame(), expected)


def test_standard_input(model, expected, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(ROWS.encode())

    monkeypatch.setattr("sys.stdin", Stdin)

    pd.testing.assert_frame_equal(predict(model, "-").to_frame(), expected)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("age;town;member;height\n1;x;yes;1\n", "no column 'city'", "age, city, member, height"),
        ("ages;city;member;height\n1;x;yes;1\n", "Did you mean 'ages'?", "age, city"),
        ("1;x;yes\n", "the first row has 3 fields; the model takes 4, or 5", "age"),
        (
            "age;city;member;height\nold;x;yes;1\n",
            "rows.csv:2: 'old' in column 'age' is not a number",
            None,
        ),
        ("age;city;member;height\n1;x;yes\n", "rows.csv:2: 3 fields", None),
        ("", "is empty", None),
    ],
)
def test_what_is_missing_or_unreadable_is_named(model, write, text, message, hint):
    with pytest.raises(DatasetError) as error:
        predict(model, write("rows.csv", text)).to_frame()

    assert message in str(error.value)
    assert hint is None or hint in error.value.hint


def test_unseen_categories_and_gaps_are_counted(model, write):
    predictions = predict(model, write("rows.csv", ROWS + "40;Jeju;no;1.7\n;Seoul;no;1.6\n"))
    predictions.to_frame()

    said = " ".join(predictions.notices())
    assert "column 'city': 1 category not seen in training" in said
    assert "column 'age': 1 missing value filled in" in said


def test_a_gap_that_training_did_not_have_is_an_error(model, write):
    with pytest.raises(DatasetError, match="column 'member': 1 value is missing"):
        predict(model, write("rows.csv", ROWS + "40;Seoul;;1.7\n")).to_frame()


def test_a_header_alone_gives_no_predictions(model, write):
    frame = predict(model, write("rows.csv", ROWS.splitlines()[0] + "\n")).to_frame()

    assert len(frame) == 0
    assert list(frame.columns) == ["prediction", "p_a", "p_b"]


def test_blocks_make_no_difference(model, write, monkeypatch):
    from dlcli.prediction import rows as inputs

    text = ROWS + "".join(f"{20 + n % 40};Seoul;yes;1.{n % 10}\n" for n in range(100))
    whole = predict(model, write("rows.csv", text)).to_frame()
    monkeypatch.setattr(inputs, "BLOCK_CELLS", 64)
    parts = list(predict(model, write("rows.csv", text)))

    assert len(parts) > 5
    together = np.concatenate([part.probabilities for part in parts])
    assert np.allclose(together, whole.iloc[:, 1:], atol=1e-6)


def make(write, tmp_path, csv, loader, **changes):
    write("data.csv", csv)
    keys = {
        "dataset": f"{{csv: {{path: data.csv, {loader}}}}}",
        "preprocess": "{numeric: none}",
        "split": "{test: 0}",
        "model": "[{Dense: {activation: sigmoid}}]",
        "loss": "binary_crossentropy",
        "fit": "{epochs: 1}",
        **changes,
    }
    config = write("c.yaml", "".join(f"{key}: {value}\n" for key, value in keys.items()))
    return train(load_config(config), runs=tmp_path / "runs").path


def test_a_first_row_of_small_numbers_is_no_header(write, tmp_path):
    path = make(write, tmp_path, "0,0,0\n0,1,1\n1,0,1\n1,1,0\n", "target: 2")

    assert len(predict(path, write("x.csv", "0,1\n1,1\n0,0\n")).to_frame()) == 3
    assert len(predict(path, write("x.csv", "1,0\n1,1\n")).to_frame()) == 2


@pytest.mark.parametrize("header", ["0,1,2,y\n", ""])
def test_numbered_names_as_pandas_writes_them_are_a_header(write, tmp_path, header):
    rows = "".join(f"{n},{n % 3},{n * 7 % 5},{'ab'[n % 2]}\n" for n in range(40))
    path = make(
        write, tmp_path, header + rows, "target: y, header: true" if header else "target: 3"
    )

    frame = predict(path, write("new.csv", "0,1,2\n5,2,0\n6,0,2\n")).to_frame()

    assert len(frame) == 2


def test_a_cell_that_is_a_columns_name_makes_no_header_of_a_row(write, tmp_path):
    rows = "red,1,a\nblue,2,b\nred,3,a\nblue,4,b\n"
    path = make(write, tmp_path, rows, "target: y, header: false, names: [red, n, y]")

    assert len(predict(path, write("x.csv", "red,1.0\nblue,2.0\n")).to_frame()) == 2
    assert len(predict(path, write("x.csv", "n,red\n1.0,red\n")).to_frame()) == 1


def test_the_header_of_a_table_of_words_may_be_in_other_case(write, tmp_path):
    path = make(write, tmp_path, "Colour,Shape,y\nred,round,a\nblue,flat,b\n", "target: y")

    with pytest.raises(DatasetError, match="no column 'Colour'"):
        predict(path, write("x.csv", "colour,shape\nred,flat\n")).to_frame()


def test_the_delimiter_of_the_training_file_is_kept(write, tmp_path):
    text = "a;b;y\n0,64;1,5;1\n0,27;2,5;0\n0,91;3,5;1\n"
    path = make(
        write, tmp_path, text, "target: y, delimiter: ';', decimal: ',', task: classification"
    )

    assert len(predict(path, tmp_path / "data.csv").to_frame()) == 3
    words = "weather,y\nlight rain,a\nsun,b\nlight rain,a\n"
    path = make(write, tmp_path, words, "target: y, delimiter: ','")
    assert len(predict(path, write("x.csv", "weather\nlight rain\nsun\n")).to_frame()) == 2


def test_a_decimal_comma_is_no_delimiter(write, tmp_path):
    text = "0,64;0,27;0,91\n0,11;0,25;0,36\n0,5;0,25;0,75\n"

    path = make(write, tmp_path, text, "target: 2, decimal: ','", model="[Dense]", loss="mse")

    assert len(predict(path, write("x.csv", "0,64;0,27\n")).to_frame()) == 1


def test_missing_words_of_the_loader_count_in_a_dataframe(model):
    table = pd.DataFrame(
        {"age": [31, 31], "city": ["NA", None], "member": ["yes", "yes"], "height": ["1.7", "1.7"]}
    )

    first, second = predict(model, table).to_frame()["p_a"]

    assert first == second


def test_predictions_can_be_iterated_more_than_once(model, write, expected):
    predictions = predict(model, write("rows.csv", ROWS + "40;Jeju;no;1.7\n"))

    first, second = list(predictions), list(predictions)

    assert [len(block) for block in first] == [len(block) for block in second] == [3]
    assert np.array_equal(first[0].probabilities, second[0].probabilities)
    assert len(predictions.to_frame()) == predictions.rows == 3
    assert [notice.count("1 category") for notice in predictions.notices()] == [1]
    next(iter(predictions))
    pd.testing.assert_frame_equal(predictions.to_frame()[:2], expected)


def test_rows_in_memory_can_be_iterated_more_than_once(model):
    table = pd.DataFrame({"age": [31], "city": ["Seoul"], "member": [True], "height": [1.7]})
    predictions = predict(model, table)

    pd.testing.assert_frame_equal(predictions.to_frame(), predictions.to_frame())


def test_standard_input_is_read_only_once(model, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(ROWS.encode())

    monkeypatch.setattr("sys.stdin", Stdin)
    predictions = predict(model, "-")
    assert len(predictions.to_frame()) == 2

    with pytest.raises(DatasetError, match="standard input can be read only once") as error:
        list(predictions)
    assert "to_frame()" in error.value.hint


@pytest.mark.parametrize("name", ["out", "out.json", "out.xls", "out.csv.gz"])
def test_an_output_file_of_another_format_is_refused(model, write, dlcli, tmp_path, name):
    rows = write("rows.csv", ROWS)

    code, out, err = dlcli("predict", model, rows, "-o", name)

    assert (code, out) == (2, "")
    assert f"{name}: predictions are written as .csv, .tsv, .jsonl or .xlsx" in err
    assert "--format" in err
    assert not (tmp_path / name).exists()
    assert dlcli("predict", model, rows, "-o", name, "--format", "csv")[0] == 0
    assert (tmp_path / name).read_text().startswith("prediction,p_a,p_b\n")


def test_csv_safe_leaves_an_empty_label_empty(tmp_path):
    class Predictions(list):
        columns = ("prediction", "p_", "p_=b")
        name_column = ""

    labels = PredictionBlock(np.array(["", "=b"], object), np.eye(2), np.eye(2))
    write_predictions(Predictions([labels]), str(tmp_path / "out.csv"), "csv", CsvStyle(safe=True))

    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines == ["prediction,p_,p_=b", '"",1,0', "'=b,0,1"]


def test_output_to_a_pipe_or_a_missing_folder(model, write, dlcli, tmp_path):
    rows = write("rows.csv", ROWS)

    code, _, err = dlcli("predict", model, rows, "-o", tmp_path / "nowhere" / "x.csv")
    assert code == 2
    assert "cannot write" in err
    assert dlcli("predict", model, rows, "-o", tmp_path)[0] == 2
    assert dlcli("predict", model, rows, "-o", "/dev/null")[0] == 0
    assert not Path("/dev/null").is_file()


def test_the_input_is_not_overwritten(model, write, dlcli):
    rows = write("rows.csv", ROWS)

    code, _, err = dlcli("predict", model, rows, "-o", rows)

    assert code == 2
    assert "is an input" in err
    assert rows.read_text() == ROWS


def test_an_index_with_the_name_of_a_feature_is_not_the_feature(write, tmp_path):
    rows = "".join(f"{n},{n % 2},{n % 5},{'ab'[n % 2]}\n" for n in range(40))
    loader = "target: y, index: true, unique_names: true"
    path = make(write, tmp_path, "id,id,,y\n" + rows, loader)

    def predicted(text):
        return predict(path, write("x.csv", text)).to_frame().iloc[:, -1].tolist()

    plain = predicted("id,column 3\n0,1\n1,1\n")
    assert predicted("id,id,,y\n50,0,1,a\n60,1,1,b\n") == plain
    assert predicted("id,,y\n0,1,a\n1,1,b\n") == plain
    assert predicted("id,id,,z\n50,0,1,9\n60,1,1,9\n") == plain


@pytest.mark.parametrize("text", ["value\n1\n2\n3\n4\n", "1\n2\n3\n4\n", "value,note\n1,5\n2,5\n3,5\n4,5\n", ",value\n0,1\n1,2\n2,3\n3,4\n"])  # fmt: skip
def test_a_series_with_an_index_is_predicted_without_it(write, tmp_path, text):
    rows = "".join(f"{n},{n % 7}\n" for n in range(40))
    model = "[Flatten, Dense]"
    loader = "target: value, index: true, window: 3"
    path = make(write, tmp_path, ",value\n" + rows, loader, model=model, loss="mse")

    assert len(predict(path, write("x.csv", text)).to_frame())


def test_rows_to_predict_may_have_double_quotes_instead(write, tmp_path):
    rows = "".join(f"'a, {n % 3}',{n},'{'ab'[n % 2]}'\n" for n in range(40))
    changes = {"preprocess": "{categorical: one_hot}"}
    path = make(write, tmp_path, f"t,n,y\n{rows}", '''target: y, quotechar: "'"''', **changes)

    result = predict(path, write("x.csv", 't,n\n"a, 1",4\n"a, 2",5\n'))

    assert len(result.to_frame()) == 2
    assert any("fields are in double quotes, not in '" in notice for notice in result.notices())
