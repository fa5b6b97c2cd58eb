"""Sweeps: a grid of values, seeds and folds, resumed to the same bits."""

import csv
import json

import numpy as np
import pandas as pd
import pytest

import dlcli as library
from dlcli import DlcliError, kfold, load_config, sweep, train
from dlcli.errors import Interrupted
from dlcli.experiments.search.over import parse_over
from dlcli.experiments.search.trials import (
    Measure,
    choose_measure,
    named_measure,
    variance_shares,
)
from dlcli.preparation.prepare import prepare
from dlcli.training.trials.trainer import TrialTrainer

FAST = ["fit.epochs=3", "fit.batch_size=16", "model=[{Dense: {units: 4, activation: relu}}, {Dense: {activation: softmax}}]"]  # fmt: skip
UNITS = "model[0].Dense.units"


def rows_of(path):
    with (path / "trials.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_training_of_a_grid_is_that_of_its_config_alone(tmp_path):
    config = load_config("iris", FAST)
    over = {UNITS: [0, 3], "optimizer.learning_rate": [0.01, 0.1]}

    result = sweep(config, over, seeds=[5], runs=tmp_path / "runs")

    rows = rows_of(result.path)
    assert len(rows) == 4
    for row in rows:
        layers = "[{Dense: {activation: softmax}}]"
        if row[UNITS] != "0":
            layers = FAST[2].removeprefix("model=").replace("units: 4", f"units: {row[UNITS]}")
        changes = [
            f"model={layers}", f"optimizer={{Adam: {row['optimizer.learning_rate']}}}",
            f"seed={row['seed']}", "split.seed=0",
        ]  # fmt: skip
        alone = train(load_config("iris", [*FAST, *changes]), runs=tmp_path / "alone")
        for part in ("train", "test"):
            for name, value in alone.scores[part].metrics.items():
                assert float(row[f"{part}_{name}"]) == pytest.approx(value, rel=1e-4, abs=1e-6)


@pytest.mark.slow
def test_folds_and_seeds_of_one_config_are_cross_validations(tmp_path):
    config = load_config("iris", FAST)

    result = sweep(config, seeds=2, folds=3, runs=tmp_path / "runs")

    rows = rows_of(result.path)
    for seed in (0, 1):
        changes = [*FAST, f"seed={seed}", "split.seed=0"]
        alone = kfold(load_config("iris", changes), folds=3, runs=tmp_path / "alone")
        own = [float(row["test_accuracy"]) for row in rows if row["seed"] == str(seed)]
        assert own == pytest.approx([fold.metrics["accuracy"] for fold in alone.folds], abs=1e-6)
    assert result.folds == 3
    assert result.variance(result.trials[0]) is not None


def test_the_seed_and_the_fold_get_their_shares_of_the_variance():
    generator = np.random.default_rng(0)
    seeds, folds = (np.linspace(-1, 1, count) for count in (40, 30))
    seeds, folds = 3 * seeds / seeds.std(ddof=1), folds / folds.std(ddof=1)
    scores = {
        (seed, fold): seeds[seed] + folds[fold] + generator.normal(0, 1)
        for seed in range(40)
        for fold in range(30)
    }

    shares = variance_shares(scores)

    assert shares.seed == pytest.approx(9 / 11, abs=0.12)
    assert shares.fold == pytest.approx(1 / 11, abs=0.06)
    assert shares.seed + shares.fold + shares.rest == pytest.approx(1)
    assert variance_shares({(0, 1): 1.0, (1, 1): 2.0}) is None


def test_a_stopped_sweep_goes_on_with_what_is_left(tmp_path, monkeypatch):
    config = load_config("iris", FAST)
    over = {"fit.batch_size": [16, 32], "optimizer.learning_rate": [0.01, 0.1]}
    whole = sweep(config, over, runs=tmp_path / "whole")
    pieces, real = [], TrialTrainer.run

    def run(self, piece):
        pieces.append(piece.indices)
        if len(pieces) == 2:
            raise Interrupted(15)
        return real(self, piece)

    monkeypatch.setattr(TrialTrainer, "run", run)
    with pytest.raises(Interrupted) as stopped:
        sweep(config, over, runs=tmp_path / "runs")
    with (stopped.value.path / "checkpoint/outcomes.jsonl").open("a") as file:
        file.write('{"trial": 3, "se')  # a line that a killed process wrote by half

    resumed = sweep(config, runs=tmp_path / "runs", resume=stopped.value.path)

    assert [len(piece) for piece in pieces] == [2, 2, 2]
    trials = [result.path / "trials.csv" for result in (whole, resumed)]
    assert trials[0].read_bytes() == trials[1].read_bytes()
    assert not (resumed.path / "checkpoint").exists()


def test_the_commands(dlcli, tmp_path):
    short = ["--epochs", "2", "--out", tmp_path / "runs", "-q"]
    code, out, _ = dlcli("sweep", "iris", "--over", f"{UNITS}=0,3", "--over", "loss=mse,categorical_crossentropy", *short)  # fmt: skip
    assert code == 0
    assert "units" in out
    assert "best.yaml" in out
    code, _, _ = dlcli("train", tmp_path / "runs/iris/1/best.yaml", *short)
    assert code == 0
    code, out, _ = dlcli("train", "iris", "--seeds", "3", *short)
    assert code == 0
    assert "accuracy: " in out
    code, out, _ = dlcli("kfold", "iris", "--folds", "2", "--seeds", "4,9", *short[:2], "--json", *short[2:])  # fmt: skip
    document = json.loads(out)
    assert document["seeds"] == [4, 9]
    assert document["command"] == "sweep"
    assert document["folds"] == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("sweep iris", "nothing to sweep over"),
        ("sweep iris --over fit.batch_size", "expected KEY=V1,V2"),
        ("sweep iris --over fit.batch_size=8 --over fit.batch_size=16", "is there twice"),
        ("sweep iris --over fit.batch_size=8,8", "a value is there twice"),
        ("sweep iris --over fit.batch_size=8,-1", "fit.batch_size=-1: "),
        ("sweep iris --over fit.batchsize=8,16", "Did you mean 'batch_size'?"),
        ("sweep iris --over seed=1,2", "use --seeds"),
        ("sweep iris --over dataset.csv=1,2", "the trials share the data"),
        ("sweep iris --over model[9].Dense.units=0,2", "model[9]"),
        ("sweep iris --seeds x", "expected a number, or seeds"),
        ("sweep iris --seeds 1,1", "the same seed twice"),
        ("sweep iris --seeds 0", "expected a number of seeds"),
        ("train iris --seeds 2 --format h5", "--seeds and --format exclude each other"),
        ("sweep iris --over fit.batch_size=8,16 --folds 99", "99 folds"),
    ],
)
def test_mistakes_are_one_sentence_before_anything_is_written(dlcli, tmp_path, line, reason):
    code, _, error = dlcli(*line.split(), "--out", tmp_path / "runs")

    assert code == 2
    assert reason in error
    assert not (tmp_path / "runs").exists()


