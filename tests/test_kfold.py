"""Cross-validation: no leak, the same model in every fold, every row predicted once."""

import csv
import json
import multiprocessing
import os
import pickle
import re
import signal
import time

import numpy as np
import pytest
from scipy import stats

from dlcli import DatasetError, kfold, load_config
from dlcli.config.components import Component
from dlcli.config.metric_bounds import metric_bounds
from dlcli.errors import ConfigError, DlcliError, Problem, TrainingError
from dlcli.experiments.statistics import summarize_metric
from dlcli.preparation.folds import make_folds
from dlcli.preparation.prepare import prepare
from dlcli.runs.records import read_record
from dlcli.training.folds.outcome import train_fold
from dlcli.training.session import open_sessions
from dlcli.work.processes import Processes, end_process, most_workers

FAST = ["fit.epochs=2", "fit.batch_size=16", "optimizer=sgd"]
CONV2D = "models with Conv2D layers cannot be trained together"


@pytest.fixture
def result(tmp_path):
    return kfold(load_config("iris", FAST), folds=5, runs=tmp_path / "runs")


def test_the_run_directory_has_folds_and_out_of_fold_predictions(with_pictures, result):
    with (result.path / "folds.csv").open() as file:
        folds = list(csv.DictReader(file))
    with (result.path / "out_of_fold.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert [fold["fold"] for fold in folds] == ["1", "2", "3", "4", "5"]
    assert [row["row"] for row in rows] == [str(number) for number in range(1, 151)]
    right = np.mean([row["true"] == row["prediction"] for row in rows])
    assert right == pytest.approx(np.mean([float(fold["accuracy"]) for fold in folds]))
    assert set(rows[0]) == {
        "row", "fold", "true", "prediction", "p_setosa", "p_versicolor", "p_virginica",
    }  # fmt: skip
    metrics = json.loads((result.path / "metrics.json").read_text())
    assert metrics["summary"]["accuracy"]["mean"] == pytest.approx(right)
    assert (result.path / "confusion.png").exists()


def test_a_fold_is_what_a_training_on_its_rows_alone_gives(tmp_path):
    config = load_config(
        "iris",
        [*FAST, "model=[{Dense: {units: 8}}, {Dropout: 0.3}, {Dense: {activation: softmax}}]"],
    )
    prepared = prepare(config)
    folds = make_folds(prepared.dataset, prepared.config.split, 3, prepared.config.seed)

    outputs = [train_fold(session).outputs for session in open_sessions(prepared, folds)]
    fresh = [train_fold(open_sessions(prepared, [fold])[0]).outputs for fold in folds]

    for mine, theirs in zip(outputs, fresh, strict=True):
        assert np.array_equal(mine, theirs)


def test_the_tested_rows_leave_no_trace_in_a_fold(write):
    rows = [f"{n}.5,{n % 7},{'ab'[n % 2]}" for n in range(40)]
    text = (
        "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
    )
    text += "loss: mse\nmetrics: [accuracy]\nfit: {epochs: 2}\n"
    states = []
    for spoiled in (False, True):
        write("data.csv", "x,y,label\n" + "\n".join(rows) + "\n")
        config = load_config(write("c.yaml", text))
        prepared = prepare(config)
        fold = make_folds(prepared.dataset, config.split, 4, 0)[0]
        if spoiled:
            changed = list(rows)
            for row in fold.test:
                changed[row] = f"1e9,-1e9,{'ab'[row % 2]}"
            write("data.csv", "x,y,label\n" + "\n".join(changed) + "\n")
            prepared = prepare(config)
        (session,) = open_sessions(prepared, [fold])
        train_fold(session)
        states.append(session.model.get_weights())

    for mine, theirs in zip(*states, strict=True):
        assert np.array_equal(mine, theirs)


def test_folds_whose_categories_differ_are_trained_all_the_same(write, tmp_path):
    rows = "".join(
        f"{n},{'rare' if n == 0 else 'usual' if n % 3 else 'other'},{'ab'[n % 2]}\n"
        for n in range(24)
    )
    write("data.csv", f"x,kind,label\n{rows}")
    text = (
        "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
    )
    config = load_config(
        write("c.yaml", text + "loss: mse\nmetrics: [accuracy]\nfit: {epochs: 1}\n")
    )

    result = kfold(config, folds=4, runs=tmp_path / "runs")

    assert sum(fold.rows for fold in result.folds) == 24


def test_validation_rows_come_from_the_training_rows_of_the_fold(tmp_path):
    config = load_config("breast_cancer", ["fit.epochs=3"])

    result = kfold(config, folds=2, runs=tmp_path / "runs")

    assert all(fold.epochs == 3 for fold in result.folds)
    assert {"loss", "accuracy", "auc"} == set(result.summaries)


def test_regression_is_cross_validated_too(tmp_path, with_pictures):
    result = kfold(load_config("study_hours", ["fit.epochs=2"]), runs=tmp_path / "runs")

    assert len(result.folds) == 4
    assert (result.path / "predicted.png").exists()
    assert np.isnan(result.folds[0].metrics["r2"])


def test_a_class_with_fewer_rows_than_folds_leaves_nothing_behind(people, tmp_path):
    with pytest.raises(
        DatasetError, match="class 'a' has 6 rows, too few for 10 folds; use --folds 6"
    ):
        kfold(load_config(people), runs=tmp_path / "runs")

    assert not (tmp_path / "runs").exists()


def test_the_interval_is_students():
    values = [0.8, 0.85, 0.9, 0.7, 0.75]

    summary = summarize_metric(values)

    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (summary.mean, summary.std) == (
        pytest.approx(0.8),
        pytest.approx(np.std(values, ddof=1)),
    )
    assert (summary.low, summary.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("key", "values", "low", "high"),
    [
        ("accuracy", [0.5, 1.0], 0, 1),
        ("area", [0.5, 1.0], 0, 1),
        ("f1_score", [0.1, 1.0], 0, 1),
        ("subset_accuracy", [0.1, 1.0], 0, 1),
        ("rmse", [0.0, 4.0], 0, None),
        ("mse", [0.0, 4.0], 0, None),
        ("loss", [0.0, 4.0], 0, None),
        ("r2", [0.0, 1.0], None, 1),
        ("r2_score", [0.0, 1.0], None, 1),
        ("cosine_similarity", [-1.0, 1.0], -1, 1),
        ("poisson", [-1.0, 1.0], None, None),
    ],
)
def test_intervals_stay_in_the_range_of_the_metric(key, values, low, high):
    names = ["accuracy", "AUC", "F1Score", "mse", "R2Score", "CosineSimilarity", "Poisson"]
    metrics = [Component(name, {"name": "area"} if name == "AUC" else {}, "", ()) for name in names]
    metrics[3] = Component("MeanSquaredError", {}, "mse", ())
    loss = Component("MeanSquaredError", {}, "mse", ())

    summary = summarize_metric(values, metric_bounds(key, metrics, loss))

    free = summarize_metric(values)
    assert (summary.mean, summary.std) == (free.mean, free.std)
    assert summary.low == (free.low if low is None else low)
    assert summary.high == (free.high if high is None else high)


@pytest.mark.parametrize(
    "changes",
    [["fit.class_weight=balanced", "callbacks=[{EarlyStopping: {patience: 1, restore_best_weights: true}}]",
      "split.validation=0.2", "model=[{Dense: {units: 8, activation: relu}}, {Dropout: 0.3}, {Dense: {activation: softmax}}]"],
     ["fit.batch_size=24"]],
)  # fmt: skip
def test_folds_that_train_together_give_what_they_give_one_by_one(tmp_path, changes):
    config = load_config("iris", ["fit.epochs=5", "optimizer=sgd", *changes])
    seen = []

    both = [
        kfold(config, folds=4, runs=tmp_path, engine=engine, on_engine=seen.append)
        for engine in ("auto", "serial")
    ]

    assert [str(engine) for engine in seen] == [
        "training 4 folds together in one program",
        "training folds one after the other (--engine serial)",
    ]  # fmt: skip
    together, alone = (result.folds for result in both)
    for one, other in zip(together, alone, strict=True):
        assert (one.rows, one.epochs) == (other.rows, other.epochs)
        assert one.metrics == pytest.approx(other.metrics, rel=1e-4, abs=1e-6)
    assert len({fold.seconds for fold in together}) == 1
    engines = [json.loads((result.path / "run.json").read_text())["engine"] for result in both]
    assert engines == [
        {"name": "stacked", "requested": "auto", "reason": "", "jobs": 1},
        {"name": "serial", "requested": "serial", "reason": "--engine serial", "jobs": 1},
    ]


def test_a_model_that_does_not_vectorise_trains_fold_by_fold(tmp_path):
    config = load_config("digits_cnn", ["fit.epochs=1"])
    seen = []

    result = kfold(config, folds=2, runs=tmp_path, sample=True, on_engine=seen.append)

    assert str(seen[0]) == f"training folds one after the other ({CONV2D})"
    assert len(result.folds) == 2
    with pytest.raises(DlcliError, match=f"in one program: {CONV2D}"):
        kfold(config, folds=2, runs=tmp_path / "none", sample=True, engine="stacked")
    assert not (tmp_path / "none").exists()


CONVOLUTIONS = [
    "fit.epochs=2", "callbacks=[]", "fit.batch_size=64", "optimizer=sgd",
    "model=[{Conv2D: {filters: 2, kernel_size: 3}}, Flatten, {Dense: {activation: softmax}}]",
]  # fmt: skip


@pytest.mark.slow  # test_own_components.py has a quick case
def test_convolutions_in_two_processes_give_what_they_give_in_one(fits, tmp_path):
    config = load_config("digits_cnn", [*CONVOLUTIONS, "preprocess={numeric: standardize}"])
    seen, told = [], []

    one, two = (
        kfold(config, folds=3, runs=tmp_path, jobs=jobs, on_engine=seen.append,
              on_fold=told.append if jobs == 2 else None)
        for jobs in (1, 2)
    )  # fmt: skip

    assert str(seen[1]) == f"training folds in 2 processes ({CONV2D})"
    assert [fold.fold for fold in told] == [1, 2, 3]
    assert len(fits) == 3 + 1, "the processes fit all but the first preprocessor"
    for mine, theirs in zip(one.folds, two.folds, strict=True):
        assert (mine.rows, mine.epochs) == (theirs.rows, theirs.epochs)
        assert mine.metrics == pytest.approx(theirs.metrics, rel=1e-3)
    record = json.loads((two.path / "run.json").read_text())
    assert record["engine"] == {
        "name": "serial", "requested": "auto", "reason": CONV2D, "jobs": 2,
    }  # fmt: skip


@pytest.mark.slow
def test_what_goes_wrong_in_a_process_is_told_as_in_one(dlcli, tmp_path):
    diverging = ["fit.epochs=1", "loss=mse", "optimizer={SGD: {learning_rate: 1e30}}"]
    changes = [*CONVOLUTIONS, *diverging]
    options = [part for change in changes for part in ("--set", change)]
    told = []
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        code, _, error = dlcli(
            "kfold", "digits_cnn", "--folds", 2, "--jobs", jobs, "-o", folder, *options
        )
        lines = [line for line in error.splitlines() if line.startswith(("dlcli: error", "hint"))]
        told.append((code, lines))

    assert told[0] == told[1]
    assert told[0][0] == 1
    assert "training diverged in epoch 1" in told[0][1][0]


def test_problems_of_a_config_go_from_process_to_process():
    error = ConfigError([Problem("b.yaml", 3, "fit", "wrong"), Problem("a.yaml", 1, "", "bad")])

    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error) == "a.yaml:1: bad\nb.yaml:3: fit: wrong"
    assert again.problems == error.problems


