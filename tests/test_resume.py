"""A training that was stopped ends, once it goes on, with the bits of one left alone."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import h5py
import numpy as np
import pytest
import tensorflow as tf
from conftest import copy_run, environment, slow

from dlcli import kfold, load_config, train
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.refused import REFUSED_COMPONENTS
from dlcli.errors import AlreadyFinished, DlcliError, Interrupted, WriteError
from dlcli.experiments.resume import run_config
from dlcli.models.loading import load_model
from dlcli.runs.records import read_record
from dlcli.training.callback_state import FIELDS
from dlcli.training.checkpoint import State, read_state, write_state

DENSE = "model=[{Dense: {units: 8, activation: relu}}, {Dropout: 0.3}, BatchNormalization, {GaussianNoise: 0.1}, {Dense: {activation: softmax}}]"
SMALL = [DENSE, "fit.epochs=8", "split.validation=0.2", "fit.batch_size=16"]
# For all that does not depend on the network: it draws random numbers, and is quickly traced.
LIGHT = "model=[{Dropout: 0.3}, {Dense: {activation: softmax}}]"
QUICK = [LIGHT, "optimizer=sgd", "fit.epochs=8", "fit.batch_size=16"]
# Its variables change in other ways than by the optimizer.
NORMALIZED = "model=[{Dropout: 0.3}, BatchNormalization, {Dense: {activation: softmax}}]"

pytestmark = pytest.mark.usefixtures("weights_only")


class Killed(BaseException):
    """Stands for SIGKILL: nothing that dlcli wrote for a graceful end runs."""


@pytest.fixture(scope="module", autouse=True)
def _eager():
    """Keep the state after every epoch, however short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.training.checkpoint.MIN_SECONDS", 0.0)
        patch.setattr("dlcli.training.checkpoint.MAX_COST", 1e9)
        yield


def kill_at(epoch, step=None):
    def look(progress):
        if progress.epoch == epoch and (
            progress.epoch_done if step is None else progress.step >= step
        ):
            raise Killed

    return look


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return the run of a training that nothing stopped, which stopped ones have to equal."""
    return train(load_config("iris", QUICK), runs=tmp_path_factory.mktemp("alone")).path


@pytest.fixture(scope="module")
def folds_alone(tmp_path_factory):
    """Return the run of folds that nothing stopped."""
    runs = tmp_path_factory.mktemp("folds")
    return kfold(load_config("iris", FOLDS), runs=runs, engine="serial").path


@contextmanager
def killed(path):
    """Expect `Killed`, and leave the record of a run as SIGKILL does: it says running."""
    with pytest.raises(Killed):
        yield
    record = json.loads((path / "run.json").read_text())
    del record["error"], record["seconds"]
    record = {**record, "status": "running", "pid": os.getpid()}
    (path / "run.json").write_text(json.dumps(record))


@pytest.fixture
def run_on(tmp_path):
    """Train a config, killed at some places and resumed each time; return the last result."""

    def go(config, *kills, every=300.0):
        runs = tmp_path / "killed"
        path = None
        for kill in kills:
            with killed(runs / config.name / "1"):
                train(config, runs=runs, on_progress=kill, checkpoint_every=every, resume=path)
            path = runs / config.name / "1"
            assert read_record(path).status == "interrupted"
        return train(run_config(path), runs=runs, resume=path)

    return go


def bits(path):
    """Return all that has to be equal: weights, history, metrics, and Keras's own files."""
    model = path / ("model.keras" if (path / "model.keras").exists() else "model.h5")
    found = {
        "weights": [array.tobytes() for array in load_model(model, "keras").model.get_weights()]
    }
    for name in ("history.csv", "metrics.json", "config.yaml"):
        found[name] = (path / name).read_bytes()
    for other in sorted(path.glob("*.keras")):
        if other != model:
            found[other.name] = [
                a.tobytes() for a in load_model(other, "keras").model.get_weights()
            ]
    for log in sorted([*path.glob("log*.csv"), *path.glob("weights.csv")]):
        found[log.name] = log.read_bytes()
    state, _ = read_state(path / "checkpoint")
    found["state"] = {name: [a.tobytes() for a in arrays] for name, arrays in state.arrays.items()}
    found["epoch"] = {k: v for k, v in state.values.items() if k != "seconds"}
    return found


# What several optimizers and callbacks keep is looked at in one training, where they do not meet.
CASES = {
    "early stopping, plateau, best so far, log": [
        "callbacks=[{EarlyStopping: {patience: 2, restore_best_weights: true}}, {ReduceLROnPlateau: {patience: 1, factor: 0.5}}, {ModelCheckpoint: {filepath: 'best.keras', monitor: val_loss, save_best_only: true}}, {CSVLogger: {filename: log.csv}}]",
        "optimizer={Adam: {learning_rate: 0.05}}",
        "weight_history=true",
    ],
    "a checkpoint per epoch, schedule, momentum": [
        "callbacks=[{ModelCheckpoint: {filepath: 'at{epoch:02d}.keras'}}, {LearningRateScheduler: {schedule: {ExponentialDecay: {initial_learning_rate: 0.01, decay_steps: 2, decay_rate: 0.9}}}}]",
        "optimizer={SGD: {learning_rate: 0.01, momentum: 0.9, nesterov: true}}",
    ],
    "averages swapped in": [
        "optimizer={AdamW: {use_ema: true}}", "callbacks=[{SwapEMAWeights: {swap_on_epoch: true}}]",
        "weight_history=true"],
    "averages, class weights": [
        "optimizer={Nadam: {use_ema: true, ema_overwrite_frequency: 7}}", "fit.class_weight=balanced",
        "metrics=[accuracy, {F1Score: {average: macro}}]", "loss=categorical_crossentropy"],
    "clipped, scaled, accumulated": [
        "optimizer={RMSprop: {clipnorm: 0.5, centered: true, gradient_accumulation_steps: 3}}"],
    "float16": ["hardware.dtype_policy=mixed_float16"],
    "float16 around an optimizer with a variable of its own": ["hardware.dtype_policy=mixed_float16", "optimizer=nadam"],
}  # fmt: skip


