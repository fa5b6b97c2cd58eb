"""A numeric target is preprocessed for the network, and inverted in metrics and predictions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import slow
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from dlcli import baseline, evaluate, kfold, load_config, load_model, predict, train
from dlcli.errors import ModelFileError
from dlcli.models.metadata import parse_metadata

CONFIG = """\
dataset: {{csv: {{path: houses.csv, target: {target}}}}}
preprocess: {{target: {steps}}}
split: {{validation: 0.2}}
model: [{{Dense: {{units: 8, activation: relu}}}}, {{Dense: {{units: {units}}}}}]
loss: mean_squared_error
optimizer: {{Adam: 0.01}}
metrics: [mae]
callbacks: [{{EarlyStopping: {{monitor: val_mae, patience: 50, restore_best_weights: true}}}}]
fit: {{epochs: {epochs}, batch_size: 16}}
kfold: {{folds: 3}}
"""


@pytest.fixture
def houses(write):
    """Write a table of houses, and return a function that writes a config."""
    generator = np.random.default_rng(0)
    size, age = generator.uniform(30, 200, 120), generator.uniform(0, 80, 120)
    price = 2_000_000 + 40_000 * size - 9_000 * age + generator.normal(0, 50_000, 120)
    lines = [f"{s:.1f},{a:.1f},{p:.0f},{s / 25:.2f}" for s, a, p in zip(size, age, price)]  # noqa: B905
    write("houses.csv", "\n".join(["size,age,price,rooms", *lines]))

    def config(steps="standardize", target="price", epochs=40):
        units = target.count(",") + 1
        text = CONFIG.format(steps=steps, target=target, units=units, epochs=epochs)
        return load_config(write("houses.yaml", text))

    return config


def read_predictions(path, engine="auto"):
    return predict(load_model(path, engine), "houses.csv").to_frame()["prediction"].to_numpy()


@pytest.mark.parametrize(
    "steps",
    [slow("standardize"), slow("min_max"), "[log, min_max]", slow("log"), "quantile", "power"],
)
def test_metrics_and_predictions_are_in_the_unit_of_the_target(houses, tmp_path, steps):
    config = houses(steps)
    result = train(config, runs=tmp_path / "runs")
    price = np.genfromtxt("houses.csv", delimiter=",", names=True)["price"]
    onnx = read_predictions(result.path, "onnx")
    scored = evaluate(result.path, "houses.csv").scores.metrics

    np.testing.assert_allclose(onnx, read_predictions(result.path, "keras"), rtol=1e-5)
    assert r2_score(price, onnx) > 0.9
    assert scored["mae"] == pytest.approx(mean_absolute_error(price, onnx), rel=1e-4)
    assert scored["rmse"] == pytest.approx(np.sqrt(mean_squared_error(price, onnx)), rel=1e-4)
    test = evaluate(result.path).scores.metrics
    assert test == pytest.approx(result.scores["test"].metrics, rel=1e-4)
    assert test["loss"] < 1  # of the network: not in the unit of the target
    # Keras measures the same during the training; its last epoch need not be the best.
    assert min(result.history["val_mae"]) == pytest.approx(
        result.scores["validation"].metrics["mae"], rel=1e-4
    )
    steps = steps.strip("[]").split(", ")
    names = " and ".join([*steps, "standardize"] if steps == ["log"] else steps)
    assert f"the loss is that of the target after {names}; metrics and" in "\n".join(result.notices)


@pytest.mark.parametrize("steps", ["[log, standardize]", slow("[quantile, power]")])
def test_folds_in_one_program_measure_with_constants_of_their_own(houses, tmp_path, steps):
    config = houses(steps, epochs=5)

    stacked = kfold(config, runs=tmp_path / "runs", engine="stacked")
    serial = kfold(config, runs=tmp_path / "runs", engine="serial")

    for one, other in zip(stacked.folds, serial.folds, strict=True):
        assert one.epochs == other.epochs
        assert one.metrics == pytest.approx(other.metrics, rel=1e-4)
    rows = np.genfromtxt(stacked.path / "out_of_fold.csv", delimiter=",", names=True)
    first = rows[rows["fold"] == 1]
    error = mean_absolute_error(first["true"], first["prediction"])
    assert error == pytest.approx(stacked.folds[0].metrics["mae"], rel=1e-4)


def test_the_steps_are_fitted_on_the_training_rows(houses, tmp_path):
    result = train(houses(epochs=1), runs=tmp_path / "runs")
    metadata = load_model(result.path).metadata
    (step,) = metadata.target_preprocess
    price = np.genfromtxt("houses.csv", delimiter=",", names=True)["price"]

    assert step["name"] == "standardize"
    assert result.scores["train"].rows < len(price)
    assert step["mean"][0] != pytest.approx(price.mean(), rel=1e-9)


def test_several_numbers_have_a_scale_each(houses, tmp_path):
    result = train(houses(target="[price, rooms]"), runs=tmp_path / "runs")
    frame = predict(load_model(result.path), "houses.csv").to_frame()
    table = np.genfromtxt("houses.csv", delimiter=",", names=True)

    for name in ("price", "rooms"):
        assert r2_score(table[name], frame[f"prediction_{name}"]) > 0.8


def test_other_models_learn_the_same_target(houses, tmp_path, few_trees):
    config = houses("log", epochs=2)
    with_log = baseline(config, runs=tmp_path / "runs", folds=3)
    without = baseline(houses("none", epochs=2), runs=tmp_path / "runs", folds=3)

    means = [{m.model.name: m.model.mean for m in result.models} for result in (with_log, without)]
    assert means[0]["mean"] == means[1]["mean"]  # the mean of the target itself
    assert means[0]["linear regression"] != means[1]["linear regression"]
    assert means[0]["linear regression"] < means[0]["mean"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("target: standardize", "target: one_hot", "one_hot cannot be inverted for predictions"),
        ("target: standardize", "target: impute", "impute cannot be inverted for predictions"),
        ("target: standardize", "target: standardise", "Did you mean 'standardize'?"),
        ("loss: mean_squared_error", "loss: poisson", "needs the target as it is"),
        ("{units: 1}", "{units: 1, activation: relu}", "relu cannot reach values outside"),
        ("target: price", "target: {price: [a]}", "target"),
    ],
)
def test_steps_that_do_not_fit_are_refused(houses, dlcli, write, old, new, message):
    houses()
    text = Path("houses.yaml").read_text(encoding="utf-8")
    write("wrong.yaml", text.replace(old, new, 1))

    _, output, error = dlcli("check", "wrong.yaml")

    assert message in output + error


def test_classes_have_no_scale(write, dlcli):
    table = "x,y\n" + "\n".join(f"{n},{'ab'[n % 2]}" for n in range(20))
    write("classes.csv", table)
    write(
        "classes.yaml",
        "dataset: {csv: {path: classes.csv, target: y}}\npreprocess: {target: standardize}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n",
    )

    code, _, error = dlcli("check", "classes.yaml")

    assert code == 2
    assert "preprocess.target: 'y' has classes; only numbers are preprocessed" in error


def test_a_negative_target_has_no_logarithm(write, dlcli):
    write("cold.csv", "x,y\n" + "\n".join(f"{n},{n - 5.5}" for n in range(20)))
    write(
        "cold.yaml",
        "dataset: {csv: {path: cold.csv, target: y}}\npreprocess: {target: log}\n"
        "model: [Dense]\nloss: mean_squared_error\nfit: {epochs: 1}\n",
    )

    code, _, error = dlcli("check", "cold.yaml")

    assert code == 2
    assert "column 'y' has the value -5.5, which has no logarithm" in error


DAMAGED = (
    [{"name": "impute", "fill": [0.0], "indicators": [], "missing_values": None}],
    [{"name": "standardize", "mean": [0.0, 1.0], "scale": [1.0, 1.0]}],
    [{"name": "standardize", "mean": ["0"], "scale": [1.0]}],
    [{"name": "pickle"}],
)


def test_damaged_steps_in_a_model_file_are_refused(houses, tmp_path):
    result = train(houses(epochs=1), runs=tmp_path / "runs")
    content = json.loads(load_model(result.path).metadata.model_dump_json())
    for steps in DAMAGED:
        damaged = parse_metadata(json.dumps({**content, "target_preprocess": steps}), "m")

        with pytest.raises(ModelFileError, match="preprocessing of the target is damaged"):
            damaged.target_preprocessor()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{n}000.5", "the target reaches 19000.5, and outputs start near 0"),
        ("0.000{n}5", "the target varies by 0.0"),
    ],
)
def test_a_target_far_from_unit_scale_is_noticed(write, dlcli, value, message):
    write("far.csv", "x,y\n" + "\n".join(f"{n},{value.format(n=n)}" for n in range(20)))
    text = "dataset: {csv: {path: far.csv, target: y}}\nmodel: [Dense]\nfit: {epochs: 1}\n"
    write("far.yaml", text + "loss: mean_squared_error\n")
    write("scaled.yaml", text + "loss: mean_squared_error\npreprocess: {target: standardize}\n")

    assert message in dlcli("check", "far.yaml")[2]
    assert "set `preprocess: {target: standardize}`" in dlcli("check", "far.yaml")[2]
    assert message not in dlcli("check", "scaled.yaml")[2]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("quantile", "sigmoid cannot reach values outside"),
        ("power", "sigmoid cannot reach values outside"),
        ("{quantile: uniform}", "no problems found"),
        ("robust", "robust cannot be inverted for predictions"),
    ],
)
def test_the_last_activation_reaches_the_range_of_a_transformed_target(
    houses, dlcli, write, steps, message
):
    houses(steps)
    text = Path("houses.yaml").read_text(encoding="utf-8")
    write("range.yaml", text.replace("{units: 1}", "{units: 1, activation: sigmoid}"))

    _, output, error = dlcli("check", "range.yaml")

    assert message in output + error


def test_a_power_that_float32_cannot_invert_is_refused(write, dlcli):
    y = np.append(np.linspace(0.01, 0.1, 50), 1e5)  # the last is 1 - 1e-16 after the power
    write("steep.csv", "x,y\n" + "\n".join(f"{n},{value}" for n, value in enumerate(y)))
    text = "dataset: {csv: {path: steep.csv, target: y}}\nmodel: [Dense]\nfit: {epochs: 1}\n"
    write("steep.yaml", text + "loss: mean_squared_error\npreprocess: {target: power}\n")

    code, _, error = dlcli("train", "steep.yaml")

    assert code == 2
    assert "preprocess.target: power cannot be inverted with the precision of a network" in error
    assert "use standardize or quantile" in error
