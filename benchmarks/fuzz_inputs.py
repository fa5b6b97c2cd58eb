"""Configs and tables that are nearly right: whatever they are, dlcli reads or refuses them.

    python benchmarks/fuzz_inputs.py                       a minute of each
    python benchmarks/fuzz_inputs.py --seconds 600 --seed 7

Bundled configs are mutated by bytes, tokens and structure and go through `load_config`; tables by
bytes, cells and rows, and go through the loader and through the reader of predictions. Anything
but a result or a `DlcliError`, and whatever computes longer than five seconds, is a failure and is
printed with the input that shows it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mutations import NUMBERS, PEOPLE, mutated_config, mutated_table, override, records

SLOW_SECONDS = 5.0
KEPT = 20  # failures that are kept with their input
LOADERS: list[dict[str, Any]] = [
    {}, {}, {}, {}, {"decimal": ","}, {"header": False, "target": -1}, {"delimiter": ";"},
    {"quoting": False}, {"comment": "#"}, {"task": "regression"}, {"types": {"age": "categorical"}},
    {"target": 0}, {"encoding": "cp949"}, {"encoding": "latin-1"}, {"missing": ("", "0")},
    {"delimiter": "whitespace"}, {"window": 3}, {"types": {"city": "text"}},
]  # fmt: skip

# What the models that read rows were trained on.
MODELS: list[tuple[str, dict[str, Any]]] = [
    (PEOPLE, {}),
    (NUMBERS, {}),
    (NUMBERS.partition("\n")[2], {"header": False, "target": -1}),
    (PEOPLE, {"columns": ("city",), "types": {"city": "text"}}),
    (PEOPLE.replace(".", ","), {"decimal": ",", "missing": ("", "?")}),
]


@dataclass
class Report:
    """What a fuzzing run met.

    Parameters
    ----------
    cases, read, refused : int
    slowest : float
        Processor seconds of the slowest case.
    failures : list of dict
        The exception, where it came from, and the input.
    """

    cases: int = 0
    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    failed: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)


def fuzz_configs(seconds: float, seed: int) -> dict[str, Any]:
    """Mutate the bundled configs and load them.

    Parameters
    ----------
    seconds : float
        How long.
    seed : int
        Of the mutations.
    """
    from dlcli import load_config
    from dlcli.config.load import bundled_folder

    rng = random.Random(seed)  # noqa: S311 (mutations)
    originals = [path.read_bytes() for path in sorted(bundled_folder("configs").rglob("*.yaml"))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"

        def one() -> tuple[bytes, Callable[[], Any]]:
            content = mutated_config(rng, rng.choice(originals))
            path.write_bytes(content)
            changes = [override(rng)] if rng.random() < 0.2 else []
            return content + repr(changes).encode(), lambda: load_config(path, changes)

        return _run(one, seconds)


def fuzz_csv(seconds: float, seed: int) -> dict[str, Any]:
    """Mutate tables, load them for training and read them for prediction.

    Parameters
    ----------
    seconds : float
        How long.
    seed : int
        Of the mutations.
    """
    from dlcli.datasets.tables import csv_reader

    rng = random.Random(seed)  # noqa: S311 (mutations)
    usual = csv_reader.MIN_PANDAS_SIZE, csv_reader.MAX_CHUNK_SIZE
    with tempfile.TemporaryDirectory() as folder:
        models = [_signature(Path(folder), *model) for model in MODELS]

        def one() -> tuple[bytes, Callable[[], Any]]:
            # Small chunks, so that small tables are parsed as large ones are.
            sizes = rng.choice([usual, (1, 40), (1, 400), (200, 1000)])
            csv_reader.MIN_PANDAS_SIZE, csv_reader.MAX_CHUNK_SIZE = sizes
            if rng.random() < 0.5:
                signature, text = rng.choice(models)
                content = mutated_table(rng, text)
                names = ["rows.csv", "rows.csv", "rows.jsonl", "rows.txt"]
                path = Path(folder) / rng.choice(names)
                content = (
                    records(content) if path.suffix == ".jsonl" and rng.random() < 0.9 else content
                )
                path.write_bytes(content)
                return content + path.suffix.encode(), lambda: _read_rows(path, signature)
            content = mutated_table(rng, rng.choice([PEOPLE, NUMBERS]))
            path = Path(folder) / "data.csv"
            path.write_bytes(content)
            options = {"target": "label", **rng.choice(LOADERS)}
            return content + repr(options).encode(), lambda: _read_table(path, options)

        try:
            return _run(one, seconds)
        finally:
            csv_reader.MIN_PANDAS_SIZE, csv_reader.MAX_CHUNK_SIZE = usual


def _run(one: Callable[[], tuple[bytes, Callable[[], Any]]], seconds: float) -> dict[str, Any]:
    """Try cases until the time is over."""
    from dlcli.errors import DlcliError

    report, end = Report(), time.monotonic() + seconds
    while time.monotonic() < end:
        content, call = one()
        started = time.process_time()  # other work on the machine is no fault of a case
        wrong = ""
        try:
            call()
            report.read += 1
        except DlcliError:
            report.refused += 1
        except Exception as error:  # noqa: BLE001 (they are what is looked for)
            wrong = f"{type(error).__name__}: {error} ({_place(error)})"
        took = time.process_time() - started
        report.cases += 1
        report.slowest = max(report.slowest, round(took, 3))
        wrong = wrong or (f"took {took:.1f} s" if took > SLOW_SECONDS else "")
        if wrong:
            report.failed += 1
            if len(report.failures) < KEPT and wrong not in {f["error"] for f in report.failures}:
                report.failures.append({"error": wrong, "input": repr(content[:20_000])})
    return asdict(report)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    place = ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        place = f"{file.name}:{trace.tb_lineno}" if "dlcli" in file.parts else place
        trace = trace.tb_next
    return place


def _signature(folder: Path, text: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Return what a model of a table wants, without one, and the table."""
    import numpy as np

    from dlcli.config.sections import PreprocessConfig
    from dlcli.datasets.tables import load_csv
    from dlcli.models.signature import Signature
    from dlcli.preparation.fitting import fit_preprocessor, resolve

    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    dataset = load_csv(_loader(path, {"target": "label", **options}), path, "table")
    section = resolve(dataset, PreprocessConfig())
    fitted = fit_preprocessor(dataset, np.arange(len(dataset)), section)
    signature = Signature(
        dataset.columns, dataset.dialect, fitted, fitted.input_shape, "probability",
        dataset.target.class_names, dataset.target,
    )  # fmt: skip
    return signature, text


def _loader(path: Path, options: dict[str, Any]) -> Any:
    from dlcli.config.table_loaders import CsvLoader

    return CsvLoader(path=str(path), **options)


def _read_table(path: Path, options: dict[str, Any]) -> None:
    from dlcli.datasets.card import describe
    from dlcli.datasets.tables import load_csv

    describe(load_csv(_loader(path, options), path, "data"))


def _read_rows(path: Path, signature: Any) -> None:
    from dlcli.prediction.rows import blocks_of_text
    from dlcli.preparation.report import TransformReport

    report = TransformReport()
    for block in blocks_of_text(path, signature):
        if len(block):
            signature.preprocessor.transform(block.values, report)
    report.notices()


def main() -> None:
    """Fuzz both for a while and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=["configs", "csv"])
    options = parser.parse_args()
    for name, fuzz in {"configs": fuzz_configs, "csv": fuzz_csv}.items():
        if options.only in (None, name):
            print(
                name, json.dumps(fuzz(options.seconds, options.seed), indent=1, ensure_ascii=False)
            )


if __name__ == "__main__":
    main()
