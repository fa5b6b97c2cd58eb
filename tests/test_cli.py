"""The command line: what it prints where, and how it ends."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import PACKAGE, environment, run_process

import dlcli as package
from dlcli.config.catalogue import keras_catalogue
from dlcli.config.load import bundled_folder

CONFIGS = bundled_folder("configs")


# What a command imports beyond the command line itself; whatever takes long to import is here.
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "matplotlib", "PIL", "h5py", "onnxruntime", "onnx",
         "tf2onnx", "requests", "tensorflow", "keras")  # fmt: skip
TABLES = {"numpy", "pandas"}
IMPORTS = {
    "--help": set(),
    "--version": set(),
    "train --help": set(),
    "reproduce --help": set(),
    "predict --help": set(),
    "baseline --help": set(),
    "list": set(),
    "schema": set(),
    "check iris --no-data": set(),
    "check wrong.yaml": set(),
    "data list": set(),
    "runs": set(),
    "predict runs/people/1 one.csv": {"numpy", "onnxruntime"},
    "predict runs/people/2 one.csv": {"numpy", "onnxruntime", "h5py"},
    "inspect --help": set(),
    "inspect runs/people/1": {"numpy", "h5py", "onnx"},
    "inspect runs/people/2": {"numpy", "h5py", "onnx"},
    "evaluate runs/people/1 people.csv": {*TABLES, "onnxruntime"},
    "evaluate runs/people/1": {*TABLES, "onnxruntime"},
    "check people.yaml": TABLES,
    "train gone.yaml": {"numpy"},
    "kfold gone.yaml": {"numpy"},
    "show people.yaml --no-build": TABLES,
    "data show people.csv": TABLES,
}


@pytest.fixture(scope="module")
def folder(copy_people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imports")
    copy_people(folder, "keras", "h5")
    (folder / "one.csv").write_text("age;city;member;height\n31;Seoul;yes;1.70\n", encoding="utf-8")
    gone = (folder / "people.yaml").read_text(encoding="utf-8").replace("people.csv", "gone.csv")
    (folder / "gone.yaml").write_text(gone, encoding="utf-8")
    (folder / "wrong.yaml").write_text("dataset: iris\nmodle: []\n", encoding="utf-8")
    return folder


# What most commands need and the prediction of a row of a table does not.
NOT_FOR_ROWS = {
    "yaml", "xml.etree.ElementTree", "dlcli.cli.train", "dlcli.config.load",
    "dlcli.config.sections", "dlcli.config.loader_base", "dlcli.datasets.loading",
    "dlcli.datasets.media.decoding", "dlcli.datasets.tables.csv_table",
    "dlcli.preparation.prepare", "dlcli.prediction.media", "dlcli.runs.records",
}  # fmt: skip


# Runs each command in a child of a process that has imported the command line and no more. The child
# opens model files itself, as one of `process` does.
RUN_EACH = """
import json, os, sys
import dlcli.cli.app
from dlcli.cli import main
from dlcli.models import guard
guard.declare_confined()
results = {}
for line in json.loads(sys.argv[1]):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writing, 1)
        code = 0
        try:
            main(line.split())
        except SystemExit as stop:
            code = stop.code or 0
        sys.stdout.flush()
        print("\\0" + json.dumps([code, list(sys.modules)]), flush=True)
        os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        output, _, end = pipe.read().rpartition("\\0")
    os.waitpid(child, 0)
    results[line] = [output, *json.loads(end)]
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def imports(folder):
    """Return output, exit code and imported modules of each command."""
    arguments = ["-c", RUN_EACH, json.dumps(list(IMPORTS))]
    done = run_process(arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("line", IMPORTS)
def test_a_command_imports_what_it_needs(imports, line):
    output, code, modules = imports[line]

    assert code in (0, 2)
    assert set(modules) & set(HEAVY) == IMPORTS[line]
    assert output or "wrong" in line or "gone" in line


@pytest.mark.parametrize("line", [line for line in IMPORTS if line.startswith("predict runs")])
def test_predict_imports_few_modules(imports, line):
    _, code, modules = imports[line]

    assert code == 0
    assert not NOT_FOR_ROWS & set(modules)
    assert sum(name.startswith("dlcli") for name in modules) <= 145  # 141 when this was written


def test_importing_dlcli_imports_nothing_heavy(python):
    code = "import sys, dlcli; print(sorted(m for m in sys.modules if m in ('numpy', 'pydantic', 'yaml', 'typer')))"
    done = python(code)

    assert done.stdout.strip() == "[]", done.stderr


def test_the_function_is_not_hidden_by_a_module():
    from dlcli.experiments import (
        evaluate as evaluation,
    )
    from dlcli.experiments import (
        kfold as cross_validation,
    )
    from dlcli.experiments import (
        reproduce as reproduction,
    )
    from dlcli.experiments import (
        train as run,
    )
    from dlcli.experiments.baseline import baseline as baselines
    from dlcli.models import contents
    from dlcli.prediction import predict as prediction

    assert package.baseline is baselines.baseline
    assert package.kfold is cross_validation.kfold
    assert package.train is run.train
    assert package.reproduce is reproduction.reproduce
    assert package.evaluate is evaluation.evaluate
    assert package.inspect is contents.inspect
    assert package.predict is prediction.predict
    assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize(
    "command",
    [
        "train",
        "kfold",
        "baseline",
        "learning-curve",
        "reproduce",
        "evaluate",
        "predict",
        "inspect",
        "plot",
        "board",
        "check",
        "show",
        "list",
    ],
)
def test_help_shows_an_example_before_the_options(dlcli, command):
    code, out, _ = dlcli(command, "--help")

    assert code == 0
    assert out.index(f"dlcli {command}") < out.index("Options:")
    assert "\\b" not in out
    examples = [line for line in out.splitlines() if line.startswith(f"  dlcli {command}")]
    assert examples
    assert all(line.count("dlcli ") == 1 for line in examples)


def test_train_predict_evaluate_and_kfold(dlcli, people, tmp_path):
    code, out, err = dlcli("train", people, "--format", "h5")
    assert code == 0
    assert "test accuracy:" in out
    assert "epoch 3/3" in err
    assert "epoch" not in out.split("\n\n", 1)[1].split("Next:")[0]

    code, out, err = dlcli("predict", "runs/people/latest/model.h5", "people.csv")
    assert code == 0
    assert out.splitlines()[0] == "prediction,p_a,p_b"
    assert len(out.splitlines()) == 13
    assert "2 missing" not in out

    code, out, err = dlcli("predict", "runs/people/latest", "people.csv", "-o", "out.jsonl")
    assert (code, out) == (0, "")
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 12
    assert "12 rows predicted: out.jsonl" in err

    code, out, _ = dlcli("evaluate", "runs/people/latest", "--json")
    assert [item["name"] for item in json.loads(out)["scores"]["classes"]] == ["a", "b"]

    code, out, _ = dlcli("evaluate", "runs/people/latest", "people.csv")
    assert "precision" in out
    assert "true \\ predicted" in out

    code, out, _ = dlcli("kfold", people, "--folds", "3")
    assert code == 0
    assert "accuracy: " in out
    assert "±" in out

    code, out, _ = dlcli("runs")
    assert "runs/people/2" in out
    assert "kfold" in out


def test_json_is_the_only_thing_on_standard_output(dlcli, people):
    for command in (["train", people], ["kfold", people, "--folds", "2"]):
        code, out, _ = dlcli(*command, "--json")

        assert code == 0
        assert json.loads(out)["sample"] is False


def test_a_config_with_mistakes_ends_with_2_and_one_line_each(dlcli, write):
    write("bad.yaml", "dataset: irs\nmodel: [Dence]\nloss: mse\nfit: {epoch: 1}\n")

    code, out, err = dlcli("check", "bad.yaml")

    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith("bad.yaml:1: dataset: unknown data set")
    assert lines[-1] == "dlcli: error: 3 problems in the config"
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "nowhere.yaml"], 2, "no config 'nowhere.yaml'"),
        (["train", "irsi"], 2, "Did you mean 'iris'?"),
        (["train", "iris", "--set", "fit.epochs"], 2, "expected key=value"),
        (["train"], 2, "missing argument CONFIG"),
        (["trian", "iris"], 2, "trian"),
        (["train", "mnist_cnn"], 2, "--sample"),
        (["kfold", "iris", "--folds", "1"], 2, "--folds"),
        (["kfold", "iris", "--folds", "60"], 2, "use --folds 50 or fewer"),
        (["predict", "nowhere.keras", "x.csv"], 2, "no model"),
        (["evaluate", "runs"], 2, "no model"),
        (["data", "get", "sonr"], 2, "Did you mean 'sonar'?"),
        (["data", "show", "nowhere.csv"], 2, "unknown data set or file"),
    ],
)
def test_what_a_user_gets_wrong_ends_with_2_and_a_sentence(
    dlcli, tmp_path, arguments, code, message
):
    found, out, err = dlcli(*arguments)

    assert found == code
    assert message in out + err
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