def test_commas_in_brackets_and_quotes_belong_to_a_value():
    over = parse_over(
        ["a=1,2.5,true,x", 'b=[1, 2],{Adam: {learning_rate: 0.1, beta_1: 0.5}},"x, y"']
    )

    assert over["a"] == [1, 2.5, True, "x"]
    assert over["b"] == [[1, 2], {"Adam": {"learning_rate": 0.1, "beta_1": 0.5}}, "x, y"]


def test_a_trial_without_a_score_does_not_stop_the_others(tmp_path):
    config = load_config("iris", [*FAST, "optimizer=sgd"])

    result = sweep(config, {"optimizer.learning_rate": [0.1, 1e30]}, runs=tmp_path / "runs")

    assert result.best.number == 1
    assert "diverged" in rows_of(result.path)[1]["failure"]
    with pytest.raises(DlcliError, match="seeds"):
        library.sweep(config, seeds=[-1], runs=tmp_path / "runs")


def test_trials_are_not_ordered_by_a_metric_whose_better_values_are_not_known():
    @library.register("metric")
    def share_right(y_true, y_pred):
        return y_true

    config = load_config("iris", [*FAST, "metrics=[share_right, accuracy]"])
    target = prepare(config).dataset.target

    assert choose_measure(config, target, "test") == Measure("test", "accuracy", True)
    assert choose_measure(config, target, "test", ordered=False).metric == "share_right"
    with pytest.raises(DlcliError, match="whether larger or smaller values are better"):
        named_measure(config, "share_right", "test")
    assert named_measure(config, "f1_macro", "test").larger_is_better


