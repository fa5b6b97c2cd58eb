"""Wrong command lines: what is said, and with what exit code."""

import json
import os
import signal
from pathlib import Path

import pytest
from conftest import copy_run

import dlcli as package
from dlcli import evaluate, load_model, predict
from dlcli.config.keys import full_key
from dlcli.errors import Interrupted, ModelFileError
from dlcli.network import backend

# Arguments, and texts of the message and of the hint.
WRONG = [
    ("trian iris", "no command 'trian'", "Did you mean 'train'?"),
    ("fit iris", "no command 'fit'", "use `dlcli train`"),
    ("test", "no command 'test'", "use `dlcli evaluate`"),
    ("run iris", "no command 'run'", "use `dlcli train`"),
    ("version", "no command 'version'", "use `dlcli --version`"),
    ("cv iris", "no command 'cv'", "use `dlcli kfold`"),
    ("sdkjfh", "no command 'sdkjfh'", "`dlcli --help` lists the commands"),
    ("iris", "no command 'iris'", "`dlcli train iris` trains it"),
    ("people.csv", "no command 'people.csv'", "`dlcli init people.csv` writes a config"),
    ("data shw iris", "no command 'shw'", "Did you mean 'show'?"),
    ("-v", "no option '-v'", "use `--version`"),
    ("train", "missing argument CONFIG", "for example `dlcli train digits_cnn`"),
    ("train Iris", "no config 'Iris'", "Did you mean 'iris'?"),
    ("train people.csv", "people.csv is a table; a config is wanted", "`dlcli init people.csv`"),
    ("train model.keras", "model.keras is a model; a config is wanted", "`dlcli predict`"),
    ("train runs/people/1", "runs/people/1 is a folder", "as in runs/people/1/config.yaml"),
    ("train empty", "empty is a folder; a config is wanted", "`dlcli init empty`"),
    ("train iris --gpu", "no option '--gpu'", "use `--devices`"),
    ("train iris --checkpoint-evry 3", "no option '--checkpoint-evry'", "'--checkpoint-every'"),
    ("check iris --epochs 5", "no option '--epochs'", "use `--set fit.epochs=…`"),
    ("check iris --batch_size 5", "no option '--batch_size'", "use `--set fit.batch_size=…`"),
    ("check iris --seed 5", "no option '--seed'", "use `--set seed=…`"),
    ("check iris --set epochs=5", "--set epochs: unknown key 'epochs'.", "'fit.epochs'?"),
    ("check iris --set lr=0.1", "unknown key 'lr'.", "'optimizer.learning_rate'?"),
    ("check iris --set fit.validation_split=0.1", "unknown key", "'split.validation'?"),
    ("check iris --set fit.epoch=5", "unknown key 'epoch'.", "'epochs'?"),
    ("check iris --set optimizer.learning_rat=5", "has no argument", "'learning_rate'?"),
    ("check iris --set optimizer.SGD.momentum=1", "'adam', which has no keys", ""),
    ("train iris --set fit.epochs 5", "unexpected argument '5'", "--set fit.epochs=5"),
    ("check iris --set", "--set needs a value", ""),
    ("train iris --format hdf5", "--format: 'hdf5' is not one of 'keras', 'h5'", ""),
    ("train iris --epochs ten", "--epochs: expected a whole number, got ten", ""),
    ("train iris --epochs 0", "--epochs: expected at least 1, got 0", ""),
    ("train iris --lr fast", "--lr: expected a number, got fast", ""),
    ("kfold iris --folds five", "--folds: expected a whole number, got five", ""),
    ("kfold iris --folds 1", "--folds: expected at least 2, got 1", ""),
    ("train iris -o people.csv", "people.csv is a file", "name another folder with --out"),
    ("kfold iris -o people.csv/x", "people.csv is a file", "name another folder with --out"),
    ("baseline iris -o people.csv", "people.csv is a file", "name another folder with --out"),
    ("predict people.csv runs/people/1", "the model comes first", "runs/people/1 people.csv"),
    ("predict people.csv people", "the model comes first", "dlcli predict people people.csv"),
    ("evaluate people.csv runs/people/1", "the model comes first", "`dlcli evaluate runs/peo"),
    ("predict runs/people/1 x.png", "x.png is not a table", "CSV or JSON Lines"),
    ("predict runs/people/1", "no input", "name a file"),
    ("predict nothing people.csv", "no model 'nothing'", "a run as in"),
    ("plot nothing", "nothing", "`dlcli runs` lists"),
    ("data show nothing", "unknown data set or file 'nothing'.", "`dlcli data list`"),
    ("runs nothing", "no folder 'nothing'", "`dlcli runs` lists"),
]  # fmt: skip
PYDANTIC = ("Value error", "Input should", "valid integer", "validation error", "pydantic")


