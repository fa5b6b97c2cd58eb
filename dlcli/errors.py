"""What can go wrong for a user, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


class DlcliError(Exception):
    """A mistake or mishap that the user can act on; printed without a traceback.

    Parameters
    ----------
    message : str
        Where it happened, what was found, what was wanted.
    hint : str, optional
        What to try.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class DatasetError(DlcliError):
    """The data cannot be found, read or used.

    Parameters
    ----------
    row : int, optional
        Which of the rows at hand it is about, from 0.
    """

    def __init__(self, message: str, *, hint: str | None = None, row: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.row = row


class ModelFileError(DlcliError):
    """A model file or run directory cannot be opened or does not fit."""


class TrainingError(DlcliError):
    """The configuration and the data were right, and the work failed all the same.

    Attributes
    ----------
    best_epoch : int
        The epoch, from 1, whose weights the model has been given back; 0 if none.
    """

    exit_code = 1
    best_epoch = 0


class Interrupted(BaseException):
    """The user or the system asked the work to stop; no error, so that no one swallows it.

    Parameters
    ----------
    signum : int
        The signal: SIGINT or SIGTERM.

    Attributes
    ----------
    path : Path or None
        The run directory that can be resumed.
    """

    path: Path | None = None

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class AlreadyFinished(DlcliError):  # noqa: N818 (the command line takes it for no failure)
    """A run that is to go on has ended."""


class WriteError(DlcliError):
    """A file could not be written, as on a full disk; what was there before is untouched."""

    exit_code = 1


# What Keras and TensorFlow say before they say what is wrong.
HEADINGS = (
    "Exception encountered", "in user code", "Graph execution error", "Detected at node",
    "<stack traces unavailable>",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a config: where it is and what it is."""

    where: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        named = self.key and not self.where.endswith(self.key)
        return f"{place}: {self.key}: {self.message}" if named else f"{place}: {self.message}"


class ConfigError(DlcliError):
    """Everything that is wrong with one config.

    Parameters
    ----------
    problems : iterable of Problem
        At least one; shown in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        """Go from process to process."""
        return type(self), (self.problems,)


def first_line(error: BaseException) -> str:
    """Return what an error of Keras or TensorFlow says first, without where it says it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(HEADINGS)]
    plain = [line.removeprefix("\x1b[1m").removesuffix("\x1b[0m") for line in told or lines]
    return plain[0] if plain else type(error).__name__


def escape_control(text: object) -> str:
    """Replace control characters, which a file may hold to play with the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in str(text))


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 row``, ``2 rows``, ``2 classes``."""
    suffix = "es" if noun.endswith("s") else "s"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{suffix}"


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Say that `name` is no known `kind`, and offer the nearest ones or them all."""
    names = sorted(known)
    text = f"unknown {kind} {str(name)!r}."
    hint = did_you_mean(str(name), names)
    if hint:
        return f"{text} {hint}"
    if len(names) > 20:
        return text
    return f"{text} Choose from {', '.join(names)}." if names else text


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Offer the nearest of the `known` names, or say nothing."""
    # Keras has most names twice, as class and as function: offer the one of the same case.
    names: dict[str, str] = {}
    for candidate in sorted(known, key=lambda item: item.islower() != name.islower()):
        names.setdefault(candidate.replace("_", "").lower(), candidate)
    near = get_close_matches(name.replace("_", "").lower(), names, n=1, cutoff=0.6)
    return f"Did you mean {names[near[0]]!r}?" if near else ""
