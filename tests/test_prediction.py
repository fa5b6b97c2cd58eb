"""Raw rows in, by name or by position; labels and probabilities out."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from dlcli import DatasetError, load_config, predict, train


@pytest.fixture(scope="module")
def model(tmp_path_factory, write_people):
    folder = tmp_path_factory.mktemp("model")
    return train(load_config(write_people(folder)), runs=folder / "runs").path


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
        ("1;x;yes\n", "the first row has 3 fields; the model wants 4, or 5", "age"),
        (
            "age;city;member;height\nold;x;yes;1\n",
            "rows.csv:2: 'old' in column 'age' is not a number",
            None,
        ),
        ("age;city;member;height\n1;x;perhaps;1\n", "is neither true nor false", None),
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
    from dlcli import inputs

    text = ROWS + "".join(f"{20 + n % 40};Seoul;yes;1.{n % 10}\n" for n in range(100))
    whole = predict(model, write("rows.csv", text)).to_frame()
    monkeypatch.setattr(inputs, "CELLS", 64)
    parts = list(predict(model, write("rows.csv", text)))

    assert len(parts) > 5
    together = np.concatenate([part.probabilities for part in parts])
    assert np.allclose(together, whole.iloc[:, 1:], atol=1e-6)
