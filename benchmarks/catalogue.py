"""Train and cross-validate the configs that come along, and write down what came out.

    python benchmarks/catalogue.py                every run below
    python benchmarks/catalogue.py sonar iris     those of some configs
    python benchmarks/catalogue.py --seeds pima   only the spreads over seeds
    python benchmarks/catalogue.py --write        only rewrite the texts from catalogue.json
    python benchmarks/catalogue.py --jobs=4       four runs at a time, which slow each other down
    python benchmarks/catalogue.py --ray          on the Ray cluster of RAY_ADDRESS, or one here

Each run is a process of its own, start-up included. Some are repeated with several seeds, which
gives the spread. The figures go to ``catalogue.json``, and from there into the tables of the README
and of docs/course.md, and into the header of each config. A result that misses what the literature
reaches is marked, and the script ends with 1.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalogue_pieces import measured
from catalogue_runs import COURSE, RUNS, Run
from measure import as_installed

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).with_name("catalogue.json")


def measure(run: Run) -> dict[str, Any]:
    """Run one command in a process of its own.

    Returns
    -------
    dict
        Metric, value, epochs and seconds, as the tables need them.
    """
    started = time.monotonic()
    repeated = "--seeds" in run.options
    result, record = execute(run, trials=repeated)
    figures = seeds if repeated else folds if run.command == "kfold" else parts
    return {
        "command": run.line,
        "config": run.config,
        "bar": run.bar,
        **figures(result),
        "seconds": round(time.monotonic() - started, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: record["versions"][name] for name in ("keras", "tensorflow")},
        "machine": f"{record['machine']['cpus']} × {record['machine']['processor']}",
    }


def execute(run: Run, *options: str, trials: bool = False) -> tuple[Any, Any]:
    """Run a command; return what it prints, or with `trials` its trials.csv, and its run.json."""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "dlcli", run.command, run.config, *run.options.split()]
        process = subprocess.run(
            [*line, *options, "--json", "--quiet", "--out", folder],
            capture_output=True, text=True, check=False, cwd=ROOT,
            env=as_installed(),
        )  # fmt: skip
        if process.returncode:
            raise SystemExit(f"{' '.join(line)}:\n{process.stderr}")
        path = next(Path(folder).glob("*/*/run.json"))
        record = json.loads(path.read_text(encoding="utf-8"))
        if not trials:
            return json.loads(process.stdout), record
        with path.with_name("trials.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file)), record


def spread(run: Run) -> dict[str, Any]:
    """Repeat a run with several seeds, and return what `seeds` does."""
    rows, record = execute(run, "--seeds", str(run.seeds), trials=True)
    return {
        **seeds(rows),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{record['machine']['cpus']} × {record['machine']['processor']}",
    }


def seeds(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Return mean and standard deviation over the seeds; of folds, those of their means.

    The ``scores`` are those of every metric of every part, such as ``test accuracy``.
    """
    by_seed: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_seed.setdefault(row["seed"], []).append(row)
    scores = {}
    for column in rows[0]:
        if re.fullmatch(r"(train|validation|test)_(loss|accuracy|rmse)", column):
            values = [
                statistics.mean(float(row[column]) for row in trainings)
                for trainings in by_seed.values()
            ]
            scores[column.replace("_", " ")] = [statistics.mean(values), statistics.stdev(values)]
    part = next(p for p in ("test", "validation", "train") if f"{p} loss" in scores)
    metric = next(m for m in ("accuracy", "rmse", "loss") if f"{part} {m}" in scores)
    num_folds = len({row["fold"] for row in rows} - {""})
    epochs = sorted(int(row["epochs"]) for row in rows)
    return {
        "seeds": len(by_seed),
        "metric": f"{num_folds}-fold {metric}" if num_folds else f"{part} {metric}",
        "value": mean_and_deviation(scores[f"{part} {metric}"]),
        "epochs": f"{epochs[0]} to {epochs[-1]}" if epochs[0] < epochs[-1] else str(epochs[0]),
        "scores": scores,
    }


def mean_and_deviation(score: list[float]) -> str:
    """Return mean ± standard deviation."""
    return f"{score[0]:.4f} ± {score[1]:.4f}"


def headline(metrics: dict[str, float]) -> str:
    """Return the metric that a table shows: accuracy for classes, RMSE for numbers."""
    return next(name for name in ("accuracy", "rmse", "loss") if name in metrics)


def parts(result: dict[str, Any]) -> dict[str, Any]:
    """Return what a training says: of the test rows, or of all if there are no others."""
    scores = result["scores"]
    part = "test" if "test" in scores else "train"
    metrics = scores[part]["metrics"]
    name = headline(metrics)
    return {
        "metric": f"{part} {name}",
        "value": f"{metrics[name]:.4f}",
        "epochs": str(result["epochs"]),
    }


def folds(result: dict[str, Any]) -> dict[str, Any]:
    """Return what a cross-validation says."""
    name = headline(result["summary"])
    summary = result["summary"][name]
    epochs = [fold["epochs"] for fold in result["folds"]]
    mean = sum(epochs) / len(epochs)
    each = f"{mean:.0f}" if min(epochs) == max(epochs) else f"{mean:.0f} (mean)"
    count = len(result["folds"])
    return {
        "metric": f"{count}-fold {name}",
        "value": f"{summary['mean']:.4f} ± {summary['std']:.4f}",
        "epochs": f"{count} × {each}",
    }


