"""Measure searches: beside Optuna and KerasTuner, as they grow, and seeds beside one seed.

    DLCLI_DATA=/path/to/data python benchmarks/search.py [--only loop growth seeds mnist]

Whole processes. The loops run 3 trials and are scaled to the number of dlcli's. They need
``pip install keras-tuner``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from measure import dlcli, here, plain, run
from readme import SEARCH, load, write_readme

CONFIG = """\
dataset: sonar
preprocess: {numeric: standardize}
split: {test: 0}
model:
  - Dense: {units: 16, activation: relu, kernel_regularizer: {L2: {l2: 0.001}}}
  - Dense: {units: 1, activation: sigmoid}
loss: binary_crossentropy
optimizer: {Adam: {learning_rate: 0.001}}
metrics: [accuracy]
fit: {epochs: 60, batch_size: 5}
tune:
  trials: 100
  folds: 10
  search:
    optimizer.Adam.learning_rate: {log: [1.0e-4, 1.0e-1]}
    "model[0].Dense.units": {choice: [8, 16, 32]}
    "model[0].Dense.kernel_regularizer.L2.l2": {log: [1.0e-5, 0.1]}
seed: 0
"""
LOOP_TRIALS, TRIALS = 3, 100
GROWTH = (20, 100, 500, 1000)
SEEDS = 30
RATES = ("0.0003", "0.001", "0.003", "0.01")


def trainings_seconds(folder: Path) -> float:
    """Return the seconds of the trainings of a search."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return float(sum(trial["seconds"] for trial in metrics["trials"]))


def loop(folder: Path, data: Path) -> dict[str, Any]:
    """Measure a search of dlcli, and three trials of the loops of Optuna and of KerasTuner."""
    mine = run(dlcli("tune", "search.yaml", "--out", "loop", "-q"), folder)
    theirs = run(plain("sonar_search.py", data, "--trials", LOOP_TRIALS), folder)
    tuner = run(plain("sonar_kerastuner.py", data, "--trials", LOOP_TRIALS), folder)
    scale = TRIALS / LOOP_TRIALS
    return {
        "trials": TRIALS,
        "seconds": round(mine.seconds, 1),
        "trainings": round(trainings_seconds(folder / "loop/search/1"), 1),
        "peak": round(mine.peak),
        "script_trainings": round(scale * float(theirs.output.splitlines()[-1]), 1),
        "tuner_trainings": round(scale * float(tuner.output.splitlines()[-1]), 1),
        "script_trials": LOOP_TRIALS,
    }


def growth(folder: Path) -> list[dict[str, Any]]:
    """Measure the cost per trial as the number of trials grows."""
    rows = []
    for trials in GROWTH:
        result = run(
            dlcli("tune", "search.yaml", "--trials", trials, "--out", f"g{trials}", "-q"), folder
        )
        rows.append(
            {
                "trials": trials,
                "seconds": round(result.seconds, 1),
                "cpu": round(result.cpu, 1),
                "peak": round(result.peak),
            }
        )
        print(rows[-1], flush=True)
    return rows


def several(folder: Path, name: str, one: list[str], many: list[str], count: int) -> dict[str, Any]:
    """Measure several trainings in one command, and one of them."""
    single, together = run(dlcli(*one, "-q"), folder), run(dlcli(*many, "-q"), folder)
    return {
        "name": name,
        "count": count,
        "repeats": 1,
        **here(),
        "one": round(single.seconds, 1),
        "seconds": round(together.seconds, 1),
        "peak": round(together.peak),
    }


def main() -> None:
    """Measure what was asked for, and rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=["loop", "growth", "seeds", "mnist"])
    options = parser.parse_args()
    data = Path(os.environ["DLCLI_DATA"].split(os.pathsep)[0]).resolve()
    stored = load(SEARCH) or {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "search.yaml").write_text(CONFIG, encoding="utf-8")
        if "loop" in options.only:
            stored["loop"] = {**loop(folder, data), **here(), "repeats": 1}
        if "growth" in options.only:
            stored["growth"] = {"rows": growth(folder), **here(), "repeats": 1}
        if "seeds" in options.only:
            many = ["train", "iris", "--seeds", str(SEEDS)]
            stored["seeds"] = several(
                folder, f"train iris, {SEEDS} seeds", ["train", "iris"], many, SEEDS
            )
        if "mnist" in options.only:
            short = ["--set", "fit.epochs=1"]
            over = f"optimizer.learning_rate={','.join(RATES)}"
            stored["mnist"] = several(
                folder,
                f"mnist_mlp, 1 epoch, {len(RATES)} learning rates",
                ["train", "mnist_mlp", *short],
                ["sweep", "mnist_mlp", "--over", over, *short],
                len(RATES),
            )
    SEARCH.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    write_readme()


if __name__ == "__main__":
    main()
