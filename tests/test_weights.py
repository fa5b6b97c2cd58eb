"""What a network has learned: its equation in the units of the data, and its weights."""

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

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


def test_the_history_of_the_weights_ends_with_the_equation(houses, tmp_path):
    result = trained({**CONFIG, "weight_history": True}, houses, tmp_path)

    table = pd.read_csv(result.path / "weights.csv")
    equation = result.equation
    assert list(table) == ["epoch", *equation.columns, "(intercept)"]
    assert table.epoch.tolist() == [0, 1, 2, 3]
    last = table.iloc[-1].to_numpy()[1:]
    assert last == pytest.approx([*equation.weights[:, 0], *equation.intercepts])
    assert np.all(np.diff(table.area) != 0)
    assert (result.path / "weights.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_descent_is_drawn_over_the_loss(tmp_path, monkeypatch):
    from dlcli.experiments import weight_history

    surfaces = []
    monkeypatch.setattr(
        weight_history, "draw_weights", lambda *arguments: surfaces.append(arguments[1:4])
    )
    config = dlcli.load_config("study_hours", ["fit.epochs=40", "weight_history=true"])

    result = dlcli.train(config, runs=tmp_path)

    [(names, history, surface)] = surfaces
    assert names == ("hours", "(intercept)")
    assert len(history) == 41
    # The loss at the last weights, by interpolation, is that of the training rows.
    x, y = (np.argmin(abs(axis - history[-1, at])) for at, axis in enumerate(surface[:2]))
    table = pd.read_csv(ROOT / "data" / "study_hours.csv")
    hours, points = table.iloc[:, 0], table.iloc[:, 1]
    expected = ((hours * surface.x[x] + surface.y[y] - points) ** 2).mean()
    assert surface.losses[y, x] == pytest.approx(expected, rel=1e-3)
    assert result.scores["train"].metrics["loss"] >= surface.losses.min()


@pytest.mark.slow
def test_networks_with_hidden_layers_have_names_for_each_weight(dlcli, weights_only, tmp_path):
    code, _, _ = dlcli("train", "xor", "--epochs", "2", "-q", "--set", "weight_history=true")

    header, *rows = (tmp_path / "runs/xor/1/weights.csv").read_text().splitlines()
    assert code == 0
    assert header.startswith('epoch,"model[0].kernel[a, 1]","model[0].kernel[a, 2]"')
    assert header.endswith("model[1].bias[1]")
    assert [row.partition(",")[0] for row in rows] == ["0", "1", "2"]
    assert len(header.split('",')) > 12


def test_a_large_network_is_not_recorded(dlcli, tmp_path):
    layer = "model=[{Dense: 300}, {Dense: {activation: softmax}}]"

    for command in ("train", "check"):
        code, _, error = dlcli(command, "iris", "--set", layer, "--set", "weight_history=true")

        assert code == 2
        assert "weight_history: the network has 2,403 weights; of at most 1,000 each" in error
    assert not (tmp_path / "runs").exists()


def test_a_lost_history_of_weights_is_not_continued(tmp_path):
    from dlcli.errors import DlcliError
    from dlcli.training.weight_history import WeightHistory

    path = tmp_path / "weights.csv"
    callback = WeightHistory(path, ["a"], lambda weights: weights[0])
    path.write_text("epoch,a\n0,1.0\n1,2.0\n2,3.")  # the last row was cut off

    callback.keep(1)
    assert path.read_text() == "epoch,a\n0,1.0\n1,2.0\n"
    with pytest.raises(DlcliError, match="has 1 of the 2 epochs"):
        callback.keep(2)
    path.unlink()
    with pytest.raises(DlcliError, match="has 0 of the 2 epochs"):
        callback.keep(2)