def test_a_training_that_fails_ends_with_1(dlcli, people):
    code, _, err = dlcli("train", people, "--set", "optimizer={SGD: {learning_rate: 1e30}}",
                         "--set", "loss=mse", "--set", "fit.epochs=20",
                         "--set", "model=[{Dense: 4}, Dense]")  # fmt: skip

    assert code == 1
    assert "training diverged in epoch" in err
    assert json.loads(Path("runs/people/1/run.json").read_text())["status"] == "failed"


def test_a_full_disk_does_not_hide_why_a_training_failed(dlcli, people, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill_the_disk(display, progress):
        if progress.epoch_done:
            monkeypatch.setattr(os, "fsync", full)

    monkeypatch.setattr("dlcli.training.checkpoint.MIN_SECONDS", 1e9)
    monkeypatch.setattr("dlcli.cli.progress.ProgressDisplay.__call__", fill_the_disk)
    growing = "{ExponentialDecay: {initial_learning_rate: 0.001, decay_steps: 1, decay_rate: 1e30}}"
    code, _, err = dlcli("train", people, "--set", "fit.epochs=20", "--set", "loss=mse",
                         "--set", "model=[{Dense: 4}, Dense]", "--set", "optimizer=sgd",
                         "--set", f"callbacks=[{{LearningRateScheduler: {{schedule: {growing}}}}}]")  # fmt: skip

    assert code == 1
    assert "training diverged in epoch 2" in err
    assert "the model of epoch 1 could not be saved" in err
    assert "No space left on device" in err


def test_check_reads_the_data_and_warns_of_their_scale(dlcli, people):
    code, out, err = dlcli("check", people, "--no-build", "--set", "preprocess={numeric: [impute]}")

    assert code == 0
    assert "'age' reaches 60, far from unit scale" in err
    assert "preprocess" in err
    assert "no problems found in config and data; layer shapes were not checked" in out


def test_check_with_build_finds_layers_that_do_not_fit(dlcli, people):
    code, _, err = dlcli(
        "check",
        people,
        "--build",
        "--set",
        "model=[{Conv2D: {filters: 2, kernel_size: 3}}, Dense]",
        "--set",
        "loss=mse",
    )

    assert code == 2
    assert "Conv2D does not accept inputs of shape (6,)" in err


def test_show_prints_config_card_and_layers(dlcli, people):
    code, out, _ = dlcli("show", people)

    assert code == 0
    assert "epochs: 3" in out
    assert "people: 12 rows" in out
    assert "33 parameters" in out


def test_show_without_building_does_not_import_keras(process, people):
    done = process("show", people, "--no-build")

    assert done.returncode == 0
    assert "people: 12 rows" in done.stdout


def test_data_show_describes_a_file(dlcli, people):
    code, out, _ = dlcli("data", "show", "people.csv")
    _, plain, _ = dlcli("data", "show", "people.csv", "--json")

    assert code == 0
    assert "people.csv: 12 rows" in out
    columns = {column["name"]: column for column in json.loads(plain)["data"]["columns"]}
    assert columns["age"]["missing"] == 1
    assert columns["city"]["type"] == "categorical"
    assert columns["member"]["type"] == "boolean"


def test_data_show_counts_repeated_rows_and_constant_columns(dlcli, write):
    write("x.csv", "a,b,c\n1,7,x\n1,7,x\n2,7,y\n")

    _, out, _ = dlcli("data", "show", "x.csv", "--json")

    assert json.loads(out)["data"]["duplicates"] == 1
    assert json.loads(out)["data"]["constant"] == ["b"]


def test_list_has_a_line_for_every_config(dlcli):
    _, out, _ = dlcli("list")

    for path in CONFIGS.glob("*.yaml"):
        assert path.stem in out


def test_the_schema_accepts_every_config_and_marks_mistakes(dlcli):
    import jsonschema

    from dlcli.config.yaml_text import parse

    _, out, _ = dlcli("schema")
    schema = json.loads(out)
    validator = jsonschema.Draft202012Validator(schema)
    for path in CONFIGS.glob("*.yaml"):
        validator.validate(parse(path.read_text(encoding="utf-8"), str(path)).value)
    for wrong in ({"fit": {"epoch": 1}}, {"model": [{"Dense": {"unit": 3}}]}, {"loss": "msee"}):
        base = {"dataset": "iris", "model": ["Flatten"], "loss": "mse", "fit": {"epochs": 1}}
        assert validator.is_valid(base)
        assert not validator.is_valid({**base, **wrong})
    assert "Dense" in schema["$defs"]["layers"]["anyOf"][1]["properties"]
    assert keras_catalogue().find("layers", "Dense")


def test_labels_are_escaped_for_terminal_and_spreadsheet(dlcli, write):
    rows = "".join(f"{n},{'=1+1' if n % 2 else chr(27) + '[31m'}\n" for n in range(20))
    write("data.csv", f"x,label\n{rows}")
    write("c.yaml", "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
          "loss: mse\nmetrics: [accuracy]\nfit: {epochs: 1}\n")  # fmt: skip
    assert dlcli("train", "c.yaml", "-q")[0] == 0

    _, out, _ = dlcli("evaluate", "runs/c/latest")
    _, safe, _ = dlcli("predict", "runs/c/latest", "data.csv", "--csv-safe")

    assert "\x1b" not in out
    assert "\\x1b[31m" in out
    assert not any(line.startswith("=") for line in safe.splitlines())


def test_runs_without_a_duration_are_listed(dlcli, tmp_path):
    folder = tmp_path / "runs/net/1"
    folder.mkdir(parents=True)
    record = {"kind": "train", "status": "interrupted", "config": "net"}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")

    code, out, _ = dlcli("runs")

    assert code == 0
    assert out.splitlines()[1].split() == ["runs/net/1", "train", "interrupted", "0", "–"]


def test_an_empty_folder_of_runs_is_reported(dlcli):
    assert dlcli("runs") == (0, "", "folder 'runs' contains no runs\n")


def test_the_header_names_the_data_set_if_it_has_another_name(dlcli, people):
    short = ["--set", "fit.epochs=1"]

    assert "\npeople: 12 rows, 4 columns, 2 classes\n" in "\n" + dlcli("train", people, *short)[2]
    people.rename("groups.yaml")
    _, _, err = dlcli("train", "groups.yaml", *short)
    assert "groups, data set people: 12 rows, 4 columns, 2 classes" in err


def test_completion_offers_configs():
    from dlcli.cli.options import complete_config, complete_dataset

    assert "digits_cnn" in complete_config("dig")
    assert complete_dataset("son") == ["sonar"]


def test_the_reader_of_a_pipe_may_leave_early(people):
    command = f"{sys.executable} -m dlcli schema | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False,
        env=environment(),
    )  # fmt: skip

    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("predict runs/people/1 many.csv | head -1", 0),
        ("predict runs/people/1 - <&-", 2),
        ("check people.yaml --no-data >&-", 0),
        ("check nowhere.yaml 2>&-", 2),
    ],
)
def test_streams_that_end_early_or_are_not_there(folder, line, code):
    rows = "31;Seoul;yes;1.70\n" * 20_000
    (folder / "many.csv").write_text(f"age;city;member;height\n{rows}", encoding="utf-8")
    command = f"set -o pipefail; {sys.executable} -m dlcli {line}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=environment(),
        cwd=folder,
    )  # fmt: skip

    assert done.returncode == code, done.stderr
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def fresh(write_people, tmp_path_factory):
    """Return a folder with a run, the process that trained it, its output, and where caches are.

    The process has an empty home, as on a machine where dlcli was just installed. Ctrl-C ends its
    training.
    """
    folder = tmp_path_factory.mktemp("fresh")
    write_people(folder)
    caches = {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "HOME": str(folder / "home"),
        "MPLCONFIGDIR": str(folder / "mpl"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "dlcli", "train", "people.yaml", "--set", "fit.epochs=100000"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        env=environment(**caches),
    )  # fmt: skip
    history = folder / "runs/people/1/history.csv"
    deadline = time.monotonic() + 120
    while not history.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    return folder, process, process.communicate(timeout=120), caches


def test_ctrl_c_keeps_the_best_model_and_ends_with_130(fresh):
    folder, process, (out, err), _ = fresh

    assert process.returncode == 130, err
    assert "saved the best model so far" in err
    assert "Traceback" not in err
    record = json.loads((folder / "runs/people/1/run.json").read_text())
    assert record["status"] == "interrupted"
    assert (folder / "runs/people/1/model.keras").exists()
    assert "train" in out


def test_a_process_prints_nothing_of_tensorflows_own(fresh):
    _, _, output, _ = fresh

    for word in ("oneDNN", "WARNING", "TF-TRT", "absl", "cuda", "I0000"):
        assert word not in "".join(output)


def test_an_error_of_keras_within_a_step_is_a_sentence_too(dlcli, people, monkeypatch):
    from dlcli.training import session

    def fail(*_, **__):
        raise ValueError("\nwhat Keras says\nand a long graph")

    monkeypatch.setattr(session, "fit", fail)

    code, _, err = dlcli("train", people)

    assert code == 1
    assert "dlcli: error: ValueError: what Keras says" in err
    assert "--debug" in err
    assert "Traceback" not in err


def test_hundreds_of_quick_epochs_leave_few_lines(dlcli):
    code, _, err = dlcli("train", "study_hours", "--set", "fit.epochs=300")

    lines = [line for line in err.splitlines() if line.startswith("epoch")]
    assert code == 0
    assert 10 <= len(lines) <= 40
    assert lines[-1].startswith("epoch 300/300")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_standard_output_is_an_error():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dlcli", "list"], stdout=full, stderr=subprocess.PIPE, text=True,
            check=False, env=environment(),
        )  # fmt: skip

    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_pictures_are_drawn_though_keras_was_imported_without_matplotlib(fresh):
    folder, _, (_, err), _ = fresh

    assert "pictures are missing" not in err
    assert (folder / "runs/people/1/results.png").is_file()


