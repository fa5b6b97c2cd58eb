"""Searches on a Ray cluster: the same bits, also if processes or machines are lost."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from dlcli import baseline, load_config, sweep
from dlcli.errors import DlcliError, Interrupted, TrainingError
from dlcli.machine import cpu_count
from dlcli.runs.records import read_record
from dlcli.training.worker_start import WorkerStart
from dlcli.work.executor import Job, in_order
from dlcli.work.ray_cluster import RayCluster

ray = pytest.importorskip("ray", reason="needs Ray: pip install 'dlcli[ray]'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own warnings
OVER = {"fit.batch_size": [8, 16, 32], "optimizer.learning_rate": [0.01, 0.1]}
MODEL = "model=[{Dense: {units: 4}}, {Dense: {activation: softmax}}]"
FAST = ["fit.epochs=2", MODEL]


def prepare():
    os.environ["PREPARED"] = "yes"


def open_sums(data):
    """Return a function of which some pieces end their process."""

    def add(piece, report):
        report(piece)
        if piece == "wait":
            time.sleep(60)
        if piece == "steps":
            for step in range(25):
                report(step)
                time.sleep(0.1)
        if piece == "fail":
            raise DlcliError("wrong", hint="right")
        if piece == "die":
            os._exit(7)
        if isinstance(piece, Path) and not piece.exists():
            piece.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return (data, os.environ["PREPARED"])

    return add


@pytest.fixture(scope="module")
def cluster():
    """Start Ray once; what finds it started joins it, and leaves it running."""
    with pytest.MonkeyPatch.context() as patch:
        folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
        patch.setenv("PYTHONPATH", os.pathsep.join(folders))
        executor = RayCluster(Job(prepare, open_sums, 10), "local", 1, 2)
    yield executor
    executor.close()
    assert not ray.is_initialized()


def worker_pids():
    """Return the processes of this test's Ray that have computed a piece."""
    parents, names = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                names[int(folder.name)] = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat[1])

    def is_ours(pid):
        while pid in parents:
            if pid == os.getpid():
                return True
            pid = parents[pid]
        return False

    return [
        pid for pid, name in names.items() if name.startswith(b"ray::_compute") and is_ours(pid)
    ]


def test_pieces_run_again_elsewhere(cluster, tmp_path):
    results = list(in_order(cluster.run([1, tmp_path / "one", 2, tmp_path / "two"])))

    assert results == 4 * [(10, "yes")]


def test_reports_of_pieces_arrive_now_and_then(cluster):
    reports = []
    list(cluster.run([1], lambda *_: None))
    ray.get(cluster._reports.actor.take.remote())  # it has started

    results = list(cluster.run([1, "steps"], lambda *report: reports.append(report)))

    assert len(results) == 2
    steps = [value for number, value in reports if number == 1 and value != "steps"]
    assert steps == sorted(steps)
    assert 1 <= len(steps) <= 4  # of 25


def test_pieces_go_on_when_nobody_takes_their_reports(cluster):
    ray.kill(cluster._reports.actor)  # as if its process were lost

    assert len(list(cluster.run([1, "steps"], lambda *_: None))) == 2


def test_errors_are_raised_here(cluster):
    with pytest.raises(DlcliError, match=r"^wrong$"):
        list(cluster.run([1, "fail"]))
    with pytest.raises(TrainingError, match="lost 4 times with its process or machine"):
        list(cluster.run([1, "die"]))


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_pieces(cluster, signum):
    timer = threading.Timer(1, os.kill, (os.getpid(), signum))
    timer.start()
    with pytest.raises(Interrupted) as stopped:
        list(cluster.run(["wait", "wait"]))

    assert stopped.value.signum == signum
    assert list(cluster.run([1])) == [(0, (10, "yes"))]


def test_a_killed_process_changes_no_bit_of_a_sweep(cluster, dlcli, tmp_path):
    alone = sweep(load_config("iris", FAST), OVER, runs=tmp_path / "alone")
    killed, done = [], threading.Event()

    def kill():
        outcomes = tmp_path / "runs/iris/1/checkpoint/outcomes.jsonl"
        while not killed and not done.wait(0.02):
            for pid in worker_pids() if outcomes.exists() else ():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    options = [
        part for key, own in OVER.items() for part in ("--over", f"{key}={','.join(map(str, own))}")
    ]
    code, _, error = dlcli(
        "sweep", "iris", *options, "--epochs", 2, "--set", MODEL, "--ray", "--threads", cpu_count(),
        "--jobs", 1, "--out", tmp_path / "runs", "-q",
    )  # fmt: skip
    done.set()
    killer.join()

    assert code == 0, error
    assert killed
    run = tmp_path / "runs/iris/1"
    assert (run / "trials.csv").read_bytes() == (alone.path / "trials.csv").read_bytes()
    assert read_record(run).search.executor == "ray"


def open_threads(_):
    """Return a function that computes with TensorFlow, and returns its number of threads."""
    import tensorflow as tf

    def compute(piece, report):
        threads = tf.config.threading.get_intra_op_parallelism_threads() or cpu_count()
        return int(tf.constant(piece) * threads)

    return compute


def test_pieces_with_other_threads_are_computed_in_other_processes(cluster):
    for threads in (cpu_count(), 1):
        other = RayCluster(Job(WorkerStart(threads), open_threads, None), "local", threads)
        results = list(other.run([1, 1]))
        other.close()

        assert [result for _, result in results] == [threads, threads]


def test_baselines_are_fitted_on_the_cluster(cluster, tmp_path):
    engines = []

    here, there = (
        baseline(
            load_config("iris", FAST), folds=2, engine="serial", runs=tmp_path / "runs",
            ray=ray, on_engine=engines.append, settings={"forest": {"n_estimators": 3}},
        )
        for ray in (False, True)
    )  # fmt: skip

    assert there.network.scores == pytest.approx(here.network.scores)
    assert [row.model.scores for row in there.models] == [r.model.scores for r in here.models]
    assert "on a Ray cluster" in str(engines[1])


def test_a_cluster_that_is_not_there_is_one_sentence(dlcli, tmp_path, monkeypatch):
    def init(**options):
        raise ConnectionError(f"no cluster at {options['address']}\nwith details")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", init)

    code, _, error = dlcli(
        "sweep",
        "iris",
        "--seeds",
        2,
        "--ray-address",
        "nowhere:1",
        "--out",
        tmp_path / "runs",
        "-q",
    )

    assert code == 2
    assert "Ray: no cluster at nowhere:1" in error
    assert "Traceback" not in error
