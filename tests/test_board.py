"""TensorBoard as a process of its own; none has to be installed here."""

import importlib.util
import sys
import time
from pathlib import Path

import pytest

from dlcli.cli import board


@pytest.fixture
def installed(monkeypatch):
    """Make TensorBoard look installed."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs/net/1/logs/train"
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1.host").write_bytes(b"")
    return tmp_path / "runs"


def test_what_is_missing_is_said_with_what_to_do(dlcli, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    code, _, err = dlcli("board")
    assert code == 2
    assert 'pip install "dlcli[tensorboard]"' in err

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    (tmp_path / "empty").mkdir()
    code, _, err = dlcli("board", "empty")
    assert code == 2
    assert "callbacks: [TensorBoard: logs]" in err

    code, _, err = dlcli("board", "nowhere")
    assert code == 2
    assert "no folder nowhere" in err


def test_the_callback_that_the_hint_names_is_right(dlcli, people, installed):
    people.write_text(people.read_text() + "callbacks: [TensorBoard: logs]\n")

    assert dlcli("check", people)[0] == 0


def test_tensorboard_serves_this_machine_only(dlcli, installed, runs, monkeypatch):
    commands = []
    monkeypatch.setattr(board, "_serve", lambda command: commands.append(command) or 0)

    assert dlcli("board", "--port", "6007")[0] == 0
    [command] = commands
    assert command[:4] == [sys.executable, "-m", "tensorboard.main", "--logdir"]
    assert command[5:] == ["--host", "127.0.0.1", "--port", "6007"]


def test_each_run_is_listed_once_also_one_that_begins_later(dlcli, installed, runs, monkeypatch):
    (runs / "net/latest").symlink_to("1")
    monkeypatch.setattr(board, "SECONDS_BETWEEN_LOOKS", 0.01)
    listed = []

    def serve(command):
        links = Path(command[4])
        listed.append([path.relative_to(links).parent for path in links.rglob("events*")])
        later = runs / "net/2/logs/train/events.out.tfevents.2.host"
        later.parent.mkdir(parents=True)
        later.write_bytes(b"event")
        link = links / later.relative_to(runs)
        for _ in range(500):
            if link.is_symlink():
                break
            time.sleep(0.01)
        listed.append(link.read_bytes())
        return 0

    monkeypatch.setattr(board, "_serve", serve)

    assert dlcli("board")[0] == 0
    assert listed == [[Path("net/1/logs/train")], b"event"]


def test_a_server_that_fails_ends_with_1(dlcli, installed, runs, monkeypatch):
    monkeypatch.setattr(board, "_serve", lambda _: 255)

    code, _, err = dlcli("board")

    assert code == 1
    assert "--port" in err


@pytest.mark.parametrize(
    ("sent", "stubborn"), [("SIGINT", False), ("SIGINT", True), ("SIGTERM", False)]
)
def test_an_interrupt_ends_the_server_and_is_no_mistake(python, sent, stubborn):
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN);" if stubborn else ""
    code = (
        "import os, signal, sys\n"
        "from dlcli.cli import board\n"
        "board.SECONDS_TO_TERMINATE = 0.5\n"
        f"child = 'import os, signal, time; {ignore} os.kill(os.getppid(), signal.{sent}); time.sleep(60)'\n"
        "sys.exit(board._serve([sys.executable, '-c', child]))\n"
    )
    done = python(code, timeout=30)

    assert done.returncode == 0, done.stderr
    assert not done.stderr