def test_onnxruntime_starts_no_telemetry(fresh, process):
    folder, _, _, caches = fresh
    table = folder / "rows.csv"
    table.write_text("age;city;member;height\n31;Seoul;yes;1.70\n", encoding="utf-8")

    done = process("predict", "runs/people/1", table, cwd=folder, env=caches)

    assert done.returncode == 0, done.stderr
    paths = (folder / "cache").rglob("*")
    names = [path.name for path in paths if "dlcli" not in path.parts]
    assert [name for name in names if "onnx" in name.lower() or "Microsoft" in name] == []


KERAS_IN_TWO_THREADS = """\
import threading
from types import SimpleNamespace

backend = SimpleNamespace(backend=lambda: "tensorflow")
imported = []

def import_pandas():
    try:
        import pandas
        imported.append(pandas.DataFrame({"a": [1]}).shape)
    except ImportError:
        imported.append(None)

import_pandas()
thread = threading.Thread(target=import_pandas)
thread.start()
thread.join()
"""


def test_another_thread_can_import_pandas_while_keras_is_imported(python, tmp_path):
    (tmp_path / "keras.py").write_text(KERAS_IN_TWO_THREADS, encoding="utf-8")
    code = (
        "from dlcli.network import backend; backend.silence(); "
        "print(backend.import_keras().imported); import matplotlib"
    )

    done = python(code, env={"PYTHONPATH": os.pathsep.join([str(tmp_path), PACKAGE])})

    assert (done.returncode, done.stdout) == (0, "[None, (1, 1)]\n"), done.stderr


