"""``dlcli runs``: what differs, sorting, the best, damaged and moved runs; rm, note and tag."""

import json

import pytest

from dlcli.config.yaml_text import dump
from dlcli.files import FolderLock
from dlcli.runs.changed_keys import changed_keys

MODEL = [{"Dense": {"units": 4}}, {"Dense": {"units": 1}}]
CONFIG = {"dataset": "iris", "model": MODEL, "loss": "mse", "optimizer": "adam",
          "metrics": ["accuracy"], "fit": {"epochs": 5}, "seed": 0}  # fmt: skip


@pytest.fixture
def add_run(tmp_path):
    """Write what `dlcli runs` reads of a run."""

    def write_run(path, accuracy=0.5, kind="train", metrics=None, config=None, **record):
        folder = tmp_path / path
        folder.mkdir(parents=True)
        config = {**CONFIG, **(config or {})}
        fields = {"kind": kind, "status": "finished", "config": folder.parent.name,
                  "started": f"2026-01-01T00:00:{folder.name:0>2}+00:00",
                  "seconds": 100.0 - int(folder.name), "seed": config["seed"]}  # fmt: skip
        (folder / "run.json").write_text(json.dumps({**fields, **record}))
        (folder / "config.yaml").write_text(dump(config))
        if metrics is None:
            metrics = {"test": {"rows": 9, "metrics": {"loss": 1 - accuracy, "accuracy": accuracy}}}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        return folder

    return write_run


@pytest.fixture
def three(add_run):
    rates = {1: "adam", 2: {"Adam": {"learning_rate": 0.1}}, 3: {"adam": {"learning_rate": 0.01}}}
    for number, accuracy in {1: 0.7, 2: 0.9, 3: 0.8}.items():
        add_run(f"runs/net/{number}", accuracy, config={"optimizer": rates[number], "seed": number})


def listed(dlcli, *arguments):
    code, out, err = dlcli("runs", *arguments, "--json")
    assert code == 0, err
    return json.loads(out)["runs"]


def numbers(dlcli, *arguments):
    return [item["run"].rpartition("/")[2] for item in listed(dlcli, *arguments)]


def test_what_differs_between_runs_of_a_name_is_a_column(dlcli, three):
    code, out, _ = dlcli("runs", "net")

    header, *rows = out.splitlines()
    assert code == 0
    assert "  optimizer.learning_rate  seed    loss  metric  " in header
    assert "fit.epochs" not in header
    assert rows[0].split()[3:9] == ["0.001", "1", "0.3000", "test", "accuracy", "0.7"]
    assert [item["changed"]["optimizer.learning_rate"] for item in listed(dlcli)] == [
        0.001,
        0.1,
        0.01,
    ]


def test_runs_of_several_names_say_what_differs_in_one_column(dlcli, three, add_run):
    add_run("runs/other/1", config={"fit": {"epochs": 99}})

    out = dlcli("runs")[1]

    assert "optimizer.learning_rate 0.1 " in out
    assert "99" not in out


