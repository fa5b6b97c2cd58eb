"""The arguments of the loaders of tables and texts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from dlcli.config.base import Name, Names, Targets, Text, Texts, as_tuple
from dlcli.config.date_formats import check_date_format
from dlcli.config.loader_base import LOADERS, Loader, OnBadFile, Task

Widths = Annotated[
    tuple[Annotated[int, Field(gt=0, le=10_000)], ...],
    BeforeValidator(as_tuple),
    Field(min_length=1),
]


def _with_formats(value: Any) -> Any:
    """Return a list of columns as a mapping to formats, which are to be detected."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(item, str | int) for item in value):
        raise ValueError(f"expected names of columns, got {value}")
    return dict.fromkeys(value, "")


DateFormat = Annotated[str, AfterValidator(check_date_format)]
# A list of columns, whose formats are detected, or columns with their formats.
Dates = Annotated[
    dict[Name, DateFormat],
    BeforeValidator(_with_formats),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": ["string", "integer"]}},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]


class Table(Loader):
    """Arguments of the loaders of tables in text files."""

    path: str = Field(description="Path of the file, relative to the config.")
    target: Targets = Field(
        description="Column to predict: its name, or its index from 0 (-1: last); or a list of "
        "columns of 0 and 1 (labels of which a row has several), or of numbers."
    )
    target_separator: str = Field(
        default="",
        max_length=10,
        description="Text between the labels of a row, if a column has several, as in `a; b`; "
        'lists such as `["a", "b"]` need none.',
    )
    class_names: Texts | None = Field(
        default=None,
        description="Display names of the classes, in the order of their sorted texts.",
    )
    header: bool | Literal["auto"] = Field(
        default="auto",
        description="Whether the first row has the column names; auto: if no field is a number, "
        "or if they count up as years do.",
    )
    names: Texts | None = Field(
        default=None, description="Column names of a file without a header."
    )
    delimiter: str = Field(
        default="auto",
        min_length=1,
        description="Field separator; auto detects comma, semicolon, tab, | and whitespace.",
    )
    encoding: str = Field(
        default="auto",
        description="Text encoding; auto: UTF-8, UTF-16, or Korean text in cp949.",
    )
    encoding_errors: Literal["strict", "replace"] = Field(
        default="strict",
        description="What bytes that are not in the encoding are: errors, or the character \ufffd.",
    )
    quoting: bool = Field(default=True, description="Whether fields can be enclosed in quotes.")
    quotechar: str = Field(
        default='"', min_length=1, max_length=1, description="Character that encloses fields."
    )
    comment: str = Field(
        default="", max_length=1, description="Character that starts a line to skip."
    )
    skip_rows: int = Field(
        default=0, ge=0, le=10_000, description="Number of lines above the header, such as titles."
    )
    index: bool = Field(
        default=False,
        description="Whether the first column is a row index, as pandas and R write it: it is no "
        "feature, its name may be empty or missing, and rows to predict need not have it.",
    )
    unique_names: bool = Field(
        default=False,
        description="Whether repeated and nameless columns are numbered: `a`, `a.1`, `column 3`; "
        "default: they are errors.",
    )
    on_bad_row: Literal["error", "skip"] = Field(
        default="error",
        description="What rows with too many or too few fields are: errors, or left out and "
        "counted.",
    )
    widths: Widths | None = Field(
        default=None, description="Widths of the columns of a file without delimiters."
    )
    sheet: str = Field(
        default="", description="Sheet of an Excel file; default: the first that is not empty."
    )

    record_path: str = Field(
        default="",
        max_length=1_000,
        description="Key of the list of records in a JSON file that is one object, with points "
        "between the keys of nested objects, as in `answer.rows`.",
    )
    flatten: bool = Field(
        default=False,
        description="Whether objects in the records of a JSON file become columns: `a.b` is the "
        "key `b` of the object `a`.",
    )

    @property
    def targets(self) -> tuple[str | int, ...]:
        """The columns to predict."""
        return self.target if isinstance(self.target, tuple) else (self.target,)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if value in ("tab", "\\t"):
            return "\t"
        if value not in ("auto", "whitespace") and (len(value) > 1 or value in '"\r\n\0'):
            expected = "one character (no quote, no line break), tab, whitespace or auto"
            raise ValueError(f"expected {expected}, got {value!r}")
        return value

    @model_validator(mode="after")
    def _one_way_to_split(self) -> Self:
        if self.widths is not None and self.delimiter not in ("auto", "whitespace"):
            raise ValueError("'widths' is for files without a delimiter; remove one of them")
        if self.quotechar in "\r\n\0" + self.delimiter:
            raise ValueError(f"'quotechar' cannot be {self.quotechar!r}")
        return self


@LOADERS.register("csv")
class CsvLoader(Table):
    """A table: CSV with any delimiter and encoding, fixed-width text, Excel, Parquet, ARFF or JSON.

    Text may be gzipped, or the only table of a zip file.
    """

    columns: Names | None = Field(
        default=None, description="Columns to use as features; default: all but the target."
    )
    drop: Names = Field(default=(), description="Columns to drop.")
    types: dict[Text, Literal["numeric", "categorical", "boolean", "text"]] = Field(
        default_factory=dict, description="Types of columns whose detected type is wrong."
    )
    dates: Dates = Field(
        default_factory=dict,
        description='Columns with dates or times; with a format as in {day: "%d.%m.%Y"}, or excel '
        "for the numbers of spreadsheets, if it is not detected.",
    )
    task: Task = Field(
        default="auto",
        description="auto: classification if the target is text or few distinct integers, "
        "multilabel if it is several columns of 0 and 1, or lists.",
    )
    unit: str = Field(default="", description="Unit of a regression target, shown in outputs.")
    window: int | None = Field(
        default=None,
        gt=0,
        description="Number of previous values from which the next value of a time series is "
        "predicted.",
    )
    decimal: Literal[".", ","] = Field(default=".", description="Decimal separator.")
    thousands: Literal["", ",", ".", " ", "'"] = Field(
        default="",
        description="Separator of groups of three digits, as in 1,200; a blank stands for any "
        "kind of blank.",
    )
    affixes: Texts = Field(
        default=(),
        description='Texts before or behind numbers, which are removed: "%", "$", "kg"; "()" reads '
        "(5) as -5.",
    )
    missing: Texts = Field(
        default=(),
        description="Texts that mark a missing value of a feature, besides the usual ones.",
    )
    missing_numbers: Texts = Field(
        default=(),
        description="Further texts that mark a missing value in numeric columns and dates; in "
        "others they are categories.",
    )
    usual_missing: bool = Field(
        default=True,
        description="Whether NA, null and the like mark a missing value of a feature as well.",
    )
    missing_target: Literal["error", "drop"] = Field(
        default="error",
        description="Whether rows without a target are an error, or are dropped and counted.",
    )
    lowercase: bool = Field(
        default=False,
        description="Read categories and labels in lower case, with single blanks.",
    )

    @model_validator(mode="after")
    def _one_kind_of_labels(self) -> CsvLoader:
        if self.target_separator and len(self.targets) > 1:
            raise ValueError("'target_separator' is for one column with several labels")
        if self.target_separator and self.task not in ("auto", "multilabel"):
            raise ValueError(f"'target_separator' is for several labels, not for {self.task}")
        return self

    @model_validator(mode="after")
    def _two_separators(self) -> CsvLoader:
        if self.thousands == self.decimal:
            raise ValueError(f"'thousands' and 'decimal' are both {self.decimal!r}")
        return self

    @model_validator(mode="after")
    def _one_series(self) -> CsvLoader:
        if self.window is not None and (self.columns or self.drop or self.types):
            raise ValueError("'window' uses the target only; remove columns, drop and types")
        if self.window is not None and len(self.targets) > 1:
            raise ValueError("'window' predicts one series; name one target")
        return self


@LOADERS.register("text")
class TextLoader(Table):
    """Raw text: a column of a table, or a folder of .txt files in class folders."""

    text: Name = Field(default="text", description="Column with the text.")
    target: Targets = Field(
        default="class",
        description="Column to predict: its name, or its index from 0 (-1: last); or a list of "
        "columns of 0 and 1, or of numbers.",
    )
    classes: Texts | None = Field(
        default=None, description="Class folders to use, if the path is a folder; default: all."
    )
    on_bad_file: OnBadFile = "error"
    task: Task = Field(
        default="classification",
        description="regression: the target is a number; multilabel: a row has any number of "
        "the labels.",
    )
    unit: str = Field(default="", description="Unit of a regression target, shown in outputs.")

    def table(self) -> CsvLoader:
        """Return the loader of the same table with the text as its only feature."""
        shared = {name: getattr(self, name) for name in (*Table.model_fields, "task", "unit")}
        if "task" not in self.model_fields_set:
            shared["task"] = "auto"
        return CsvLoader(columns=(self.text,), **shared)