@pytest.mark.slow
def test_a_process_that_dies_is_an_error(tmp_path, monkeypatch):
    config = load_config("digits_cnn", ["fit.epochs=5000", *CONVOLUTIONS[1:]])

    def kill(progress):
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(
        TrainingError, match="two processes died at the same piece of work, exit code -9"
    ):
        kfold(config, folds=2, runs=tmp_path, jobs=2, on_progress=kill)

    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_signal_ends_the_processes_and_keeps_finished_folds(dlcli, tmp_path, monkeypatch):
    receive = Processes._receive

    def stop_after_a_fold(processes, pipe, on_report):
        results = receive(processes, pipe, on_report)
        if 0 in dict(results):  # the first fold
            for child in multiprocessing.active_children():
                os.kill(child.pid, signal.SIGTERM)  # as a batch system does, to all of a group
        return results

    monkeypatch.setattr(Processes, "_receive", stop_after_a_fold)
    options = [part for change in CONVOLUTIONS for part in ("--set", change)]

    code, _, error = dlcli(
        "kfold", "digits_cnn", "--folds", 5, "--jobs", 2, *options, "--set", "fit.epochs=20"
    )

    assert code == 128 + signal.SIGTERM
    assert re.search("stopped by SIGTERM after [1-4] of 5 folds", error)
    assert not multiprocessing.active_children()