@pytest.mark.parametrize(
    ("configs", "changes"),
    [
        ([{"a": 1}, {"a": 1}], {}),
        ([{"fit": {"epochs": 1}}, {"fit": {"epochs": 1, "batch_size": 8}}], {"fit.batch_size": [None, 8]}),
        ([{"optimizer": "sgd"}, {"optimizer": {"SGD": {"momentum": 0.9}}}], {"optimizer.momentum": [0.0, 0.9]}),
        ([{"optimizer": "sgd"}, {"optimizer": "adam"}], {"optimizer": ["sgd", "adam"]}),
        ([{"model": MODEL}, {"model": MODEL[1:]}], {"model": [MODEL, MODEL[1:]]}),
        ([{"model": MODEL}, {"model": [{"Dense": {"units": 9}}, MODEL[1]]}], {"model[0].Dense.units": [4, 9]}),
        ([{"model": ["Flatten", "x"]}, {"model": [{"Dropout": {"rate": 0.5}}, "x"]}],
         {"model[0]": ["Flatten", {"Dropout": {"rate": 0.5}}]}),
        ([{"dataset": {"csv": {"path": "a", "target": "y"}}}, {"dataset": {"csv": {"path": "b", "target": "y"}}}],
         {"dataset.path": ["a", "b"]}),
        ([{"split": {"test": 0.2}}, {}], {"split": [{"test": 0.2}, None]}),
        ([{"fit": 3}, {"fit": {"epochs": 3}}], {"fit": [3, {"epochs": 3}]}),
    ],
)  # fmt: skip
def test_keys_that_differ_are_dotted_as_in_set(configs, changes):
    assert changed_keys(configs) == changes


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ([], "123"),
        (["--reverse"], "321"),
        (["--sort", "metric"], "132"),
        (["--sort", "-metric"], "231"),
        (["--sort=-loss"], "132"),
        (["--sort", "loss", "--reverse"], "132"),
        (["--sort", "accuracy"], "132"),
        (["--sort", "optimizer.learning_rate"], "132"),
        (["--sort", "learning_rate"], "132"),
        (["--sort", "model[0].Dense.units"], "123"),
        (["--sort", "-run"], "321"),
        (["--sort", "duration"], "321"),
        (["--best", "2"], "23"),
        (["--best", "2", "--sort", "seed"], "23"),
    ],
)
def test_runs_are_sorted_by_columns_and_keys(dlcli, three, arguments, order):
    assert "".join(numbers(dlcli, "net", *arguments)) == order


def test_numbers_sort_as_numbers_and_runs_without_a_value_come_last(dlcli, add_run):
    for number, units in {1: 12, 2: 6, 3: 100}.items():
        add_run(f"runs/net/{number}", config={"fit": {"epochs": units}})
    add_run("runs/net/10", metrics={"test": {"rows": 1, "metrics": {"accuracy": None}}})

    assert numbers(dlcli, "--sort", "fit.epochs") == ["10", "2", "1", "3"]
    assert numbers(dlcli, "--sort", "-metric")[-1] == "10"
    assert numbers(dlcli, "--sort", "metric")[-1] == "10"
    assert numbers(dlcli, "--sort", "run")[-1] == "10"


def test_the_best_are_those_with_the_smallest_error(dlcli, add_run):
    for number, error in {1: 3.0, 2: 1.0, 3: 2.0, 4: None}.items():
        metrics = {"summary": {"loss": {"mean": 1.0}, "mae": {"mean": error, "std": 0.5}}}
        add_run(f"runs/net/{number}", kind="kfold", metrics=metrics, config={"metrics": ["mae"]})

    code, out, err = dlcli("runs", "net", "--best", "1", "--json")

    (best,) = json.loads(out)["runs"]
    assert (code, best["run"]) == (0, "runs/net/2")
    assert best["metric"] == {
        "part": "mean",
        "name": "mae",
        "value": 1.0,
        "std": 0.5,
        "better": "minimum",
    }
    assert best["loss"] == 1.0
    assert "the best of 3 scores is too good a score" in err


@pytest.mark.parametrize(
    ("metric", "better"),
    [("accuracy", "maximum"), ({"F1Score": {"average": "macro", "name": "f1"}}, "maximum"),
     ("auc", "maximum"), ("mean_squared_error", "minimum"), ("my_own", None)],
)  # fmt: skip
def test_the_direction_follows_from_the_metric(dlcli, add_run, metric, better):
    name = "f1" if isinstance(metric, dict) else metric
    metrics = {"test": {"rows": 1, "metrics": {"loss": 1.0, name: 0.5}}}
    add_run("runs/net/1", metrics=metrics, config={"metrics": [metric]})

    assert listed(dlcli)[0]["metric"]["better"] == better


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sort", "optimizer.learning_rat"], "Did you mean 'optimizer.learning_rate'?"),
        (["--sort", "xyz"], "unknown key 'xyz'."),
        (["--best", "1"], "the runs have several metrics: accuracy, mae"),
        (["--best", "0"], "expected at least 1, got 0"),
        (["--best"], "--best needs a value"),
        (["net", "nothing"], "no command 'nothing'"),
    ],
)
def test_what_cannot_be_sorted_is_refused(dlcli, three, add_run, arguments, message):
    metrics = {"test": {"rows": 1, "metrics": {"loss": 1.0, "mae": 0.5}}}
    add_run("runs/other/1", metrics=metrics, config={"metrics": ["mae"]})

    code, out, err = dlcli("runs", *arguments)

    assert (code, out) == (2, "")
    assert message in err