def wanted(result: dict[str, Any]) -> str:
    """Return the bar of a result, marked if the result, or the mean over seeds, misses it."""
    bar = result["bar"]
    if bar is None:
        return ""
    error = "rmse" in result["metric"]
    value = float((result.get("spread") or result)["value"].split()[0])
    missed = value > bar if error else value < bar
    return f"{'≤' if error else '≥'} {bar:g}{' (missed)' if missed else ''}"


def duration(seconds: float) -> str:
    """Return seconds, or minutes of long runs."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def write_readme(results: list[dict[str, Any]]) -> None:
    """Put the table between the marks in the README."""
    rows = [
        "| command | metric | result | over seeds | target | epochs | time |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    rows += [
        f"| `{r['command']}` | {r['metric']} | {r['value']} | {seeds_cell(r)} | {wanted(r)} "
        f"| {r['epochs']} | {duration(r['seconds'])} |"
        for r in results
    ]
    latest = max(results, key=lambda r: str(r["date"]))
    versions = ", ".join(f"{name} {version}" for name, version in latest["versions"].items())
    spread = next(r["spread"] for r in reversed(results) if "spread" in r)
    note = (
        f"Results of seed 0, until {latest['date']} with {versions}, on two cores; the times are "
        "those of whole processes beside nothing else. Over seeds: mean ± standard deviation of "
        f"(so many) trainings on the same rows, on {spread['machine']}, {spread['date']}. A target "
        "is compared with the mean, where there is one. Another processor rounds differently, "
        "which a training amplifies: expect results within the spread, not these digits."
    )
    table = "\n".join([*rows, "", *textwrap.wrap(note, 120)])
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    marks = re.compile(r"(<!-- results -->\n).*?(<!-- /results -->)", re.DOTALL)
    path.write_text(marks.sub(lambda m: f"{m[1]}{table}\n{m[2]}", text), encoding="utf-8")


def seeds_cell(result: dict[str, Any]) -> str:
    """Return the spread over seeds, and how many they are."""
    spread = result.get("spread")
    return f"{spread['value']} ({spread['seeds']})" if spread else ""


def write_course(results: list[dict[str, Any]]) -> None:
    """Fill in the figures of docs/course.md: ``<!-- command: metric -->…<!-- / -->``."""
    by_command = {result["command"]: result for result in results}

    def figure(mark: re.Match[str]) -> str:
        if (result := by_command.get(mark[2])) is None:  # not measured yet
            return mark[0]
        score = result.get("scores", {}).get(mark[3])
        text = mean_and_deviation(score) if score else f"{result['value']} (one seed)"
        return f"{mark[1]}{text}{mark[4]}"

    path = ROOT / "docs" / "course.md"
    marks = re.compile(r"(<!-- (dlcli [^:>]*): ([a-z ]+) -->).*?(<!-- / -->)")
    path.write_text(marks.sub(figure, path.read_text(encoding="utf-8")), encoding="utf-8")


def write_header(config: str, results: list[dict[str, Any]]) -> None:
    """Put the measured lines below the first line of a config."""
    path = ROOT / "configs" / f"{config}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines[1:] if not re.match(r"# dlcli (train|kfold) .*→", line)]
    measured = []
    for r in results:
        seed = "" if "seeds" in r else "seed 0, "
        measured.append(
            f"# {r['command']}  →  {r['metric']} {r['value']}"
            f"  ({r['epochs']} epochs, {duration(r['seconds'])}, {seed}{r['date']})"
        )
        if "spread" in r:
            measured.append(
                f"# {r['command']} --seeds {r['spread']['seeds']}  →  {r['metric']} "
                f"{r['spread']['value']}  ({r['spread']['date']})"
            )
    path.write_text("\n".join([lines[0], *measured, *kept]) + "\n", encoding="utf-8")


def store(results: list[dict[str, Any]]) -> None:
    """Write all results to ``catalogue.json``."""
    text = json.dumps(results, indent=1, ensure_ascii=False)
    RESULTS.write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Measure the runs named on the command line, and write all results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("configs", nargs="*")
    parser.add_argument("--seeds", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--ray", action="store_true")
    options = parser.parse_args()
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    by_command = {result["command"]: result for result in stored}
    runs = [run for run in (*RUNS, *COURSE) if not options.configs or run.config in options.configs]
    runs = [run for run in runs if (run.seeds or not options.seeds) and not options.write]
    for run, figures in measured(
        runs, jobs=options.jobs, ray=options.ray, only_spread=options.seeds
    ):
        result = by_command[run.line] = (by_command[run.line] if options.seeds else {}) | figures
        store(list(by_command.values()))
        print(f"{run.line}: {result['metric']} {result['value']} {seeds_cell(result)}", flush=True)
    ordered = {
        kind: [by_command[run.line] | {"bar": run.bar} for run in runs if run.line in by_command]
        for kind, runs in (("readme", RUNS), ("course", COURSE))
    }
    results = [result for kind in ordered.values() for result in kind]
    store(results)
    write_readme(ordered["readme"])
    write_course(results)
    for config in {result["config"] for result in results}:
        write_header(config, [result for result in results if result["config"] == config])
    if missed := [result["command"] for result in results if "missed" in wanted(result)]:
        raise SystemExit(f"short of what is wanted: {', '.join(missed)}")


if __name__ == "__main__":
    main()