@pytest.fixture(scope="module")
def project(people_runs, write_people, tmp_path_factory):
    """Return a folder with a table, its config and a run."""
    folder = tmp_path_factory.mktemp("project")
    write_people(folder)
    copy_run(people_runs["keras"].path, folder)
    (folder / "model.keras").write_bytes(b"PK")
    (folder / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize(("line", "message", "hint"), WRONG, ids=[case[0] for case in WRONG])
def test_a_wrong_command_line_ends_with_2_a_sentence_and_a_hint(
    dlcli, project, monkeypatch, line, message, hint
):
    monkeypatch.chdir(project)
    code, out, err = dlcli(*line.split())

    assert (code, out) == (2, "")
    assert message in err
    assert hint in err
    assert "Traceback" not in err
    assert not any(word in err for word in PYDANTIC)


def test_a_folder_that_cannot_be_written_is_reported_before_keras_is_imported(process, people):
    done = process("train", "people.yaml", "-o", "people.csv", "--debug", cwd=people.parent)

    assert done.returncode == 2
    assert "people.csv is a file" in done.stderr
    assert "find_config_and_run" in done.stderr  # the frame of the traceback


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_printed(dlcli, option):
    assert dlcli(option) == (0, f"dlcli {package.__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("train",), ("data", "show")])
def test_help_prints_the_help_of_a_command(dlcli, words):
    assert dlcli("help", *words) == dlcli(*words, "--help")


def test_short_options_are_overrides(dlcli, people):
    options = ["--epochs", "2", "--batch-size", "5", "--lr", "0.002", "--seed", "3"]

    assert dlcli("train", people, *options, "-q")[0] == 0
    assert dlcli("kfold", people, *options, "-q", "--folds", "2")[0] == 0

    trained, folds = (package.load_config(f"runs/people/{n}/config.yaml") for n in (1, 2))
    for config in (trained, folds):
        assert (config.fit.batch_size, config.seed) == (5, 3)
        assert config.optimizer.arguments["learning_rate"] == 0.002
    assert (trained.fit.epochs, folds.kfold.epochs) == (2, 2)


def test_short_options_extend_a_run(dlcli, trained):
    code, _, err = dlcli("train", "--resume", "runs/people/1", "--epochs", "4", "-q")

    assert code == 0
    assert "extended from 3 to 4 epochs" in err


def test_the_config_in_a_run_directory_means_the_run(dlcli, trained):
    code, _, err = dlcli("train", "runs/people/1/config.yaml", "--resume")

    assert code == 0
    assert err.endswith("\nruns/people/1 is finished; nothing to resume\n")


@pytest.mark.parametrize(
    ("override", "optimizer"),
    [
        ("optimizer.learning_rate=0.1", "adam"),
        ("optimizer.learning_rate=0.1", "{SGD: 0.2}"),
        ("optimizer.learning_rate=0.1", "{SGD: {momentum: 0.5}}"),
        ("optimizer.adam.learning_rate=0.1", "Adam"),
    ],
)
def test_the_name_of_the_one_optimizer_can_be_left_out(write, override, optimizer):
    path = write(
        "a.yaml",
        f"dataset: iris\nmodel: [Dense]\nloss: mse\noptimizer: {optimizer}\nfit: {{epochs: 1}}\n",
    )

    assert package.load_config(path, [override]).optimizer.arguments["learning_rate"] == 0.1


def test_the_default_optimizer_has_arguments_too(write):
    path = write("a.yaml", "dataset: iris\nmodel: [Dense]\nloss: mse\nfit: {epochs: 1}\n")

    config = package.load_config(path, ["optimizer.learning_rate=0.1"])

    assert config.optimizer.arguments == {"learning_rate": 0.1}


@pytest.mark.parametrize(
    ("name", "key"),
    [("epochs", "fit.epochs"), ("batch-size", "fit.batch_size"), ("lr", "optimizer.learning_rate"),
     ("seed", "seed"), ("validation_split", "split.validation"), ("nonsense", "")],
)  # fmt: skip
def test_short_names_have_full_keys(name, key):
    assert full_key(name) == key


@pytest.mark.parametrize(
    "command", ["predict people people.csv", "evaluate people", "inspect people", "plot people",
                "show people --no-build", "reproduce people -q"],
)  # fmt: skip
def test_a_name_means_its_latest_run(dlcli, project, monkeypatch, command):
    monkeypatch.chdir(project)
    (project / "people.yaml").rename(project / "other.yaml")
    try:
        code, _, err = dlcli(*command.split())
    finally:
        (project / "other.yaml").rename(project / "people.yaml")

    assert code == 0, err
    assert "dlcli: note: people is the run runs/people/1\n" in err


def test_a_folder_of_data_does_not_hide_the_runs_of_its_name(dlcli, trained, project, monkeypatch):
    monkeypatch.chdir(project)
    (project / "people").mkdir(exist_ok=True)

    for command in ("predict people people.csv", "evaluate people", "inspect people"):
        code, _, err = dlcli(*command.split())

        assert code == 0, err
        assert "dlcli: note: people is the run runs/people/1\n" in err


def test_runs_lists_those_of_a_name_or_folder(dlcli, trained):
    everything = json.loads(dlcli("runs", "--json")[1])["runs"]

    assert everything
    for folder in ("people", "runs/people", "runs/people/1"):
        assert json.loads(dlcli("runs", folder, "--json")[1])["runs"] == everything


def test_debug_shows_the_traceback_and_keeps_the_exit_code(dlcli, people):
    code, _, err = dlcli("train", "nowhere.yaml", "--debug")

    assert code == 2
    assert "Traceback" in err
    assert err.endswith("hint: `dlcli list` shows the bundled configs.\n")


@pytest.mark.parametrize(("error", "printed"), [(Interrupted(2), ""), (ImportError("x"), "noise")])
def test_messages_of_an_import_are_printed_if_it_fails_not_if_it_is_stopped(capfd, error, printed):
    with pytest.raises(type(error)), backend._held_stderr():
        os.write(2, b"noise")
        raise error

    assert capfd.readouterr().err == printed


LOST = """
import os, signal, time
from dlcli.cli import signals
from dlcli.errors import Interrupted
signals.install()

class Destructor:
    def __del__(self):
        os.kill(os.getpid(), {signum})

def in_destructor():
    Destructor()

def in_handler():
    try:
        os.kill(os.getpid(), {signum})
        time.sleep(9)
    except BaseException:
        pass

try:
    {where}()
    time.sleep(9)
except Interrupted as error:
    print(error.signum, signals.acknowledge())
"""


@pytest.mark.parametrize("where", ["in_destructor", "in_handler"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_whose_exception_is_lost_is_raised_again(python, signum, where):
    done = python(LOST.format(signum=int(signum), where=where))

    assert (done.stdout, done.stderr) == (f"{int(signum)} {int(signum)}\n", "")


COMPUTING = """
import hashlib, os, signal, threading, time
from dlcli.cli import signals
signals.install()
signals.watch()

def send():
    for _ in range(2):
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=send, daemon=True).start()
hashlib.pbkdf2_hmac("sha256", b"", b"", 500_000_000)  # minutes in C, where no handler runs
"""


def test_a_second_signal_ends_a_process_that_computes(python):
    done = python(COMPUTING, timeout=60)

    assert done.returncode == 143
    assert done.stderr == "dlcli: stopped at once by SIGTERM\n"


def test_the_functions_of_the_library_take_names_of_runs(trained, project, monkeypatch):
    monkeypatch.chdir(project)
    note = "people is the run runs/people/1"

    assert load_model("people").path == Path("runs/people/1/model.keras")
    assert evaluate("people").scores.metrics == evaluate("runs/people/1").scores.metrics
    assert note in evaluate("people").notices
    assert note in predict("people", "people.csv").notices()
    with pytest.raises(ModelFileError, match="no model 'nobody'"):
        load_model("nobody")