# The others differ in variables alone, and all variables are kept in one way.
OFTEN = {
    "early stopping, plateau, best so far, log",
    "float16 around an optimizer with a variable of its own",
}  # fmt: skip


@pytest.mark.parametrize("case", [case if case in OFTEN else slow(case) for case in CASES])
def test_a_killed_training_ends_with_the_same_bits(case, run_on, tmp_path):
    config = load_config("iris", [*SMALL, "fit.epochs=6", *CASES[case]])

    alone = train(config, runs=tmp_path / "alone")
    kills = [kill_at(3)] if case in OFTEN else [kill_at(2), kill_at(4)]
    resumed = run_on(config, *kills)

    assert bits(resumed.path) == bits(alone.path)
    assert resumed.history == alone.history
    assert (resumed.epochs, resumed.best_epoch) == (alone.epochs, alone.best_epoch)
    places = [entry.epoch for entry in read_record(resumed.path).resumed]
    assert len(places) == len(kills)
    assert places == sorted(places)


@pytest.mark.slow
def test_a_training_goes_on_within_an_epoch(run_on, tmp_path, monkeypatch):
    # Few steps per call, as a long epoch has them; a state after each.
    monkeypatch.setattr("dlcli.training.reusable_model.choose_steps_per_execution", lambda *_: 3)
    monkeypatch.setattr("dlcli.training.progress.REPORT_SECONDS", 0.0)
    changes = ["optimizer={AdamW: {use_ema: true}}", "loss=categorical_crossentropy", NORMALIZED]
    changes += ["metrics=[accuracy, {F1Score: {average: macro}}]", "fit.epochs=3"]
    config = load_config("iris", [*SMALL, "fit.batch_size=8", *changes])

    alone = train(config, runs=tmp_path / "alone")
    resumed = run_on(config, kill_at(1, 4), kill_at(2, 8), every=0.0)

    assert bits(resumed.path) == bits(alone.path)
    assert all(entry.step for entry in read_record(resumed.path).resumed)


def test_the_state_in_the_moment_of_a_kill_does_not_matter(tmp_path, run_on, monkeypatch):
    """Kill at every stage of writing a state: before, within and between its renames."""
    config = load_config("iris", [*QUICK, "fit.epochs=5"])
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


STATEFUL = {name for (kind, name) in REFUSED_COMPONENTS if kind == "callbacks"}


def test_every_callback_that_a_config_can_name_is_kept():
    named = set(keras_catalogue().entries["callbacks"]) - STATEFUL
    assert named <= set(FIELDS)


def test_a_run_that_was_killed_goes_on_in_another_process(start, dlcli, tmp_path):
    """SIGKILL, for once: the lock of a dead process holds nobody up."""
    changes = [item for change in (*QUICK, "fit.epochs=3000") for item in ("--set", change)]
    killed = start("train", "iris", "-q", *changes)
    latest = tmp_path / "runs/iris/1/checkpoint/latest.npz"
    deadline = time.monotonic() + 60
    while not latest.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    busy_code, _, busy = dlcli("train", "iris", "--resume")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    listed = dlcli("runs")[1]
    epochs = read_state(latest.parent)[0].values["epoch"] + 3

    code, _, error = dlcli("train", "iris", "--resume", *changes[:-1], f"fit.epochs={epochs}")
    again = dlcli("train", "--resume", "runs/iris/1")

    assert busy_code == 2
    assert f"runs/iris/1 is in use by process {killed.pid}" in busy
    assert "interrupted" in listed
    assert code == 0, error
    assert f"shortened from 3000 to {epochs} epochs" in error
    record = read_record(tmp_path / "runs/iris/1")
    assert (record.status, record.epochs) == ("finished", epochs)
    nothing = "reading runs/iris/1\nruns/iris/1 is finished; nothing to resume\n"
    assert again == (0, "", nothing)
    rows = (tmp_path / "runs/iris/1/history.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in rows[1:]] == [str(n + 1) for n in range(epochs)]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_how_to_go_on(dlcli, alone, monkeypatch, signum):
    def stop(display, progress):
        if progress.epoch == 3:
            os.kill(os.getpid(), signum)

    monkeypatch.setattr("dlcli.cli.progress.ProgressDisplay.__call__", stop)
    changes = [item for change in QUICK for item in ("--set", change)]
    code, _, error = dlcli("train", "iris", *changes)

    assert code == 128 + signum
    assert f"stopped by {signal.Signals(signum).name} after 3 epochs; saved the best" in error
    assert "to resume: dlcli train --resume runs/iris/1\n" in error
    assert "Traceback" not in error
    code, _, error = dlcli("train", "--resume", "runs/iris/1", "-q")
    assert code == 0, error
    assert bits(Path("runs/iris/1")) == bits(alone)


def test_a_second_signal_leaves_at_once_and_the_run_can_go_on(alone, tmp_path, monkeypatch):
    config = load_config("iris", QUICK)

    def stop(progress):
        if progress.epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted) as stopped:
        train(config, runs=tmp_path / "killed", on_progress=stop)

    assert (stopped.value.signum, stopped.value.path) == (
        signal.SIGTERM,
        tmp_path / "killed/iris/1",
    )
    assert read_record(stopped.value.path).status == "interrupted"
    resumed = train(config, resume=stopped.value.path)
    assert bits(resumed.path) == bits(alone)