@pytest.mark.parametrize(
    "key", ["model[1].Dropout.units", "model[0].LSTM.units", "model[7].Dense.units"]
)
def test_a_layer_with_0_units_must_be_there(key, tmp_path):
    with pytest.raises(
        DlcliError, match=r"model\[\d\](.\w+.units=0)?: (model\[\d\] is|the model has)"
    ):
        sweep(load_config("iris", FAST), {key: [0]}, runs=tmp_path)
    assert not list(tmp_path.iterdir())


def test_values_in_the_table_have_all_their_digits(tmp_path):
    result = sweep(
        load_config("iris", [*FAST, "fit.epochs=1"]),
        {"optimizer.learning_rate": [0.012345678901, 0.1]},
        runs=tmp_path,
    )

    assert rows_of(result.path)[0]["optimizer.learning_rate"] == "0.012345678901"


def test_rows_that_cannot_be_preprocessed_are_the_failure_of_a_trial(tmp_path):
    x = np.arange(40.0)
    table = {"dataset": {"csv": {"path": "x.csv", "target": "y"}}}
    config = {
        **table,
        "model": [{"Dense": 1}],
        "loss": "mse",
        "fit": {"epochs": 1, "batch_size": 8},
    }

    result = sweep(
        config,
        {"preprocess.target": [["log"], ["standardize"]], "optimizer.learning_rate": [0.1, 0.01]},
        data=pd.DataFrame({"x": x, "y": x - 20.5}),
        runs=tmp_path,
    )

    failures = [trial.failure for trial in result.trials]
    assert failures[0] == failures[1]
    assert "has no logarithm" in failures[0]
    assert failures[2:] == ["", ""]


@pytest.mark.parametrize(
    ("over", "seeds", "message"),
    [
        ({}, 10**20, "seeds: 100,000,000,000,000,000,000 are more than"),
        ({"model[9].Dense.units": [1, 2]}, 1, r"^model\[9\].Dense.units=1: '9' is not an index"),
    ],
)
def test_what_cannot_be_swept_is_told(tmp_path, over, seeds, message):
    with pytest.raises(DlcliError, match=message):
        sweep(load_config("iris", FAST), over, seeds=seeds, runs=tmp_path)


def test_the_epochs_of_folds_are_those_of_the_trials(tmp_path):
    config = load_config("iris", [*FAST, "kfold.epochs=2"])
    over = {"optimizer.learning_rate": [0.01, 0.1]}

    folds, single = (sweep(config, over, folds=k, runs=tmp_path / "runs") for k in (2, None))

    for result, epochs, own in ((folds, "2", None), (single, "3", 2)):
        assert {row["epochs"] for row in rows_of(result.path)} == {epochs}
        best = load_config(result.path / "best.yaml")
        assert (best.fit.epochs, best.kfold.epochs) == (int(epochs), own)


@pytest.mark.slow
def test_mistakes_are_told_before_tensorflow_is_imported(start):
    process = start("sweep", "iris")
    _, error = process.communicate(timeout=60)

    assert error.splitlines() == [
        "dlcli: error: nothing to sweep over",
        "hint: --over KEY=V1,V2 names values, --seeds N seeds",
    ]
