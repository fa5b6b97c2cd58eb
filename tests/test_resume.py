"""A training that was stopped ends, once it goes on, with the bits of one left alone."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from dlcli import load_config, train
from dlcli.checkpoint import read_state
from dlcli.loading import load_model
from dlcli.records import read_record
from dlcli.resuming import config_of

DENSE = "model=[{Dense: {units: 8, activation: relu}}, {Dropout: 0.3}, BatchNormalization, {GaussianNoise: 0.1}, {Dense: {activation: softmax}}]"
SMALL = [DENSE, "fit.epochs=8", "split.validation=0.2", "fit.batch_size=16"]


class Killed(BaseException):
    """Stands for SIGKILL: nothing that dlcli wrote for a graceful end runs."""


@pytest.fixture(autouse=True)
def _eager(monkeypatch):
    """Keep the state after every epoch, however short."""
    monkeypatch.setattr("dlcli.checkpointing.LEAST_SECONDS", 0.0)
    monkeypatch.setattr("dlcli.checkpointing.SHARE", 1e9)


def kill_at(epoch, step=None):
    def look(progress):
        if progress.epoch == epoch and (
            progress.epoch_done if step is None else progress.step >= step
        ):
            raise Killed

    return look


@pytest.fixture
def run_on(tmp_path, monkeypatch):
    """Train a config, killed at some places and resumed each time; return the last result."""

    def go(config, *kills, every=300.0):
        monkeypatch.setattr("dlcli.run_directory.RunDirectory.finish", _forgetting(monkeypatch))
        runs = tmp_path / "killed"
        path = None
        for kill in kills:
            with pytest.raises(Killed):
                train(config, runs=runs, on_progress=kill, checkpoint_every=every, resume=path)
            path = runs / config.name / "1"
            assert read_record(path)["status"] == "interrupted"
        return train(config_of(path), runs=runs, resume=path)

    return go


def _forgetting(monkeypatch):
    """Return a `finish` that does nothing for what was killed: the record says running."""
    from dlcli.run_directory import RunDirectory

    whole = RunDirectory.finish

    def finish(self, status, **more):
        if "Killed" in more.get("error", ""):
            self.release()
        else:
            whole(self, status, **more)

    return finish


def bits(path):
    """Return all that has to be equal: weights, history, metrics, and Keras's own files."""
    model = path / ("model.keras" if (path / "model.keras").exists() else "model.h5")
    found = {
        "weights": [array.tobytes() for array in load_model(model, "keras").model.get_weights()]
    }
    for name in ("history.csv", "metrics.json", "config.yaml"):
        found[name] = (path / name).read_text()
    for other in sorted(path.glob("*.keras")):
        if other != model:
            found[other.name] = [
                a.tobytes() for a in load_model(other, "keras").model.get_weights()
            ]
    for log in sorted(path.glob("log*.csv")):
        found[log.name] = log.read_text()
    state, _ = read_state(path / "checkpoint")
    found["state"] = {name: [a.tobytes() for a in arrays] for name, arrays in state.arrays.items()}
    found["epoch"] = {k: v for k, v in state.values.items() if k != "seconds"}
    return found


CASES = {
    "adam": [],
    "early stopping, plateau, best so far, log": [
        "callbacks=[{EarlyStopping: {patience: 2, restore_best_weights: true}}, {ReduceLROnPlateau: {patience: 1, factor: 0.5}}, {ModelCheckpoint: {filepath: 'best.keras', monitor: val_loss, save_best_only: true}}, {CSVLogger: {filename: log.csv}}]",
        "optimizer={Adam: {learning_rate: 0.05}}",
    ],
    "a checkpoint per epoch, schedule": [
        "callbacks=[{ModelCheckpoint: {filepath: 'at{epoch:02d}.keras'}}, {LearningRateScheduler: {schedule: {ExponentialDecay: {initial_learning_rate: 0.01, decay_steps: 2, decay_rate: 0.9}}}}]",
    ],
    "momentum": ["optimizer={SGD: {learning_rate: 0.01, momentum: 0.9, nesterov: true}}"],
    "averages swapped in": [
        "optimizer={AdamW: {use_ema: true}}", "callbacks=[{SwapEMAWeights: {swap_on_epoch: true}}]"],
    "averages": ["optimizer={Nadam: {use_ema: true, ema_overwrite_frequency: 7}}"],
    "clipped and scaled": ["optimizer={RMSprop: {clipnorm: 0.5, centered: true}}"],
    "accumulated": ["optimizer={Adam: {gradient_accumulation_steps: 3}}"],
    "float16": ["hardware.dtype_policy=mixed_float16"],
    "class weights": ["fit.class_weight=balanced", "metrics=[accuracy, {F1Score: {average: macro}}]",
                      "loss=categorical_crossentropy"],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_killed_training_ends_with_the_same_bits(case, run_on, tmp_path):
    config = load_config("iris", [*SMALL, *CASES[case]])

    alone = train(config, runs=tmp_path / "alone")
    resumed = run_on(config, kill_at(2), kill_at(3), kill_at(5))

    assert bits(resumed.path) == bits(alone.path)
    assert resumed.history == alone.history
    assert (resumed.epochs, resumed.best_epoch) == (alone.epochs, alone.best_epoch)
    places = [entry["epoch"] for entry in read_record(resumed.path)["resumed"]]
    assert len(places) == 3
    assert places == sorted(places)


@pytest.mark.parametrize(
    "changes",
    [["optimizer=adam"],
     ["optimizer={AdamW: {use_ema: true}}", "metrics=[accuracy, {F1Score: {average: macro}}]", "loss=categorical_crossentropy"]],
)  # fmt: skip
def test_a_training_goes_on_within_an_epoch(changes, run_on, tmp_path, monkeypatch):
    # Few steps per call, as a long epoch has them; a state after each.
    monkeypatch.setattr("dlcli.session.choose_steps_per_execution", lambda *_: 3)
    monkeypatch.setattr("dlcli.callbacks.REPORT_SECONDS", 0.0)
    config = load_config("iris", [*SMALL, "fit.epochs=3", "fit.batch_size=4", *changes])

    alone = train(config, runs=tmp_path / "alone")
    resumed = run_on(config, kill_at(1, 7), kill_at(2, 14), every=0.0)

    assert bits(resumed.path) == bits(alone.path)
    assert all(entry["step"] for entry in read_record(resumed.path)["resumed"])


def test_the_state_in_the_moment_of_a_kill_does_not_matter(tmp_path, run_on, monkeypatch):
    """Kill at every stage of writing a state: before, within and between its renames."""
    config = load_config("iris", [*SMALL, "fit.epochs=5"])
    alone = train(config, runs=tmp_path / "alone")
    calls = {"left": 0}

    def dying(function):
        def work(*arguments, **options):
            calls["left"] -= 1
            if calls["left"] == 0:
                raise Killed
            return function(*arguments, **options)

        return work

    monkeypatch.setattr(np, "savez", dying(np.savez))
    monkeypatch.setattr(os, "fsync", dying(os.fsync))
    monkeypatch.setattr(Path, "replace", dying(Path.replace))
    path = None
    for left in (9, 6, 7, 8, 10, 11, 12, 5):
        calls["left"] = left
        try:
            last = train(config, runs=tmp_path / "killed", resume=path)
            break
        except Killed:
            path = tmp_path / "killed/iris/1"
            record = json.loads((path / "run.json").read_text())
            assert record["status"] != "finished"
    else:
        calls["left"] = 10**9
        last = train(config, runs=tmp_path / "killed", resume=path)

    assert bits(last.path) == bits(alone.path)
