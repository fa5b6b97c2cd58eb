"""Configs and tables that are nearly right: whatever they are, dlcli reads or refuses them.

    python benchmarks/fuzz_inputs.py                       a minute of each
    python benchmarks/fuzz_inputs.py --seconds 600 --seed 7

Bundled configs are mutated by bytes, tokens and structure and go through `load_config`; tables by
bytes, cells and rows, and go through the loader and through the reader of predictions. Anything
but a result or a `DlcliError`, and whatever takes longer than five seconds, is a failure and is
printed with the input that shows it.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SLOW_SECONDS = 5.0
KEPT = 20  # failures that are kept with their input
TOKENS = [
    "~", "null", "true", ".inf", "-.nan", "1e400", "-1", "0", "007", "1_000", "12:30", "0x1F", "''",
    '"', "'", "[", "]", "{", "}", ": ", "- ", "# ", "&a ", "*a ", "!!python/name:os.system ", "? ",
    "| ", "> ", "---\n", "...\n", "%YAML 1.1\n", "\t", "\0", "\ufeff", "\u2028", "\x85", "한글",
    "9" * 40, "Dense", "units", "softmax", "csv", "path", "target", "epochs", "a" * 300, "\\",
    "<<: ",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 1, 10**12, 10**40, 0.5, 1e308, float("inf"), float("nan"), "", "x", "auto",
    "none", [], {}, [[]], [None], {"": None}, {"a": {"b": []}}, "Dense", ["Dense"], {"Dense": None},
    {"Dense": {"units": "3"}}, {"csv": {"path": ".", "target": 0}}, "iris", "../x", "a.b[0]", "\0",
    {"Adam": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 1}}}}, "é" * 90,
    [1, "a", {}],
]  # fmt: skip
KEYS = [
    "fit.epochs", "model.0", "model[1].Dense.units", "dataset", "optimizer.Adam.learning_rate", "",
    ".", "a.b.c", "model.-1", "fit", "metrics", "callbacks.0.EarlyStopping",
]  # fmt: skip
CELLS = [
    "", " ", "NA", "nan", "inf", "-inf", "1e400", "1e-400", "1,5", "1.000,5", "1 000", "50 %", "$3",
    "007", "1_0", "0x1F", "１２", "1\u00a0", "TRUE", "yes", "n", '"', '""', '"a', 'a"b', '"a\nb"',
    "'", "\\", "\0", "\r", "\u2028", "\ufeff", "한글", "=1+1", "a;b", "a\tb", "#", "2024-01-01",
    "9" * 30, "a" * 5000, "null", "None", "--1", ".", "e", "1e", "+5", "\x1b[31m",
]  # fmt: skip
CITIES = ("Seoul", "Busan", "Jeju", "")
PEOPLE = "age;city;member;height;label\n" + "".join(
    f"{20 + n};{CITIES[n % 4]};{'yes' if n % 3 else 'no'};1.{n % 9};{'ab'[n % 2]}\n"
    for n in range(160)
)
NUMBERS = "a,b,label\n" + "".join(f"{n},{n / 7:.3f},{n % 2}\n" for n in range(160))
LOADERS: list[dict[str, Any]] = [
    {}, {}, {"decimal": ","}, {"header": False, "target": -1}, {"delimiter": ";"},
    {"quoting": False},
    {"comment": "#"}, {"task": "regression"}, {"types": {"age": "categorical"}}, {"target": 0},
    {"encoding": "cp949"}, {"encoding": "latin-1"}, {"missing": ("", "0")},
    {"delimiter": "whitespace"},
    {"window": 3}, {"types": {"city": "text"}},
]  # fmt: skip


@dataclass
class Report:
    """What a fuzzing run met.

    Parameters
    ----------
    cases, read, refused : int
    slowest : float
        Seconds of the slowest case.
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
    from dlcli.config.load import bundled

    rng = random.Random(seed)  # noqa: S311 (mutations)
    originals = [path.read_bytes() for path in sorted(bundled("configs").rglob("*.yaml"))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"

        def one() -> tuple[bytes, Callable[[], Any]]:
            content = _mutated_config(rng, rng.choice(originals))
            path.write_bytes(content)
            changes = [_override(rng)] if rng.random() < 0.2 else []
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
    from dlcli.datasets import bulk

    rng = random.Random(seed)  # noqa: S311 (mutations)
    usual = bulk.WORTHWHILE, bulk.CHUNK
    with tempfile.TemporaryDirectory() as folder:
        signature = _signature(Path(folder))

        def one() -> tuple[bytes, Callable[[], Any]]:
            # Small chunks, so that small tables are parsed as large ones are.
            bulk.WORTHWHILE, bulk.CHUNK = rng.choice([usual, (1, 40), (1, 400), (200, 1000)])
            content = _mutated_table(rng)
            if rng.random() < 0.5:
                path = Path(folder) / rng.choice(["rows.csv", "rows.csv", "rows.jsonl"])
                content = (
                    _records(content) if path.suffix == ".jsonl" and rng.random() < 0.9 else content
                )
                path.write_bytes(content)
                return content, lambda: _read_rows(path, signature)
            path = Path(folder) / "data.csv"
            path.write_bytes(content)
            options = {"target": "label", **rng.choice(LOADERS)}
            return content + repr(options).encode(), lambda: _read_table(path, options)

        try:
            return _run(one, seconds)
        finally:
            bulk.WORTHWHILE, bulk.CHUNK = usual


def _run(one: Callable[[], tuple[bytes, Callable[[], Any]]], seconds: float) -> dict[str, Any]:
    """Try cases until the time is over."""
    from dlcli.errors import DlcliError

    report, end = Report(), time.monotonic() + seconds
    while time.monotonic() < end:
        content, call = one()
        started = time.monotonic()
        wrong = ""
        try:
            call()
            report.read += 1
        except DlcliError:
            report.refused += 1
        except Exception as error:  # noqa: BLE001 (they are what is looked for)
            wrong = f"{type(error).__name__}: {error} ({_place(error)})"
        took = time.monotonic() - started
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


def _mutated_config(rng: random.Random, content: bytes) -> bytes:
    if rng.random() < 0.4:
        return _mutated_structure(rng, content)
    for _ in range(rng.randint(1, 4)):
        content = _mutated_bytes(rng, content, [token.encode() for token in TOKENS])
    return content


def _mutated_structure(rng: random.Random, content: bytes) -> bytes:
    """Put another value, or another part of the config, somewhere into it."""
    from dlcli.config.document import dump, parse

    value = parse(content.decode(), "config").value
    for _ in range(rng.randint(1, 3)):
        node = value
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = rng.choice(keys)
            inner = node[key]
            if isinstance(inner, dict | list) and inner and rng.random() < 0.7:
                node = inner
                continue
            _change(rng, node, key, value)
            break
    return str(dump(value)).encode("utf-8", "surrogatepass")


def _change(rng: random.Random, node: Any, key: Any, whole: Any) -> None:
    kind = rng.randrange(4)
    if kind == 0:
        node.pop(key)
    elif kind == 1 and isinstance(node, dict):
        node[rng.choice([str(key) + "x", str(key)[:-1], "", "path", "name", "units"])] = node.pop(
            key
        )
    elif kind == 2:
        node[key] = json.loads(json.dumps(whole[rng.choice(list(whole))])) if whole else None
    else:
        node[key] = deepcopy(rng.choice(VALUES))


def _override(rng: random.Random) -> str:
    return f"{rng.choice(KEYS)}{rng.choice(['=', '=', '=', ''])}{rng.choice(TOKENS)}"


def _mutated_bytes(rng: random.Random, content: bytes, tokens: list[bytes]) -> bytes:
    """Flip, insert, remove or repeat some bytes."""
    at = rng.randrange(len(content) + 1)
    end = min(len(content), at + rng.choice([1, 1, 2, 5, 40]))
    kind = rng.randrange(6)
    if kind == 0:
        return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    if kind == 1:
        return content[:at] + content[end:]
    if kind == 2:
        return content[:end] + content[at:]
    if kind == 3:
        lines = content.splitlines(keepends=True)
        rng.shuffle(lines) if rng.random() < 0.3 else lines.insert(
            rng.randrange(len(lines) + 1), rng.choice(lines or [b""])
        )
        return b"".join(lines)
    if kind == 4 and rng.random() < 0.2:
        return content[:at]
    return content[:at] + rng.choice(tokens) + content[at:]


def _mutated_table(rng: random.Random) -> bytes:
    text = rng.choice([PEOPLE, NUMBERS])
    delimiter = ";" if text is PEOPLE else ","
    rows = [line.split(delimiter) for line in text.splitlines()]
    rows = rows[: rng.choice([1, 2, 3, 10, 161, 161])]
    for _ in range(rng.choice([0, 1, 1, 2, 5, 30])):
        row = rng.choice(rows)
        kind = rng.randrange(8)
        if kind == 0 and row:
            row.pop(rng.randrange(len(row)))
        elif kind == 1:
            row.insert(rng.randrange(len(row) + 1), rng.choice(CELLS))
        elif kind == 2:
            rows.insert(rng.randrange(len(rows) + 1), list(row))
        elif row:
            row[rng.randrange(len(row))] = rng.choice(CELLS)
    if rng.random() < 0.2 and rows[0]:
        column, cell = rng.randrange(len(rows[0])), rng.choice(CELLS)
        rows = [rows[0], *([*row[:column], cell, *row[column + 1 :]] for row in rows[1:])]
    delimiter = delimiter if rng.random() < 0.8 else rng.choice([",", ";", "\t", "|", "  "])
    end = rng.choice(["\n", "\n", "\r\n", "\r"])
    made = end.join(map(delimiter.join, rows)) + rng.choice([end, end, "", end * 3])
    content = made.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp949"]), "replace")
    for _ in range(rng.choice([0, 0, 1, 3])):
        content = _mutated_bytes(rng, content, [cell.encode() for cell in CELLS])
    if rng.random() < 0.03:
        import gzip

        content = gzip.compress(content)
        content = _mutated_bytes(rng, content, [b"\0"]) if rng.random() < 0.7 else content
    return content


def _records(content: bytes) -> bytes:
    """Turn a table into JSON Lines, its oddities with it."""
    rows = [line.split(";") for line in content.decode("utf-8", "replace").splitlines() if line]
    names = rows[0] if rows else []
    return b"\n".join(
        json.dumps(dict(zip(names, row, strict=False)), ensure_ascii=False).encode(
            "utf-8", "replace"
        )
        for row in rows[1:]
    )


def _signature(folder: Path) -> Any:
    """Return what a model of people wants, without one."""
    import numpy as np

    from dlcli.config.sections import PreprocessConfig
    from dlcli.datasets.tables import load_csv
    from dlcli.preprocess import fit_preprocessor, resolve
    from dlcli.signature import Signature

    path = folder / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    dataset = load_csv(_loader(path, {"target": "label"}), path, "people")
    section = resolve(dataset, PreprocessConfig())
    fitted = fit_preprocessor(dataset, np.arange(len(dataset)), section)
    return Signature(
        dataset.columns, dataset.dialect, fitted, fitted.input_shape, "probability",
        dataset.target.class_names, dataset.target,
    )  # fmt: skip


def _loader(path: Path, options: dict[str, Any]) -> Any:
    from dlcli.config.loaders import CsvLoader

    return CsvLoader(path=str(path), **options)


def _read_table(path: Path, options: dict[str, Any]) -> None:
    from dlcli.datasets.card import describe
    from dlcli.datasets.tables import load_csv

    describe(load_csv(_loader(path, options), path, "data"))


def _read_rows(path: Path, signature: Any) -> None:
    from dlcli.events import Events
    from dlcli.inputs import blocks_of_text

    events = Events()
    for block in blocks_of_text(path, signature):
        if len(block):
            signature.preprocessor.transform(block.values, events)
    events.notices()


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
