"""What the tests share: real data where they are, small configs, and the command line."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

import dlcli
from dlcli.config import catalogue, own_components
from dlcli.network import code_files
from dlcli.runs.description import fingerprint

ROOT = Path(__file__).parents[1]
# Processes run the package that the tests import: the installed one, or the checkout.
PACKAGE = str(Path(dlcli.__file__).parents[1])
DATA = os.environ.get("DLCLI_DATA", "")

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# TensorFlow has a million objects, and pytest keeps a process for hundreds of trainings.
gc.set_threshold(10_000, 20, 20)
# A shell ignores SIGINT for what it runs in the background, and child processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
# How long an example takes says more about the machine than about the code.
# The same examples in every run; `--hypothesis-profile=random` looks for others.
hypothesis.settings.register_profile("plain", deadline=None, derandomize=True)
hypothesis.settings.register_profile("random", deadline=None)
hypothesis.settings.load_profile("plain")


def pytest_collection_modifyitems(items):
    """Skip what needs the real data sets, with the reason, where there are none."""
    skip = pytest.mark.skip(reason="needs the real data sets: set DLCLI_DATA to their folder")
    for item in items:
        if "data" in item.keywords and not (DATA and Path(DATA.split(os.pathsep)[0]).is_dir()):
            item.add_marker(skip)


def pytest_collection_finish():
    """Have the garbage collector pass over what the modules of the tests have imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _offline(tmp_path_factory):
    """Leave network and home alone, also where a fixture trains for many tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        # Matplotlib's list of fonts: once, instead of in every process that draws.
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        patch.setenv("NO_PROXY", "127.0.0.1")
        for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(proxy, "http://127.0.0.1:9")  # nobody listens there
        yield


@pytest.fixture(scope="session", autouse=True)
def _graphs_as_traced(request):
    """Train on graphs as Keras traces them, where the slow tests do not run.

    TensorFlow's rewriting takes a fifth of a training of few steps. Slow tests and processes of
    their own train on rewritten graphs, as users do.
    """
    if "tensorflow" in sys.modules and request.config.option.markexpr == "not slow":
        import tensorflow as tf

        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch, request):
    """Run every test in an empty folder, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if "data" in request.keywords:
        folders = [str(Path(folder).absolute()) for folder in DATA.split(os.pathsep)]
        monkeypatch.setenv(
            "DLCLI_DATA", os.pathsep.join(str((ROOT / f).resolve()) for f in folders)
        )
    else:
        monkeypatch.delenv("DLCLI_DATA", raising=False)


@contextmanager
def own_components_forgotten():
    """Forget, after the block, the components that it has registered."""
    registries = (own_components._registered, code_files._sources, *catalogue._own_entries.values())
    before = [dict(registry) for registry in registries]
    try:
        yield
    finally:
        for registry, entries in zip(registries, before, strict=True):
            registry.clear()
            registry.update(entries)
        catalogue.keras_catalogue.cache_clear()


@pytest.fixture(autouse=True)
def _no_own_components():
    with own_components_forgotten():
        yield


@pytest.fixture(autouse=True)
def _no_check_in_child(monkeypatch, request):
    """Open model files directly, unless the test is about the child process that checks them."""
    monkeypatch.setattr("dlcli.models.guard._confined", "guarded" not in request.fixturenames)


# What draws the pictures of a run: a third of the time of a small training.
DRAWERS = (
    "dlcli.plots.results.draw_confusion",
    "dlcli.plots.results.draw_predicted",
    "dlcli.plots.results.draw_comparison",
    "dlcli.experiments.training_run.draw_results",
    "dlcli.experiments.training_run.draw_learned",
    "dlcli.experiments.training_run.draw_several",
    "dlcli.experiments.kfold_files.draw_several",
)


@contextmanager
def no_pictures():
    """Train without drawing."""
    with pytest.MonkeyPatch.context() as patch:
        for name in DRAWERS:
            patch.setattr(name, lambda *_: None)
        yield


