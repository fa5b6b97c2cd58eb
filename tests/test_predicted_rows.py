"""`evaluate --rows`: true values beside predictions."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from dlcli import DatasetError, evaluate
from dlcli.datasets.dataset import Target
from dlcli.experiments.predicted_rows import PredictedRows


def test_rows_are_those_of_the_predictions_of_the_run(dlcli, trained):
    text = (trained.path / "predictions.csv").read_text(encoding="utf-8")
    written = list(csv.DictReader(text.splitlines()))

    code, out, _ = dlcli("evaluate", trained.path, "--rows", 1000, "--json")

    assert code == 0
    rows = json.loads(out)["predictions"]
    assert [(str(row["row"]), row["true"], row["prediction"]) for row in rows] == [
        (row["row"], row["true"], row["prediction"]) for row in written
    ]
    for row, line in zip(rows, written, strict=True):
        assert row["probability"] == pytest.approx(float(line[f"p_{row['prediction']}"]), abs=1e-6)


def test_the_terminal_marks_what_is_wrong(dlcli, trained):
    header, *rows = Path("people.csv").read_text(encoding="utf-8").splitlines()
    swapped = [row[:-1] + {"a": "b", "b": "a"}[row[-1]] for row in rows]
    Path("other.csv").write_text("\n".join([header, *rows, *swapped]), encoding="utf-8")
    right = [row.right for row in evaluate(trained.path, "other.csv").rows.some(1000)]
    assert right.count(False) == right.count(True)

    out = dlcli("evaluate", trained.path, "other.csv", "--rows", 1000)[1]

    assert out.count("wrong") == right.count(False)
    assert "prediction " not in dlcli("evaluate", trained.path)[1]


def test_other_rows_of_the_run_are_scored_on_request(dlcli, trained):
    scores = {part: evaluate(trained.path, on=part).scores for part in ("train", "test", "all")}
    code, _, err = dlcli("evaluate", trained.path, "--on", "train")
    status, _, refusal = dlcli("evaluate", trained.path, "--on", "validation")

    assert scores["all"].rows == scores["train"].rows + scores["test"].rows
    assert scores["train"].metrics["loss"] == pytest.approx(
        trained.scores["train"].metrics["loss"], rel=1e-5
    )
    assert code == 0
    assert "the model was trained on these rows, so that their scores are too good" in err
    assert status == 2
    assert "the run has no validation rows; it has train and test rows" in refusal
    with pytest.raises(DatasetError, match="exclude each other"):
        evaluate(trained.path, "people.csv", on="test")


def test_rows_of_a_table_are_counted_in_the_table(dlcli, trained):
    rows = evaluate(trained.path, "people.csv").rows
    assert [row.row for row in rows.some(len(rows.y))] == list(range(1, len(rows.y) + 1))


def test_several_targets_have_a_value_for_each():
    y, outputs = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.5, 2.5], [3.5, 4.5]], np.float32)
    target = Target("a and b", "regression", columns=("a", "b"))

    (row,) = PredictedRows(np.array([7, 9]), y, outputs, target, "value").some(1)

    assert (row.row, row.true, row.prediction) == (7, {"a": 1.0, "b": 2.0}, {"a": 1.5, "b": 2.5})
    assert row.right is None
    labels = Target("tags", "multilabel", ("x", "y"))
    (row,) = PredictedRows(
        np.array([1]), np.array([[1, 0]]), np.array([[0.9, 0.6]]), labels, "probability"
    ).some(5)
    assert (row.true, row.prediction) == (["x"], ["x", "y"])
    assert row.right is False
