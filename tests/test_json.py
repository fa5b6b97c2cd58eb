"""What ``--json`` prints: one document, valid for the schema in the docs."""

import json
from pathlib import Path

import jsonschema
import pytest

from dlcli.cli.documents import DOCUMENTS

pytestmark = pytest.mark.usefixtures("few_trees")
DOCS = Path(__file__).parents[1] / "docs" / "schemas"


def read(dlcli, *arguments):
    code, out, err = dlcli(*arguments, "--json")
    return code, json.loads(out), err


def schema_of(command):
    return json.loads((DOCS / f"{command.replace(' ', '-')}.json").read_text(encoding="utf-8"))


def check(document, command):
    jsonschema.Draft202012Validator(schema_of(command)).validate(document)
    assert document["schema_version"] == 1


@pytest.mark.parametrize("command", DOCUMENTS)
def test_the_docs_hold_the_schema_of_every_document(dlcli, command):
    out = dlcli("schema", *command.split())[1]

    assert json.loads(out) == schema_of(command)
    assert {path.stem for path in DOCS.glob("*.json")} == {
        name.replace(" ", "-") for name in DOCUMENTS
    }


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("evaluate people", "evaluate"),
        ("evaluate people people.csv", "evaluate"),
        ("reproduce people -q", "reproduce"),
        ("predict people people.csv --keep age", "predict"),
        ("predict people people.csv -o out.csv", "predict"),
        ("inspect people", "inspect"),
        ("check people.yaml", "check"),
        ("check people.yaml iris --no-data", "check"),
        ("runs", "runs"),
        ("list", "list"),
        ("data list", "data list"),
        ("data show people.csv", "data show"),
        ("data show people.yaml", "data show"),
        ("data show digits", "data show"),
        ("init people.csv -o new.yaml", "init"),
        ("kfold people.yaml --folds 2 -q", "kfold"),
        ("baseline people.yaml --folds 2 -q", "baseline"),
        ("learning-curve iris --epochs 1 --folds 2 -q", "learning-curve"),
        ("sweep iris --epochs 1 --seeds 2 -q", "sweep"),
        ("train people.yaml --epochs 1 -q", "train"),
        ("train diabetes --epochs 1 -q", "train"),
    ],
)
def test_a_document_follows_its_schema(dlcli, trained, line, command):
    code, document, err = read(dlcli, *line.split())

    assert code == 0, err
    check(document, command)
    assert document["command"] == command


def test_predictions_are_in_the_document_or_in_the_file(dlcli, trained):
    _, here, _ = read(dlcli, "predict", "people", "people.csv", "--keep", "age")
    _, file, _ = read(dlcli, "predict", "people", "people.csv", "-o", "out.csv")

    assert here["rows"] == len(here["predictions"]) == 12
    assert list(here["predictions"][0]) == here["columns"] == ["age", "prediction", "p_a", "p_b"]
    assert (file["output"], file["predictions"]) == ("out.csv", None)


def test_a_run_is_a_path_and_its_numbers_are_numbers(dlcli, people):
    _, document, _ = read(dlcli, "train", people, "--epochs", "1", "-q")

    assert document["run"] == "runs/people/1"
    assert document["model"] == "runs/people/1/model.keras"
    assert isinstance(document["scores"]["test"]["metrics"]["loss"], float)
    assert [scores["name"] for scores in document["scores"]["test"]["classes"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "command", "code", "message"),
    [
        ("train irs", "train", 2, "no config 'irs'"),
        ("evaluate nothing", "evaluate", 2, "no model 'nothing'"),
        ("data show nothing", "data show", 2, "unknown data set or file 'nothing'."),
        ("train iris --folds 3", "train", 2, "no option '--folds'"),
        ("trian iris", "trian", 2, "no command 'trian'"),
        ("train people.yaml --resume", "train", 0, "runs/people/1 is finished"),
        ("runs nothing", "runs", 2, "no folder 'nothing'"),
    ],
)
def test_an_error_is_a_document_too(dlcli, trained, line, command, code, message):
    found, document, err = read(dlcli, *line.split())

    check(document, "error")
    assert found == document["error"]["exit_code"] == code
    assert document["command"] == command
    assert document["error"]["message"].startswith(message)
    assert message in err


def test_the_problems_of_a_config_are_listed(dlcli, write):
    write("bad.yaml", "dataset: iris\nmodel: [Dence]\nloss: mse\nfit: {epoch: 1}\n")

    code, document, _ = read(dlcli, "train", "bad.yaml")

    assert code == 2
    check(document, "error")
    problems = document["error"]["problems"]
    assert [(item["file"], item["line"]) for item in problems] == [("bad.yaml", 2), ("bad.yaml", 4)]
    assert problems[1]["key"] == "fit.epoch"


def test_check_takes_several_configs(dlcli, people, write):
    write("bad.yaml", "dataset: iris\nmodel: [Dence]\nloss: mse\nfit: {epochs: 1}\n")

    code, out, err = dlcli("check", "people.yaml", "bad.yaml", "nowhere.yaml")
    json_code, document, _ = read(dlcli, "check", "people.yaml", "bad.yaml", "nowhere.yaml")

    assert code == json_code == 2
    assert out.startswith("people.yaml: no problems found")
    assert "bad.yaml:2: model[0]: unknown layer 'Dence'" in err
    assert "no config 'nowhere.yaml'" in err
    assert "2 of 3 configs with problems" in err
    check(document, "check")
    assert [item["valid"] for item in document["configs"]] == [True, False, False]
    assert document["configs"][1]["problems"][0]["line"] == 2


def test_an_unexpected_error_is_a_document(dlcli, monkeypatch):
    def fail(folder):
        raise RuntimeError("broken")

    monkeypatch.setattr("dlcli.runs.listing.read_runs", fail)

    code, document, err = read(dlcli, "runs")

    assert code == document["error"]["exit_code"] == 1
    assert document["error"]["message"] == "RuntimeError: broken"
    assert "--debug" in err


@pytest.mark.parametrize("signum", [2, 15])
def test_a_stopped_command_prints_a_document(dlcli, people, monkeypatch, signum):
    import os

    def stop(display, progress):
        os.kill(os.getpid(), signum)

    monkeypatch.setattr("dlcli.cli.progress.ProgressDisplay.__call__", stop)
    people.write_text(people.read_text().replace("epochs: 3", "epochs: 50"))

    code, document, _ = read(dlcli, "train", people)

    assert code == 128 + signum
    check(document, "train")
    assert document["status"] == "interrupted"
