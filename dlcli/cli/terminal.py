"""How things look on a terminal: tables, progress, notes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import plain

if TYPE_CHECKING:
    pass

LONGEST = 800


def say(text: str = "") -> None:
    """Print a result, on standard output."""
    print(plain(text))


def note(text: str) -> None:
    """Print what is not a result, on standard error."""
    _write_aside(f"{plain(shortened(text))}\n")


def _write_aside(text: str) -> None:
    """Write to standard error, as long as it takes anything: the work goes on without it."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (for the rest of the process)


def notes(texts: Iterable[str]) -> None:
    """Print notices, each once."""
    for text in dict.fromkeys(texts):
        note(f"dlcli: note: {text}")


def wrote(path: Path, what: str) -> None:
    """Tell of a file that was written: its path is the result."""
    note(f"dlcli: wrote {what}: {path}")
    say(str(path))


def shortened(text: str) -> str:
    """Cut lines that are longer than anybody reads, in their middle."""
    return "\n".join(
        line if len(line) <= LONGEST else f"{line[: LONGEST - 100]} … {line[-100:]}"
        for line in text.split("\n")
    )


def say_json(value: Any) -> None:
    """Print a JSON document on standard output."""
    from dlcli.files import finite

    print(json.dumps(finite(value), indent=2, ensure_ascii=False))


def number(value: float) -> str:
    """Write a measured value with four or five digits that count."""
    if value != value:
        return "–"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e5):
        return f"{value:.3g}"
    return f"{value:.4f}" if size < 100 else f"{value:.1f}"


def duration(seconds: float) -> str:
    """Write a duration as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