@pytest.fixture(autouse=True)
def _no_pictures(request):
    """Train without drawing, unless the test asks for `with_pictures`.

    Fixtures of modules and of the session, and processes of their own, draw as usual, unless they
    use `no_pictures`.
    """
    with nullcontext() if "with_pictures" in request.fixturenames else no_pictures():
        yield


@pytest.fixture
def with_pictures():
    """Have runs draw their pictures, as they do outside of tests."""


@pytest.fixture(scope="module")
def few_trees():
    """Give the forests and boosted trees of a baseline 5 trees instead of 100."""
    from dlcli.experiments.baseline import models

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(models.FOREST, "n_estimators", 5)
        patch.setitem(models.BOOSTING, "max_iter", 5)
        yield


@pytest.fixture
def weights_only(monkeypatch):
    """Train without ONNX graphs, for tests that do not predict."""
    monkeypatch.setattr("dlcli.experiments.training_run.is_converted_quickly", lambda _: False)


@pytest.fixture
def guarded():
    """Have the child process check model files, as it does in programs that use dlcli."""


@pytest.fixture
def fits(monkeypatch):
    """Record how many rows the step `standardize` is fitted on, each time it is."""
    from dlcli.preparation.steps.numbers import FittedStandardize

    rows = []
    fit_blocks = FittedStandardize.fit_blocks.__func__

    def recording(cls, step, blocks, names):
        blocks = list(blocks)
        rows.append(sum(map(len, blocks)))
        return fit_blocks(cls, step, iter(blocks), names)

    monkeypatch.setattr(FittedStandardize, "fit_blocks", classmethod(recording))
    return rows


@pytest.fixture
def text_faults(monkeypatch):
    """Collect the texts that overlap or are cut off in each picture that is drawn."""
    from matplotlib.figure import Figure
    from picture_texts import faults

    found, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda fig, *a, **k: (found.append(faults(fig)), save(fig, *a, **k))
    )
    return found


def slow(*values):
    """Mark a case that resembles a quick one: it runs in `.ci/run`, not in a plain `pytest`."""
    return pytest.param(*values, marks=pytest.mark.slow)


def writer(folder):
    """Return a function that writes a text file into a folder and returns its path."""

    def write_file(name, text, **options):
        path = folder / name
        path.write_text(text, **{"encoding": "utf-8", **options})
        return path

    return write_file


@pytest.fixture
def write(tmp_path):
    """Write a text file and return its path."""
    return writer(tmp_path)


@pytest.fixture(name="dlcli")
def _dlcli(capsys):
    """Call the command line in this process; return exit code, standard output and error."""
    from dlcli.cli import main

    def call(*arguments):
        capsys.readouterr()
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def environment(**variables):
    """Return the environment of a process that runs the package under test."""
    return {**os.environ, "PYTHONPATH": PACKAGE, **variables}


def run_process(arguments, *, env=None, **options):
    """Run the interpreter with some arguments to its end."""
    options = {"capture_output": True, "text": True, "timeout": 300, **options}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, check=False, env=environment(**(env or {})), **options)


@pytest.fixture
def process():
    """Call the command line in a process of its own."""
    return lambda *arguments, **options: run_process(["-m", "dlcli", *arguments], **options)


@pytest.fixture
def python():
    """Run Python code in a process of its own."""
    return lambda code, *arguments, **options: run_process(["-c", code, *arguments], **options)


@pytest.fixture
def start():
    """Start the command line in a process of its own, for tests that send it signals."""

    def popen(*arguments, **options):
        return subprocess.Popen(
            [sys.executable, "-m", "dlcli", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), **options,
        )  # fmt: skip

    return popen


PEOPLE = """\
age;city;member;height;label
31;Seoul;yes;1.70;a
42;Busan;no;1.81;b
;Seoul;yes;1.65;a
25;Daegu;no;;b
37;Seoul;yes;1.77;a
51;Busan;no;1.60;b
29;;yes;1.72;a
33;Daegu;no;1.69;b
28;Seoul;yes;1.75;a
60;Busan;no;1.80;b
44;Seoul;yes;1.68;a
38;Daegu;no;1.73;b
"""

