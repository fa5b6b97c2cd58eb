"""Where predictions are written, and how: CSV or JSON Lines."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import StringIO
from itertools import repeat
from pathlib import Path
from typing import Any, Literal, TextIO

from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.prediction.predict import PredictionBlock, Predictions
from dlcli.preparation.targets import FLOAT_FORMAT, float_text

# A spreadsheet runs a cell as a formula if its text starts with one of these.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
CSV = ("", ".csv", ".txt")
JSON_LINES = (".jsonl", ".ndjson")
Write = Callable[[PredictionBlock], None]


class WritingError(DlcliError):
    """The predictions are right, and what they are written to does not take them."""

    exit_code = 1


def format_of(output: str) -> Literal["csv", "jsonl"]:
    """Return the format that the ending of an output file stands for.

    Raises
    ------
    DlcliError
        If the ending belongs to another format, as .xlsx does.
    """
    path = Path(output)
    ending = path.suffix.lower()
    if ending in JSON_LINES:
        return "jsonl"
    if ending in CSV or output == "-" or (path.exists() and not path.is_file()):
        return "csv"
    raise DlcliError(
        f"{path}: predictions are written as .csv or .jsonl, not as {ending}",
        hint="change the ending, or choose a format with --format",
    )


@contextmanager
def destination(output: str) -> Iterator[TextIO]:
    """Yield standard output, or a file that appears when everything is written."""
    if output == "-":
        yield sys.stdout
        return
    path = Path(output)
    if path.is_dir():
        raise DlcliError(f"{path} is a folder")
    if path.exists() and not path.is_file():  # a pipe or a device is written to, not replaced
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                yield file
        except BrokenPipeError:  # its reader has seen enough
            raise
        except OSError as error:
            raise WritingError(f"cannot write {path}: {error.strerror or error}") from None
        return
    with (
        atomic(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file


def csv_writer(predictions: Predictions, file: TextIO, *, safe: bool) -> Write:
    """Write the header, and return what writes a block.

    Parameters
    ----------
    predictions : Predictions
    file : text file
    safe : bool
        Whether to keep spreadsheets from running a text as a formula.
    """

    def quoted(text: str) -> str:
        field = StringIO()
        shielded = f"'{text}" if safe and text.startswith(FORMULA_STARTS) else text
        # What a line may end with is quoted; CSV's own two characters are cut off again.
        csv.writer(field, lineterminator="\r\n").writerow([shielded])
        return field.getvalue()[:-2]

    file.write(",".join(map(quoted, predictions.columns)) + "\n")

    label = cache(quoted)  # there are as many as classes

    def write(block: PredictionBlock) -> None:
        columns: list[Any] = [map(quoted, block.names)] if predictions.name_column else []
        formats = ["%s"] * len(columns)
        if block.probabilities is None:
            columns.append(block.prediction.tolist())
            formats.append(FLOAT_FORMAT)
        else:
            columns += [map(label, block.prediction.tolist()), *block.probabilities.T.tolist()]
            formats += ["%s", *[FLOAT_FORMAT] * block.probabilities.shape[1]]
        # A row in one format takes a third of the time of its fields one by one.
        line = ",".join(formats) + "\n"
        file.write("".join(map(line.__mod__, zip(*columns, strict=True))))

    return write


def json_writer(predictions: Predictions, file: TextIO) -> Write:
    """Return what writes a block."""
    named = predictions.name_column
    columns = predictions.columns[2 if named else 1 :]

    def write(block: PredictionBlock) -> None:
        shares = [()] * len(block) if block.probabilities is None else block.probabilities.tolist()
        names: Any = block.names if named else repeat("")
        for name, label, row in zip(names, block.prediction.tolist(), shares, strict=False):
            value = label if isinstance(label, str) else float(float_text(label))
            record = {
                **({named: name} if named else {}),
                "prediction": value,
                **dict(zip(columns, (float(float_text(v)) for v in row), strict=True)),
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    return write