def test_damaged_and_moved_runs_are_listed_and_told(dlcli, three, add_run, tmp_path):
    (tmp_path / "runs/net/1/run.json").unlink()
    (tmp_path / "runs/net/2/metrics.json").write_text("{")
    (tmp_path / "runs/net/3/config.yaml").write_text("a: [")
    add_run("runs/net/4", config={"seed": 0}, data_path="/nowhere/my.csv")
    add_run("runs/net/5", data_path="/nowhere/my.csv")
    add_run("runs/elsewhere/1", kind="tune", config={"seed": 3}).rename(tmp_path / "runs/net/6")
    (tmp_path / "runs/net/7").symlink_to("4")
    (tmp_path / "runs/net/notes").mkdir()

    code, out, err = dlcli("runs", "net")
    documents = {item["run"]: item for item in listed(dlcli)}

    assert code == 0
    assert len(out.splitlines()) == 8
    assert documents["runs/net/1"]["status"] == "damaged"
    for line in (
        "runs/net/1: run.json is missing",
        "runs/net/2: metrics.json is damaged",
        "runs/net/3: config.yaml:",
        "runs/net/4, runs/net/7 and 1 more: its data are no longer in /nowhere/my.csv",
        "runs/net/6: was moved: it is a run of 'elsewhere' in the folder 'net'",
    ):
        assert f"dlcli: note: {line}" in err
    assert documents["runs/net/5"]["problems"] == ["its data are no longer in /nowhere/my.csv"]


def test_kinds_of_a_newer_version_and_their_trials_are_listed(dlcli, add_run):
    add_run(
        "runs/net/1", kind="newer", metrics={"metric": "accuracy", "part": "test", "mean": 0.75}
    )
    add_run("runs/net/2", kind="other", metrics={"something": [1]})
    add_run("runs/net/1/trials/4", 0.5, config={"fit": {"epochs": 9}})

    assert [(item["kind"], item["headline"]) for item in listed(dlcli)] == [
        ("newer", "test accuracy 0.75"), ("other", "")]  # fmt: skip
    assert len(listed(dlcli, "net")) == 2
    assert "trials/4" in dlcli("runs", "runs/net/1")[1]


def test_a_sweep_is_listed_with_its_best_trial(dlcli, add_run):
    trials = [{"trial": n, "mean": mean, "std": 0.1} for n, mean in {1: 0.7, 2: 0.9}.items()]
    metrics = {"part": "test", "metric": "accuracy", "best": 2, "trials": trials}
    add_run("runs/net/1", kind="sweep", metrics=metrics)
    add_run("runs/net/2", kind="sweep", metrics={**metrics, "best": None})

    first, second = listed(dlcli)

    assert first["headline"] == "test accuracy 0.9, best of 2"
    assert (first["metric"]["value"], first["metric"]["std"]) == (0.9, 0.1)
    assert (second["headline"], second["metric"]) == ("", None)


