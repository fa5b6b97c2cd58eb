"""Pictures of what a network has learned from one or two columns."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import slow

from dlcli.experiments import training_run as run
from dlcli.plots import learned as module
from dlcli.plots.learned import _colour_strength, _value_range

pytestmark = pytest.mark.usefixtures("weights_only", "with_pictures")
CONFIG = """\
dataset: {{csv: {{path: data.csv, target: target, task: {task}}}}}
split: {{test: 0.2, validation: 0.2}}
model: [{{Dense: {{units: 4, activation: tanh}}}}, {{Dense: {last}}}]
loss: {loss}
optimizer: sgd
fit: {{epochs: 1}}
"""
SIGMOID, SOFTMAX = "{units: 1, activation: sigmoid}", "{units: 3, activation: softmax}"


@pytest.fixture
def learned_alone(with_pictures, monkeypatch):
    """Draw what was learned, and not the learning curves and the predictions."""
    monkeypatch.setattr("dlcli.experiments.training_run.draw_results", lambda *_: None)


@pytest.fixture
def train(dlcli, write):
    """Train on a table of some columns; return the names of the run's pictures."""

    def train_one(columns, classes, last, loss, *more):
        rng = np.random.default_rng(0)
        lines = [",".join([*columns, "target"])]
        for row in range(40):
            values = [f"{value:.3f}" for value in rng.normal(size=len(columns))]
            lines.append(",".join([*values, classes[row % len(classes)] if classes else values[0]]))
        write("data.csv", "\n".join(lines) + "\n")
        task = "classification" if classes else "regression"
        write("net.yaml", CONFIG.format(task=task, last=last, loss=loss))
        code, _, err = dlcli("train", "net.yaml", *more)
        assert code == 0, err
        path = max(Path("runs/net").glob("[0-9]*"))
        return {picture.name for picture in path.glob("*.png")}, err

    return train_one


@pytest.mark.parametrize(
    ("columns", "classes", "last", "loss", "drawn"),
    [
        (["$a$", "_b"], ["x", "_y"], SIGMOID, "binary_crossentropy", "boundary.png"),
        (["a", "b"], ["x", "y", "z"], SOFTMAX, "categorical_crossentropy", "boundary.png"),
        (["a", "b"], ["x", "y"], "{units: 1}", "hinge", "boundary.png"),
        (["a"], ["x", "y"], SIGMOID, "binary_crossentropy", "curve.png"),
        slow(
            ["a"],
            ["x", "y"],
            "{units: 1}",
            "{BinaryCrossentropy: {from_logits: true}}",
            "curve.png",
        ),
        (["a"], ["x", "y"], "{units: 1}", "hinge", "curve.png"),
        (["a"], [], "{units: 1}", "mse", "curve.png"),
        slow(["a"], ["x", "y", "z"], SOFTMAX, "categorical_crossentropy", None),
        slow(["a", "b"], [], "{units: 1}", "mse", None),
        (["a", "b", "c"], ["x", "y"], SIGMOID, "binary_crossentropy", None),
    ],
)
def test_what_fits_onto_paper_is_drawn(learned_alone, train, columns, classes, last, loss, drawn):
    pictures, err = train(columns, classes, last, loss)

    assert pictures & {"boundary.png", "curve.png"} == ({drawn} if drawn else set())
    assert "missing" not in err


def test_images_and_tables_of_other_types_are_passed_over(dlcli, people):
    assert dlcli("train", people)[0] == 0

    assert not {"boundary.png", "curve.png"} & {p.name for p in Path("runs/people/1").iterdir()}


def test_a_class_that_is_nowhere_predicted_needs_no_boundary(learned_alone, train, monkeypatch):
    monkeypatch.setattr(module, "_value_range", lambda _, points: np.linspace(9, 9.001, points))

    assert "boundary.png" in train(["a", "b"], ["x", "y"], SIGMOID, "binary_crossentropy")[0]


def test_a_picture_that_fails_does_not_cost_the_run(train, monkeypatch):
    def fail(*_, **__):
        raise ValueError("no paper\nat all")

    monkeypatch.setattr(run, "draw_learned", fail)

    pictures, err = train(["a"], [], "{units: 1}", "mse")

    assert "dlcli: note: some pictures are missing: no paper\n" in err
    assert "results.png" in pictures
    assert json.loads(Path("runs/net/1/run.json").read_text())["status"] == "finished"
    assert Path("runs/net/1/model.keras").exists()


def test_gaps_and_single_values_have_a_reach():
    assert _value_range(np.array([np.nan, 0.0, 10.0]), 3) == pytest.approx([-0.6, 5, 10.6])
    assert _value_range(np.array([2.0, 2.0]), 2) == pytest.approx([1, 3])
    assert _value_range(np.array([np.nan]), 2)[0] < 0


def test_a_sure_class_is_strong_and_a_guess_is_pale():
    shares = np.array([[0.5, 0.5], [0.0, 1.0]])

    assert _colour_strength(shares) == pytest.approx([0.08, 0.6])
