"""Pieces of work in processes: results, deaths, errors, signals; searches end with the same bits."""

import math
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import environment, run_process

import dlcli as library
from dlcli import load_config, sweep
from dlcli.errors import DlcliError, Interrupted, TrainingError
from dlcli.files import FolderLock
from dlcli.machine import cpu_count
from dlcli.runs.records import read_record
from dlcli.work.executor import Inline, Job, in_order
from dlcli.work.processes import Processes
from dlcli.work.shared_folder import Format, SharedFolder

OVER = {"fit.batch_size": [8, 16, 32], "optimizer.learning_rate": [0.01, 0.1]}
FAST = ["fit.epochs=2", "model=[{Dense: {units: 4}}, {Dense: {activation: softmax}}]"]
OPTIONS = ["--epochs", 2, "--set", FAST[1]]
OPTIONS += [
    part
    for key, values in OVER.items()
    for part in ("--over", f"{key}={','.join(map(str, values))}")
]


class UnpicklableError(Exception):
    def __reduce__(self):
        raise TypeError("cannot be pickled")


def prepare():
    os.environ["PREPARED"] = "yes"


def open_sums(data):
    """Return a function of which some pieces end their process."""

    def add(piece, report):
        report(piece)
        if isinstance(piece, Path):
            if not piece.exists():
                piece.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return data, os.getpid()
        if piece == "die":
            os._exit(7)
        if piece == "wait":
            time.sleep(60)
        if piece == "fail":
            raise DlcliError("wrong", hint="right")
        if piece == "break":
            raise UnpicklableError("broken\nand more")
        return data + piece, os.getpid()

    return add


def job(data=10):
    return Job(prepare, open_sums, data)


@pytest.fixture
def processes():
    executor = Processes(job(), 2)
    yield executor
    executor.close()
    assert not multiprocessing.active_children()


def test_processes_live_on_and_take_many_pieces(processes):
    pids, reports = set(), []
    for _ in range(2):
        results = list(in_order(processes.run(range(20), lambda *own: reports.append(own))))
        assert [value for value, _ in results] == list(range(10, 30))
        pids |= {pid for _, pid in results}

    assert 1 <= len(pids) <= 2
    assert os.getpid() not in pids
    assert sorted(reports) == sorted(2 * [(n, n) for n in range(20)])
    assert [value for _, (value, _) in Inline(open_sums(10)).run([1, 2])] == [11, 12]


def test_a_piece_whose_process_dies_is_done_elsewhere(processes, tmp_path):
    pieces = [1, tmp_path / "one", 2, tmp_path / "two", 3]

    results = list(in_order(processes.run(pieces)))

    assert [value for value, _ in results] == [11, 10, 12, 10, 13]
    for child in multiprocessing.active_children():  # between two batches
        child.kill()
        child.join()
    assert [value for value, _ in in_order(processes.run([4, 5]))] == [14, 15]


@pytest.mark.parametrize(
    ("piece", "kind", "message"),
    [
        ("die", TrainingError, "two processes died at the same piece of work, exit code 7"),
        ("fail", DlcliError, "^wrong$"),
        ("break", RuntimeError, "^UnpicklableError: broken$"),
    ],
)
def test_errors_are_raised_here(processes, piece, kind, message):
    with pytest.raises(kind, match=message):
        list(processes.run([1, piece, 2]))

    assert not multiprocessing.active_children()
    assert [value for _, (value, _) in processes.run([1])] == [11]


def test_results_that_came_with_an_error_are_kept(processes, monkeypatch):
    wait = multiprocessing.connection.wait

    def wait_for_all(pipes, _):
        for pipe in pipes:
            pipe.poll(30)
        return wait(pipes)

    monkeypatch.setattr("dlcli.work.processes.connection", SimpleNamespace(wait=wait_for_all))
    results = []

    with pytest.raises(DlcliError, match="wrong"):
        results.extend(processes.run(["fail", 1]))

    assert [(number, value) for number, (value, _) in results] == [(1, 11)]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_processes(processes, signum):
    with pytest.raises(Interrupted) as stopped:
        list(processes.run(["wait", "wait"], lambda *_: os.kill(os.getpid(), signum)))

    assert stopped.value.signum == signum
    assert not multiprocessing.active_children()


PARENT = """
import multiprocessing, sys
sys.path.insert(0, sys.argv[1])
from test_work import job
from dlcli.work.processes import Processes
from dlcli.work.shared_folder import Format, SharedFolder
if __name__ == "__main__":
    def show(*_):
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    list(Processes(job(), 1).run(["wait"], show))
"""


