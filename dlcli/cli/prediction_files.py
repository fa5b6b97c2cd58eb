"""Write predictions as CSV, JSON Lines or an Excel file."""

from __future__ import annotations

import csv
import json
import locale
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import StringIO
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Literal, TextIO

from dlcli.cli.excel_file import plain_number, write_excel
from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.prediction.predictions import PredictionBlock, Predictions
from dlcli.preparation.targets import FLOAT_FORMAT, LARGE_NUMBER, float_text

Format = Literal["csv", "jsonl", "xlsx"]
WriteBlock = Callable[[PredictionBlock], None]

CSV_ENDINGS = (".csv", ".tsv", ".txt")
JSON_LINES_ENDINGS = (".jsonl", ".ndjson")
# A spreadsheet runs a cell as a formula if its text starts with one of these.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"[-+]?[0-9.,]+([eE][-+]?[0-9]+)?%?")


class OutputError(DlcliError):
    """The predictions cannot be written."""

    exit_code = 1


def format_of(output: str) -> Format:
    """Return the format for the ending of an output file.

    Raises
    ------
    DlcliError
        If there is no ending, or it belongs to another format.
    """
    path = Path(output)
    ending = path.suffix.lower()
    if ending in JSON_LINES_ENDINGS:
        return "jsonl"
    if ending == ".xlsx":
        return "xlsx"
    if ending in CSV_ENDINGS or output == "-" or (path.exists() and not path.is_file()):
        return "csv"
    found = f"not as {ending}" if ending else "but the name has no ending"
    raise DlcliError(
        f"{path}: predictions are written as .csv, .tsv, .jsonl or .xlsx, {found}",
        hint="change the name, or choose a format with --format",
    )


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV is written.

    Parameters
    ----------
    delimiter : str
    decimal : str
    encoding : str
    safe : bool
        Whether to protect texts from being run as formulas by spreadsheets.
    is_excel : bool
        Whether kept numbers get the decimal separator too.
    """

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    safe: bool = False
    is_excel: bool = False


def csv_style(output: str, *, safe: bool, excel: bool) -> CsvStyle:
    """Return how the CSV of an output file is written.

    Parameters
    ----------
    output : str
        A name ending in ``.tsv`` means tabs.
    safe : bool
        Value of ``--csv-safe``.
    excel : bool
        Whether Excel opens the file: UTF-8 with a byte order mark, and decimal sign and delimiter
        of the locale, as Excel expects them.
    """
    is_tsv = Path(output).suffix.lower() == ".tsv"
    if not excel:
        return CsvStyle("\t" if is_tsv else ",", safe=safe)
    decimal = _decimal_of_locale()
    delimiter = "\t" if is_tsv else ";" if decimal == "," else ","
    return CsvStyle(delimiter, decimal, "utf-8-sig", safe=True, is_excel=True)


def _decimal_of_locale() -> str:
    before = locale.setlocale(locale.LC_NUMERIC)
    try:
        locale.setlocale(locale.LC_NUMERIC, "")
        return "," if locale.localeconv()["decimal_point"] == "," else "."
    except locale.Error:  # the locale of the environment is not installed
        return "."
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)


def write_predictions(
    predictions: Predictions, output: str, file_format: Format, style: CsvStyle
) -> None:
    """Write predictions, block by block.

    Parameters
    ----------
    predictions : Predictions
    output : str
        A file, or ``-`` for standard output.
    file_format : {"csv", "jsonl", "xlsx"}
    style : CsvStyle
    """
    blocks = iter(predictions)
    first = next(blocks, None)  # errors in the input are raised before anything is written
    all_blocks = chain([] if first is None else [first], blocks)
    if file_format == "xlsx":
        write_excel(predictions, all_blocks, Path(output))
        return
    with _open(output, style.encoding if file_format == "csv" else "utf-8") as file:
        if file_format == "csv":
            write = _csv_writer(predictions, file, style)
        else:
            write = _json_writer(predictions, file)
        for block in all_blocks:
            write(block)
        file.flush()


@contextmanager
def _open(output: str, encoding: str) -> Iterator[TextIO]:
    """Yield standard output, or a file that appears when it is complete."""
    if output == "-":
        try:
            if encoding == "utf-8-sig":
                sys.stdout.write("\ufeff")
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
            with path.open("w", encoding=encoding, newline="") as file:
                yield file
        except BrokenPipeError:  # the reader closed the pipe, which is not an error
            raise
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
        return
    with (
        atomic(path) as temporary,
        temporary.open("w", encoding=encoding, newline="") as file,
    ):
        yield file


def _csv_writer(predictions: Predictions, file: TextIO, style: CsvStyle) -> WriteBlock:
    """Write the header, and return a function that writes a block."""

    def field(value: Any) -> str:
        text, buffer = str(value), StringIO()
        is_formula = text.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(text)
        protected = f"'{text}" if style.safe and is_formula else text
        # The writer quotes characters of its line end, so both are needed here and cut off.
        writer = csv.writer(buffer, delimiter=style.delimiter, lineterminator="\r\n")
        writer.writerow([protected])
        return buffer.getvalue()[:-2]

    file.write(style.delimiter.join(map(field, predictions.columns)) + "\n")
    class_field = cache(field)

    def number(value: float) -> str:
        return float_text(value).replace(".", style.decimal)

    def kept_field(value: Any) -> str:
        text = str(value)
        if style.is_excel:
            # Excel takes a number with another decimal sign for a date, or for a larger number.
            plain = plain_number(text, predictions.signature.dialect.decimal)
            text = plain.replace(".", style.decimal) or text
        return field(text)

    def write(block: PredictionBlock) -> None:
        columns: list[Any] = [map(field, block.names)] if predictions.name_column else []
        columns += [map(kept_field, values) for values in block.kept.values()]
        formats = ["%s"] * len(columns)
        numbers: list[Any] = [values.tolist() for values in block.columns()]
        for _ in range(block.names_of_classes):
            columns.append(map(class_field, numbers.pop(0)))
            formats.append("%s")
        is_large = any(max(map(abs, values), default=0) >= LARGE_NUMBER for values in numbers)
        if style.decimal == "." and not is_large:
            formats += [FLOAT_FORMAT] * len(numbers)
        else:
            numbers = [map(number, values) for values in numbers]
            formats += ["%s"] * len(numbers)
        # One format for a whole row is three times as fast as one for each field.
        line = style.delimiter.join(formats) + "\n"
        file.write("".join(map(line.__mod__, zip(*columns, *numbers, strict=True))))

    return write


def _json_writer(predictions: Predictions, file: TextIO) -> WriteBlock:
    """Return a function that writes a block."""

    def write(block: PredictionBlock) -> None:
        file.writelines(
            json.dumps(record, ensure_ascii=False) + "\n" for record in records(predictions, block)
        )

    return write


def records(predictions: Predictions, block: PredictionBlock) -> Iterator[dict[str, Any]]:
    """Yield the rows of a block as JSON objects."""
    name_column = predictions.name_column
    columns = dict(zip(predictions.outputs, block.columns(), strict=True))
    labels = block.labels(predictions.signature.class_names)
    if labels is not None:  # one list in place of a column of 0 and 1 for each label
        shares = list(columns.items())[len(predictions.signature.class_names) :]
        columns = {"prediction": labels, **dict(shares)}
    outputs = zip(*(values.tolist() for values in columns.values()), strict=True)
    names: Any = block.names if name_column else repeat("")
    kept = zip(*block.kept.values(), strict=True) if block.kept else repeat(())
    for name, row, values in zip(names, outputs, kept, strict=False):
        record: dict[str, Any] = {name_column: name} if name_column else {}
        record |= zip(block.kept, values, strict=True)
        record |= zip(columns, map(_json_value, row), strict=True)
        yield record


def _json_value(value: Any) -> Any:
    """Return a label, several labels, or a number with as many digits as the CSV has."""
    return value if isinstance(value, str | list) else float(float_text(value))