def test_a_finished_run_is_extended_on_purpose(dlcli, alone, tmp_path):
    short = train(load_config("iris", [*QUICK, "fit.epochs=4"]), runs=tmp_path / "short")

    code, _, error = dlcli("train", "--resume", short.path, "--set", "fit.epochs=8", "-q")

    assert code == 0, error
    assert "extended from 4 to 8 epochs" in error
    assert bits(short.path) == bits(alone)
    assert read_record(short.path).extended[0].to == 8
    code, _, error = dlcli("train", "--resume", short.path, "--set", "fit.epochs=5")
    assert code == 2
    assert "has done 8 epochs; fit.epochs=5 is less" in error


def test_a_run_that_a_callback_ended_cannot_be_extended(dlcli, tmp_path):
    stopping = "callbacks=[{EarlyStopping: {monitor: loss, patience: 0, min_delta: 9}}]"
    path = train(load_config("iris", [*QUICK, stopping]), runs=tmp_path / "runs").path

    code, _, error = dlcli("train", "--resume", path, "--set", "fit.epochs=70")

    assert code == 2
    assert "was ended by a callback after 2 epochs; more change nothing" in error


def test_a_rate_that_falls_until_the_last_epoch_keeps_a_run_from_being_extended(dlcli, tmp_path):
    falling = "callbacks=[{LearningRateScheduler: {schedule: CosineDecay}}]"
    path = train(
        load_config("iris", [*QUICK, "fit.epochs=4", falling]), runs=tmp_path / "runs"
    ).path

    code, _, error = dlcli("train", "--resume", path, "--epochs", "8")

    assert code == 2
    assert "cannot have another number of epochs: its learning rate falls over 4 epochs" in error


@pytest.fixture(scope="module")
def killed_people(write_people, tmp_path_factory):
    """Return a run that was killed after an epoch."""
    folder = tmp_path_factory.mktemp("killed")
    config = load_config(write_people(folder))
    with killed(folder / "runs/people/1"):
        train(config, runs=folder / "runs", on_progress=kill_at(2))
    return folder / "runs/people/1"


@pytest.fixture
def left(people, killed_people, tmp_path):
    """Return a copy of a run that was killed after an epoch."""
    return copy_run(killed_people, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ["--set", "model.0.Dense.units=5"],
            "the config differs\n  model[0].Dense.units: 4, now 5",
        ),
        (["--set", "seed=1"], "seed: 0, now 1"),
        (["--set", "optimizer=adam"], "optimizer"),
    ],
)
def test_another_config_is_refused_with_what_differs(dlcli, left, people, change, message):
    before = (left / "run.json").read_text()

    code, _, error = dlcli("train", people, "--resume", "--out", left.parents[1], *change)

    assert code == 2
    assert message in error
    assert (left / "run.json").read_text() == before


def test_other_data_are_refused_or_marked(dlcli, left, people, tmp_path):
    table = tmp_path / "people.csv"
    table.write_text(table.read_text().replace("31;Seoul", "32;Seoul"))

    code, _, error = dlcli("train", "--resume", left)
    forced, _, said = dlcli("train", "--resume", left, "--force-resume", "-q")

    assert code == 2
    assert "it would not end with the same bits\n  data.fingerprint" in error
    assert "data.files.people.csv" in error
    assert "--force-resume" in error
    assert forced == 0, said
    assert any("data.fingerprint" in line for line in read_record(left).forced)


def test_other_versions_are_refused(dlcli, left):
    record = json.loads((left / "run.json").read_text())
    now = record["versions"]["keras"]
    record["versions"]["keras"] = "3.99"
    (left / "run.json").write_text(json.dumps(record))

    code, _, error = dlcli("train", "--resume", left)

    assert code == 2
    assert f'versions.keras: "3.99", now "{now}"' in error


def test_a_damaged_checkpoint_gives_way_to_the_one_before(dlcli, alone, tmp_path):
    config = load_config("iris", QUICK)
    with pytest.raises(Killed):
        train(config, runs=tmp_path / "runs", on_progress=kill_at(4))
    latest = tmp_path / "runs/iris/1/checkpoint/latest.npz"
    content = bytearray(latest.read_bytes())
    content[len(content) // 2] ^= 1
    latest.write_bytes(content)

    code, _, error = dlcli("train", "--resume", latest.parents[1], "-q")

    assert code == 0, error
    assert "latest.npz is damaged" in error
    assert "resuming after 2 epochs" in error
    assert bits(latest.parents[1]) == bits(alone)


def test_a_run_without_any_checkpoint_starts_over(dlcli, alone, tmp_path):
    config = load_config("iris", QUICK)
    with pytest.raises(Killed):
        train(config, runs=tmp_path / "runs", on_progress=kill_at(1))
    path = tmp_path / "runs/iris/1"
    assert not list((path / "checkpoint").iterdir())

    code, _, error = dlcli("train", "--resume", path, "-q")

    assert code == 0, error
    assert bits(path) == bits(alone)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["iris", "--resume"], "no run of `dlcli train` in runs/iris"),
        (["--resume", "runs/nowhere/1"], "no run and no config 'runs/nowhere/1'"),
    ],
)
def test_what_is_not_there_cannot_be_resumed(dlcli, arguments, message):
    code, _, error = dlcli("train", *arguments)

    assert (code, message in error) == (2, True)