def test_processes_end_with_their_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    command = [sys.executable, script, Path(__file__).parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)

    assert not Path(f"/proc/{child}").exists()


@pytest.mark.slow
def test_a_killed_process_changes_no_bit_of_a_sweep(dlcli, tmp_path, monkeypatch):
    alone = sweep(load_config("iris", FAST), OVER, runs=tmp_path / "alone")
    killed = []

    def kill(display, progress):
        children = multiprocessing.active_children()
        if not killed and children:
            killed.append(children[0].pid)
            os.kill(children[0].pid, signal.SIGKILL)

    monkeypatch.setattr("dlcli.cli.progress.ProgressDisplay.__call__", kill)
    code, _, error = dlcli(
        "sweep", "iris", *OPTIONS, "--jobs", 2, "--threads", cpu_count(), "--out", tmp_path / "runs"
    )

    assert code == 0, error
    assert killed
    run = tmp_path / "runs/iris/1"
    assert (run / "trials.csv").read_bytes() == (alone.path / "trials.csv").read_bytes()
    search = read_record(run).search
    assert (search.executor, search.jobs, search.threads) == ("processes", 2, cpu_count())


def test_a_stopped_search_goes_on_with_its_threads(tmp_path, monkeypatch):
    config, opened = load_config("iris", FAST), []

    def run(self, pieces, on_report=None):
        opened.append(self.jobs)
        raise Interrupted(15)

    with monkeypatch.context() as patch:
        patch.setattr(Processes, "run", run)
        for options in ({"jobs": 2, "threads": cpu_count()}, {}, {"jobs": 3}):
            if opened:
                options["resume"] = tmp_path / "runs/iris/1"
            with pytest.raises(Interrupted):
                sweep(config, OVER, runs=tmp_path / "runs", **options)
    run_path = tmp_path / "runs/iris/1"
    with pytest.raises(DlcliError, match=f"threads: the search began with {cpu_count()}"):
        sweep(config, threads=cpu_count() + 1, resume=run_path)
    resumed = sweep(config, jobs=1, resume=run_path)

    assert opened == [2, 2, 3]
    assert len(resumed.trials) == 6


@pytest.mark.slow
def test_components_of_ones_own_and_folds_train_in_processes(dlcli, tmp_path, write):
    code_file = write(
        "own.py",
        "import dlcli, keras\n\n\n@dlcli.register('layer')\nclass Twice(keras.layers.Layer):\n"
        "    def call(self, x):\n        return 2 * x\n",
    )  # fmt: skip
    options = ["--code", code_file, "--set", "model=[Twice, {Dense: {activation: softmax}}]"]
    options += ["--epochs", 1, "--folds", 2, "--seeds", 2, "--jobs", 2, "-q"]

    code, out, error = dlcli("kfold", "iris", *options, "--out", tmp_path / "runs")

    assert code == 0, error
    assert "accuracy: " in out


@pytest.mark.slow
def test_a_tuned_model_is_the_same_with_processes(dlcli, tmp_path, monkeypatch):
    pytest.importorskip("optuna")
    section = "tune={trials: 4, folds: 2, search: {fit.batch_size: {choice: [8, 16, 32, 64]}}}"
    options = [
        "--set",
        section,
        "--set",
        "kfold.folds=2",
        "--set",
        "split.test=0.2",
        "--nested",
        "--epochs",
        1,
        "-q",
    ]
    for jobs in (1, 2):
        code, _, error = dlcli(
            "tune", "iris", *options, "--jobs", jobs, "--threads", cpu_count(), "--out", tmp_path / str(jobs)
        )  # fmt: skip
        assert code == 0, error

    for name in ("trials.csv", "best.yaml", "best/metrics.json"):
        one, two = (tmp_path / f"{jobs}/iris/1/{name}" for jobs in (1, 2))
        assert one.read_bytes() == two.read_bytes()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("train iris --jobs 2", "--jobs is for --seeds"),
        ("sweep iris --seeds 2 --jobs 0", "--jobs"),
        ("sweep iris --seeds 2 --jobs 5000", "jobs: expected 1 to 1024, got 5000"),
        ("sweep iris --seeds 2 --threads 5000", "threads: expected 1 to 1024, got 5000"),
        ("sweep iris --seeds 2 --ray", 'pip install "dlcli[ray]"'),
    ],
)
def test_mistakes_are_one_sentence_before_anything_is_written(
    dlcli, tmp_path, monkeypatch, line, reason
):
    monkeypatch.setitem(sys.modules, "ray", None)

    code, _, error = dlcli(*line.split(), "--out", tmp_path / "runs")

    assert code == 2
    assert reason in error
    assert not (tmp_path / "runs").exists()


