"""The search: the same trials each time, resumed after any stop, scored on unseen rows."""

import csv
import json
import time

import numpy as np
import pytest

pytest.importorskip("optuna", reason="the search needs Optuna: pip install 'dlcli[tune]'")

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

import dlcli as library
from dlcli import load_config, train, tune
from dlcli.errors import Interrupted
from dlcli.experiments.search.searching import search_rows
from dlcli.experiments.search.study import JOURNAL, Study
from dlcli.experiments.search.trials import Measure, TrainingScore, TrialResult
from dlcli.preparation.prepare import prepare
from dlcli.training.session import open_session
from dlcli.training.trials.trainer import TrialTrainer
from dlcli.training.trials.trial import TrainingOutcome

CONFIG = """
dataset: iris
split: {test: 0.2}
model:
  - Dense: {units: 4, activation: relu}
  - Dense: {activation: softmax}
loss: sparse_categorical_crossentropy
metrics: [accuracy]
fit: {epochs: 2, batch_size: 16}
kfold: {folds: 2}
tune:
  trials: 4
  folds: 2
  batch: 2
  search:
    optimizer.learning_rate: {log: [1e-3, 0.1]}
    "model[0].Dense.units": {integer: [2, 6]}
    fit.batch_size: {choice: [16, 32]}
"""


@pytest.fixture
def config(write):
    return write("search.yaml", CONFIG)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Return the result of a search; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("search")
    path = folder / "search.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return tune(path, runs=folder / "runs")


def test_no_trial_sees_a_test_row():
    for changes in ([], ["split.validation=0.25"]):
        prepared = prepare(load_config("iris", changes))
        split = open_session(prepared).split

        rows = search_rows(prepared, split, None)

        assert rows.folds == (1 if changes else 5)
        for inner in rows.splits:
            seen = np.concatenate([inner.train, inner.validation, inner.test])
            assert not set(seen) & set(split.test)
            assert set(seen) <= {*split.train, *split.validation}
        if not changes:
            tested = np.concatenate([inner.test for inner in rows.splits])
            assert sorted(tested) == sorted(split.train)


def test_the_best_trial_is_trained_once_more_and_scored_on_test_rows(result, tmp_path):
    best = result.best
    assert best.mean(result.measure) == max(t.mean(result.measure) for t in result.trials)
    alone = train(result.path / "best.yaml", runs=tmp_path / "alone")

    assert result.test_score == alone.scores["test"].metrics["accuracy"]
    again = library.evaluate(result.path / "best").scores.metrics["accuracy"]
    assert again == pytest.approx(result.test_score)
    document = json.loads((result.path / "metrics.json").read_text())
    assert document["test_score"] == result.test_score
    with (result.path / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert not [name for name in rows[0] if name.startswith("test")]


def test_optuna_opens_the_study(result):

    storage = JournalStorage(JournalFileBackend(str(result.path / JOURNAL)))
    study = optuna.load_study(study_name=None, storage=storage)

    assert [trial.value for trial in study.trials] == [
        trial.mean(result.measure) for trial in result.trials
    ]


@pytest.mark.slow
def test_a_search_repeats(result, config, tmp_path):
    again = tune(config, runs=tmp_path / "again")

    assert (again.path / "trials.csv").read_bytes() == (result.path / "trials.csv").read_bytes()
    assert len({json.dumps(trial.values) for trial in result.trials}) == 4


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["ask", "piece", "tell", "best", *range(2, 10)])
def test_a_stopped_search_goes_on(result, config, tmp_path, monkeypatch, moment):
    calls = []

    def stop(owner, name, at):
        real = getattr(owner, name)

        def call(*arguments, **options):
            calls.append(name)
            if len(calls) == at:
                raise Interrupted(15)
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    if isinstance(moment, int):  # a line of the journal
        stop(JournalFileBackend, "append_logs", moment)
    elif moment == "ask":
        stop(optuna.Study, "ask", 4)
    elif moment == "piece":
        stop(TrialTrainer, "run", 3)
    elif moment == "tell":
        stop(optuna.Study, "tell", 4)
    else:
        stop(Study, "importances", 1)
    with pytest.raises(Interrupted) as stopped:
        tune(config, runs=tmp_path / "stopped")
    # What a process leaves that is killed while it writes.
    (stopped.value.path / "study.journal.lock").touch()

    resumed = tune(config, runs=tmp_path / "stopped", resume=stopped.value.path)

    assert resumed.path == stopped.value.path
    for name in ("trials.csv", "best.yaml"):
        assert (resumed.path / name).read_bytes() == (result.path / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.5])
