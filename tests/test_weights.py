"""What a network has learned: its equation in the units of the data, and its weights."""

import numpy as np
import pandas as pd
import pytest

import dlcli


@pytest.fixture(scope="module")
def houses():
    random = np.random.default_rng(0)
    area, city = random.uniform(30, 200, 60), random.choice(["Busan", "Seoul"], 60)
    price = 50 + 3.0 * area + 100 * (city == "Seoul")
    return pd.DataFrame({"area": area, "city": city, "price": price})


CONFIG = {
    "dataset": {"csv": {"path": "houses.csv", "target": "price"}},
    "preprocess": {"numeric": "standardize", "target": "standardize"},
    "model": ["Dense"],
    "loss": "mse",
    "optimizer": {"Adam": {"learning_rate": 0.05}},
    "fit": {"epochs": 3},
}


def trained(config, table, tmp_path):
    return dlcli.train(config, data=table, runs=tmp_path / "runs")


@pytest.mark.parametrize("numeric", ["standardize", "min_max", "none", {"scale": 10}])
def test_the_equation_gives_the_predictions(houses, tmp_path, numeric):
    config = {**CONFIG, "preprocess": {"numeric": numeric, "target": "min_max"}}

    result = trained(config, houses, tmp_path)

    equation = result.equation
    assert equation.columns == ("area", "city=Busan", "city=Seoul")
    assert equation.outputs == ("price",)
    x = np.column_stack([houses.area, houses.city == "Busan", houses.city == "Seoul"])
    predicted = dlcli.predict(result.path, houses.drop(columns="price")).to_frame().prediction
    expected = (x @ equation.weights + equation.intercepts)[:, 0]
    assert np.allclose(predicted, expected, rtol=1e-4)


def test_a_logarithm_stays_in_the_equation_as_it_is(houses, tmp_path):
    config = {**CONFIG, "preprocess": {"numeric": "log"}}

    equation = trained(config, houses, tmp_path).equation

    assert equation.columns[0] == "area"
    assert equation.intercepts[0] == pytest.approx(0, abs=1)


@pytest.mark.parametrize(
    "change",
    [
        {"model": [{"Dense": 2}, "Dense"]},
        {"preprocess": {"target": "log"}},
        {"preprocess": {"numeric": {"robust": {}}}, "model": [{"Dense": {"activation": "elu"}}]},
    ],
)
def test_other_networks_have_no_equation(houses, tmp_path, change):
    assert trained(CONFIG | change, houses, tmp_path).equation is None


def test_the_terminal_shows_the_equation(dlcli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    _, out, _ = dlcli("train", "pass_fail", "--epochs", "30", "-q")
    code, shown, _ = dlcli("show", "pass_fail", "--weights")

    assert code == 0
    assert "log-odds of pass = " in out
    assert "even odds at hours = " in out
    assert shown.startswith(out.partition("log-odds")[1] + out.partition("log-odds")[2][:20])
    assert " kernel: 1 × 1" in shown
    assert "2 parameters" in shown


def test_weights_of_any_network(dlcli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dlcli("train", "xor", "--epochs", "2", "-q")

    code, out, _ = dlcli("show", "xor", "--weights")
    _, _, error = dlcli("show", "iris", "--weights")

    assert code == 0
    assert " kernel: 2 × 4\n      unit 1" in out
    assert "\n  b  " in out
    assert "17 parameters" in out
    assert "no model 'iris'" in error
