"""What a terminal shows during a training: one table, redrawn in place."""

import re
import sys
from types import SimpleNamespace

import pytest

from dlcli import kfold, load_config, train
from dlcli.cli.columns import Row, fitting, prose
from dlcli.cli.epoch_table import EpochTable
from dlcli.cli.live import LiveTable
from dlcli.cli.tables import explained, table
from dlcli.text_width import text_width
from dlcli.training.progress import Progress

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
STOPPING = (
    "callbacks=[{EarlyStopping: {patience: 3, restore_best_weights: true}}, "
    "{ReduceLROnPlateau: {patience: 1}}]"
)


@pytest.fixture
def terminal(monkeypatch):
    """Have standard error be a terminal of 80 columns, or as many as are asked for."""

    def use(width=80, *, stdout=False):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("LINES", "30")
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: stdout, raising=False)

    return use


def frames(text):
    """Return the lines of each state of the table, without control sequences."""
    plain = CONTROL.sub("", re.sub(r"(\r?\x1b\[2K(\x1b\[1A)?)+", "\f", text))
    return [frame.rstrip().splitlines() for frame in plain.split("\f") if frame.strip()]


def table_of(text):
    """Return header and rows of the last state of the table."""
    (last,) = [frame for frame in frames(text) if frame[0].split()[0] in ("epoch", "fold")][-1:]
    return last


def test_a_training_is_one_table_with_the_best_epoch_marked(dlcli, terminal):
    terminal()

    code, out, err = dlcli("train", "iris", "--epochs", 60, "--set", "split.validation=0.2",
                           "--set", "fit.batch_size=8", "--set", "optimizer.learning_rate=0.05",
                           "--set", STOPPING)  # fmt: skip

    assert code == 0
    header, *rows = table_of(err)
    assert header.split() == [
        "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "time",
    ]  # fmt: skip
    assert 4 <= len(rows) <= 15
    (best,) = [row for row in rows if row.lstrip().startswith("*") and "lowest" not in row]
    assert "* lowest val_loss" in rows
    epoch = best.split()[1]
    assert f"best weights restored from epoch {epoch}" in out
    assert "val_loss did not improve for 3 epochs" in out
    assert "stopped early" not in err
    assert "\x1b[?25l" not in err  # the cursor stays visible
    assert not any(line.startswith("epoch ") for line in out.splitlines())


def test_colours_are_left_out_where_they_are_not_wanted(dlcli, terminal, monkeypatch):
    terminal()
    monkeypatch.setenv("NO_COLOR", "1")

    _, _, err = dlcli("train", "iris", "--epochs", 2, "--set", "split.validation=0.2")

    assert table_of(err)[0].split()[0] == "epoch"
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", err)


def test_the_first_line_names_the_config_before_anything_is_read(dlcli, terminal):
    code, _, err = dlcli("train", "nothing.yaml")
    assert (code, err.splitlines()[0]) == (2, "reading nothing.yaml")

    code, _, err = dlcli("train", "nothing.yaml", "--quiet")
    assert "reading" not in err

    terminal()
    code, _, err = dlcli("train", "nothing.yaml")
    assert err.startswith("\r\x1b[Kreading nothing.yaml")
    assert err.index("\r\x1b[K", 5) < err.index("dlcli: error")


def test_a_training_that_diverges_leaves_the_table_above_the_error(dlcli, terminal):
    terminal()
    stream = sys.stderr

    code, _, err = dlcli("train", "study_hours", "--set", "optimizer.learning_rate=1e20",
                         "--epochs", 30, "--set", "preprocess.target=none")  # fmt: skip

    assert code == 1
    assert "dlcli: error:" in CONTROL.sub("", err).splitlines()[-2]
    assert sys.stderr is stream


