"""Exceptions that a user can act on, and the wording of their messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

MAX_CANDIDATES = 10_000  # names among which a similar one is looked for


class DlcliError(Exception):
    """Base class of all errors that the user can act on; printed without a traceback.

    Parameters
    ----------
    message : str
        The place, the value found and the value expected.
    hint : str, optional
        What to try next.

    Attributes
    ----------
    notices : tuple of str
        What a user should know before the error, such as files that were left out.
    """

    exit_code = 2
    notices: tuple[str, ...] = ()

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class DatasetError(DlcliError):
    """The data cannot be found, read or used.

    Parameters
    ----------
    row : int, optional
        Index of the row among those being processed, from 0.
    """

    def __init__(self, message: str, *, hint: str | None = None, row: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.row = row


class TooLargeError(DatasetError):
    """A packed file holds more than may be unpacked."""


class DatasetProblemsError(DatasetError):
    """Several problems of one data set.

    Parameters
    ----------
    errors : sequence of DatasetError
        At least two; the message has the first 20, each with its hint.
    """

    MAX_LISTED = 20

    def __init__(self, errors: Sequence[DatasetError], hint: str | None = None) -> None:
        self.errors = tuple(errors)
        lines = [f"{len(self.errors)} problems in the data"]
        for error in self.errors[: self.MAX_LISTED]:
            lines += [str(error), *([f"  hint: {error.hint}"] if error.hint else [])]
        if len(self.errors) > self.MAX_LISTED:
            lines.append(f"and {len(self.errors) - self.MAX_LISTED} more")
        super().__init__("\n".join(lines), hint=hint)

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild the error from its problems when it is pickled between processes."""
        return type(self), (self.errors, self.hint)


def raise_all(errors: Sequence[DatasetError], *, hint: str | None = None) -> None:
    """Raise a single error as it is, several as one with a hint; nothing if there is none."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DatasetProblemsError(errors, hint)


@contextmanager
def rows_counted_from(start: int) -> Iterator[None]:
    """Add to the row of an error the number of rows before the block that it is in."""
    try:
        yield
    except DatasetError as error:
        if error.row is not None:
            error.row += start
        raise


class ModelFileError(DlcliError):
    """A model file or run directory cannot be opened or does not match."""


class TrainingError(DlcliError):
    """Training failed although config and data are valid.

    Attributes
    ----------
    best_epoch : int
        The epoch, from 1, whose weights were restored to the model; 0 if none were.
    """

    exit_code = 1
    best_epoch = 0


class Interrupted(BaseException):
    """The user or the system asked the process to stop.

    It is not an `Exception`, so that no ``except Exception`` suppresses it.

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


class AlreadyFinished(DlcliError):  # noqa: N818 (the command line exits with 0)
    """A run that should be resumed is already complete."""

    exit_code = 0


class WriteError(DlcliError):
    """A file could not be written, for example on a full disk; an earlier version is kept."""

    exit_code = 1


# Lines that Keras and TensorFlow print before the actual message, stack frames included.
PREAMBLES = (
    "Exception encountered", "in user code", "Graph execution error", "Detected at node",
    "<stack traces unavailable>", 'File "',
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a config.

    Parameters
    ----------
    where : str
        The file, or the option ``--set`` with its key.
    line : int
        Line number from 1; 0 if there is none.
    key : str
        The key with those above it, as in ``fit.epochs``; empty for the whole file.
    message : str
    """

    where: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.where}:{self.line}" if self.line else self.where
        if not self.key or self.where.endswith(self.key):
            return f"{place}: {self.message}"
        return f"{place}: {self.key}: {self.message}"


class ConfigError(DlcliError):
    """All problems of one config.

    Parameters
    ----------
    problems : iterable of Problem
        At least one. The message lists them in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[Problem, ...]]]:
        """Rebuild the error from its problems when it is pickled between processes."""
        return type(self), (self.problems,)


def first_line(error: BaseException) -> str:
    """Return the first line of an error of Keras or TensorFlow that is not a preamble."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    line = next((line for line in lines if not line.startswith(PREAMBLES)), lines[0])
    return line.removeprefix("\x1b[1m").removesuffix("\x1b[0m")  # Keras prints it in bold


def divergence(epoch: int, reason: str, prefix: str = "") -> TrainingError:
    """Return the error for a training that diverged in an epoch, counted from 0."""
    return TrainingError(
        f"{prefix}training diverged in epoch {epoch + 1}: {reason}",
        hint="try a smaller learning rate, or scale the inputs with `preprocess`",
    )


def escape_control(text: object) -> str:
    """Escape control characters: text from a file must not control the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in str(text))


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 row``, ``2 rows``, ``2 classes``."""
    suffix = "es" if noun.endswith("s") else "s"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{suffix}"


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """Return the message for an unknown name, with the nearest known name or all of them."""
    names = sorted(known)
    text = f"unknown {kind} {str(name)!r}."
    hint = did_you_mean(str(name), names)
    if hint:
        return f"{text} {hint}"
    if len(names) > 20:
        return text
    return f"{text} Choose from {', '.join(names)}." if names else text


def check_choice(argument: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a value of an argument that is none of the choices.

    Raises
    ------
    DlcliError
    """
    if value not in choices:
        names = " or ".join(map(repr, choices))
        raise DlcliError(f"{argument}: expected {names}, got {value!r:.80}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question that suggests the nearest of the `known` names; empty if none is near."""
    # Keras has most names twice, as class and as function: suggest the one in the same case.
    names: dict[str, str] = {}
    some = islice(known, MAX_CANDIDATES)
    for candidate in sorted(some, key=lambda item: item.islower() != name.islower()):
        names.setdefault(candidate.replace("_", "").lower(), candidate)
    plain = name.replace("_", "").lower()
    # A name half as long again has other words.
    similar = [one for one in names if max(len(one), len(plain)) <= 1.6 * min(len(one), len(plain))]
    nearest = get_close_matches(plain, similar, n=1, cutoff=0.6)
    return f"Did you mean {names[nearest[0]]!r}?" if nearest else ""


def missing_package(need: str, package: str, extra: str) -> DlcliError:
    """Return the error for a package that is not installed.

    Parameters
    ----------
    need : str
        What needs it, as in ``the search needs``.
    package : str
    extra : str
        The extra of dlcli that installs it.
    """
    return DlcliError(
        f"{need} {package}, which is not installed", hint=f'`pip install "dlcli[{extra}]"`'
    )
