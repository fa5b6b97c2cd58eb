"""The arguments of the loaders; `dlcli.datasets.loading` implements them."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from dlcli.config.base import Name, Names, Section, Text, Texts, as_tuple
from dlcli.config.date_formats import check_date_format
from dlcli.config.registry import Registry

LOADERS: Registry[type[Loader]] = Registry("loader")
Task = Literal["auto", "classification", "regression"]
Pixels = Annotated[int, Field(gt=0, le=4096)]
Widths = Annotated[
    tuple[Annotated[int, Field(gt=0, le=10_000)], ...],
    BeforeValidator(as_tuple),
    Field(min_length=1),
]
ImageSize = Annotated[tuple[Pixels, Pixels], BeforeValidator(as_tuple)]


OnBadFile = Annotated[
    Literal["error", "skip"],
    Field(description="What to do with files that cannot be read; skip leaves them out."),
]

DateFormat = Annotated[str, AfterValidator(check_date_format)]
# A list of columns, whose formats are detected, or columns with their formats.
Dates = Annotated[
    dict[Name, DateFormat],
    BeforeValidator(lambda value: dict.fromkeys(value, "") if isinstance(value, list) else value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": ["string", "integer"]}},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]


class Loader(Section):
    """Arguments of every loader."""

    # Whether only named data sets may use the loader.
    named_only: ClassVar[bool] = False

    limit: int | None = Field(
        default=None,
        gt=0,
        description="Number of rows to use, drawn at random with the seed; default: all.",
    )


class Table(Loader):
    """Arguments of the loaders of tables in text files."""

    path: str = Field(description="Path of the file, relative to the config.")
    target: Name = Field(description="Column to predict: its name, or its index from 0 (-1: last).")
    class_names: Texts | None = Field(
        default=None,
        description="Display names of the classes, in the order of their sorted texts.",
    )
    header: bool | Literal["auto"] = Field(
        default="auto",
        description="Whether the first row has the column names; auto: if no field is a number.",
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

    @field_validator("target", mode="before")
    @classmethod
    def _one_target(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        raise ValueError("a model has one target here; train one for each of the columns")

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
        description="auto: classification if the target is text or few distinct integers.",
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
    def _two_separators(self) -> CsvLoader:
        if self.thousands == self.decimal:
            raise ValueError(f"'thousands' and 'decimal' are both {self.decimal!r}")
        return self

    @model_validator(mode="after")
    def _one_series(self) -> CsvLoader:
        if self.window is not None and (self.columns or self.drop or self.types):
            raise ValueError("'window' uses the target only; remove columns, drop and types")
        return self


@LOADERS.register("text")
class TextLoader(Table):
    """Raw text: a column of a table, or a folder of .txt files in class folders."""

    text: Name = Field(default="text", description="Column with the text.")
    target: Name = Field(
        default="class", description="Column to predict: its name, or its index from 0 (-1: last)."
    )
    classes: Texts | None = Field(
        default=None, description="Class folders to use, if the path is a folder; default: all."
    )
    on_bad_file: OnBadFile = "error"
    task: Task = Field(default="classification", description="regression: the target is a number.")
    unit: str = Field(default="", description="Unit of a regression target, shown in outputs.")

    def table(self) -> CsvLoader:
        """Return the loader of the same table with the text as its only feature."""
        shared = {name: getattr(self, name) for name in (*Table.model_fields, "task", "unit")}
        return CsvLoader(columns=(self.text,), **shared)


class LabelledLoader(Loader):
    """Arguments of the loaders of samples that are no rows of a table."""

    task: Task = Field(
        default="auto",
        description="auto: classification for folders and whole numbers, regression for other "
        "numbers.",
    )
    unit: str = Field(default="", description="Unit of a regression target, shown in outputs.")


class FilesLoader(LabelledLoader):
    """Arguments of the loaders of folders of files."""

    path: str = Field(
        description="Folder of class folders, an archive of one, or a table with a column of file "
        "names and the target; relative to the config."
    )
    target: Name | None = Field(
        default=None,
        description="Column to predict, if the path is a table; default: class, label or target, "
        "or the only other column.",
    )
    classes: Texts | None = Field(default=None, description="Classes to use; default: all.")
    pattern: str | None = Field(
        default=None,
        description="Pattern of file names that contain the class, as in {class}_{speaker}, or of "
        "paths, as in {year}/{class}/{number}.",
    )
    test: dict[str, Texts] = Field(
        default_factory=dict,
        description="Values of fields of the pattern that mark the official test set.",
    )
    class_names: Texts | None = Field(
        default=None,
        description="Display names of the classes, in the order of their sorted names.",
    )
    on_bad_file: OnBadFile = "error"

    @property
    def lists_files(self) -> bool:
        """Whether the path is that of a table of files, by its ending."""
        return self.path.lower().endswith((".csv", ".tsv", ".txt", ".xlsx"))

    @model_validator(mode="after")
    def _fields_exist(self) -> FilesLoader:
        fields = re.findall(r"\{(\w+)\}", self.pattern or "")
        if self.pattern is not None and "class" not in fields:
            raise ValueError("'pattern' needs {class}")
        if len(set(fields)) < len(fields) or "}{" in (self.pattern or ""):
            raise ValueError("'pattern' repeats a field, or has no text between two fields")
        for name in self.test:
            if name not in fields:
                raise ValueError(f"'test' names {name!r}, which 'pattern' does not have")
        return self


@LOADERS.register("images")
class ImagesLoader(FilesLoader):
    """PNG, JPEG, BMP, GIF, WebP and TIFF images in class folders, or listed in a table."""

    image_size: ImageSize | None = Field(
        default=None,
        description="Height and width to resize to; default: all images must have the same size.",
    )
    color_mode: Literal["rgb", "grayscale"] = Field(
        default="rgb", description="Three channels (rgb) or one (grayscale)."
    )


@LOADERS.register("audio")
class AudioLoader(FilesLoader):
    """WAV recordings of any length in class folders, or listed in a table."""

    sampling_rate: int | None = Field(
        default=None,
        ge=100,
        le=768_000,
        description="Hz to resample to; default: all recordings must have the same rate.",
    )


@LOADERS.register("sklearn")
class SklearnLoader(Loader):
    """A data set that is installed with scikit-learn."""

    name: Literal["breast_cancer", "diabetes", "digits", "iris", "wine"] = Field(
        description="Its name in scikit-learn."
    )


@LOADERS.register("npz")
class NpzLoader(LabelledLoader):
    """A NumPy archive with ``x`` and ``y``, or ``x_train``, ``y_train``, ``x_test``, ``y_test``."""

    path: str = Field(description="Path of the .npz file, relative to the config.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, 2, …")


@LOADERS.register("idx")
class IdxLoader(LabelledLoader):
    """Images and labels in IDX files, the format of MNIST."""

    path: str = Field(description="Folder with the four files, relative to the config.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, 2, …")


@LOADERS.register("indexed_text")
class IndexedTextLoader(Loader):
    """Texts as word indices with a word index, the format of Reuters and IMDB in Keras."""

    # The archives contain pickled objects and are opened only after their checksum is verified.
    named_only: ClassVar[bool] = True

    path: str = Field(description="Set by dlcli.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, 2, …")


def user_loaders() -> list[str]:
    """Return the names of the loaders that a config can use."""
    return [name for name in LOADERS if not LOADERS[name].named_only]
