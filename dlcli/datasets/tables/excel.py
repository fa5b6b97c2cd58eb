"""Workbooks of Excel (.xlsx): the values of a sheet as rows of texts."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.binary_file import BinaryFile
from dlcli.datasets.tables.cell_values import to_text
from dlcli.datasets.tables.encodings import Hints
from dlcli.datasets.tables.merged_cells import (
    MergedRange,
    fill_merged,
    merged_notice,
    ranges_to_fill,
    read_merged_ranges,
)
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.row_reader import LOOKAHEAD_ROWS, RowReader
from dlcli.datasets.tables.text_layout import propose_rows
from dlcli.errors import DatasetError, TooLargeError, did_you_mean, plural

if TYPE_CHECKING:
    from openpyxl import Workbook

MISSING = "Excel files need openpyxl, which is not installed"
INSTALL = "pip install 'dlcli[excel]'"
# What a small file may unpack to: a workbook is a zip file of XML, and may be a bomb.
MAX_UNPACKED = 2 << 30
MAX_SHARED_TEXTS = 512 << 20
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 1_048_576, 16_384, 200_000_000
# What openpyxl raises for files that are damaged or not as Excel writes them; zipfile raises
# NotImplementedError for an unknown version of its format.
DAMAGED = (
    KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, OSError, EOFError,
    NotImplementedError, ParseError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
Row = tuple[int, list[str]]


def read_excel(
    file: BinaryFile, dialect: Dialect, hints: Hints, names: tuple[str, ...] = ()
) -> RowReader:
    """Open a sheet of a workbook as a table.

    Parameters
    ----------
    file : BinaryFile
    dialect : Dialect
        Its ``sheet`` and ``skip_rows``.
    hints : Hints
        Those of a prediction let a workbook have another sheet.
    names : tuple of str
        Names that the header has if there are no rows above it, whatever the dialect says.

    Raises
    ------
    DatasetError
        If openpyxl is not installed, the file is damaged or too large, or there is no such sheet.
    """
    workbook = _open(file)
    sheets = _filled_sheets(workbook, file.name)
    proposals = []
    if len(sheets) > 1 and not dialect.sheet:
        reason = f"the first of {len(sheets)} sheets that are not empty"
        proposals.append(Proposal("sheet", sheets[0], reason))
    sheet, notice = _choose(sheets, dialect.sheet, file.name, is_strict=hints.has_options)
    rows = _rows(workbook, sheet, file.name, dialect.decimal)
    head = list(islice(rows, LOOKAHEAD_ROWS + dialect.skip_rows))
    skipped = dialect.skip_rows
    if skipped and names and head and set(names) <= {text.strip() for text in head[0][1]}:
        skipped = 0
    below = [(number, len(texts)) for number, texts in head if texts and number > skipped]
    header, width = (below or [(skipped + 1, 0)])[0][0], max((size for _, size in below), default=0)
    merged = ranges_to_fill(
        _merged_ranges(workbook, sheet, file.name),
        _rows(workbook, sheet, file.name, dialect.decimal),
        header,
        width,
    )
    filled = fill_merged(chain(head, rows), merged, header, width)
    reader = RowReader(
        file.name,
        dialect,
        _padded(row for row in filled if row[0] > skipped),
        proposals=proposals,
        collects_bad_rows=hints.has_options,
    )
    reader.notices += notice
    if merged:
        reader.has_filled_cells = True
        reader.notices.append(f"{file.name}: {merged_notice(merged)}")
    if skipped and names:
        above = f"{plural(skipped, 'row')} above the table"
        reader.notices.append(f"{file.name}: skipped, as in training: {above}")
    return reader


def propose_for_excel(file: BinaryFile, dialect: Dialect) -> Iterator[Proposal]:
    """Yield the sheet, if the first holds no table, and the number of rows above the table."""
    workbook = _open(file)
    sheets = _filled_sheets(workbook, file.name)

    def rows_of(sheet: str) -> Iterator[Row]:
        return _rows(workbook, sheet, file.name, dialect.decimal)

    sheet = dialect.sheet if dialect.sheet in sheets else sheets[0]
    if not dialect.sheet:
        sheet = next((one for one in sheets if _holds_table(rows_of(one))), sheet)
        if sheet != sheets[0]:
            yield Proposal("sheet", sheet, f"the first sheet with a table; {sheets[0]!r} has none")
    rows = rows_of(sheet)
    head = [row for row in islice(rows, LOOKAHEAD_ROWS) if any(row[1])]
    width = max((len(fields) for _, fields in head), default=0)
    full = [(line, [*fields, *[""] * (width - len(fields))]) for line, fields in head]
    if not dialect.skip_rows:
        yield from propose_rows(full, has_index=True)


def _holds_table(rows: Iterator[Row]) -> bool:
    """Tell whether two of the first rows have two values each, as a cover sheet has not."""
    head = islice(rows, LOOKAHEAD_ROWS)
    return sum(len(list(filter(str.strip, fields))) > 1 for _, fields in head) > 1


def _open(file: BinaryFile) -> Workbook:
    try:
        import openpyxl
    except ImportError:
        raise DatasetError(f"{file.name}: {MISSING}", hint=INSTALL) from None
    file.stream.seek(0)
    try:
        with zipfile.ZipFile(file.stream) as archive:
            sizes = {member.filename: member.file_size for member in archive.infolist()}
        if (
            sum(sizes.values()) > MAX_UNPACKED
            or sizes.get("xl/sharedStrings.xml", 0) > MAX_SHARED_TEXTS
        ):
            raise TooLargeError(
                f"{file.name} is too large when unpacked", hint="save the table as CSV or Parquet"
            )
        file.stream.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which are not read
            return openpyxl.load_workbook(
                file.stream, read_only=True, data_only=True, keep_links=False
            )
    except DAMAGED as error:
        raise _damaged(file.name, error) from None


def _damaged(name: str, error: BaseException) -> DatasetError:
    reason = str(error).partition("\n")[0][:100] or type(error).__name__
    hint = "open it in Excel and save it again, or save the table as CSV"
    return DatasetError(f"{name} is damaged: {reason}", hint=hint)


def _filled_sheets(workbook: Workbook, name: str) -> list[str]:
    """Return the names of the sheets with a value."""
    filled = []
    try:
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()
            rows = sheet.iter_rows(values_only=True)
            if any(value is not None for row in islice(rows, LOOKAHEAD_ROWS) for value in row):
                filled.append(sheet.title)
    except DAMAGED as error:
        raise _damaged(name, error) from None
    if not filled:
        raise DatasetError(f"{name} is empty")
    return filled


def _choose(sheets: list[str], wanted: str, name: str, *, is_strict: bool) -> tuple[str, list[str]]:
    if not wanted or wanted in sheets:
        return wanted or sheets[0], []
    if not is_strict:
        return sheets[0], [f"{name} has no sheet {wanted!r}: {sheets[0]!r} is read"]
    listed = ", ".join(map(repr, sheets[:20]))
    message = f"{name}: no sheet {wanted!r} with values. {did_you_mean(wanted, sheets)}"
    raise DatasetError(message.rstrip(), hint=f"sheets with values: {listed}")


def _rows(workbook: Workbook, sheet: str, name: str, decimal: str) -> Iterator[Row]:
    """Yield the number and the texts of each row, without empty ones behind the last text."""
    worksheet: Any = workbook[sheet]
    worksheet.reset_dimensions()
    cells = 0
    rows = worksheet.iter_rows(values_only=True)
    number = 0
    while True:
        try:
            values = next(rows, None)
        except DAMAGED as error:
            raise _damaged(f"{name}:{number + 1}", error) from None
        if values is None:
            return
        number += 1
        cells += len(values)
        if number > MAX_ROWS or len(values) > MAX_COLUMNS or cells > MAX_CELLS:
            hint = "save the table as CSV or Parquet"
            raise DatasetError(f"{name}:{number}: the sheet is too large", hint=hint)
        texts = [to_text(value, decimal) for value in values]
        while texts and not texts[-1].strip():
            texts.pop()
        yield number, texts


def _merged_ranges(workbook: Workbook, sheet: str, name: str) -> list[MergedRange]:
    worksheet: Any = workbook[sheet]
    try:
        with worksheet._get_source() as xml:  # noqa: SLF001 (only this knows the sheet's file)
            return read_merged_ranges(xml)
    except DAMAGED as error:
        raise _damaged(name, error) from None


def _padded(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield rows with the cells that Excel leaves out behind the last one with a value."""
    width = 0
    for number, texts in rows:
        width = width or len(texts)
        yield number, [*texts, *[""] * (width - len(texts))]