def test_a_full_disk_leaves_the_last_state_and_says_so(dlcli, alone, tmp_path, monkeypatch):
    config = load_config("iris", QUICK)
    calls = {"left": 3}

    def full(descriptor):
        calls["left"] -= 1
        if calls["left"] < 0:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        calls["left"] = 12
        with pytest.raises(WriteError, match=r"cannot write .*: No space left on device"):
            train(config, runs=tmp_path / "runs")
    path = tmp_path / "runs/iris/1"
    assert read_record(path).status == "interrupted"
    assert not list(path.rglob(".tmp-*"))

    code, _, error = dlcli("train", "iris", "--resume", "--out", tmp_path / "runs", "-q",
                           *[item for change in QUICK for item in ("--set", change)])  # fmt: skip

    assert code == 0, error
    assert bits(path) == bits(alone)


def test_no_space_is_told_before_the_first_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100))

    with pytest.raises(
        WriteError, match=r"no space left in .*checkpoints need 0 MB, 0 MB are free"
    ):
        train(load_config("iris", QUICK), runs=tmp_path)


FOLDS = [LIGHT, "optimizer=sgd", "fit.epochs=6", "fit.batch_size=16", "kfold.folds=3"]


def oof(path):
    return (path / "out_of_fold.csv").read_bytes(), (path / "metrics.json").read_bytes()


STOPPING = ["callbacks=[{EarlyStopping: {monitor: loss, patience: 0, restore_best_weights: true}}, {ReduceLROnPlateau: {monitor: loss, patience: 1}}]",
            "optimizer={Adam: {learning_rate: 0.2}}"]  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "changes"),
    [
        ("serial", []),
        ("stacked", [NORMALIZED, *STOPPING]),
        slow("serial", STOPPING),
        slow("stacked", []),
    ],
)
def test_folds_go_on_to_the_same_bits(engine, changes, tmp_path, monkeypatch):
    monkeypatch.setattr("dlcli.training.stacked.fit.SHRINKING_STEPS", 10)
    config = load_config("iris", [*FOLDS, *changes])
    alone = kfold(config, runs=tmp_path / "alone", engine=engine)
    seen = []
    places = (8, 15) if engine == "serial" and not changes else (3, 5)

    def kill(progress):
        seen.append(progress)
        if len(seen) in places:
            raise Killed

    path = None
    for _ in range(2):
        with killed(tmp_path / "killed/iris/1"):
            kfold(config, runs=tmp_path / "killed", engine=engine, on_progress=kill, resume=path)
        path = tmp_path / "killed/iris/1"
    resumed = kfold(config, runs=tmp_path / "killed", resume=path, on_progress=kill)

    assert oof(resumed.path) == oof(alone.path)
    assert [fold.epochs for fold in resumed.folds] == [fold.epochs for fold in alone.folds]
    assert len(seen) < 2 * 18
    assert not (resumed.path / "checkpoint").exists()


CONVOLUTION = "model=[{Reshape: [4, 1]}, {Conv1D: {filters: 2, kernel_size: 2}}, Flatten, {Dense: {activation: softmax}}]"
# A process that checkpoints every epoch, however short, and computes as this one does.
EAGER = """
import tensorflow as tf
tf.config.optimizer.set_experimental_options({options})
from dlcli.training import checkpoint
checkpoint.MIN_SECONDS, checkpoint.MAX_COST = 0.0, 1e9
from dlcli.cli import process
process()
"""


@pytest.mark.parametrize(
    ("model", "options", "engine"),
    [
        slow(LIGHT, [], "stacked"),
        slow(CONVOLUTION, [], "serial"),
        slow(LIGHT, ["--engine", "serial"], "serial"),
        slow(CONVOLUTION, ["--jobs", "2"], "serial"),
    ],
    ids=["stacked", "serial by itself", "serial on request", "two processes"],
)
def test_a_killed_cross_validation_resumes_to_the_same_bits(
    dlcli, tmp_path, model, options, engine
):
    changes = [model, "fit.epochs=60", "fit.batch_size=8", "kfold.folds=3"]
    arguments = ["kfold", "iris", "-q", *options]
    arguments += [item for change in changes for item in ("--set", change)]
    code = EAGER.format(options=tf.config.optimizer.get_experimental_options())
    killed = subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment())
    run = tmp_path / "runs/iris/1"
    deadline = time.monotonic() + 60
    while not list(run.glob("checkpoint/*/latest.npz")) and time.monotonic() < deadline:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    record = read_record(run)
    assert (record.status, record.engine.name) == ("interrupted", engine)
    assert record.engine.requested == (options[1] if "--engine" in options else "auto")

    code, _, error = dlcli("kfold", "--resume", "runs/iris/1")
    assert code == 0, error
    assert dlcli(*arguments, "-o", "alone")[0] == 0

    assert oof(run) == oof(tmp_path / "alone/iris/1")
    again = dlcli("kfold", "--resume", "runs/iris/1")
    assert again[0] == 0
    assert again[2].endswith("\nruns/iris/1 is finished; nothing to resume\n")


