"""Write predictions as CSV, JSON Lines or an Excel file."""

from __future__ import annotations

import locale
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Literal, TextIO

from dlcli.cli.excel_file import write_excel
from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.prediction.output import CsvStyle, csv_writer, json_writer
from dlcli.prediction.predictions import Predictions

Format = Literal["csv", "jsonl", "xlsx"]

CSV_ENDINGS = (".csv", ".tsv", ".txt")
JSON_LINES_ENDINGS = (".jsonl", ".ndjson")


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
            write = csv_writer(predictions, file, style)
        else:
            write = json_writer(predictions, file)
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