def test_garbage_is_collected_after_keras_is_imported_but_not_while(python, tmp_path):
    (tmp_path / "keras.py").write_text(
        "import gc\nfrom types import SimpleNamespace\nwhile_imported = gc.isenabled()\n"
        "backend = SimpleNamespace(backend=lambda: 'tensorflow')\n",
        encoding="utf-8",
    )
    code = (
        "import gc; from dlcli.network import backend; {}backend.silence(); "
        "print(backend.import_keras().while_imported, gc.isenabled(), gc.get_freeze_count() > 0)"
    )
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), PACKAGE])}

    assert python(code.format(""), env=env).stdout == "False True True\n"
    assert python(code.format("gc.disable(); "), env=env).stdout == "False False True\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "streams",
    [
        "2>&1 | head -1",
        "2>/dev/full",
    ],
)
def test_training_goes_on_when_nobody_reads_its_progress(people, tmp_path, streams):
    text = people.read_text().replace("epochs: 3", "epochs: 40")
    people.write_text(text)
    line = f"{sys.executable} -m dlcli train people.yaml {streams}"

    subprocess.run(
        line, shell=True, cwd=tmp_path, env=environment(), capture_output=True, check=True
    )

    record = json.loads((tmp_path / "runs/people/1/run.json").read_text())
    assert (record["status"], record["epochs"]) == ("finished", 40)