def test_a_record_without_the_requested_engine_resumes(dlcli, tmp_path):
    """Older versions recorded what was chosen, and only where it differed from the default."""
    config = load_config("iris", [*FOLDS, CONVOLUTION, "kfold.folds=2"])
    alone = kfold(config, runs=tmp_path / "alone")
    with pytest.raises(Killed):
        kfold(config, runs=tmp_path / "runs", on_progress=kill_at(4))
    path = tmp_path / "runs/iris/1/run.json"
    record = json.loads(path.read_text())
    record["engine"] = {"name": "serial", "reason": "Conv1D does not vectorise"}
    path.write_text(json.dumps({**record, "status": "interrupted", "from_a_newer_dlcli": [1]}))

    code, _, error = dlcli("kfold", "--resume", path.parent)

    assert code == 0, error
    assert "training folds one after the other (Conv1D does not vectorise)" in error
    assert oof(path.parent) == oof(alone.path)
    assert json.loads(path.read_text())["from_a_newer_dlcli"] == [1]


@pytest.mark.parametrize(("kind", "other"), [("train", kfold), ("kfold", train)])
def test_a_run_of_another_kind_is_not_resumed(people, tmp_path, kind, other):
    config = load_config(people, ["kfold.folds=2"])
    run = {"train": train, "kfold": kfold}[kind](config, runs=tmp_path / "runs").path

    with pytest.raises(DlcliError, match=f"is a run of `dlcli {kind}`, not of `dlcli") as error:
        other(config, resume=run)

    assert error.value.hint == f"`dlcli {kind} --resume {run}` resumes it"


@pytest.mark.parametrize("experiment", [train, kfold])
def test_a_finished_run_is_reported_before_its_data_are_read(people, tmp_path, experiment):
    run = experiment(load_config(people, ["kfold.folds=2"]), runs=tmp_path / "runs").path
    (tmp_path / "people.csv").unlink()

    with pytest.raises(AlreadyFinished, match="is finished; nothing to resume"):
        experiment(run_config(run), resume=run)


@pytest.mark.slow
def test_stacked_folds_go_on_within_an_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr("dlcli.training.stacked.fit.choose_steps_per_execution", lambda *_: 2)
    monkeypatch.setattr("dlcli.training.progress.REPORT_SECONDS", 0.0)
    config = load_config("iris", [*FOLDS, "fit.epochs=3", "fit.batch_size=8"])
    alone = kfold(config, runs=tmp_path / "alone")

    def stop(progress):
        if (progress.epoch, progress.step) == (2, 6):
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted) as stopped:
        kfold(config, runs=tmp_path / "killed", on_progress=stop)
    state, _ = read_state(stopped.value.path / "checkpoint/stack")
    assert (state.values["epoch"], state.values["step"]) == (1, 8)
    resumed = kfold(config, resume=stopped.value.path)

    assert oof(resumed.path) == oof(alone.path)


@pytest.fixture(scope="module")
def interrupted_folds(tmp_path_factory):
    """Return the result of a cross-validation that Ctrl-C stopped after two of three folds."""

    def stop(progress):
        if len(done) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    done = []
    runs = tmp_path_factory.mktemp("half")
    config = load_config("iris", FOLDS)
    return kfold(config, runs=runs, engine="serial", on_fold=done.append, on_progress=stop)


@pytest.fixture
def half(interrupted_folds, tmp_path):
    """Return a copy of a run with two of three folds."""
    return shutil.copytree(interrupted_folds.path, tmp_path / "runs/iris/1")


def test_finished_folds_are_kept(dlcli, folds_alone, interrupted_folds, half):
    assert (interrupted_folds.interrupted, len(interrupted_folds.folds)) == (signal.SIGINT, 2)
    code, _, error = dlcli("kfold", "--resume", half, "-q")

    assert code == 0, error
    assert oof(half) == oof(folds_alone)
    code, _, error = dlcli("kfold", "--resume", half, "--set", "fit.epochs=9")
    assert code == 2
    assert "fit.epochs: 6, now 9" in error


def test_folds_that_no_longer_stack_get_a_hint_that_fits(half):
    record = json.loads((half / "run.json").read_text())
    record["engine"] = {"name": "stacked", "requested": "auto"}
    (half / "run.json").write_text(json.dumps(record))

    with pytest.raises(DlcliError, match="one program: models with Conv1D") as error:
        kfold(load_config("iris", [*FOLDS, CONVOLUTION]), resume=half)

    assert error.value.hint == "the run began in one program; start it again without --resume"


def test_a_run_reproduces_itself(dlcli, people, trained, tmp_path):
    path = trained.path
    folds = kfold(load_config(people), folds=2, runs=tmp_path / "runs").path

    for run, what in ((path, "history, weights, metrics"), (folds, "predictions, metrics")):
        code, out, error = dlcli("reproduce", run, "-q")
        assert code == 0, out + error
        assert out == f"{run}: identical: {what}\n"


def test_what_a_repetition_differs_in_is_told(dlcli, trained, tmp_path):
    path = trained.path
    table = tmp_path / "people.csv"
    table.write_text(table.read_text().replace("42;Busan", "92;Busan"))
    record = json.loads((path / "run.json").read_text())
    record["versions"]["numpy"] = "1.0"
    (path / "run.json").write_text(json.dumps(record))

    code, out, _ = dlcli("reproduce", path)
    plain = json.loads(dlcli("reproduce", path, "--json")[1])

    assert code == 1
    assert "the repetition differs\n  epoch 1 is the first that differs: " in out
    assert "  the weights differ\n" in out
    assert "environment:\n  data.fingerprint: " in out
    assert '  versions.numpy: "1.0", now' in out
    assert plain["identical"] is False


@pytest.mark.parametrize("text", [None, "{"])
def test_a_run_without_readable_metrics_is_not_repeated(dlcli, trained, text):
    metrics = trained.path / "metrics.json"
    metrics.unlink()
    if text is not None:
        metrics.write_text(text)

    code, _, error = dlcli("reproduce", trained.path)

    assert code == 2
    assert str(metrics) in error
    assert "hint: --debug" not in error