def test_a_killed_search_goes_on(config, start, dlcli, tmp_path, seconds):
    """The command as a user types it; batches are those of the program."""
    line = ["tune", config, "--trials", "45", "-q", "--out"]
    process = start(*line, tmp_path / "runs")
    outcomes = tmp_path / "runs/search/1/checkpoint/outcomes.jsonl"
    while process.poll() is None and not outcomes.exists():
        time.sleep(0.02)
    time.sleep(seconds)
    process.kill()
    process.communicate()
    assert outcomes.exists()

    for command in (
        ["tune", "--resume", tmp_path / "runs/search/1", "-q"],
        [*line, tmp_path / "whole"],
    ):
        process = start(*command)
        _, error = process.communicate(timeout=120)
        assert process.returncode == 0, error

    results = [tmp_path / name / "search/1" for name in ("runs", "whole")]
    for name in ("trials.csv", "best.yaml"):
        assert len({(path / name).read_bytes() for path in results}) == 1
    predictions = [path / "best/predictions.csv" for path in results]
    assert predictions[0].read_bytes() == predictions[1].read_bytes()


@pytest.mark.slow
def test_values_that_were_tried_are_not_trained_again(config, tmp_path):
    choices = "tune.search={fit.batch_size: {choice: [16, 32]}}"

    result = tune(load_config(config, [choices, "tune.sampler=random"]), runs=tmp_path / "runs")

    assert len(result.trials) == 4
    assert len({id(trial.trainings) for trial in result.trials}) == 2


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "qmc", "cmaes"])
def test_other_samplers_repeat_too(config, tmp_path, sampler):
    changed = load_config(config, [f"tune.sampler={sampler}", "tune.trials=2"])

    first, second = (tune(changed, runs=tmp_path / name) for name in "ab")

    assert [trial.values for trial in first.trials] == [trial.values for trial in second.trials]


@pytest.mark.slow
def test_validation_rows_and_pruning(config, tmp_path):
    changes = [
        "split.validation=0.25", "tune.folds=null", "fit.epochs=8",
        "tune.search={optimizer.learning_rate: {log: [1e-8, 0.1]}}",
    ]  # fmt: skip

    result = tune(load_config(config, changes), runs=tmp_path / "runs")

    assert [trial.failure for trial in result.trials].count("pruned") == 2
    assert result.folds == 1


@pytest.mark.slow
def test_nested(config, dlcli, tmp_path):
    code, out, error = dlcli(
        "tune", config, "--nested", "--trials", "2", "--out", tmp_path / "runs"
    )

    assert code == 0, error
    assert "nested accuracy: " in out
    folds = json.loads((tmp_path / "runs/search/1/metrics.json").read_text())["nested"]
    assert [fold["fold"] for fold in folds] == [1, 2]
    assert all(0 <= fold["score"] <= 1 for fold in folds)


