"""Kill trainings, fill disks and change inputs at random; write the results.

Every training is killed by SIGKILL at random moments after it has written a checkpoint, resumed
until it finishes, and compared bit for bit with an uninterrupted training. The disks are tmpfs
mounts, which needs root.

    DLCLI_DATA=/path/to/data python benchmarks/torture.py --kills 200 --minutes 30
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fuzz_inputs import fuzz_configs, fuzz_csv
from fuzz_models import fuzz_models
from measure import here
from readme import TORTURE, load, write_readme

from dlcli.models.file import read_model_file
from dlcli.training.checkpoint import read_state

# Commands whose trainings take some ten seconds. No --engine: dlcli chooses it.
DENSE = """[{Dense: {units: 60, activation: relu}}, BatchNormalization, {Dropout: 0.3},
{GaussianNoise: 0.1}, {Dense: {units: 1, activation: sigmoid}}]"""
CALLBACKS = """[{EarlyStopping: {patience: 3000, restore_best_weights: true}},
{ReduceLROnPlateau: {patience: 300}}, {CSVLogger: {filename: log.csv}},
{ModelCheckpoint: {filepath: best.keras, monitor: val_loss, save_best_only: true}}]"""
RECURRENT = """[Flatten, {Embedding: {input_dim: 17, output_dim: 4}}, {LSTM: 8},
{Dense: {activation: softmax}}]"""
SEARCH_RATES = """{trials: 60, search: {optimizer.learning_rate: {log: [1e-4, 0.1]},
"model[0].Dense.units": {choice: [8, 16, 24]}}}"""
SEARCH_GROUPS = """{trials: 60, folds: 3, search: {fit.batch_size: {choice: [4, 8, 16]},
"model[0].Dense.activation": {choice: [relu, tanh]}}}"""
CASES: dict[str, list[str]] = {
    "dense (sonar): Dropout, BatchNormalization, early stopping, plateau": [
        "train", "sonar", "--set", f"model={DENSE}", "--set", f"callbacks={CALLBACKS}",
        "--set", "split.validation=0.2", "--set", "fit.epochs=2500",
    ],
    "convolutions (digits_cnn)": ["train", "digits_cnn", "--set", "fit.epochs=25"],
    "LSTM (tide_lstm)": ["train", "tide_lstm", "--set", "fit.epochs=25"],
    "ten folds in one program (kfold sonar)": ["kfold", "sonar", "--set", "fit.epochs=1500"],
    "folds one by one, convolutions (kfold digits_cnn)": [
        "kfold", "digits_cnn", "--folds", "3", "--set", "fit.epochs=8"],
    "folds one by one, Embedding and LSTM (kfold digits_cnn)": [
        "kfold", "digits_cnn", "--folds", "3", "--set", f"model={RECURRENT}",
        "--set", "preprocess.numeric=none", "--set", "fit.epochs=5"],
    "folds in two processes (kfold digits_cnn)": [
        "kfold", "digits_cnn", "--folds", "4", "--jobs", "2", "--set", "fit.epochs=8"],
    "trials in two processes (sweep digits_cnn)": [
        "sweep", "digits_cnn", "--over", "fit.batch_size=16,32,64,128", "--seeds", "2",
        "--jobs", "2", "--epochs", "3"],
    "a search with pruning, in one program (tune sonar)": [
        "tune", "sonar", "--set", f"tune={SEARCH_RATES}", "--set", "split.validation=0.2",
        "--epochs", "60"],
    "a search in groups and folds, in two processes (tune iris)": [
        "tune", "iris", "--set", f"tune={SEARCH_GROUPS}", "--jobs", "2", "--epochs", "20"],
}  # fmt: skip
KILLS_PER_RUN = 5
LONGEST_DELAY = 2.0  # seconds between a checkpoint and the kill, at most
POLL_SECONDS = 0.02
TABLE = (
    "history.csv", "metrics.json", "config.yaml", "out_of_fold.csv", "log.csv", "trials.csv",
    "best.yaml",
)  # fmt: skip


def command(*arguments: str) -> list[str]:
    """Return the command line of a process of dlcli."""
    return [sys.executable, "-m", "dlcli", *arguments]


def finish(arguments: list[str], folder: Path) -> None:
    """Run dlcli until it ends; raise SystemExit if it fails."""
    done = subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"dlcli {' '.join(arguments)}: {done.returncode}\n{done.stderr}")


def fingerprint(run: Path) -> dict[str, str]:
    """Return digests of everything that must be equal."""
    digests = {
        name: hashlib.sha256((run / name).read_bytes()).hexdigest()
        for name in TABLE
        if (run / name).exists()
    }
    if "trials.csv" in digests:
        digests.pop("metrics.json", None)  # has the durations of the trials
    for path in sorted(run.glob("*.keras")):
        with zipfile.ZipFile(path) as archive:  # metadata.json contains the time
            members = {name: archive.read(name) for name in ("config.json", "model.weights.h5")}
        # Keras writes the memory addresses of shared objects.
        members["config.json"] = re.sub(rb'"shared_object_id": \d+', b"", members["config.json"])
        for name, content in members.items():
            digests[f"{path.name}/{name}"] = hashlib.sha256(content).hexdigest()
    state, _ = read_state(run / "checkpoint")
    if state is not None:
        digest = hashlib.sha256()
        for name in sorted(state.arrays):
            for array in state.arrays[name]:
                digest.update(f"{name}{array.dtype}{array.shape}".encode() + array.tobytes())
        digests["state"] = digest.hexdigest()
    return digests


def checkpoints(run: Path) -> dict[Path, int]:
    """Return when each checkpoint of a run was written."""
    times, paths = {}, [run / "checkpoint/outcomes.jsonl"]
    with suppress(FileNotFoundError):  # the folder is being removed
        paths += run.glob("checkpoint/**/latest.npz")
    for path in paths:
        with suppress(FileNotFoundError):  # it is being replaced
            times[path] = path.stat().st_mtime_ns
    return times


def kill_after_checkpoint(arguments: list[str], folder: Path, run: Path, delay: float) -> str:
    """Run dlcli, and kill it some seconds after it has written a new checkpoint.

    Returns
    -------
    str
        ``"killed"``, ``"finished"`` if it ended before, or the error message if it failed.
    """
    before = checkpoints(run)
    process = subprocess.Popen(
        command(*arguments),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        while process.poll() is None:
            if checkpoints(run) != before:
                try:
                    process.wait(delay)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    return "killed"
            time.sleep(POLL_SECONDS)
        error = process.stderr.read() if process.stderr else ""
    return error if process.returncode else "finished"


def torture(arguments: list[str], folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill and resume a run several times, then let it finish.

    Returns
    -------
    dict
        ``kills``, and ``run`` (its directory) or ``error``.
    """
    rng = random.Random(seed)  # noqa: S311 (moments of kills)
    kind, name = arguments[:2]
    run = folder / "runs" / name / "1"
    folder.mkdir(parents=True)
    resume = [kind, "--resume", str(run), "-q"]
    for count in range(kills):
        line = resume if (run / "run.json").exists() else arguments
        end = kill_after_checkpoint(line, folder, run, rng.uniform(0, LONGEST_DELAY))
        if end == "finished":
            return {"kills": count, "run": str(run)}
        if end != "killed":
            return {"kills": count, "error": end}
    try:
        finish(resume, folder)
    except SystemExit as error:
        return {"kills": kills, "error": str(error)}
    return {"kills": kills, "run": str(run)}


