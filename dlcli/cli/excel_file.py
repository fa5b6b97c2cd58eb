"""Write predictions into an Excel file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError
from dlcli.files import atomic
from dlcli.prediction.blocks import PredictionBlock
from dlcli.prediction.output import kept_text, plain_number
from dlcli.prediction.predictions import Predictions
from dlcli.preparation.targets import float_text

# Limits of Excel.
MAX_ROWS, MAX_COLUMNS, MAX_CHARACTERS = 1_048_576, 16_384, 32_767
# Excel computes with 15 digits; a longer number is an identifier.
MAX_DIGITS = 15
OTHER = "write a .csv or .jsonl file"


def check_excel() -> None:
    """Check that openpyxl is installed.

    Raises
    ------
    DlcliError
        If it is not.
    """
    import importlib.util

    if importlib.util.find_spec("openpyxl") is None:
        raise DlcliError(
            "Excel files are written with openpyxl, which is not installed",
            hint='`pip install "dlcli[excel]"`, or write a .csv with --excel',
        )


def write_excel(predictions: Predictions, blocks: Iterable[PredictionBlock], path: Path) -> None:
    """Write predictions into the first sheet of a new file.

    Texts are stored as texts, so that Excel does not run them as formulas.

    Parameters
    ----------
    predictions : Predictions
    blocks : iterable of PredictionBlock
    path : Path

    Raises
    ------
    DlcliError
        If there are more rows, columns or characters than Excel allows.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("predictions")

    def cell(text: str) -> Any:
        if len(text) > MAX_CHARACTERS:
            limit = f"a cell of Excel has at most {MAX_CHARACTERS:,} characters"
            raise DlcliError(f"{path}: {limit}", hint=OTHER)
        # Control characters cannot be stored; the replacement character shows where they were.
        value = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", text))
        value.data_type = "s"
        return value

    with atomic(path) as temporary:
        try:
            for row in _rows(predictions, blocks, cell, path):
                sheet.append(row)
        finally:
            sheet.close()  # also after an error: it has a temporary file
        book.save(temporary)


def _rows(
    predictions: Predictions,
    blocks: Iterable[PredictionBlock],
    cell: Callable[[str], Any],
    path: Path,
) -> Iterator[Sequence[Any]]:
    """Yield the header and the rows of a sheet."""
    _check_size(len(predictions.columns), MAX_COLUMNS, "columns", path)
    yield [cell(name) for name in predictions.columns]
    rows = 1
    for block in blocks:
        rows += len(block)
        _check_size(rows, MAX_ROWS, "rows", path)
        yield from zip(*_columns(block, predictions, cell), strict=True)


def _check_size(size: int, limit: int, noun: str, path: Path) -> None:
    if size > limit:
        raise DlcliError(f"{path}: a sheet of Excel has at most {limit:,} {noun}", hint=OTHER)


def _columns(
    block: PredictionBlock, predictions: Predictions, cell: Callable[[str], Any]
) -> list[Any]:
    """Return the cells of a block, column by column."""
    decimal = predictions.signature.dialect.decimal
    columns = [[_kept(value, cell, decimal) for value in values] for values in block.kept.values()]
    if predictions.name_column:
        columns.insert(0, [cell(name) for name in block.names])
    numbers = [values.tolist() for values in block.columns()]
    count = block.names_of_classes
    columns += [[cell(str(name)) for name in names] for names in numbers[:count]]
    numbers = numbers[count:]
    return [*columns, *([float(float_text(value)) for value in column] for column in numbers)]


def _kept(value: Any, cell: Callable[[str], Any], decimal: str) -> Any:
    """Return a plain number as a number, and everything else as a text."""
    text = kept_text(value)
    number = plain_number(text, decimal)
    if number and sum(map(str.isdigit, number)) <= MAX_DIGITS:
        return float(number) if "." in number else int(number)
    return cell(text)
