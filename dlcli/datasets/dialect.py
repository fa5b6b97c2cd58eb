"""How a table file is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field


@dataclass(frozen=True)
class Dialect:
    """How a delimited text file is written.

    Parameters
    ----------
    delimiter : str
        One character, or ``"whitespace"`` for runs of blanks.
    header : bool
        Whether the first row holds column names.
    encoding : str
        A Python codec, or ``"auto"``.
    decimal : str
    quoting : bool
    comment : str
        First character of lines that are skipped, or ``""``.
    missing : tuple of str
        Texts of a feature that mean a missing value.
    missing_numbers : tuple of str
        Further texts that mean a missing value in numeric columns.
    missing_target : {"error", "drop"}
        Whether rows without a target are refused or left out.
    thousands : str
        Separator of groups of three digits, or ``""``.
    affixes : tuple of str
        Texts before or behind numbers; ``"()"`` are brackets for a minus sign.
    lowercase : bool
        Whether categories and labels are read in lower case.
    width : int
        Number of columns of the training file, including the target and unused columns, but not an
        index; 0 if the data were not read from such a file.
    index : bool
        Whether the first column is a row index, which may be absent.
    skip_rows : int
        Number of lines above the table.
    quotechar : str
        Character that encloses fields.
    widths : tuple of int
        Width of each column of a file without delimiters.
    sheet : str
        Name of the sheet of a workbook; empty for the first that is not empty.
    unique_names : bool
        Whether repeated and nameless columns are numbered.
    encoding_errors : {"strict", "replace"}
    on_bad_row : {"error", "skip"}
        Whether rows with another number of fields are refused or left out; in rows to predict
        they are refused.
    record_path : str
        Key of the list of records in a JSON text, with points between the keys of nested objects;
        empty if the text has nothing else.
    flatten : bool
        Whether objects in the records of a JSON text become columns such as ``"a.b"``.
    list_columns : tuple of str or int
        Columns of JSON whose values may be lists: the target, and those that are dropped.
        `EVERY_COLUMN` while none is chosen.
    """

    delimiter: str = ","
    header: bool = True
    encoding: str = "auto"
    decimal: str = "."
    quoting: bool = True
    comment: str = ""
    missing: tuple[str, ...] = ("",)
    missing_numbers: tuple[str, ...] = ()
    missing_target: Literal["error", "drop"] = "error"
    thousands: Literal["", ",", ".", " ", "'"] = ""
    affixes: tuple[str, ...] = ()
    lowercase: bool = False
    width: int = 0
    index: bool = False
    skip_rows: Annotated[int, Field(ge=0, le=10_000)] = 0
    quotechar: str = '"'
    widths: tuple[Annotated[int, Field(gt=0, le=10_000)], ...] = ()
    sheet: str = ""
    unique_names: bool = False
    encoding_errors: Literal["strict", "replace"] = "strict"
    on_bad_row: Literal["error", "skip"] = "error"
    record_path: Annotated[str, Field(max_length=1_000)] = ""
    flatten: bool = False
    list_columns: tuple[str | int, ...] = ()


EVERY_COLUMN = ("\0",)
# Of a CSV with the flattened values of an array in each row.
PIXELS = Dialect("auto", header=False)
