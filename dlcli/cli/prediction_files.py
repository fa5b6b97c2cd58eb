"""Write predictions as CSV or JSON Lines."""

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
from dlcli.prediction.predictions import PredictionBlock, Predictions
from dlcli.preparation.targets import FLOAT_FORMAT, float_text

Format = Literal["csv", "jsonl"]
WriteBlock = Callable[[PredictionBlock], None]

CSV_ENDINGS = ("", ".csv", ".txt")
JSON_LINES_ENDINGS = (".jsonl", ".ndjson")
# A spreadsheet runs a cell as a formula if its text starts with one of these.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class OutputError(DlcliError):
    """The predictions cannot be written."""

    exit_code = 1


def format_of(output: str) -> Format:
    """Return the format for the ending of an output file.

    Raises
    ------
    DlcliError
        If the ending belongs to another format, e.g. ``.xlsx``.
    """
    path = Path(output)
    ending = path.suffix.lower()
    if ending in JSON_LINES_ENDINGS:
        return "jsonl"
    if ending in CSV_ENDINGS or output == "-" or (path.exists() and not path.is_file()):
        return "csv"
    raise DlcliError(
        f"{path}: predictions are written as .csv or .jsonl, not as {ending}",
        hint="change the ending, or choose a format with --format",
    )


def write_predictions(
    predictions: Predictions, output: str, file_format: Format, *, csv_safe: bool
) -> None:
    """Write predictions, block by block.

    Parameters
    ----------
    predictions : Predictions
    output : str
        A file, or ``-`` for standard output.
    file_format : {"csv", "jsonl"}
    csv_safe : bool
        Whether to protect texts from being run as formulas by spreadsheets.
    """
    blocks = iter(predictions)
    first = next(blocks, None)  # errors in the input are raised before anything is written
    with _open(output) as file:
        if file_format == "csv":
            write = _csv_writer(predictions, file, csv_safe=csv_safe)
        else:
            write = _json_writer(predictions, file)
        if first is not None:
            write(first)
        for block in blocks:
            write(block)
        file.flush()


@contextmanager
def _open(output: str) -> Iterator[TextIO]:
    """Yield standard output, or a file that appears when it is complete."""
    if output == "-":
        try:
            yield sys.stdout
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise OutputError(f"cannot write to standard output: {reason}") from None
        return
    path = Path(output)
    if path.is_dir():
        raise DlcliError(f"{path} is a folder")
    if path.exists() and not path.is_file():  # pipes and devices are written, not replaced
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                yield file
        except BrokenPipeError:  # the reader closed the pipe, which is not an error
            raise
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
        return
    with (
        atomic(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file


def _csv_writer(predictions: Predictions, file: TextIO, *, csv_safe: bool) -> WriteBlock:
    """Write the header, and return a function that writes a block."""

    def field(text: str) -> str:
        buffer = StringIO()
        protected = f"'{text}" if csv_safe and text.startswith(FORMULA_STARTS) else text
        # The writer quotes characters of its line end, so both are needed here and cut off.
        csv.writer(buffer, lineterminator="\r\n").writerow([protected])
        return buffer.getvalue()[:-2]

    file.write(",".join(map(field, predictions.columns)) + "\n")
    class_field = cache(field)

    def write(block: PredictionBlock) -> None:
        columns: list[Any] = [map(field, block.names)] if predictions.name_column else []
        formats = ["%s"] * len(columns)
        if block.probabilities is None:
            columns.append(block.prediction.tolist())
            formats.append(FLOAT_FORMAT)
        else:
            columns += [
                map(class_field, block.prediction.tolist()),
                *block.probabilities.T.tolist(),
            ]
            formats += ["%s", *[FLOAT_FORMAT] * block.probabilities.shape[1]]
        # One format for a whole row is three times as fast as one for each field.
        line = ",".join(formats) + "\n"
        file.write("".join(map(line.__mod__, zip(*columns, strict=True))))

    return write


def _json_writer(predictions: Predictions, file: TextIO) -> WriteBlock:
    """Return a function that writes a block."""
    name_column = predictions.name_column
    probability_columns = predictions.columns[2 if name_column else 1 :]

    def write(block: PredictionBlock) -> None:
        if block.probabilities is None:
            probabilities: list[Any] = [()] * len(block)
        else:
            probabilities = block.probabilities.tolist()
        names: Any = block.names if name_column else repeat("")
        rows = zip(names, block.prediction.tolist(), probabilities, strict=False)
        for name, prediction, row in rows:
            record = {name_column: name} if name_column else {}
            record["prediction"] = _json_value(prediction)
            record |= zip(probability_columns, map(_json_value, row), strict=True)
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    return write


def _json_value(value: Any) -> Any:
    """Return a label, or a number with as many digits as the CSV has."""
    return value if isinstance(value, str) else float(float_text(value))