# SGD is traced in three quarters of the time that Adam needs.
PEOPLE_CONFIG = """\
# People: two groups, from four columns of three types.
dataset: {csv: {path: people.csv, target: label}}
split: {test: 0.25}
model:
  - Dense: {units: 4, activation: relu}
  - Dense: {activation: sigmoid}
loss: binary_crossentropy
optimizer: {SGD: {learning_rate: 1e-2}}
metrics: [accuracy]
fit: {epochs: 3, batch_size: 4}
seed: 0
"""


@pytest.fixture(scope="session")
def write_people():
    """Write a small table with numbers, text, booleans and gaps, and a config for it."""

    def write_both(folder):
        (folder / "people.csv").write_text(PEOPLE, encoding="utf-8")
        (folder / "people.yaml").write_text(PEOPLE_CONFIG, encoding="utf-8")
        return folder / "people.yaml"

    return write_both


@pytest.fixture
def people(write_people, tmp_path):
    """Return the config of a small table."""
    return write_people(tmp_path)


def copy_run(run, folder, number=1):
    """Copy a run of `people` to ``folder/runs/people/number``, as if it had been trained there."""
    path = folder / "runs" / "people" / str(number)
    shutil.copytree(run, path)
    config = (path / "config.yaml").read_text(encoding="utf-8")
    here = config.replace(str(run.parents[2]), str(folder))
    (path / "config.yaml").write_text(here, encoding="utf-8")
    record = json.loads((path / "run.json").read_text(encoding="utf-8"))
    record["config_sha256"] = fingerprint(dlcli.load_config(path / "config.yaml").plain())
    (path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def people_runs(write_people, tmp_path_factory):
    """Return results of finished trainings of `people`, by format; tests leave them as they are."""
    folder = tmp_path_factory.mktemp("people")
    config = dlcli.load_config(write_people(folder))
    return {
        ending: dlcli.train(config, runs=folder / "runs", format=ending)
        for ending in ("keras", "h5")
    }


@pytest.fixture(scope="session")
def copy_people(people_runs, write_people):
    """Return a function that makes a folder look as if `people` had been trained in it.

    The runs are numbered in the order of `formats`, and their configs name the folder's table.
    """

    def copy(folder, *formats):
        write_people(folder)
        results = []
        for number, ending in enumerate(formats, 1):
            original = people_runs[ending]
            path = copy_run(original.path, folder, number)
            results.append(replace(original, path=path, model_path=path / f"model.{ending}"))
        (path.parent / "latest").symlink_to(path.name)
        return results

    return copy


@pytest.fixture
def trained(copy_people, tmp_path):
    """Return the result of a finished training of `people`, in the test's own folder."""
    return copy_people(tmp_path, "keras")[0]


@pytest.fixture
def trained_h5(copy_people, tmp_path):
    """Return the result of a finished training of `people` with an HDF5 model file."""
    return copy_people(tmp_path, "h5")[0]


@pytest.fixture(scope="session")
def served_kinds(tmp_path_factory):
    """Return small models of every kind that a server can load."""
    from served_models import train_models

    with no_pictures():
        return train_models(tmp_path_factory.mktemp("kinds"))


@pytest.fixture
def scripts_in_this_process(monkeypatch, tmp_path):
    """Run the scripts of `dlcli eject` here: TensorFlow is imported already."""
    import numpy as np

    from dlcli.eject import proof
    from dlcli.eject.child import run_script

    def run(script, folder, epochs):
        path, arrays = tmp_path / "run.py", tmp_path / "arrays.npz"
        path.write_text(script, encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            run_script(str(path), str(arrays), epochs or 0)
        with np.load(arrays) as loaded:
            return dict(loaded)

    monkeypatch.setattr(proof, "_run", run)
