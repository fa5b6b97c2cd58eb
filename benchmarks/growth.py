"""Measure how the cost grows with rows, columns, folds and epochs, and draw it.

    python benchmarks/growth.py                       everything, 3 repeats; then README.md
    python benchmarks/growth.py --only predict        one of kfold, predict
    python benchmarks/growth.py --write               only draw and rewrite from growth.json

The data sets are in the first folder of ``DLCLI_DATA``; the tables are generated from them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import Bench, printed, trainings
from comparisons import ROWS, make_rows, save_scaler
from measure import alternate, dlcli, here, plain, run
from readme import GROWTH, HERE, load, write_readme

CONFIG = """\
dataset: {{csv: {{path: {path}, header: false, target: {columns}}}}}
preprocess: {{numeric: standardize}}
model:
  - Dense: {{units: 24, activation: relu}}
  - Dense: {{units: 10, activation: relu}}
  - Dense: {{units: 1, activation: sigmoid}}
loss: mean_squared_error
optimizer: adam
metrics: [accuracy]
fit: {{epochs: {epochs}, batch_size: 5}}
kfold: {{folds: {folds}}}
seed: 0
"""
BASE = {"rows": 200, "columns": 60, "folds": 10, "epochs": 10}
CASES = (
    ("start", {}),
    ("rows × 10", {"rows": 2000}),
    ("columns × 10", {"columns": 600}),
    ("folds × 2", {"folds": 20}),
    ("epochs × 2", {"epochs": 20}),
)
FEW_COLUMNS = tuple(("iris", 4, 10**power) for power in (4, 5, 6, 7))
MANY_COLUMNS = (("sonar", 60, 10_000), ("sonar", 60, 100_000), ("wide", 600, 10_000))
# A script that holds ten million rows needs several gigabytes.
MOST_ROWS = 1_000_000


def config_of(bench: Bench, rows: int, columns: int, folds: int, epochs: int) -> tuple[Path, Path]:
    """Generate a table with labels; return it and a config for it."""
    table = bench.folder / f"table_{columns}_{rows}.csv"
    if not table.exists():
        arguments = (bench.data / "sonar.csv", columns, rows, table)
        run([sys.executable, str(ROWS), "table", *map(str, arguments)], bench.folder)
    config = bench.folder / f"grow_{rows}_{columns}_{folds}_{epochs}.yaml"
    text = CONFIG.format(path=table.as_posix(), columns=columns, folds=folds, epochs=epochs)
    config.write_text(text, encoding="utf-8")
    return table, config


def grow_kfold(bench: Bench) -> list[dict[str, Any]]:
    """Cross-validate with one thing larger at a time."""
    cases = []
    for what, larger in CASES:
        print(what, flush=True)
        sizes = BASE | larger
        table, config = config_of(bench, **sizes)
        script = plain(
            "sonar_kfold.py", bench.data, "--table", table,
            "--folds", sizes["folds"], "--epochs", sizes["epochs"],
        )  # fmt: skip
        ours = dlcli("kfold", config, "--out", bench.folder / "runs", "--json", "--quiet")
        runs = bench.by_turns(dlcli=ours, script=script)
        found: dict[str, Any] = {"what": what}
        for side, measured in (("dlcli", trainings), ("script", printed)):
            seconds = [each.seconds for each in runs[side]]
            found[side] = {"seconds": seconds, "trainings": measured(runs[side])}
        cases.append(found)
    return cases


def grow_predict(bench: Bench) -> list[dict[str, Any]]:
    """Predict more and more rows, of few columns and of many."""
    wide = config_of(bench, **BASE | {"columns": 600})[1]
    cases = []
    for name, columns, rows in (*FEW_COLUMNS, *MANY_COLUMNS):
        print(f"{rows:,} × {columns}", flush=True)
        config = wide if name == "wide" else name
        found = run(
            dlcli("train", config, "--out", bench.folder / "runs", "--json", "--quiet"),
            bench.folder,
        )
        model = Path(bench.folder, json.loads(found.output)["model"])
        table = make_rows(bench, rows, "iris.csv" if name == "iris" else "sonar.csv", columns)
        commands = {"dlcli": dlcli("predict", model, table, "--output", "ours.csv")}
        if rows <= MOST_ROWS:
            scaler = save_scaler(bench, model)
            commands["script"] = plain("predict.py", model, scaler, table, "--output", "out.csv")
        runs = alternate(commands, bench.folder, bench.repeats)
        case: dict[str, Any] = {"rows": rows, "columns": columns}
        for side, each in runs.items():
            case[side] = {"seconds": [r.seconds for r in each], "peak": [r.peak for r in each]}
        cases.append(case)
        table.unlink()
    return cases


MEASURES = {"kfold": grow_kfold, "predict": grow_predict}


def main() -> None:
    """Measure, draw and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="measure nothing")
    options = parser.parse_args()
    stored = load(GROWTH)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.repeats)
        for name in () if options.write else options.only:
            started = time.monotonic()
            cases = MEASURES[name](bench)
            took = round(time.monotonic() - started)
            stored[name] = {"cases": cases, "repeats": options.repeats, "took": took, **here()}
            kept = {key: stored[key] for key in MEASURES if key in stored}
            GROWTH.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if set(stored) == set(MEASURES):
        from growth_plot import draw  # after the measuring, as it is large

        draw(stored, HERE / "growth.png")
        write_readme()


if __name__ == "__main__":
    main()