def test_threads_that_this_process_does_not_have_are_refused(tmp_path):
    library.train(load_config("iris", FAST), runs=tmp_path / "runs")  # TensorFlow computes

    with pytest.raises(DlcliError, match=f"not with {cpu_count() + 1}"):
        sweep(load_config("iris", FAST), seeds=2, threads=cpu_count() + 1, runs=tmp_path / "runs")


NUMBERS = Format(*[lambda value: value] * 4)


def test_processes_share_pieces_through_a_folder(tmp_path):
    computed = []

    def add(piece, report):
        computed.append(piece)
        report(piece)
        return piece + 100

    driver, other = (SharedFolder(add, tmp_path / "pieces", NUMBERS) for _ in range(2))
    results = driver.run([1, 2, 2])
    first = next(results)
    assert other.help_with(print)
    others = list(results)

    assert sorted([first, *others]) == [(0, 101), (1, 102), (2, 102)]
    assert sorted(computed) == [1, 2, 2]
    assert not other.help_with(print)
    driver.close()
    assert not (tmp_path / "pieces").exists()


def test_a_piece_of_a_process_that_died_is_computed_by_another(tmp_path):
    driver = SharedFolder(lambda *_: float("nan"), tmp_path / "pieces", NUMBERS)
    path = driver._offer(0, 1)
    lock = FolderLock(path)
    assert lock.acquire()  # as a process that computes it
    assert not driver.help_with(print)
    lock.release()
    (path / "result.json").write_text("[1,")  # a file that was written by half

    ((number, result),) = driver.run([1])

    assert number == 0
    assert math.isnan(result)


def test_a_piece_that_is_being_removed_is_not_computed_again(tmp_path, monkeypatch):
    driver = SharedFolder(lambda piece, _: piece, tmp_path / "pieces", NUMBERS)
    helped, remove = [], shutil.rmtree

    def remove_slowly(path, **options):
        (path / "result.json").unlink()
        helped.append(driver.help_with(print))
        remove(path, **options)

    monkeypatch.setattr("shutil.rmtree", remove_slowly)

    assert list(driver.run([1, 2])) == [(0, 1), (1, 2)]
    assert helped[-1] is False
    assert list((tmp_path / "pieces").iterdir()) == []


@pytest.mark.slow
def test_jobs_share_a_search_and_one_takes_over_when_its_driver_dies(tmp_path):
    pytest.importorskip("optuna")
    section = (
        "tune={trials: 40, prune: false, search: {fit.batch_size: {choice: [4, 8, 16]},"
        " 'model[0].Dense.activation': {choice: [relu, sigmoid]}}}"
    )
    options = ["--set", section, "--set", "split={test: 0.2, validation: 0.2}", "--epochs", "4"]
    start = ["-m", "dlcli", "tune", "iris", *options, "--threads", "1", "-q", "--out"]
    assert run_process([*start, tmp_path / "alone"]).returncode == 0
    run = tmp_path / "runs/iris/1"
    own = {"env": environment(), "stdout": subprocess.DEVNULL}
    command = [sys.executable, *start, tmp_path / "runs", "--shared"]
    with subprocess.Popen(command, **own) as driver:
        while not (run / "run.json").exists():
            time.sleep(0.1)
        join = [sys.executable, "-m", "dlcli", "tune", "--resume", run, "--shared", "-q"]
        own |= {"stderr": subprocess.PIPE, "text": True}
        jobs = [subprocess.Popen(join, **own) for _ in range(2)]
        outcomes = run / "checkpoint/outcomes.jsonl"
        while not outcomes.exists():
            time.sleep(0.1)
        driver.kill()
    errors = [job.communicate()[1] for job in jobs]

    assert [job.returncode for job in jobs] == [0, 0], errors
    trials = (run / "trials.csv").read_bytes()
    assert trials == (tmp_path / "alone/iris/1/trials.csv").read_bytes()
    assert not (run / "checkpoint").exists()
    with pytest.raises(DlcliError, match="shared cannot be combined"):
        sweep("iris", OVER, shared=True, jobs=2)
