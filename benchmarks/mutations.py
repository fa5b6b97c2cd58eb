"""Configs and tables, changed a little: by bytes, by tokens or cells, by structure."""

from __future__ import annotations

import gzip
import json
import random
from copy import deepcopy
from typing import Any

from dlcli.config.yaml_text import dump, parse

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


def mutated_config(rng: random.Random, content: bytes) -> bytes:
    """Return a config with something else in it, or something missing."""
    if rng.random() < 0.4:
        return _mutated_structure(rng, content)
    for _ in range(rng.randint(1, 4)):
        content = _mutated_bytes(rng, content, [token.encode() for token in TOKENS])
    return content


def _mutated_structure(rng: random.Random, content: bytes) -> bytes:
    """Put another value, or another part of the config, somewhere into it."""
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


def override(rng: random.Random) -> str:
    """Return what might stand behind ``--set``."""
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


def mutated_table(rng: random.Random, text: str) -> bytes:
    """Return a table with odd cells, rows, delimiters, line ends and bytes."""
    delimiter = ";" if text is PEOPLE else ","
    rows = [line.split(delimiter) for line in text.splitlines()]
    rows = rows[: rng.choice([1, 2, 3, 10, 161, 161])]
    for _ in range(rng.choice([0, 1, 1, 1, 2, 5, 30])):
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
    for _ in range(rng.choice([0, 0, 0, 0, 1, 3])):
        content = _mutated_bytes(rng, content, [cell.encode() for cell in CELLS])
    if rng.random() < 0.03:
        content = gzip.compress(content)
        content = _mutated_bytes(rng, content, [b"\0"]) if rng.random() < 0.7 else content
    return content


def records(content: bytes) -> bytes:
    """Turn a table into JSON Lines, its oddities with it."""
    rows = [line.split(";") for line in content.decode("utf-8", "replace").splitlines() if line]
    names = rows[0] if rows else []
    return b"\n".join(
        json.dumps(dict(zip(names, row, strict=False)), ensure_ascii=False).encode(
            "utf-8", "replace"
        )
        for row in rows[1:]
    )