def test_an_unfinished_run_is_not_repeated(dlcli, left):
    code, _, error = dlcli("reproduce", left)

    assert code == 2
    assert f"{left} has not finished: its status is interrupted" in error
    assert f"dlcli train --resume {left}" in error


def test_a_damaged_state_of_a_fold_is_told(dlcli, folds_alone, half):
    first = half / "checkpoint/fold-1"
    for path in first.iterdir():
        path.write_bytes(path.read_bytes()[:-30])

    code, _, error = dlcli("kfold", "--resume", half, "-q")

    assert code == 0, error
    assert f"{first / 'latest.npz'} is damaged" in error
    assert oof(half) == oof(folds_alone)


def wait_for_handlers(process):
    """Wait until the process handles SIGTERM; before, its default action ends it."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():  # not Linux
        time.sleep(1)
        return
    while process.poll() is None:
        caught = int(re.search(r"SigCgt:\s*(\w+)", status.read_text())[1], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.01)


WAITING = ["predict", "runs/people/1", "-", "-o", "out.csv"]


@pytest.mark.parametrize(
    ("arguments", "seconds", "signum"),
    [
        (["train", "iris"], 0.5, signal.SIGTERM),
        (WAITING, 1.0, signal.SIGINT),
        slow(["train", "iris"], 0.5, signal.SIGINT),
        slow(WAITING, 1.0, signal.SIGTERM),
    ],
)
def test_a_signal_before_or_beside_a_training_ends_it_cleanly(
    start, trained, tmp_path, arguments, seconds, signum
):
    """While Keras is being imported, and while a prediction waits for rows."""
    process = start(*arguments, stdin=subprocess.PIPE)
    wait_for_handlers(process)
    time.sleep(seconds)
    process.send_signal(signum)
    process.wait(timeout=60)  # communicate() would close its input before it has the signal
    _, error = process.communicate()

    assert process.returncode == 128 + signum, error
    assert f"dlcli: stopped by {signal.Signals(signum).name}" in error
    assert "Traceback" not in error
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "runs/iris").exists()


def test_a_stop_leaves_no_trace_in_the_record(run_on, alone):
    config = load_config("iris", QUICK)
    alone = read_record(alone)
    resumed = read_record(run_on(config, kill_at(3), kill_at(5)).path)

    times = {"started", "seconds", "fit_seconds", "resumed"}
    assert resumed.model_dump(exclude=times) == alone.model_dump(exclude=times)


def test_epochs_change_only_on_purpose(dlcli, left, people):
    people.write_text(people.read_text().replace("epochs: ", "epochs: 1"))

    code, _, error = dlcli("train", people, "--resume", "--out", left.parents[1])

    assert code == 2
    assert "fit.epochs: " in error


def test_averages_that_have_ended_are_not_extended(dlcli, tmp_path):
    config = load_config("iris", [*QUICK, *CASES["averages swapped in"]])
    path = train(config, runs=tmp_path / "runs").path

    code, _, error = dlcli("train", "--resume", path, "--set", "fit.epochs=20")

    assert code == 2
    assert "SwapEMAWeights finalizes the averages in the last epoch" in error


def test_another_config_of_a_finished_run_is_told(dlcli, people, trained):
    same = dlcli("train", people, "--resume")
    other = dlcli("train", people, "--resume", "--set", "seed=5")

    assert same[0] == 0
    assert same[2].endswith("\nruns/people/1 is finished; nothing to resume\n")
    assert other[0] == 2
    assert "seed: 0, now 5" in other[2]


@pytest.mark.parametrize("name", ["runs/people", "people"])
def test_a_folder_or_name_of_runs_means_its_newest_open_one(dlcli, people, trained, tmp_path, name):
    with killed(tmp_path / "runs/people/2"):
        train(load_config(people), runs=tmp_path / "runs", on_progress=kill_at(2))

    code, _, error = dlcli("train", "--resume", name, "-q")

    assert code == 0, error
    assert read_record(Path("runs/people/2")).status == "finished"


def test_a_name_of_runs_is_resumed(dlcli, trained):
    code, out, error = dlcli("train", "--resume", "people")
    others = [dlcli(command, "people", "--resume") for command in ("kfold", "tune", "sweep")]

    assert (code, out) == (0, "")
    assert "people is the run runs/people/1" in error
    assert error.endswith("\nruns/people/1 is finished; nothing to resume\n")
    for command, (wrong, _, said) in zip(("kfold", "tune", "sweep"), others, strict=True):
        assert (wrong, f"no run of `dlcli {command}` in runs/people" in said) == (2, True)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"status": None}, "run.json is damaged: status: "),
        ({"format": "x/../../m.keras"}, "run.json is damaged: format: "),
        ({"devices": "gpu"}, "run.json is damaged: devices: "),
        ({"seconds": "long"}, "run.json is damaged: seconds: "),
        ({"kind": 3}, "run.json is damaged: kind: "),
        ({"kind": "magic"}, "is a run of `dlcli magic`, not of `dlcli train`"),
    ],
)
def test_the_record_of_a_stranger_is_checked(dlcli, left, record, message):
    path = left / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **record}))

    code, _, error = dlcli("train", "--resume", left)

    assert code == 2
    assert message in error


def test_nothing_is_written_through_a_link(dlcli, left, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (left / "history.csv").unlink(missing_ok=True)
    (left / "history.csv").symlink_to(victim)

    code, _, error = dlcli("train", "--resume", left)

    assert code == 2
    assert "history.csv is a link" in error
    assert victim.read_text() == "mine"


def test_states_that_cannot_be_read_are_not_written_over(dlcli, left):
    states = list((left / "checkpoint").iterdir())
    for path in states:
        path.write_bytes(path.read_bytes()[:-9])
    before = [path.read_bytes() for path in states]

    code, _, error = dlcli("train", "--resume", left)

    assert code == 2
    assert "no state can be read" in error
    assert f"remove {left / 'checkpoint'} to start over" in error
    assert [path.read_bytes() for path in states] == before


def test_what_every_callback_remembers_is_listed(people, tmp_path):
    """A field that a fit changes, and that no one keeps, would be lost in silence."""
    from dlcli.network.building import make_callbacks

    callbacks = "[{EarlyStopping: {monitor: loss, patience: 9, restore_best_weights: true}}, {ReduceLROnPlateau: {monitor: loss, patience: 0, cooldown: 2}}, {ModelCheckpoint: {filepath: 'a.keras', monitor: loss, save_best_only: true}}, {CSVLogger: {filename: a.csv}}, TerminateOnNaN, {LearningRateScheduler: {schedule: {ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 2, decay_rate: 0.5}}}}, {SwapEMAWeights: {swap_on_epoch: true}}]"
    config = load_config(
        people, [f"callbacks={callbacks}", "optimizer={Adam: {use_ema: true}}", "fit.epochs=4"]
    )
    seen = []
    original = make_callbacks

    def spying(*arguments):
        made = original(*arguments)
        seen.append((made, [dict(vars(callback)) for callback in made]))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.experiments.training_run.make_callbacks", spying)
        train(config, runs=tmp_path / "runs")
    used, before = seen[-1]

    # What a new fit sets up by itself, or follows from the epoch.
    own = {
        "_model",
        "params",
        "validation_data",
        "monitor_op",
        "min_delta",
        "keys",
        "writer",
        "csv_file",
        "append_header",
        "_current_epoch",
    }
    for callback, old in zip(used, before, strict=True):
        changed = {name for name, value in vars(callback).items() if value is not old.get(name)}
        assert changed - own <= set(FIELDS[type(callback).__name__])


def test_a_config_that_was_changed_in_the_run_is_refused(dlcli, left):
    path = left / "config.yaml"
    path.write_text(path.read_text().replace("seed: 0", "seed: 7"))

    code, _, error = dlcli("train", "--resume", left)

    assert code == 2
    assert "its config.yaml has been changed since it began" in error


def test_an_edited_run_is_not_called_identical(dlcli, trained):
    """The digest in its metadata is still that of the repetition."""
    model, config = trained.path / "model.keras", trained.path / "config.yaml"
    with ZipFile(model) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(content["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        bias = file["layers/dense/vars/1"]
        bias[0] += 1
    with ZipFile(model, "w") as archive:
        for name, data in {**content, "model.weights.h5": weights.getvalue()}.items():
            archive.writestr(name, data)

    code, out, _ = dlcli("reproduce", trained.path)
    config.write_text(config.read_text().replace("seed: 0", "seed: 7"))
    refusal = dlcli("reproduce", trained.path)

    assert code == 1
    assert "the weights in the model file are not those that the run saved" in out
    assert refusal[0] == 2
    assert "its config.yaml has been changed since it began" in refusal[2]


def tampered(folder, change):
    """Change the content of a checkpoint, with valid checksums."""
    state, _ = read_state(folder)
    arrays = {name: list(values) for name, values in state.arrays.items()}
    content = SimpleNamespace(values=dict(state.values), arrays=arrays)
    change(content)
    write_state(folder, State(content.values, content.arrays))


@pytest.fixture(scope="module")
def stopped_within_an_epoch(tmp_path_factory):
    """A training stopped after some steps of its second epoch."""
    runs = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.training.checkpoint.MIN_SECONDS", 0.0)
        patch.setattr("dlcli.training.checkpoint.MAX_COST", 1e9)
        patch.setattr("dlcli.training.reusable_model.choose_steps_per_execution", lambda *_: 3)
        patch.setattr("dlcli.training.progress.REPORT_SECONDS", 0.0)
        config = load_config(
            "iris",
            [
                *QUICK,
                "fit.batch_size=4",
                "callbacks=[{EarlyStopping: {patience: 3, monitor: loss}}]",
            ],
        )
        with pytest.raises(Killed):
            train(config, runs=runs, on_progress=kill_at(2, 14), checkpoint_every=0.0)
    return runs / "iris" / "1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [(lambda s: s.values.update(seconds="soon"), "seconds: Input should be a valid number"),
     (lambda s: s.values.update(epoch=-1), "epoch: Input should be greater than or equal to 0"),
     (lambda s: s.values.pop("stopped"), "stopped: Field required"),
     (lambda s: s.values.update(step=10_000), "epoch 2, step 10000 of 8 epochs of 30 steps"),
     (lambda s: s.values["callbacks"].pop(), "2 callbacks, not 3"),
     (lambda s: s.values["callbacks"][0].update(wait="long"), "EarlyStopping.wait: Input should be a valid int"),
     (lambda s: s.values["callbacks"][0].pop("best"), "EarlyStopping.best: Field required"),
     (lambda s: s.arrays.pop("optimizer"), "it has no arrays 'optimizer'"),
     (lambda s: s.arrays.update(model=s.arrays["model"][:-1]), "variables, "),
     (lambda s: s.arrays.update(metrics=[np.zeros(7, np.float32)] * len(s.arrays["metrics"])), "not float32 (7,)")],
)  # fmt: skip
def test_a_state_of_another_training_is_an_error_that_names_the_checkpoint(
    stopped_within_an_epoch, tmp_path, dlcli, change, reason
):
    run = tmp_path / "run"
    shutil.copytree(stopped_within_an_epoch, run)
    tampered(run / "checkpoint", change)

    code, _, error = dlcli("train", "--resume", run)

    assert code == 2, error
    assert f"the checkpoint in {run / 'checkpoint'} does not fit: " in error
    assert reason in error
    assert f"hint: remove {run / 'checkpoint'} to start over" in error


@pytest.fixture(scope="module")
def stopped_stack(tmp_path_factory):
    """Folds that train together, stopped within their second epoch."""
    runs = tmp_path_factory.mktemp("stack")
    seen = []

    def stop(progress):
        seen.append(progress)
        if len(seen) == 8:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.training.checkpoint.MIN_SECONDS", 0.0)
        patch.setattr("dlcli.training.checkpoint.MAX_COST", 1e9)
        patch.setattr("dlcli.training.stacked.fit.choose_steps_per_execution", lambda *_: 2)
        patch.setattr("dlcli.training.progress.REPORT_SECONDS", 0.0)
        patch.setattr(
            "dlcli.training.stacked.checkpoint.SaveSchedule.is_due", lambda *_: len(seen) < 8
        )
        changes = [*FOLDS, "fit.batch_size=8", "callbacks=[{ReduceLROnPlateau: {monitor: loss}}]"]
        with pytest.raises(Killed):
            kfold(load_config("iris", changes), runs=runs, on_progress=stop)
    return runs / "iris" / "1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [(lambda s: s.values.pop("members"), "members: Field required"),
     (lambda s: s.values.update(members=[0, 3]), "copies [0, 3] of 3"),
     (lambda s: s.values.update(seconds=None), "seconds: Input should be a valid number"),
     (lambda s: s.values.update(epoch=9), "epoch 10, step "),
     (lambda s: s.values.update(step=99), "step 99 of 12 full steps per epoch"),
     (lambda s: s.values["copies"].pop(), "2 copies, not 3"),
     (lambda s: s.values["copies"][1].pop("history"), "copies.1.history: Field required"),
     (lambda s: s.values["copies"][0].update(running=False), "the final weights of a copy"),
     (lambda s: s.values["copies"][0]["callbacks"][0].update(wait="2"), "ReduceLROnPlateau.wait: Input"),
     (lambda s: s.arrays.pop("stack"), "it has no arrays 'stack'"),
     (lambda s: s.arrays.pop("copy2.final"), "it has no arrays 'copy2.final'"),
     (lambda s: s.arrays.update(rates=[]), "it has no learning rates"),
     (lambda s: s.arrays.update(rates=[np.zeros(3, np.float32)]), "learning rates of shape (3,)"),
     (lambda s: s.arrays.update(stack=s.arrays["stack"][1:]), "variables, "),
     (lambda s: s.arrays.update(metrics=[]), "the metrics are those of another model")],
)  # fmt: skip
def test_a_state_of_other_copies_is_an_error_that_names_the_checkpoint(
    stopped_stack, tmp_path, dlcli, monkeypatch, change, reason
):
    # The state is refused before the program runs, which takes most of the time to trace.
    monkeypatch.setattr("dlcli.training.stacked.program.EpochProgram.trace", lambda _: None)
    run = tmp_path / "run"
    shutil.copytree(stopped_stack, run)
    folder = run / "checkpoint" / "stack"
    tampered(folder, change)

    code, _, error = dlcli("kfold", "--resume", run)

    assert code == 2, error
    assert f"the checkpoint in {folder} does not fit: " in error
    assert reason in error


@pytest.fixture(scope="module")
def stopped_in_the_second_fold(tmp_path_factory):
    """A serial cross-validation stopped in its second fold."""
    runs = tmp_path_factory.mktemp("folds")
    seen = []

    def stop(progress):
        seen.append(progress)
        if len(seen) == 5:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dlcli.training.checkpoint.MIN_SECONDS", 0.0)
        patch.setattr("dlcli.training.checkpoint.MAX_COST", 1e9)
        with pytest.raises(Killed):
            kfold(
                load_config("iris", ["fit.epochs=3", "optimizer=sgd"]),
                folds=3, engine="serial", runs=runs, on_progress=stop,
            )  # fmt: skip
    return runs / "iris" / "1"


@pytest.mark.parametrize(
    ("fold", "change", "reason"),
    [(1, lambda s: s.values["done"].pop("seconds"), "done.seconds: Field required"),
     (1, lambda s: s.values["done"].update(metrics=[1.0]), "done.metrics: Input should be a valid dict"),
     (1, lambda s: s.arrays.clear(), "it has no outputs"),
     (1, lambda s: s.arrays.update(outputs=[s.arrays["outputs"][0][:9]]), "9 outputs for 50 test rows"),
     (2, lambda s: s.values.update(step="1"), "step: Input should be a valid integer"),
     (2, lambda s: s.arrays.pop("model"), "it has no arrays 'model'")],
)  # fmt: skip
def test_an_outcome_of_another_fold_is_an_error_that_names_the_checkpoint(
    stopped_in_the_second_fold, tmp_path, dlcli, fold, change, reason
):
    run = tmp_path / "run"
    shutil.copytree(stopped_in_the_second_fold, run)
    folder = run / "checkpoint" / f"fold-{fold}"
    tampered(folder, change)

    code, _, error = dlcli("kfold", "--resume", run)

    assert code == 2, error
    assert f"the checkpoint in {folder} does not fit: " in error
    assert reason in error