def torture_all(
    kills: int, seed: int, only: str, before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Torture all cases, two runs at a time; cases that are not selected keep their row."""
    rows = {row["what"]: row for row in before}
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(2) as pool:
        root = Path(temporary)
        for number, (title, arguments) in enumerate(CASES.items()):
            if only not in title:
                continue
            alone = root / f"alone{number}"
            alone.mkdir()
            finish([*arguments, "-q"], alone)
            uninterrupted = fingerprint(alone / "runs" / arguments[1] / "1")
            per_case = -(-kills // len(CASES))
            counts = [KILLS_PER_RUN] * (per_case // KILLS_PER_RUN)
            counts += [rest] if (rest := per_case % KILLS_PER_RUN) else []
            jobs = [
                pool.submit(
                    torture, arguments, root / f"{number}.{at}", count, seed + 97 * number + at
                )
                for at, count in enumerate(counts)
            ]
            results = [job.result() for job in jobs]
            differences = [_difference(result, uninterrupted) for result in results]
            different = [text for text in differences if text]
            rows[title] = {
                "what": title, "runs": len(results), "different": different,
                "kills": sum(result["kills"] for result in results),
            }  # fmt: skip
            print(rows[title], flush=True)
    return [rows[title] for title in CASES if title in rows]


def _difference(result: dict[str, Any], uninterrupted: dict[str, str]) -> str:
    """Return the error of a run, or the names of what differs; empty if it is identical."""
    if "error" in result:
        return str(result["error"])
    digests = fingerprint(Path(result["run"]))
    names = {**uninterrupted, **digests}
    return ", ".join(name for name in names if uninterrupted.get(name) != digests.get(name))


@contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """Mount a tmpfs of a size."""
    folder = Path(tempfile.mkdtemp())
    options = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    subprocess.run(options, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill_disks() -> dict[str, Any]:
    """Train on disks that are too small, then enlarge them and resume."""
    config = ["train", "sonar", "--set", "fit.epochs=60", "-q"]
    counts: dict[str, Any] = {"sizes": 0, "full": 0, "resumed": 0, "problems": []}
    with tempfile.TemporaryDirectory() as alone:
        finish([*config, "--out", alone], Path(alone))
        uninterrupted = fingerprint(Path(alone) / "sonar" / "1")
        needed = sum(p.stat().st_size for p in Path(alone).rglob("*") if p.is_file()) // 1024
    for kilobytes in range(8, needed + 120, max(1, needed // 14)):
        with small_disk(kilobytes) as folder:
            counts["sizes"] += 1
            process = subprocess.run(
                command(*config, "--out", str(folder)), capture_output=True, text=True, check=False
            )
            run = folder / "sonar" / "1"
            problem = _torn(run, process)
            if process.returncode == 0:
                counts["problems"] += [f"{kilobytes} kB: {problem}"] if problem else []
                continue
            counts["full"] += 1
            subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
            again = (
                ["train", "--resume", str(run), "-q"]
                if (run / "run.json").exists()
                else [*config, "--out", str(folder)]
            )
            finish(again, folder)
            last = next(path for path in sorted((folder / "sonar").glob("[0-9]*"), reverse=True))
            if fingerprint(last) != uninterrupted:
                problem = problem or "other bits after the disk was enlarged"
            counts["resumed"] += 1
            if problem:
                counts["problems"].append(f"{kilobytes} kB: {problem}")
    print(counts, flush=True)
    return counts


def _torn(run: Path, process: subprocess.CompletedProcess[str]) -> str:
    """Describe the damage that a full disk has done; empty if there is none."""
    if process.returncode not in (0, 1, 2):
        return f"exit {process.returncode}: {process.stderr[-200:]}"
    if process.returncode and "error: " not in process.stderr:
        return f"no message: {process.stderr[-200:]}"
    if "Traceback" in process.stderr:
        return "a traceback"
    for path in run.glob("*.json"):
        record = json.loads(path.read_text())
        if path.name == "run.json" and process.returncode and record["status"] == "finished":
            return "run.json says finished"
    for path in run.glob("*.keras"):
        read_model_file(path)
    left = [path.name for path in run.rglob(".tmp-*")]
    return f"left behind: {left}" if left else ""


FUZZERS: dict[str, Callable[[float, int], dict[str, Any]]] = {
    "configs": fuzz_configs, "tables": fuzz_csv, "model files": fuzz_models,
}  # fmt: skip


def main() -> None:
    """Run the selected tortures, and write the figures and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=30, help="duration of all fuzzing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", default="", help="kill only cases with this in their title")
    parser.add_argument("--only", nargs="*", choices=["kills", "disks", "fuzzing"])
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    chosen = options.only or ["kills", "disks", "fuzzing"]
    stored = load(TORTURE)
    if "kills" in chosen:
        before = stored.get("kills", {}).get("rows", [])
        rows = torture_all(options.kills, options.seed, options.case, before)
        stored["kills"] = {**here(), "rows": rows}
    if "disks" in chosen and shutil.which("mount") and os.geteuid() == 0:
        stored["disks"] = {**here(), **fill_disks()}
    if "fuzzing" in chosen:
        seconds = 60 * options.minutes / len(FUZZERS)
        rows = []
        for what, fuzz in FUZZERS.items():
            started = time.monotonic()
            result = fuzz(seconds, options.seed)
            rows.append(
                {"what": what, "seconds": time.monotonic() - started,
                 "cases": result.get("cases") or result["files"], "refused": result["refused"],
                 "slowest": result["slowest"], "failures": result["failures"]}
            )  # fmt: skip
            print(rows[-1], flush=True)
        stored["fuzzing"] = {**here(), "rows": rows}
    TORTURE.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_readme()


if __name__ == "__main__":
    main()
