"""Runs whose project, data or directory was moved or copied."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import copy_run

import dlcli as package
from dlcli.config.yaml_text import parse
from dlcli.runs.description import fingerprint_with_path
from dlcli.runs.records import read_record


@pytest.fixture
def moved(dlcli, people, tmp_path, monkeypatch):
    """Return the folder of a project that was trained elsewhere and then moved."""
    old = tmp_path / "old"
    old.mkdir()
    for name in ("people.csv", "people.yaml"):
        (tmp_path / name).rename(old / name)
    monkeypatch.chdir(old)
    assert dlcli("train", "people.yaml", "-q")[0] == 0
    new = tmp_path / "new" / "place"
    new.parent.mkdir()
    old.rename(new)
    monkeypatch.chdir(new)
    return new


def test_a_project_works_after_it_was_moved(dlcli, moved):
    run = "runs/people/1"
    written = parse(Path(run, "config.yaml").read_text(), "config").value["dataset"]
    assert written["csv"]["path"] == "../../../people.csv"

    assert dlcli("evaluate", run)[0] == 0
    code, out, err = dlcli("reproduce", run, "-q")
    assert (code, "identical" in out) == (0, True), out + err
    code, _, err = dlcli("train", "--resume", run, "--epochs", "4", "-q")
    assert code == 0, err
    assert dlcli("check", f"{run}/config.yaml")[0] == 0


def test_a_run_that_was_copied_alone_finds_the_data_where_they_were(dlcli, trained, tmp_path):
    record = json.loads((trained.path / "run.json").read_text())
    record["data_path"] = str(tmp_path / "people.csv")
    (trained.path / "run.json").write_text(json.dumps(record))
    away = tmp_path / "far" / "away"
    shutil.copytree(trained.path, away)

    assert dlcli("evaluate", away)[0] == 0
    (tmp_path / "people.csv").rename(tmp_path / "moved.csv")
    code, _, err = dlcli("evaluate", away)
    assert (code, "people.csv" in err) == (2, True)
    assert dlcli("evaluate", away, "--data", "moved.csv")[0] == 0


def test_data_that_were_moved_are_named(dlcli, trained, tmp_path):
    run = "runs/people/1"
    (tmp_path / "people.csv").rename(tmp_path / "moved.csv")

    assert dlcli("evaluate", run, "--data", "moved.csv")[0] == 0
    assert "identical" in dlcli("reproduce", run, "--data", "moved.csv", "-q")[1]
    code, _, err = dlcli("train", "--resume", run, "--epochs", "4", "--data", "moved.csv", "-q")
    assert code == 0, err
    assert dlcli("evaluate", run)[0] == 0  # the run knows where they are now
    assert read_record(trained.path).data_path == str(tmp_path / "moved.csv")


@pytest.mark.parametrize(
    "command", ["evaluate runs/people/1", "train --resume runs/people/1 --epochs 4"]
)
def test_other_data_are_refused(dlcli, trained, write, command):
    text = Path("people.csv").read_text().replace("1.77", "1.99")
    write("other.csv", text)

    code, _, err = dlcli(*command.split(), "--data", "other.csv")

    assert code == 2
    assert "fingerprint" in err or "have changed" in err


def test_reproducing_other_data_says_that_they_differ(dlcli, trained, write):
    write("other.csv", Path("people.csv").read_text().replace("1.77", "1.99"))

    code, out, _ = dlcli("reproduce", "runs/people/1", "--data", "other.csv", "-q")

    assert code == 1
    assert "data.fingerprint: " in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "iris", "--data", "people.csv"], "a named data set has no 'path'"),
        (["train", "people.yaml", "--data", "gone.csv"], "--data gone.csv: no such file or folder"),
        (["evaluate", "runs/people/1", "people.csv", "--data", "people.csv"], "exclude each other"),
    ],
)
def test_data_that_cannot_be_used_are_told(dlcli, trained, arguments, message):
    code, _, err = dlcli(*arguments)

    assert code == 2
    assert message in err


def test_a_config_is_trained_with_data_elsewhere(dlcli, people, tmp_path):
    (tmp_path / "people.csv").rename(tmp_path / "moved.csv")

    assert dlcli("train", "people.yaml", "--data", "moved.csv", "-q")[0] == 0


def test_the_config_of_a_run_of_an_earlier_version_is_no_edited_one(
    dlcli, people_runs, people, tmp_path
):
    path = copy_run(people_runs["keras"].path, tmp_path)
    config = package.load_config(path / "config.yaml").plain()
    text = (path / "config.yaml").read_text()
    (path / "config.yaml").write_text(
        text.replace("../../../people.csv", str(tmp_path / "people.csv"))
    )
    record = json.loads((path / "run.json").read_text())
    record["config_sha256"] = fingerprint_with_path(config)
    del record["data_path"]
    (path / "run.json").write_text(json.dumps(record))

    code, _, err = dlcli("train", "--resume", path, "--epochs", "4", "-q")

    assert code == 0, err
