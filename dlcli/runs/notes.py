"""The note and the tags that a user gives a run: ``notes.json`` in its directory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.errors import DlcliError
from dlcli.files import write_json
from dlcli.parser_messages import first_problem

NOTES = "notes.json"
MAX_BYTES = 64 * 1024
MAX_NOTE, MAX_TAGS = 2000, 50
TAG = re.compile(r"[^\W_][\w.+-]{0,49}")


class Notes(BaseModel):
    """The content of ``notes.json``."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True)

    note: str = Field(default="", max_length=MAX_NOTE)
    tags: list[str] = Field(default=[], max_length=MAX_TAGS)


def read_notes(run: Path) -> Notes:
    """Read note and tags of a run; both are empty if there is no file.

    Raises
    ------
    DlcliError
        If the file cannot be read, is too large, or is not what `write_notes` wrote.
    """
    path = run / NOTES
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DlcliError(f"{path} is damaged: larger than {MAX_BYTES // 1024} kB")
        return Notes.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Notes()
    except OSError as error:
        raise DlcliError(f"cannot read {path}: {error.strerror}") from None
    except ValidationError as error:
        raise DlcliError(f"{path} is damaged: {first_problem(error)}") from None


def write_note(run: Path, text: str) -> None:
    """Set the note of a run; an empty text removes it.

    Raises
    ------
    DlcliError
        If it is longer than 2,000 characters, or cannot be written.
    """
    text = " ".join(text.split())
    if len(text) > MAX_NOTE:
        raise DlcliError(f"a note of {len(text):,} characters; at most {MAX_NOTE:,}")
    _write(run, read_notes(run).model_copy(update={"note": text}))


def write_tags(run: Path, tags: Iterable[str], *, remove: bool = False) -> list[str]:
    """Add tags to a run or remove them; return all that it has then.

    Raises
    ------
    DlcliError
        If a tag is no single word, there are more than 50, or one to remove is not there.
    """
    tags = list(dict.fromkeys(tags))
    notes = read_notes(run)
    for tag in tags:
        if not TAG.fullmatch(tag):
            raise DlcliError(
                f"tag {tag!r}: expected a word of letters, digits, '-', '_', '.' and '+', of at "
                "most 50 characters",
                hint='`dlcli runs note RUN "TEXT"` keeps sentences',
            )
        if remove and tag not in notes.tags:
            raise DlcliError(f"{run} has no tag {tag!r}; it has {', '.join(notes.tags) or 'none'}")
    rest = [tag for tag in notes.tags if tag not in tags]
    kept = rest if remove else [*rest, *tags]
    if len(kept) > MAX_TAGS:
        raise DlcliError(f"{len(kept)} tags; a run has at most {MAX_TAGS}")
    _write(run, notes.model_copy(update={"tags": kept}))
    return kept


def _write(run: Path, notes: Notes) -> None:
    path = run / NOTES
    # A run from elsewhere may have a link in place of the file, and `write_json` follows links.
    if path.is_symlink():
        raise DlcliError(f"{path} is a link, which could lead out of the run directory")
    if not notes.note and not notes.tags:
        path.unlink(missing_ok=True)
        return
    write_json(path, notes.model_dump())
