"""Print results on standard output, and status and notes on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dlcli.cli.formatting import shortened
from dlcli.errors import ConfigError, DlcliError, escape_control, plural


def print_text(text: str = "") -> None:
    """Print a part of the result."""
    print(escape_control(text))


def print_json(value: Any) -> None:
    """Print the result as a JSON document."""
    from dlcli.files import to_jsonable

    print(json.dumps(to_jsonable(value), indent=2, ensure_ascii=False))


def print_status(text: str) -> None:
    """Print a line of progress or status."""
    write_error_stream(f"{escape_control(shortened(text))}\n")


def print_notes(texts: Iterable[str]) -> None:
    """Print each notice once."""
    for text in dict.fromkeys(texts):
        print_status(f"dlcli: note: {text}")


def print_written(path: Path, content: str) -> None:
    """Report a written file; its path is the result."""
    print_status(f"dlcli: wrote {content}: {path}")
    print_text(str(path))


def write_error_stream(text: str) -> None:
    """Write to standard error. If that fails, the work continues without messages."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (for the rest of the process)


def print_error(error: DlcliError) -> None:
    """Print an error, with the notices before it and its hint, to standard error."""
    print_notes(error.notices)
    if isinstance(error, ConfigError):
        print(escape_control(shortened(str(error))), file=sys.stderr)
        count = plural(len(error.problems), "problem")
        print(f"dlcli: error: {count} in the config", file=sys.stderr)
    else:
        print(escape_control(shortened(f"dlcli: error: {error}")), file=sys.stderr)
    if error.hint:
        print(escape_control(shortened(f"hint: {error.hint}")), file=sys.stderr)