def test_notes_and_tags_stand_in_the_run_and_are_listed(dlcli, three, tmp_path):
    assert dlcli("runs", "note", "runs/net/1", "old\n microphone")[0] == 0
    assert dlcli("runs", "tag", "runs/net/1", "paper", "v1.0")[1] == "paper v1.0\n"
    assert dlcli("runs", "tag", "net", "paper", "학생")[0] == 0

    first, *_ = listed(dlcli)
    assert (first["note"], first["tags"]) == ("old microphone", ["paper", "v1.0"])
    assert "paper, v1.0" in dlcli("runs")[1]
    assert numbers(dlcli, "--tag", "paper", "--tag", "v1.0") == ["1"]
    assert numbers(dlcli, "net", "--tag", "paper") == ["1", "3"]
    assert "with the tag gone" in dlcli("runs", "--tag", "gone")[2]
    assert dlcli("runs", "tag", "runs/net/1", "paper", "--remove")[1] == "v1.0\n"
    assert dlcli("runs", "tag", "runs/net/1", "v1.0", "--remove")[1] == ""
    assert dlcli("runs", "note", "runs/net/1", "")[0] == 0
    assert not (tmp_path / "runs/net/1/notes.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tag", "runs/net/1", "two words"], "tag 'two words': expected a word"),
        (["tag", "runs/net/1", "../x"], "expected a word"),
        (["tag", "runs/net/1", "absent", "--remove"], "runs/net/1 has no tag 'absent'"),
        (["tag", "runs/net/1", *(f"t{n}" for n in range(51))], "51 tags; a run has at most 50"),
        (["tag", "runs/net/9", "a"], "no run in runs/net/9"),
        (["tag", "runs/net/1"], "missing argument TAG"),
        (["note", "runs/net/1", "x" * 2001], "a note of 2,001 characters; at most 2,000"),
        (["note", "runs/net/2", "x"], "notes.json is damaged"),
        (["note", "runs/net/3", "x"], "is a link"),
    ],
)
def test_wrong_notes_and_tags_are_refused(dlcli, three, tmp_path, arguments, message):
    (tmp_path / "runs/net/2/notes.json").write_text('{"tags": 3}')
    (tmp_path / "precious").write_text("{}")
    (tmp_path / "runs/net/3/notes.json").symlink_to(tmp_path / "precious")

    code, _, err = dlcli("runs", *arguments)

    assert code == 2
    assert message in err
    assert (tmp_path / "precious").read_text() == "{}"


def test_rm_deletes_runs_and_points_latest_to_the_newest_left(dlcli, three, tmp_path):
    (tmp_path / "runs/net/latest").symlink_to("3")
    (tmp_path / "runs/net/1/model.keras").touch()  # the second was stopped before its first epoch

    assert dlcli("runs", "rm", "runs/net/3", "--yes")[0] == 0
    assert (tmp_path / "runs/net/latest").readlink().name == "1"
    assert dlcli("runs", "rm", "runs/net/1", "runs/net/2", "-y")[0] == 0
    assert not (tmp_path / "runs/net").exists()


def test_rm_asks_on_a_terminal(dlcli, three, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answers = iter(["n", "y"])
    monkeypatch.setattr("typer.confirm", lambda *_, **__: next(answers) == "y" or stop())

    def stop():
        import typer

        raise typer.Abort

    assert dlcli("runs", "rm", "runs/net/1")[0] == 2
    assert (tmp_path / "runs/net/1").exists()
    assert dlcli("runs", "rm", "runs/net/1")[0] == 0
    assert not (tmp_path / "runs/net/1").exists()


def test_rm_deletes_nothing_else(dlcli, three, tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("x")
    (tmp_path / "runs/net/latest").symlink_to("3")
    (tmp_path / "runs/net/4").symlink_to(tmp_path / "precious")
    (tmp_path / "runs/net/1/link").symlink_to(tmp_path / "precious")
    lock = FolderLock(tmp_path / "runs/net/2")
    assert lock.acquire()

    for path, message in {
        "runs/net/latest": "is a link to", "runs/net/4": "is a link to", "precious": "is no run",
        "runs": "is no run", "net": "is no run", "runs/net/2": "is in use", "runs/net/1/..": "is no run",
    }.items():  # fmt: skip
        code, _, err = dlcli("runs", "rm", "runs/net/3", path, "--yes")
        assert (code, message in err) == (2, True), err
    lock.release()
    code, _, err = dlcli("runs", "rm", "runs/net/3")
    assert (code, "add --yes" in err) == (2, True)
    assert (tmp_path / "runs/net/3").exists()
    assert dlcli("runs", "rm", "runs/net/1", "--yes")[0] == 0
    assert (tmp_path / "precious/file").read_text() == "x"
