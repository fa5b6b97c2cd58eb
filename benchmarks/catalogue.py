"""Train and cross-validate the configs that come along, and write down what came out.

    python benchmarks/catalogue.py                every run below
    python benchmarks/catalogue.py sonar iris     those of some configs
    python benchmarks/catalogue.py --write        only rewrite the texts from catalogue.json

Each run is a process of its own, start-up included. The figures go to ``catalogue.json``, and from
there into the table of the README and into the header of each config. A result that misses what
the course or the literature reaches is marked, and the script ends with 1.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).with_name("catalogue.json")
# Command, config, options, and what the result must reach: at least, or for an error at most.
RUNS = (
    ("train", "study_hours", "", None),
    ("train", "study_hours_tutoring", "", None),
    ("train", "noisy_scores", "", None),
    ("train", "exam_final", "", None),
    ("train", "pass_fail", "", 1.0),
    ("train", "pass_fail_tutoring", "", 1.0),
    ("train", "perceptron", "", 1.0),
    ("train", "xor", "", 1.0),
    ("train", "grades", "", 1.0),
    ("train", "bmi_softmax", "", None),
    ("train", "bmi_mlp", "", 0.97),
    ("kfold", "thoracic_surgery", "", None),
    ("kfold", "pima", "", 0.75),
    ("kfold", "diabetes_normalised", "", None),
    ("train", "iris", "", None),
    ("kfold", "iris", "", 0.95),
    ("kfold", "zoo", "", 0.94),
    ("train", "sonar", "", None),
    ("kfold", "sonar", "", 0.83),
    ("kfold", "sonar", "--set preprocess.numeric=none", 0.77),
    ("kfold", "sonar_wide", "", 0.86),
    ("train", "wine_colour", "", 0.99),
    ("train", "wine_quality", "", None),
    ("kfold", "boston_housing", "", 3.8),
    ("train", "breast_cancer", "", None),
    ("kfold", "breast_cancer", "", 0.965),
    ("kfold", "wine", "", None),
    ("train", "diabetes", "", None),
    ("kfold", "diabetes", "", None),
    ("train", "digits_cnn", "", 0.98),
    ("train", "mnist_mlp", "", 0.98),
    ("train", "mnist_mlp_256x256", "", 0.98),
    ("train", "mnist_mlp_512x512", "", 0.98),
    ("train", "mnist_cnn", "", 0.99),
    ("train", "fashion_mnist_cnn", "", 0.91),
    ("train", "reuters_lstm", "", 0.68),
    ("train", "imdb_cnn_lstm", "", 0.85),
    ("train", "imdb_text", "", None),
    ("kfold", "spam_filter", "", 0.985),
    ("train", "spam_filter", "", None),
    ("train", "spoken_digits", "", 0.95),
    ("train", "tide_lstm", "", None),
    *(
        ("train", f"optimizers/{name}", "", None)
        for name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "decay")
    ),
    *(
        ("train", f"regularization/{name}", "", None)
        for name in ("none", "dropout", "weight_decay", "early_stopping")
    ),
)


def measure(command: str, config: str, options: str, bar: float | None) -> dict[str, Any]:
    """Run one command in a process of its own.

    Returns
    -------
    dict
        Metric, value, epochs and seconds, as the tables need them.
    """
    line = [sys.executable, "-m", "dlcli", command, config, *options.split(), "--json", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*line, "--out", folder], capture_output=True, text=True, check=False, cwd=ROOT,
            env=environment,
        )  # fmt: skip
        seconds = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(line)}:\n{done.stderr}")
    found = json.loads(done.stdout)
    return {
        "command": f"dlcli {command} {config} {options}".strip(),
        "config": config,
        "bar": bar,
        **(folds(found) if command == "kfold" else parts(found)),
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: _version(name) for name in ("keras", "tensorflow")},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return metadata.version(f"{name}-cpu")


def headline(metrics: dict[str, float]) -> str:
    """Return the metric that a table shows: accuracy for classes, RMSE for numbers."""
    return next(name for name in ("accuracy", "rmse", "loss") if name in metrics)


def parts(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a training says: of the test rows, or of all if there are no others."""
    scores = found["scores"]
    part = "test" if "test" in scores else "train"
    metrics = scores[part]["metrics"]
    name = headline(metrics)
    return {
        "metric": f"{part} {name}",
        "value": f"{metrics[name]:.4f}",
        "epochs": str(found["epochs"]),
    }


