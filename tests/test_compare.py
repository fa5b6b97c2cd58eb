"""``dlcli compare``: what differs, metrics, significance on the same rows, tables for papers."""

import csv
import json

import numpy as np
import pytest

from dlcli import DlcliError, compare, load_config, train
from dlcli.config.yaml_text import dump
from dlcli.experiments import prediction_files
from dlcli.experiments.statistics import corrected_t_test, mcnemar_test, paired_t_test

CLASSES = "row,true,prediction,p_a,p_b\n"
RIGHT = [("a", "a")] * 12 + [("b", "b")] * 8
WRONG = [("a", "b")] * 10 + [("a", "a")] * 2 + [("b", "b")] * 8


def classes(pairs, first=1):
    return CLASSES + "".join(f"{n},{t},{p},1,0\n" for n, (t, p) in enumerate(pairs, first))


@pytest.fixture
def add_run(tmp_path):
    """Write what `compare` reads of a run."""

    def write_run(path, predictions=None, kind="train", metrics=None, metric="accuracy", **record):
        folder = tmp_path / path
        folder.mkdir(parents=True)
        number = int(folder.name)
        data = {"name": "d", "rows": 30, "fingerprint": "f"}
        fields = {"kind": kind, "status": "finished", "config": "net", "data": data}
        (folder / "run.json").write_text(json.dumps({**fields, **record}))
        config = {"dataset": "iris", "loss": "mse", "metrics": [metric], "fit": {"epochs": number}}
        (folder / "config.yaml").write_text(dump(config))
        metrics = metrics or {"test": {"rows": 20, "metrics": {"loss": 1.0, metric: 0.5}}}
        (folder / "metrics.json").write_text(json.dumps(metrics))
        name = "out_of_fold.csv" if kind == "kfold" else "predictions.csv"
        if predictions is not None:
            (folder / name).write_text(predictions)
        return folder

    return write_run


def test_classifiers_are_compared_by_mcnemars_test(dlcli, add_run):
    add_run("runs/net/1", classes(WRONG))
    add_run("runs/net/2", classes(RIGHT))

    (test,) = compare(["runs/net/1", "net"]).tests
    code, out, _ = dlcli("compare", "runs/net/1", "runs/net/2")

    right, wrong = (np.array([a == b for a, b in pairs]) for pairs in (RIGHT, WRONG))
    assert (test.metric, test.difference, test.test) == ("accuracy", 0.5, "mcnemar")
    assert test.p == mcnemar_test(right, wrong) == pytest.approx(2 / 2**10)
    assert test.run_is == "better"
    assert code == 0
    assert "fit.epochs" in out.splitlines()[0]
    assert "runs/net/2 is better than runs/net/1: accuracy +0.5000, p = 0.002 (McNemar" in out


@pytest.mark.parametrize(("metric", "power"), [("mae", 1), ("rmse", 2)])
def test_numbers_are_compared_by_their_errors(add_run, metric, power):
    random = np.random.default_rng(0)
    true = random.normal(size=(30, 1)).round(3)
    predicted = true + random.normal(size=(30, 2)).round(3) * (1, 3)
    for number in (1, 2):
        lines = [
            f"{n},{t[0]},{p[number - 1]:.6f},0\n"
            for n, (t, p) in enumerate(zip(true, predicted, strict=True))
        ]
        add_run(f"runs/net/{number}", "row,true,prediction,error\n" + "".join(lines), metric=metric)

    (test,) = compare(["runs/net/1", "runs/net/2"]).tests

    errors = np.abs(predicted - true) ** power
    assert test.p == pytest.approx(paired_t_test(errors[:, 1], errors[:, 0]))
    assert test.difference == pytest.approx((errors[:, 1] - errors[:, 0]).mean())
    assert (test.run_is, test.metric) == ("worse", "mae" if power == 1 else "mse")


def test_the_paired_t_test_is_that_of_scipy():
    from scipy.stats import ttest_rel

    one, other = np.random.default_rng(1).random((2, 40))

    assert paired_t_test(one, other) == pytest.approx(ttest_rel(one, other).pvalue)
    assert paired_t_test(one, one) == 1.0
    assert np.isnan(paired_t_test(one[:1], other[:1]))
    assert np.isnan(paired_t_test(np.ones(3), np.zeros(3)))


def folds(scores):
    return {
        "folds": [
            {"fold": n, "rows": 4, "epochs": 1, "accuracy": s} for n, s in enumerate(scores, 1)
        ],
        "summary": {
            "accuracy": {"mean": float(np.mean(scores)), "std": float(np.std(scores, ddof=1))}
        },
    }


