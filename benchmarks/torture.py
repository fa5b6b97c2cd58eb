"""Kill trainings again and again, fill disks and feed nonsense; write what came of it.

Every training is killed by SIGKILL at random moments, resumed until it is done, and compared bit
for bit with one that was left alone. The disks are tmpfs mounts, which takes root.

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fuzz_inputs import fuzz_configs, fuzz_csv
from fuzz_models import fuzz_models
from measure import here
from readme import TORTURE, load, write_readme

from dlcli.models.file import read_model_file
from dlcli.training.checkpoint import read_state

# Configs and what is changed of them, so that a training takes some ten seconds.
DENSE = """[{Dense: {units: 60, activation: relu}}, BatchNormalization, {Dropout: 0.3},
{GaussianNoise: 0.1}, {Dense: {units: 1, activation: sigmoid}}]"""
CALLBACKS = """[{EarlyStopping: {patience: 3000, restore_best_weights: true}},
{ReduceLROnPlateau: {patience: 300}}, {CSVLogger: {filename: log.csv}},
{ModelCheckpoint: {filepath: best.keras, monitor: val_loss, save_best_only: true}}]"""
CASES: dict[str, list[str]] = {
    "dense (sonar): Dropout, BatchNormalization, early stopping, plateau": [
        "train", "sonar", "--set", f"model={DENSE}", "--set", f"callbacks={CALLBACKS}",
        "--set", "split.validation=0.2", "--set", "fit.epochs=2500",
    ],
    "convolutions (digits_cnn)": ["train", "digits_cnn", "--set", "fit.epochs=25"],
    "LSTM (tide_lstm)": ["train", "tide_lstm", "--set", "fit.epochs=25"],
    "ten folds in one program (kfold sonar)": ["kfold", "sonar", "--set", "fit.epochs=1500"],
    "folds one by one (kfold digits_cnn)": [
        "kfold", "digits_cnn", "--folds", "3", "--set", "fit.epochs=8"],
}  # fmt: skip
KILLS_PER_RUN = 10
EARLIEST, LATEST = 2.0, 9.0  # seconds after the start, within which a kill comes
TABLE = ("history.csv", "metrics.json", "config.yaml", "out_of_fold.csv", "log.csv")


def command(*arguments: str) -> list[str]:
    """Return the command line of a process of dlcli."""
    return [sys.executable, "-m", "dlcli", *arguments]


def finish(arguments: list[str], folder: Path) -> None:
    """Run dlcli to its end."""
    done = subprocess.run(
        command(*arguments), cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"dlcli {' '.join(arguments)}: {done.returncode}\n{done.stderr}")


def fingerprint(run: Path) -> dict[str, str]:
    """Return digests of all that has to be equal."""
    found = {
        name: hashlib.sha256((run / name).read_bytes()).hexdigest()
        for name in TABLE
        if (run / name).exists()
    }
    for path in sorted(run.glob("*.keras")):
        with zipfile.ZipFile(path) as archive:  # metadata.json holds the time
            members = {name: archive.read(name) for name in ("config.json", "model.weights.h5")}
        # Keras writes where in memory a shared object was.
        members["config.json"] = re.sub(rb'"shared_object_id": \d+', b"", members["config.json"])
        for name, content in members.items():
            found[f"{path.name}/{name}"] = hashlib.sha256(content).hexdigest()
    state, _ = read_state(run / "checkpoint")
    if state is not None:
        digest = hashlib.sha256()
        for name in sorted(state.arrays):
            for array in state.arrays[name]:
                digest.update(f"{name}{array.dtype}{array.shape}".encode() + array.tobytes())
        found["state"] = digest.hexdigest()
    return found


def torture(arguments: list[str], folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill a run so many times, resume it each time, let it end; tell what became of it."""
    dice = random.Random(seed)  # noqa: S311 (moments of kills)
    kind, name = arguments[:2]
    run = folder / "runs" / name / "1"
    folder.mkdir(parents=True)
    done = 0
    while done < kills:
        line = [kind, "--resume", str(run), "-q"] if (run / "run.json").exists() else arguments
        with subprocess.Popen(
            command(*line), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                process.wait(dice.uniform(EARLIEST, LATEST))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                done += 1
                continue
            if process.returncode:
                error = process.stderr.read() if process.stderr else ""
                return {"kills": done, "error": error}
            break  # it was done before it could be killed
    if (run / "run.json").exists():
        finish([kind, "--resume", str(run), "-q"], folder)
    else:  # it was killed before there was a run
        finish(arguments, folder)
    return {"kills": done, "run": str(run)}


def torture_all(
    kills: int, seed: int, only: str, before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Kill runs of all configs, two at a time; those left out keep their row."""
    rows = {row["what"]: row for row in before}
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(2) as pool:
        root = Path(temporary)
        for number, (title, arguments) in enumerate(CASES.items()):
            if only not in title:
                continue
            alone = root / f"alone{number}"
            alone.mkdir()
            finish([*arguments, "-q"], alone)
            whole = fingerprint(alone / "runs" / arguments[1] / "1")
            wanted = -(-kills // len(CASES))
            parts = [KILLS_PER_RUN] * (wanted // KILLS_PER_RUN)
            parts += [rest] if (rest := wanted % KILLS_PER_RUN) else []
            jobs = [
                pool.submit(
                    torture, arguments, root / f"{number}.{at}", count, seed + 97 * number + at
                )
                for at, count in enumerate(parts)
            ]
            results = [job.result() for job in jobs]
            different = [found for result in results if (found := _difference(result, whole))]
            rows[title] = {
                "what": title, "runs": len(results), "different": different,
                "kills": sum(result["kills"] for result in results),
            }  # fmt: skip
            print(rows[title], flush=True)
    return [rows[title] for title in CASES if title in rows]


def _difference(result: dict[str, Any], whole: dict[str, str]) -> str:
    """Say in what a run differs from one that was left alone, or nothing."""
    if "error" in result:
        return str(result["error"])
    found = fingerprint(Path(result["run"]))
    return ", ".join(name for name in {**whole, **found} if whole.get(name) != found.get(name))


@contextmanager
def small_disk(kilobytes: int) -> Iterator[Path]:
    """Mount a disk of some size."""
    folder = Path(tempfile.mkdtemp())
    options = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    subprocess.run(options, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def fill_disks() -> dict[str, Any]:
    """Train on disks that are too small, then enlarge them and go on."""
    config = ["train", "sonar", "--set", "fit.epochs=60", "-q"]
    found: dict[str, Any] = {"sizes": 0, "full": 0, "resumed": 0, "problems": []}
    with tempfile.TemporaryDirectory() as alone:
        finish([*config, "--out", alone], Path(alone))
        whole = fingerprint(Path(alone) / "sonar" / "1")
        needed = sum(p.stat().st_size for p in Path(alone).rglob("*") if p.is_file()) // 1024
    for kilobytes in range(8, needed + 120, max(1, needed // 14)):
        with small_disk(kilobytes) as folder:
            found["sizes"] += 1
            done = subprocess.run(
                command(*config, "--out", str(folder)), capture_output=True, text=True, check=False
            )
            run = folder / "sonar" / "1"
            problem = _torn(run, done)
            if done.returncode == 0:
                found["problems"] += [f"{kilobytes} kB: {problem}"] if problem else []
                continue
            found["full"] += 1
            subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
            again = (
                ["train", "--resume", str(run), "-q"]
                if (run / "run.json").exists()
                else [*config, "--out", str(folder)]
            )
            finish(again, folder)
            last = next(path for path in sorted((folder / "sonar").glob("[0-9]*"), reverse=True))
            if fingerprint(last) != whole:
                problem = problem or "other bits after the disk was enlarged"
            found["resumed"] += 1
            if problem:
                found["problems"].append(f"{kilobytes} kB: {problem}")
    print(found, flush=True)
    return found


def _torn(run: Path, done: subprocess.CompletedProcess[str]) -> str:
    """Say what a full disk has spoilt, or nothing."""
    if done.returncode not in (0, 1, 2):
        return f"exit {done.returncode}: {done.stderr[-200:]}"
    if done.returncode and "error: " not in done.stderr:
        return f"no message: {done.stderr[-200:]}"
    if "Traceback" in done.stderr:
        return "a traceback"
    for path in run.glob("*.json"):
        text = json.loads(path.read_text())
        if path.name == "run.json" and done.returncode and text["status"] == "finished":
            return "run.json says finished"
    for path in run.glob("*.keras"):
        read_model_file(path)
    left = [path.name for path in run.rglob(".tmp-*")]
    return f"left behind: {left}" if left else ""


FUZZERS: dict[str, Callable[[float, int], dict[str, Any]]] = {
    "configs": fuzz_configs, "tables": fuzz_csv, "model files": fuzz_models,
}  # fmt: skip


def main() -> None:
    """Torture, store and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=30, help="of fuzzing in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", default="", help="kill only what has this in its title")
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