def test_the_command(config, dlcli, tmp_path):
    code, out, _ = dlcli(
        "tune", config, "--trials", "2", "-q", "--json", "--out", tmp_path / "runs"
    )

    assert code == 0
    document = json.loads(out)
    assert document["command"] == "tune"
    assert len(document["trials"]) == 2
    code, _, _ = dlcli("tune", "--resume", tmp_path / "runs/search/1", "--out", tmp_path / "runs")
    assert code == 0
    code, out, _ = dlcli("runs", tmp_path / "runs/search")
    assert f"test accuracy {document['test_score']:.4g}, best of 2" in out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("tune.search={}", "tune.search"),
        ("tune.search={fit.batchsize: {choice: [1, 2]}}", "Did you mean 'batch_size'?"),
        ("tune.search={fit.batch_size: {choice: [8]}}", "at least two different values"),
        ("tune.search={fit.batch_size: {choice: [8, 8]}}", "at least two different values"),
        ("tune.search={fit.batch_size: {integer: [8, 2]}}", "low < high"),
        ("tune.search={fit.batch_size: {integer: [8]}}", "expected two numbers"),
        ("tune.search={thresholds: {choice: [tune, 0.4]}}", "changes the answers"),
        ("tune.search={fit.batch_size: {integer: [-8, 2]}}", "tune.search.fit.batch_size: -8"),
        ("tune.search={optimizer.learning_rate: {log: [0, 1]}}", "begins above 0"),
        (
            "tune.search={optimizer.learning_rate: {log: [1e-4, 1], uniform: [0, 1]}}",
            "expected one of",
        ),
        ("tune.search={optimizer.learning_rate: 0.1}", "expected a range, as in {choice: [8, 16]}"),
        ("tune.search={fit.batch_size: [4, 8, 9]}", "as in {choice: [4, 8, 9]}, got [4, 8, 9]"),
        ("tune.search={split.test: {uniform: [0.1, 0.5]}}", "the trials share the rows"),
        ("tune.search={dataset.iris: {choice: [1, 2]}}", "the trials share the data"),
        ("tune.metric=f1", "'f1' is not measured; loss, accuracy are"),
        ("tune.sampler=grid", "grid takes choices only, and optimizer.learning_rate is log"),
        ("tune.sampler=bayes", "'cmaes', 'gp' or 'grid'"),
        ("tune.trials=1", "trials"),
        ("tune=null", "no section tune"),
    ],
)
def test_mistakes_are_one_sentence(config, dlcli, tmp_path, change, reason):
    code, _, error = dlcli("tune", config, "--set", change, "-q", "--out", tmp_path / "runs")

    assert code == 2
    assert reason in error
    assert "Traceback" not in error
    assert not (tmp_path / "runs").exists()


def test_trials_without_a_score_are_results(config, dlcli, tmp_path):
    change = "tune.search={optimizer.learning_rate: {log: [1e29, 1e30]}}"

    code, out, error = dlcli("tune", config, "--set", change, "--set", "optimizer=sgd", "-q", "--out", tmp_path / "runs")  # fmt: skip

    assert code == 0, error
    assert "no trial has a score: diverged" in out


def test_a_study_of_another_config_is_refused(result, config):
    with pytest.raises(library.DlcliError, match="the config differs"):
        tune(load_config(config, ["fit.batch_size=4"]), resume=result.path)


def test_without_optuna_there_is_the_command_that_installs_it(config, dlcli, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)

    code, _, error = dlcli("tune", config, "--out", tmp_path / "runs")

    assert code == 2
    assert 'pip install "dlcli[tune]"' in error


def test_values_that_are_not_allowed_together_are_the_failure_of_a_trial(config, tmp_path):
    space = "{optimizer: {choice: [adam, sgd]}, optimizer.beta_1: {uniform: [0.8, 0.9]}}"
    changes = [f"tune.search={space}", "tune.sampler=random", "fit.epochs=1"]

    result = tune(load_config(config, changes), runs=tmp_path / "runs")

    for trial in result.trials:
        assert ("beta_1" in trial.failure) == (trial.values["optimizer"] == "sgd")
    assert {bool(trial.failure) for trial in result.trials} == {True, False}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_not_a_number_is_told(tmp_path, value):
    section = load_config(
        "iris", ["tune={search: {optimizer.learning_rate: {log: [0.1, 1]}}}"]
    ).tune
    study = Study(tmp_path, section, 0, larger_is_better=True)
    study.ask(0, 1)
    outcome = TrainingOutcome(1, 0.0, {"validation": {"auc": value}})

    study.tell(
        0, [TrialResult(1, {}, (TrainingScore(0, 0, outcome),))], Measure("validation", "auc", True)
    )

    assert study.study.get_trials()[0].state.is_finished()
    assert Study(tmp_path, section, 0, larger_is_better=True).ask(1, 1)
