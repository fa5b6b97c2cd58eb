"""Print results on standard output, and status and notes on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.cli.formatting import shortened
from dlcli.errors import ConfigError, DlcliError, escape_control, plural

if TYPE_CHECKING:
    from dlcli.cli.documents import Document, Problem


def print_text(text: str = "") -> None:
    """Print a part of the result."""
    print(escape_control(text))


def print_json(value: Any) -> None:
    """Print the result as a JSON document."""
    from dlcli.files import to_jsonable

    print(json.dumps(to_jsonable(value), indent=2, ensure_ascii=False))


def print_document(document: Document) -> None:
    """Print the result of a command as JSON."""
    print_json(document.model_dump())


def print_error_as_json(error: DlcliError, arguments: Sequence[str]) -> None:
    """Print an error as JSON too, if that is what the command line asks for."""
    if "--json" in arguments:
        words = [argument for argument in arguments if not argument.startswith("-")]
        print_error_document(error, " ".join(words[: 2 if words[:1] == ["data"] else 1]))


def print_error_document(error: DlcliError, command: str) -> None:
    """Print an error as JSON, in place of the result."""
    from dlcli.cli import documents

    contents = documents.ErrorContents(
        message=escape_control(error),
        hint=error.hint,
        exit_code=error.exit_code,
        problems=problems_of(error),
    )
    print_document(documents.ErrorDocument(command=command, error=contents))


def problems_of(error: DlcliError) -> list[Problem]:
    """Return the problems of a config for a document; none for other errors."""
    from dlcli.cli import documents

    problems = error.problems if isinstance(error, ConfigError) else ()
    return [
        documents.Problem(
            file=problem.where, line=problem.line or None, key=problem.key, message=problem.message
        )
        for problem in problems
    ]


def print_status(text: str) -> None:
    """Print a line of progress or status."""
    write_error_stream(f"{escape_control(shortened(text))}\n")


def print_notes(texts: Iterable[str]) -> None:
    """Print each notice once."""
    for text in dict.fromkeys(texts):
        print_status(f"dlcli: note: {text}")


def print_picture(path: Path, content: str) -> None:
    """Report a picture, and characters that its fonts lack."""
    from dlcli.plots.fonts import font_notices

    print_notes(font_notices())
    print_written(path, content)


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
