"""Intervals of numbers and calibrated probabilities: their coverage, and their way into answers."""

import json
import re

import numpy as np
import pytest

from dlcli import ConfigError, DatasetError, evaluate, inspect, kfold, load_config, predict, train
from dlcli.datasets.dataset import Target
from dlcli.preparation.calibration import (
    Calibration,
    fit_intervals,
    fit_temperature,
    least_rows,
)
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.preparation.targets import probabilities

TWO = Target("y", "classification", ("no", "yes"))
THREE = Target("y", "classification", ("a", "b", "c"))


def softmax(logits):
    return probabilities(logits, "logit")


def drawn(generator, shares):
    """Draw a class for each row of probabilities."""
    return (shares.cumsum(axis=1) < generator.random((len(shares), 1))).sum(axis=1)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_intervals_contain_the_wanted_share_of_new_rows(coverage):
    generator = np.random.default_rng(0)
    shares = []
    for _ in range(300):
        outputs, y = np.zeros((60, 1), np.float32), generator.standard_t(3, 60)
        (width,) = fit_intervals(outputs, y, coverage).half_widths
        shares.append(np.mean(np.abs(generator.standard_t(3, 200)) <= width))

    # At least the coverage, and at most 1 / (n + 1) more.
    assert coverage - 0.01 <= np.mean(shares) <= coverage + 1 / 61 + 0.01


@pytest.mark.parametrize(("coverage", "rows"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19)])
def test_the_fewest_rows_of_a_coverage_give_the_largest_residual(coverage, rows):
    assert least_rows(coverage) == rows
    residuals = np.arange(rows) + 1.0
    fitted = fit_intervals(np.zeros((rows, 1), np.float32), residuals, coverage)
    assert fitted.half_widths == (rows,)


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("kind", ["logit", "probability"])
@pytest.mark.parametrize("units", [1, 3])
def test_the_temperature_undoes_that_of_the_network(factor, kind, units):
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1.5, (4000, units)).astype(np.float32)
    y = drawn(generator, softmax(logits))
    scaled = logits * np.float32(factor)
    outputs = scaled if kind == "logit" else softmax(scaled).astype(np.float32)[:, -units:]

    fitted = fit_temperature(outputs, y, TWO if units == 1 else THREE, kind, 0.9)

    assert fitted.temperature == pytest.approx(factor, rel=0.1)
    calibrated = probabilities(fitted.calibrate(outputs, kind), kind)
    assert calibrated == pytest.approx(softmax(logits), abs=0.05)
    assert calibrated.sum(axis=1) == pytest.approx(np.ones(4000), abs=1e-6)


def test_the_class_with_the_highest_probability_stays():
    generator = np.random.default_rng(0)
    shares = softmax(generator.normal(0, 4, (500, 3)).astype(np.float32)).astype(np.float32)
    for temperature in (0.05, 0.5, 2.0, 20.0):
        calibration = Calibration(coverage=0.9, rows=9, temperature=temperature)
        calibrated = calibration.calibrate(shares, "probability")
        assert np.array_equal(calibrated.argmax(axis=1), shares.argmax(axis=1))
        assert np.isfinite(calibrated).all()


def test_rows_that_are_all_right_do_not_make_every_probability_certain():
    y = np.arange(100) % 2
    outputs = np.where(y == 1, 0.9, 0.1).astype(np.float32)[:, np.newaxis]

    shares = fit_temperature(outputs, y, TWO, "probability", 0.9).calibrate(outputs, "probability")

    assert 0.95 < shares.max() < 0.999


def test_labels_are_calibrated_each_for_itself():
    generator = np.random.default_rng(0)
    shares = generator.uniform(0.05, 0.95, (4000, 2))
    y = (generator.random((4000, 2)) < shares).astype(np.int64)
    logits = 3 * np.log(shares / (1 - shares))
    outputs = (1 / (1 + np.exp(-logits))).astype(np.float32)
    labels = Target("y", "multilabel", ("a", "b"))

    fitted = fit_temperature(outputs, y, labels, "probability", 0.9)

    assert fitted.calibrate(outputs, "probability") == pytest.approx(shares, abs=0.05)


def test_intervals_are_inverted_with_the_target():
    calibration = Calibration(coverage=0.9, rows=9, half_widths=(0.5,))
    lower, upper = calibration.interval(np.zeros((2, 1), np.float32), TargetPreprocessor())

    assert (lower.tolist(), upper.tolist()) == ([[-0.5]] * 2, [[0.5]] * 2)


NUMBERS = """\
dataset: {csv: {path: numbers.csv, target: y}}
preprocess: {target: standardize}
split: {test: 0.4, validation: 0.4}
model: [Dense]
loss: mse
optimizer: {Adam: {learning_rate: 0.05}}
fit: {epochs: 15}
"""
CLASSES = """\
dataset: {csv: {path: classes.csv, target: label}}
split: {validation: 0.4}
model: [{Dense: {units: 16, activation: relu}}, {Dense: {activation: softmax}}]
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: 0.03}}
metrics: [accuracy]
fit: {epochs: 40, batch_size: 16}
"""