def folds(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a cross-validation says."""
    name = headline(found["summary"])
    summary = found["summary"][name]
    epochs = [fold["epochs"] for fold in found["folds"]]
    mean = sum(epochs) / len(epochs)
    each = f"{mean:.0f}" if min(epochs) == max(epochs) else f"{mean:.0f} (mean)"
    count = len(found["folds"])
    return {
        "metric": f"{count}-fold {name}",
        "value": f"{summary['mean']:.4f} ± {summary['std']:.4f}",
        "epochs": f"{count} × {each}",
    }


def wanted(result: dict[str, Any]) -> str:
    """Return the bar of a result, marked if it is missed."""
    bar = result["bar"]
    if bar is None:
        return ""
    error = "rmse" in result["metric"]
    value = float(result["value"].split()[0])
    missed = value > bar if error else value < bar
    return f"{'≤' if error else '≥'} {bar:g}{' (missed)' if missed else ''}"


def duration(seconds: float) -> str:
    """Return seconds, or minutes of long runs."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def write_readme(results: list[dict[str, Any]]) -> None:
    """Put the table between the marks in the README."""
    rows = ["| command | metric | result | target | epochs | time |", "|---|---|--:|--:|--:|--:|"]
    rows += [
        f"| `{r['command']}` | {r['metric']} | {r['value']} | {wanted(r)} | {r['epochs']} "
        f"| {duration(r['seconds'])} |"
        for r in results
    ]
    latest = max(results, key=lambda r: str(r["date"]))
    versions = ", ".join(f"{name} {version}" for name, version in latest["versions"].items())
    table = "\n".join(
        [
            *rows,
            "",
            f"Measured on {latest['date']} with {versions} on two cores that were not idle: the",
            "times are upper bounds. Seed 0.",
        ]
    )
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    marks = re.compile(r"(<!-- results -->\n).*?(<!-- /results -->)", re.DOTALL)
    path.write_text(marks.sub(lambda m: f"{m[1]}{table}\n{m[2]}", text), encoding="utf-8")


def write_header(config: str, results: list[dict[str, Any]]) -> None:
    """Put the measured lines below the first line of a config."""
    path = ROOT / "configs" / f"{config}.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines[1:] if not re.match(r"# dlcli (train|kfold) .*→", line)]
    measured = [
        f"# {r['command']}  →  {r['metric']} {r['value']}"
        f"  ({r['epochs']} epochs, {duration(r['seconds'])}, seed 0, {r['date']})"
        for r in results
    ]
    path.write_text("\n".join([lines[0], *measured, *kept]) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Measure the runs named on the command line, and write all results."""
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
    by_command = {result["command"]: result for result in stored}
    for run in RUNS if "--write" not in arguments else ():
        if not arguments or run[1] in arguments:
            result = measure(*run)
            by_command[result["command"]] = result
            RESULTS.write_text(json.dumps(list(by_command.values()), indent=1), encoding="utf-8")
            print(
                f"{result['command']}: {result['metric']} {result['value']} {wanted(result)}, "
                f"{duration(result['seconds'])}",
                flush=True,
            )
    bars = {
        f"dlcli {command} {name} {options}".strip(): bar for command, name, options, bar in RUNS
    }
    results = [by_command[c] | {"bar": bar} for c, bar in bars.items() if c in by_command]
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_readme(results)
    for config in {result["config"] for result in results}:
        write_header(config, [result for result in results if result["config"] == config])
    if missed := [result["command"] for result in results if "missed" in wanted(result)]:
        raise SystemExit(f"short of what is wanted: {', '.join(missed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