def test_no_more_processes_than_folds_and_memory(tmp_path, monkeypatch):
    config = load_config("digits_cnn", CONVOLUTIONS)
    seen = []
    monkeypatch.setattr("dlcli.work.processes.available_memory", lambda: 3 << 29)

    kfold(config, folds=2, runs=tmp_path, jobs=8, sample=True, on_engine=seen.append)

    assert str(seen[0]) == f"training folds one after the other ({CONV2D})"
    assert most_workers(1 << 20) == 1
    monkeypatch.setattr("dlcli.work.processes.available_memory", lambda: 5 << 30)
    assert most_workers(1 << 20) == 4


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_state_of_folds_that_train_together(
    dlcli, tmp_path, monkeypatch, signum
):
    def stop(display, progress):
        if progress.epoch == 3:
            os.kill(os.getpid(), signum)

    monkeypatch.setattr("dlcli.cli.progress.ProgressDisplay.__call__", stop)

    code, _, error = dlcli("kfold", "iris", "--set", "fit.epochs=500", "--out", tmp_path / "runs")

    assert code == 128 + signum
    assert "training 10 folds together in one program" in error
    assert f"to resume: dlcli kfold --resume {tmp_path / 'runs/iris/1'}" in error
    assert read_record(tmp_path / "runs/iris/1").status == "interrupted"


@pytest.mark.data
def test_sonar_reaches_what_is_published(tmp_path):
    result = kfold(load_config("sonar"), runs=tmp_path / "runs")

    assert result.summaries["accuracy"].mean >= 0.81


def test_a_process_that_does_not_exit_is_killed(monkeypatch):
    monkeypatch.setattr("dlcli.work.processes.EXIT_SECONDS", 0.5)
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    process.start()

    end_process(process)

    assert process.exitcode == -signal.SIGKILL
