"""Learning curves of runs: what is read, chosen and drawn."""

import json

import numpy as np
import pytest

from dlcli import DlcliError, kfold, load_config
from dlcli.plots.canvas import check_plot_path, figure
from dlcli.plots.curves import choose_metrics, draw_curves, read_curves

PNG = b"\x89PNG\r\n"


@pytest.fixture
def run(tmp_path):
    """Write what `dlcli plot` reads of a run."""

    def write_run(path, history, config="net", kind="train"):
        folder = tmp_path / path
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(
            json.dumps({"kind": kind, "status": "finished", "config": config})
        )
        if history is not None:
            (folder / "history.csv").write_text(history)
        return folder

    return write_run


@pytest.fixture
def two(run):
    run("runs/net/1", "epoch,accuracy,loss,val_accuracy,val_loss\n"
        "1,0.5,0.9,0.4,0.8\n2,0.6,0.7,0.5,0.6\n3,0.7,0.5,0.5,0.7\n")  # fmt: skip
    run("runs/net/2", "epoch,accuracy,loss,mae\n1,0.5,0.9,1.5\n2,0.7,0.4,1.25\n")


def test_plot_draws_runs_and_prints_where(dlcli, two, tmp_path):
    code, out, err = dlcli("plot", "runs/net/1", "runs/net/2")

    assert (code, out) == (0, "curves.png\n")
    assert "wrote learning curves: curves.png" in err
    assert (tmp_path / "curves.png").read_bytes().startswith(PNG)


def test_the_legend_names_runs_and_their_best_epochs(dlcli, two, tmp_path):
    code, _, _ = dlcli("plot", "runs/net/1", "runs/net", "-o", "c.svg", "--log")

    text = (tmp_path / "c.svg").read_text()
    assert code == 0
    assert "net 1 (best: epoch 2)" in text
    assert "net 2 (best: epoch 2)" in text
    assert "<!-- training -->" in text
    assert "<!-- validation -->" in text
    assert "<!-- mae -->" not in text


@pytest.mark.parametrize("count", [1, 10])
def test_many_runs_fit_into_a_pdf(dlcli, run, count):
    for number in range(count):
        run(f"runs/net/{number}", "epoch,loss\n1,0.9\n2,0.8\n")

    code, out, _ = dlcli("plot", *(f"runs/net/{n}" for n in range(count)), "-o", "c.pdf")

    assert (code, out) == (0, "c.pdf\n")


def test_a_curve_per_fold_is_drawn_with_their_mean_and_spread(dlcli, run, tmp_path):
    path = run("runs/net/1", None, kind="kfold")
    (path / "fold_history.csv").write_text(
        "fold,epoch,loss,val_loss\n1,1,0.9,1.0\n1,2,0.5,0.8\n2,1,0.7,0.6\n"
    )

    (curve,) = read_curves([path])

    assert [len(fold["loss"]) for fold in curve.folds] == [2, 1]
    assert curve.values["loss"].tolist() == pytest.approx([0.8, 0.5])
    assert curve.values["val_loss"].tolist() == pytest.approx([0.8, 0.8])
    assert dlcli("plot", "runs/net/1", "-o", "c.svg")[0] == 0
    text = (tmp_path / "c.svg").read_text()
    assert "<!-- each fold -->" in text
    assert "<!-- mean ± std of the folds -->" in text


@pytest.mark.parametrize("engine", ["stacked", "serial"])
def test_a_cross_validation_leaves_the_curves_of_its_folds(dlcli, tmp_path, engine):
    config = load_config("iris", ["kfold.epochs=2", "split.validation=0.2"])

    result = kfold(config, folds=2, runs=tmp_path / "runs", engine=engine)

    (curve,) = read_curves([result.path])
    assert list(curve.values) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert [len(fold["val_loss"]) for fold in curve.folds] == [2, 2]


def test_runs_of_a_name_are_labelled_by_what_differs(run, tmp_path):
    for number, text in {1: "adam", 2: "{adam: {learning_rate: 0.1}}", 3: "sgd"}.items():
        path = run(f"runs/net/{number}", "epoch,loss\n1,0.9\n")
        (path / "config.yaml").write_text(f"optimizer: {text}\nseed: 0\n")
    other = run("runs/other/1", "epoch,loss\n1,0.9\n", config="other")
    first, second, third = (tmp_path / f"runs/net/{number}" for number in (1, 2, 3))

    labels = [
        [curve.label for curve in read_curves(paths)]
        for paths in ([first], [first, second], [first, third], [first, second, other])
    ]

    assert labels == [
        ["net"],
        ["learning_rate 0.001", "learning_rate 0.1"],
        ["optimizer adam", "optimizer sgd"],
        ["net learning_rate 0.001", "net learning_rate 0.1", "other"],
    ]