@pytest.mark.parametrize("stdout", [False, True], ids=["redirected", "terminal"])
def test_folds_are_a_grid_that_is_not_printed_twice(dlcli, terminal, stdout):
    terminal(100, stdout=stdout)

    code, out, err = dlcli("kfold", "iris", "--folds", 3, "--epochs", 3)

    assert code == 0
    header, *rows = table_of(err)
    assert re.split(r"  +", header) == [
        "fold", "epoch", "loss", "accuracy", "test loss", "test accuracy",
    ]  # fmt: skip
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "mean"]
    assert all(row.split()[1] == "3" for row in rows[:3])
    mean = out.split("accuracy: ")[1].split()[0]
    assert rows[-1].split()[-1] == mean
    is_erased = bool(re.search(r"\x1b\[2K\s*$", err)) or err.rstrip().endswith("\x1b[2K")
    assert is_erased == stdout


@pytest.mark.parametrize("engine", ["stacked", "serial"])
def test_progress_tells_the_fold_or_the_metrics_of_each_copy(tmp_path, engine):
    reports = []
    config = load_config("iris", ["kfold.epochs=2"])

    kfold(config, folds=3, runs=tmp_path, engine=engine, on_progress=reports.append)

    ends = [report for report in reports if report.epoch_done]
    if engine == "serial":
        assert [report.fold for report in ends] == [1, 1, 2, 2, 3, 3]
        assert [report.learning_rate for report in ends] == pytest.approx([1e-3] * 6)
    else:
        assert [report.fold for report in ends] == [0, 0]
        assert [list(report.copies) for report in ends] == [[0, 1, 2]] * 2
        losses = [logs["loss"] for logs in ends[0].copies.values()]
        assert ends[0].logs["loss"] == pytest.approx(sum(losses) / 3)
    assert all(report.seconds > 0 for report in ends)


class Cell:
    """Stands in for ``IPython.display``: what a cell shows, each time it changes."""

    def __init__(self):
        self.shown = []

    def display(self, contents, *, display_id):
        assert display_id  # only such an output can be updated
        self.shown.append(contents)
        return self

    def update(self, contents):
        self.shown.append(contents)

    HTML = staticmethod(str)