def test_folds_are_compared_by_the_corrected_t_test(dlcli, add_run):
    table = "row,fold,true,prediction,p_a\n" + "".join(f"{n},{n % 5},a,a,1\n" for n in range(20))
    scores = [0.5, 0.5, 0.75, 0.5, 0.5], [0.75, 0.8, 0.9, 0.75, 0.75]
    for number in (1, 2):
        add_run(f"runs/net/{number}", table, kind="kfold", metrics=folds(scores[number - 1]))

    (test,) = compare(["runs/net/1", "runs/net/2"]).tests

    assert test.p == pytest.approx(corrected_t_test(np.subtract(*scores[::-1]), 16, 4))
    assert (test.test, test.run_is) == ("corrected-t", "better")
    assert "0.5500 ± 0.1118" in dlcli("compare", "runs/net/1", "runs/net/2")[1]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"predictions": classes(RIGHT, 2)}, "the runs were scored on other rows"),
        ({"predictions": classes(RIGHT[1:])}, "the runs were scored on other rows"),
        ({"predictions": None}, "has no predictions of held-out rows"),
        ({"predictions": classes(RIGHT), "data": {"fingerprint": "g"}}, "scored on other data"),
        ({"predictions": classes(RIGHT), "sample": True}, "a sample"),
        ({"predictions": classes(RIGHT), "kind": "kfold", "metrics": folds([0.1, 0.2])}, "only two"),
        ({"predictions": classes(RIGHT), "metrics": {"validation": {"metrics": {"accuracy": 1.0}}}}, "other rows"),
    ],
)  # fmt: skip
def test_runs_scored_on_other_rows_have_no_test(dlcli, add_run, other, reason):
    add_run("runs/net/1", classes(RIGHT))
    add_run("runs/net/2", **other)

    code, out, err = dlcli("compare", "runs/net/1", "runs/net/2", "--json")

    document = json.loads(out)
    assert (code, document["tests"][0]) == (0, None)
    assert reason in document["tests"][1]["reason"]
    assert document["tests"][1]["p"] is None
    assert f"no test: {document['tests'][1]['reason']}" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs/net/1"], "a comparison needs two runs"),
        (["runs/net/1", "runs/net/1/"], "a comparison needs two runs"),
        (["runs/net/1", "nowhere"], "no run in nowhere"),
        (["runs/net/1", "runs/net/2"], "predictions.csv is damaged"),
        (["runs/net/1", "runs/net/3"], "run.json is damaged"),
        (["runs/net/1", "runs/net/2", "--plot", "x.gif"], "plots end in .png"),
        ([], "missing argument RUN"),
    ],
)
def test_what_cannot_be_compared_is_refused(dlcli, add_run, arguments, message):
    add_run("runs/net/1", classes(RIGHT))
    add_run("runs/net/2", "row,true\n1,a\n")
    (add_run("runs/net/3") / "run.json").write_text("{")

    code, out, err = dlcli("compare", *arguments)

    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_tables_for_papers_are_escaped(dlcli, add_run, tmp_path):
    for number in (1, 2):
        path = add_run(f"runs/a_b&c/{number}", classes(RIGHT))
        config = (path / "config.yaml").read_text() + f"note: 'x|y_{number}%'\n"
        (path / "config.yaml").write_text(config)
    runs = ["runs/a_b&c/1", "runs/a_b&c/2"]

    latex, markdown, table = (
        dlcli("compare", *runs, "--format", kind)[1] for kind in ("latex", "markdown", "csv")
    )

    assert r"runs/a\_b\&c/1 & 1 & x|y\_1\% & 1.0000" in latex
    assert latex.startswith(r"\begin{tabular}{lllrrrr}")
    assert r"| runs/a\_b\&c/2 | 2 | x\|y\_2% |" in markdown
    rows = list(csv.reader(table.splitlines()))
    assert rows[2][:3] == ["runs/a_b&c/2", "2", "x|y_2%"]
    assert len({len(row) for row in rows}) == 1


def test_a_training_leaves_the_predictions_by_which_it_was_scored(dlcli, tmp_path):
    for epochs in (1, 2):
        result = train(load_config("iris", [f"fit.epochs={epochs}"]), runs=tmp_path / "runs")

    with (result.path / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    right = np.mean([row["true"] == row["prediction"] for row in rows])
    assert list(rows[0])[:4] == ["row", "true", "prediction", "p_setosa"]
    assert right == pytest.approx(result.scores["test"].metrics["accuracy"])
    code, out, err = dlcli("compare", "runs/iris/1", "runs/iris/2", "--plot", "c.svg")
    assert code == 0, err
    assert "McNemar" in out
    assert "epochs 2 (best" in (tmp_path / "c.svg").read_text()


def test_predictions_of_many_rows_are_evenly_spaced(tmp_path, monkeypatch):
    monkeypatch.setattr(prediction_files, "MAX_ROWS", 10)

    result = train(load_config("diabetes", ["fit.epochs=1"]), runs=tmp_path / "runs")

    with (result.path / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    numbers = [int(row["row"]) for row in rows]
    assert len(numbers) == 10
    assert numbers == sorted(numbers)
    for row in rows:
        error = float(row["prediction"]) - float(row["true"])
        assert float(row["error"]) == pytest.approx(error, abs=1e-3)


def test_a_run_that_is_named_twice_stays_where_it_is_named_first(add_run):
    for number in (1, 2, 3):
        add_run(f"runs/net/{number}")

    result = compare(["runs/net/3", "runs/net/1", "runs/net/2", "runs/net/3"])

    assert [str(run.path) for run in result.runs] == ["runs/net/3", "runs/net/1", "runs/net/2"]


def test_a_comparison_needs_runs(tmp_path):
    with pytest.raises(DlcliError, match="needs two runs"):
        compare([])