def test_the_next_commands_repeat_options_and_quote_names(dlcli, write):
    rows = "".join(f"{n},{'ab'[n % 2]}\n" for n in range(40))
    write("my data.csv", f"a,y\n{rows}")
    write(
        "my config.yaml",
        "dataset: {csv: {path: gone.csv, target: y}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
        "loss: binary_crossentropy\nfit: {epochs: 1}\n",
    )

    code, out, error = dlcli("train", "my config.yaml", "--data", "my data.csv")

    assert code == 0, error
    assert "dlcli kfold 'my config.yaml' --data 'my data.csv' " in out
    assert "dlcli evaluate runs/my" in out.replace("'", "")


def test_a_training_that_watches_the_test_rows_says_so(dlcli, tmp_path):
    options = ["--set", "split.validation=test", "--epochs", "2", "--out", tmp_path / "runs"]

    code, out, error = dlcli("train", "iris", *options)

    assert code == 0
    assert "the validation rows are the test rows" in error
    assert "val_loss" in (tmp_path / "runs/iris/1/history.csv").read_text()
    assert "validation  " not in out  # the scores of the same rows are printed once
    code, _, error = dlcli(
        "tune", "iris", "--set", "tune={search: {fit.batch_size: {choice: [8, 16]}}}", *options
    )
    assert code == 2
    assert "no rows that no trial has seen" in error


def test_the_first_rows_of_a_data_set(dlcli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,x\n,long\n3,y\n", encoding="utf-8")

    _, table, _ = dlcli("data", "show", "t.csv", "--head", "2")
    _, iris, _ = dlcli("data", "show", "iris", "--head", "1")
    _, digits, _ = dlcli("data", "show", "digits", "--head", "1")
    code, _, error = dlcli("data", "show", "iris", "--head", "1", "--json")

    assert "\n  2  –  long" in table
    assert "3  y" not in table
    assert "\n  1                5.1 " in iris
    assert iris.count("setosa") == 2
    assert "\n0:\n0  0   5  13   9   1  0  0\n" in digits
    assert code == 2
    assert "exclude each other" in error


def test_rows_through_a_named_pipe(dlcli, copy_people, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy_people(tmp_path, "keras")
    rows = (tmp_path / "people.csv").read_text(encoding="utf-8")
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_text(rows, encoding="utf-8"))
    writer.start()

    code, out, _ = dlcli("predict", "runs/people/1", "pipe")

    writer.join()
    assert code == 0
    assert out == dlcli("predict", "runs/people/1", "people.csv")[1]