@pytest.fixture
def numbers(write):
    generator = np.random.default_rng(0)
    x = generator.normal(size=1200)
    y = 1000 + 200 * x + 50 * generator.normal(size=1200)
    rows = "".join(f"{a:.4f},{b:.3f}\n" for a, b in zip(x, y, strict=True))
    write("numbers.csv", f"x,y\n{rows}")
    return write("numbers.yaml", NUMBERS)


@pytest.fixture
def classes(write):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 4))
    y = drawn(generator, softmax(x[:, :3].astype(np.float32)))
    lines = [",".join([*(f"{v:.3f}" for v in row), "abc"[c]]) for row, c in zip(x, y, strict=True)]
    write("classes.csv", "p,q,r,s,label\n" + "\n".join(lines) + "\n")
    return write("classes.yaml", CLASSES)


def test_predictions_of_numbers_have_intervals_that_cover(dlcli, numbers):
    code, _, err = dlcli("train", numbers, "--calibrate", "-q")
    assert code == 0, err

    table = predict("runs/numbers/1", "numbers.csv").to_frame()

    y = np.loadtxt("numbers.csv", delimiter=",", skiprows=1)[:, 1]
    assert list(table) == ["prediction", "lower", "upper"]
    assert np.mean((table.lower <= y) & (y <= table.upper)) == pytest.approx(0.9, abs=0.04)
    # The noise has a standard deviation of 50.
    assert (table.upper - table.lower).mean() == pytest.approx(2 * 1.645 * 50, rel=0.15)
    keras = predict("runs/numbers/1", "numbers.csv", engine="keras").to_frame()
    assert keras.to_numpy() == pytest.approx(table.to_numpy(), rel=1e-4)
    _, out, _ = dlcli("predict", "runs/numbers/1", "numbers.csv")
    assert out.splitlines()[0] == "prediction,lower,upper"
    _, out, _ = dlcli("predict", "runs/numbers/1", "numbers.csv", "--format", "jsonl")
    assert set(json.loads(out.splitlines()[0])) == {"prediction", "lower", "upper"}
    assert "calibration: ± " in dlcli("inspect", "runs/numbers/1")[1]
    for arguments in (["runs/numbers/1"], ["runs/numbers/1", "numbers.csv"]):
        err = dlcli("evaluate", *arguments)[2]
        assert re.search(r"the 90 % intervals contain (8[5-9]|9[0-5])\.\d % of the rows", err)


@pytest.mark.slow
def test_calibrated_probabilities_are_those_of_the_scores(dlcli, classes):
    plain = train(classes)
    calibrated = train(load_config(classes, ["calibrate=true"]))

    temperature = inspect(calibrated.path).metadata.calibration.temperature
    assert temperature > 1.2  # the network was trained for too long
    before, after = (result.scores["test"].metrics for result in (plain, calibrated))
    assert after["loss"] < before["loss"]
    assert after["accuracy"] == before["accuracy"]
    for engine in ("onnx", "keras"):
        scores = evaluate(calibrated.path, engine=engine).scores.metrics
        assert scores["loss"] == pytest.approx(after["loss"], rel=1e-4)
    raw, shares = (
        predict(result.path, "classes.csv").to_frame().filter(like="p_").to_numpy()
        for result in (plain, calibrated)
    )
    assert shares.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-5)
    powers = raw ** (1 / temperature)
    assert shares == pytest.approx(powers / powers.sum(axis=1, keepdims=True), abs=1e-4)
    assert evaluate(calibrated.path, "classes.csv").scores.rows == 300


def test_a_coverage_of_ones_own_and_a_model_without_calibration(numbers):
    result = train(load_config(numbers, ["calibrate=0.5", "fit.epochs=1"]))

    assert inspect(result.path).metadata.calibration.coverage == 0.5
    plain = train(load_config(numbers, ["fit.epochs=1"]))
    assert list(predict(plain.path, "numbers.csv").to_frame()) == ["prediction"]
    assert "calibrate" not in (plain.path / "config.yaml").read_text()


def test_what_cannot_be_calibrated_is_refused_before_training(numbers, classes):
    with pytest.raises(ConfigError, match="calibrate: needs validation rows"):
        train(load_config(numbers, ["calibrate=true", "split.validation=0"]))
    with pytest.raises(DatasetError, match=r"coverage of 0\.99 needs 99 validation rows"):
        train(load_config(classes, ["calibrate=0.99", "split.validation=0.1"]))
    with pytest.raises(ConfigError, match="calibrate: this loss gives scores"):
        load_config(classes, ["calibrate=true", "loss=categorical_hinge"])
    for value in ("1.5", "maybe", "0", "[1]"):
        with pytest.raises(ConfigError, match="calibrate: expected true, false or a share") as info:
            load_config(numbers, [f"calibrate={value}"])
        assert len(info.value.problems) == 1


def test_folds_are_not_calibrated_and_say_so(classes):
    result = kfold(load_config(classes, ["calibrate=true", "fit.epochs=1"]), folds=2)

    assert "`calibrate` is for `dlcli train`; the folds are not calibrated" in result.notices


@pytest.mark.parametrize(
    "change",
    [{"half_widths": (1.0, 2.0)}, {"half_widths": (-1.0,)}, {"half_widths": (float("nan"),)}],
)
def test_damaged_calibrations_are_problems(change):
    calibration = Calibration(coverage=0.9, rows=9, **change)

    assert list(calibration.problems(1))