def test_a_metric_that_some_runs_lack_leaves_them_out(dlcli, two, tmp_path):
    curves = read_curves([tmp_path / "runs/net/1", tmp_path / "runs/net/2"])

    assert choose_metrics(curves) == ["loss", "accuracy"]
    assert choose_metrics(curves[1:]) == ["loss", "accuracy", "mae"]
    assert dlcli("plot", "runs/net/1", "runs/net/2", "--metric", "mae", "--metric", "loss")[0] == 0


def test_runs_are_named_once_and_by_path_where_all_else_is_equal(run, two, tmp_path):
    other = run("other/net/1", "epoch,loss\n1,0.9\n")
    first = tmp_path / "runs/net/1"
    (tmp_path / "runs/net/latest").symlink_to("1")

    curves = read_curves([first, tmp_path / "runs/net/latest", other, tmp_path / "runs/net/2"])

    assert [curve.label for curve in curves] == [str(first), str(other), "net 2"]


def test_a_diverged_run_is_drawn_as_far_as_it_went(run, tmp_path):
    path = run("runs/net/1", "epoch,loss,val_loss\n1,0.9,\n2,nan,inf\n")

    curves = read_curves([path])
    draw_curves(tmp_path / "c.png", curves)

    assert curves[0].best_epoch == 0
    assert np.isnan(curves[0].values["val_loss"][0])


def test_names_with_signs_of_matplotlib_are_shown_as_they_are(run, tmp_path):
    path = run("runs/x/1", "epoch,loss\n1,0.9\n", config="_$price$ 학생")

    draw_curves(tmp_path / "c.svg", read_curves([path]))

    assert "_$price$ 학생 (best: epoch 1)" in (tmp_path / "c.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs/nowhere"], "no run in runs/nowhere"),
        (["runs/folds/1"], "runs/folds/1 is a cross-validation without fold_history.csv"),
        (["runs/none/1"], "runs/none/1 has no history.csv"),
        (["runs/empty/1"], "history.csv has no epochs"),
        (["runs/broken/1"], "history.csv is damaged"),
        (["runs/net/1", "--metric", "acuracy"], "Did you mean 'accuracy'?"),
        (["runs/negative/1", "--log"], "leave out --log"),
        (["runs/net/1", "-o", "x.gif"], "plots end in .png, .svg, .pdf"),
        (["runs/net/1", "-o", "nowhere/x.png"], "no folder nowhere"),
        ([], "missing argument RUN"),
    ],
)
def test_what_cannot_be_plotted_ends_with_2_and_a_sentence(dlcli, run, two, arguments, message):
    run("runs/folds/1", None, kind="kfold")
    run("runs/none/1", None)
    run("runs/empty/1", "epoch,loss\n")
    run("runs/broken/1", "epoch,loss\n1,many\n")
    run("runs/negative/1", "epoch,loss\n1,-1\n")

    code, out, err = dlcli("plot", *arguments)

    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_more_runs_than_colours_are_refused(run, tmp_path):
    paths = [run(f"runs/net/{n}", "epoch,loss\n1,0.9\n") for n in range(21)]

    with pytest.raises(DlcliError, match="at most 20"):
        draw_curves(tmp_path / "c.png", read_curves(paths))


def test_a_picture_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(ZeroDivisionError), figure(tmp_path / "x.png", (2, 2)):
        raise ZeroDivisionError

    assert not list(tmp_path.iterdir())
    with pytest.raises(DlcliError, match="is a folder"):
        (tmp_path / "y.png").mkdir()
        check_plot_path(tmp_path / "y.png")


def test_the_same_curves_give_the_same_bytes(two, tmp_path):
    curves = read_curves([tmp_path / "runs/net/1"])
    for ending in ("png", "svg", "pdf"):
        paths = [tmp_path / f"{name}.{ending}" for name in "ab"]
        for path in paths:
            draw_curves(path, curves)

        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_long_names_of_runs_are_whole(run, tmp_path, text_faults):
    paths = [
        run(f"runs/{'department_of_computer_science' * 2}{n}/1", "epoch,loss,val_loss\n1,0.9,1\n")
        for n in range(7)
    ]

    draw_curves(tmp_path / "c.png", read_curves(paths))

    assert text_faults == [([], [])]