def test_a_notebook_shows_the_progress_in_a_cell(tmp_path, monkeypatch):
    cell, shell = Cell(), SimpleNamespace(kernel=None)
    ipython = SimpleNamespace(get_ipython=lambda: shell, display=cell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", cell)

    train(load_config("iris", ["fit.epochs=12"]), runs=tmp_path / "runs")
    assert "<th>loss</th>" in cell.shown[-1]
    assert cell.shown[-1].count("<tr>") == 11  # the header and the last ten epochs
    assert "epoch 12/12" in cell.shown[-1]

    kfold(load_config("iris", ["kfold.epochs=2"]), folds=3, runs=tmp_path / "runs")
    assert all(f"<th>fold {fold}</th>" in cell.shown[-1] for fold in (1, 2, 3))

    count = len(cell.shown)
    train(load_config("iris", ["fit.epochs=1"]), runs=tmp_path / "runs", on_progress=lambda _: None)
    del shell.kernel
    train(load_config("iris", ["fit.epochs=1"]), runs=tmp_path / "runs")
    assert len(cell.shown) == count


METRICS = ("loss", "accuracy", "auc", "precision", "recall", "mean_absolute_percentage_error")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_columns_that_do_not_fit_are_named(width, capsys, terminal):
    terminal(width)
    table = EpochTable()
    logs = {name: 0.5 for key in METRICS for name in (key, f"val_{key}")}
    for epoch in range(1, 40):
        values = {**logs, "val_loss": abs(epoch - 20) + 0.5}
        table.add(Progress(epoch, 40, 9, 9, values, 3.0, 0.02, 1e-3 / epoch))
    live = LiveTable()

    live.draw(*table.parts(*live.size, final=False))
    live.close()

    lines = table_of(capsys.readouterr().err)
    assert max(map(len, lines)) <= width
    shown = lines[0].split()
    assert {"epoch", "loss", "val_loss", "learning_rate"} <= set(shown)
    text = " ".join(" ".join(lines).split())
    assert all(name in text for name in logs)
    assert any(line.split()[:2] == ["*", "20"] for line in lines)
    assert "epoch 39/40" in text
    assert "3.0 s left" in text


def test_columns_are_left_out_from_the_least_important_one():
    rows = [Row(["1", "22", "333"], "bold"), Row(["..."])]
    importance = {"a": float("inf"), "bb": 2.0, "ccc": 1.0}.__getitem__

    assert fitting(["a", "bb", "ccc"], rows, 12, importance)[2] == []
    columns, short, left_out = fitting(["a", "bb", "ccc"], rows, 7, importance)

    assert (columns, left_out) == (["a", "bb"], ["ccc"])
    assert [row.cells for row in short] == [["1", "22"], ["..."]]


NAMES = [f"a name of a column, number {at}" for at in range(9)]
WIDTHS = (60, 80, 100, 200)


def test_a_table_in_a_pipe_has_its_whole_width(terminal):
    terminal(60)
    rows = [["name", *NAMES], ["x" * 100, *map(str, range(9))]]

    assert all(len(line) == len(table(rows).split("\n")[0]) for line in table(rows).split("\n"))
    assert "x" * 100 in table(rows)
    assert explained([("set", "y" * 100)]) == f"  set  {'y' * 100}"
    assert prose("z " * 100) == "z " * 100


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_on_a_terminal_shortens_texts_and_keeps_numbers(terminal, width):
    terminal(width, stdout=True)
    rows = [
        ["name", "text", *NAMES],
        ["the first", "가나다 " * 30, *(f"{n}12345" for n in range(9))],
    ]

    text = table(rows, left=2)

    assert all(text_width(line) <= width for line in text.split("\n"))
    assert all(f"{n}12345" in text for n in range(9))
    assert "가나다" in text
    assert "…" in text
    parts = text.split("\n\n")
    assert all(part.startswith("name") and "\nthe first" in part for part in parts)


def test_what_matters_least_is_shortened_and_left_out_first(terminal):
    terminal(60, stdout=True)
    rows = [["name", "licence", "size"], ["n" * 20, "l" * 40, "s" * 30]]

    shortened = table(rows, left=3).split("\n")
    left_out = table(rows, left=3, texts=(2,), optional=(1, 2)).split("\n")

    assert shortened[1].split() == ["n" * 20, "l" * 23 + "…", "s" * 11 + "…"]
    assert left_out[1].split() == ["n" * 20, "s" * 30]
    assert left_out[2:] == ["no room for: licence"]
    assert table([["a", ""], ["b" * 59, ""]]).split("\n") == ["a", "b" * 59]


def test_commands_and_settings_are_whole_with_what_is_said_below(terminal):
    terminal(60, stdout=True)
    command, about = (
        f"dlcli predict {'p' * 40}",
        "what it does, in a sentence of more words than fit",
    )

    assert explained([(command, about)]).split("\n") == [
        f"  {command}",
        "      what it does, in a sentence of more words than fit",
    ]
    assert explained([("a", "b")]) == "  a  b"


def test_sentences_are_divided_between_words(terminal):
    terminal(20, stdout=True)

    assert prose("one two three four five six").split("\n") == ["one two three four", "  five six"]


def test_names_with_control_characters_keep_their_lines(terminal):
    terminal(60, stdout=True)

    lines = table([["name", "n"], ["a\nb\x1b", "1"]]).split("\n")

    assert lines == ["name      n", r"a\nb\x1b  1"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "command", ["list", "data list", "data show wine --head 2", "data show breast_cancer --head 2"]
)
def test_tables_of_commands_fit_the_terminal(dlcli, terminal, command, width):
    terminal(width, stdout=True)

    code, out, _ = dlcli(*command.split())

    assert code == 0
    assert max(map(text_width, out.splitlines())) <= width
