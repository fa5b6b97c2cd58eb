"""What the tests share: real data where they are, small configs, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

import dlcli

ROOT = Path(__file__).parents[1]
# Processes run the package that the tests import: the installed one, or the checkout.
PACKAGE = str(Path(dlcli.__file__).parents[1])
DATA = os.environ.get("DLCLI_DATA", "")

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("plain", deadline=None)
hypothesis.settings.load_profile("plain")


def pytest_collection_modifyitems(items):
    """Skip what needs the real data sets, with the reason, where there are none."""
    skip = pytest.mark.skip(reason="needs the real data sets: set DLCLI_DATA to their folder")
    for item in items:
        if "data" in item.keywords and not (DATA and Path(DATA.split(os.pathsep)[0]).is_dir()):
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch, request):
    """Run every test in an empty folder, offline, with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # nobody listens there
    if "data" in request.keywords:
        folders = [str(Path(folder).absolute()) for folder in DATA.split(os.pathsep)]
        monkeypatch.setenv(
            "DLCLI_DATA", os.pathsep.join(str((ROOT / f).resolve()) for f in folders)
        )
    else:
        monkeypatch.delenv("DLCLI_DATA", raising=False)


@pytest.fixture
def write(tmp_path):
    """Write a text file and return its path."""

    def write_file(name, text, **options):
        path = tmp_path / name
        path.write_text(text, **{"encoding": "utf-8", **options})
        return path

    return write_file


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


@pytest.fixture
def process():
    """Call the command line in a process of its own."""

    def call(*arguments, **options):
        return subprocess.run(
            [sys.executable, "-m", "dlcli", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "PYTHONPATH": PACKAGE, **options.pop("env", {})},
            **options,
        )

    return call


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

PEOPLE_CONFIG = """\
# People: two groups, from four columns of three types.
dataset: {csv: {path: people.csv, target: label}}
split: {test: 0.25}
model:
  - Dense: {units: 4, activation: relu}
  - Dense: {activation: sigmoid}
loss: binary_crossentropy
optimizer: {Adam: {learning_rate: 1e-2}}
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
