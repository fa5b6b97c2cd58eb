"""The loaders of data sets and their arguments; what they do is in `dlcli.datasets.loading`."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from dlcli.config.base import Name, Names, Section, Texts, as_tuple
from dlcli.config.registry import Registry

LOADERS: Registry[type[Loader]] = Registry("loader")
Pixels = Annotated[int, Field(gt=0, le=4096)]
ImageSize = Annotated[tuple[Pixels, Pixels], BeforeValidator(as_tuple)]


class Loader(Section):
    """What every loader takes."""

    named_only: ClassVar[bool] = False

    limit: int | None = Field(
        default=None, gt=0, description="Use only so many rows, drawn with the seed."
    )


class Table(Loader):
    """What loaders of text files with rows take."""

    path: str = Field(description="The file, relative to the config.")
    target: Name = Field(
        description="Column to learn: its name, or its position from 0 (-1: last)."
    )
    class_names: Texts | None = Field(
        default=None, description="Better names for the classes, in the order of the sorted texts."
    )
    header: bool | Literal["auto"] = Field(
        default="auto",
        description="Whether the first row holds names; auto: when no field is a number.",
    )
    names: Texts | None = Field(
        default=None, description="Column names for a file without a header."
    )
    delimiter: str = Field(
        default="auto",
        min_length=1,
        description="Field separator; auto detects , ; tab | and runs of blanks (whitespace).",
    )
    encoding: str = Field(
        default="auto", description="auto: UTF-8, UTF-16 with a byte order mark, or cp949."
    )
    quoting: bool = Field(default=True, description='Whether " encloses fields.')
    comment: str = Field(default="", max_length=1, description="Skip lines that begin so.")

    @field_validator("delimiter")
    @classmethod
    def _one_sign(cls, value: str) -> str:
        if value in ("tab", "\\t"):
            return "\t"
        if value not in ("auto", "whitespace") and (len(value) > 1 or value in '"\r\n\0'):
            wanted = "one character (no quote, no line end), tab, whitespace or auto"
            raise ValueError(f"expected {wanted}, got {value!r}")
        return value


@LOADERS.register("csv")
class CsvLoader(Table):
    """A table in a text file: any delimiter, any of the usual encodings, gzipped or not."""

    columns: Names | None = Field(default=None, description="Columns to use; default: all others.")
    drop: Names = Field(default=(), description="Columns to leave out.")
    types: dict[str, Literal["numeric", "categorical", "boolean", "text"]] = Field(
        default_factory=dict, description="Types of columns, where the detected one is wrong."
    )
    task: Literal["auto", "classification", "regression"] = Field(
        default="auto",
        description="What the target is; auto: text and few whole numbers are classes.",
    )
    unit: str = Field(default="", description="Unit of a regression target, for outputs.")
    window: int | None = Field(
        default=None,
        gt=0,
        description="Forecast the target from so many of its own values before, one row an hour, "
        "a day, …",
    )
    decimal: Literal[".", ","] = Field(default=".", description="Decimal sign.")
    missing: Texts = Field(
        default=("", "NA", "N/A", "NaN", "nan", "null", "?"),
        description="Texts of a feature that mean no value; a target's text never does.",
    )

    @model_validator(mode="after")
    def _one_series(self) -> CsvLoader:
        if self.window is not None and (self.columns or self.drop or self.types):
            raise ValueError("'window' looks at the target alone; leave out columns, drop, types")
        return self


@LOADERS.register("text")
class TextLoader(Table):
    """A column of raw text in a table; or a folder of class folders of .txt files."""

    text: Name = Field(default="text", description="Column with the raw text.")
    target: Name = Field(
        default="class", description="Column to learn: its name, or its position from 0 (-1: last)."
    )
    classes: Texts | None = Field(
        default=None, description="Class folders to use, where the path is a folder; default: all."
    )

    def table(self) -> CsvLoader:
        """Return the loader of the same table, the text being its only feature."""
        shared = {name: getattr(self, name) for name in Table.model_fields}
        return CsvLoader(columns=(self.text,), task="classification", **shared)


class FilesLoader(Loader):
    """What loaders of folders of files take."""

    path: str = Field(
        description="Folder of class folders, or a .tar.gz or .zip of one, relative to the config."
    )
    classes: Texts | None = Field(default=None, description="Classes to use; default: all.")
    pattern: str | None = Field(
        default=None,
        description="How file names are made, where they tell the class, as in {class}_{speaker}.",
    )
    test: dict[str, Texts] = Field(
        default_factory=dict,
        description="Values of the pattern's fields that mark official test files.",
    )
    class_names: Texts | None = Field(
        default=None, description="Better names for the classes, in the order of the sorted ones."
    )

    @model_validator(mode="after")
    def _fields_exist(self) -> FilesLoader:
        fields = re.findall(r"\{(\w+)\}", self.pattern or "")
        if self.pattern is not None and "class" not in fields:
            raise ValueError("'pattern' needs {class}")
        if len(set(fields)) < len(fields) or "}{" in (self.pattern or ""):
            raise ValueError("'pattern' has a field twice, or nothing between two of them")
        for name in self.test:
            if name not in fields:
                raise ValueError(f"'test' names {name!r}, which 'pattern' does not have")
        return self


@LOADERS.register("images")
class ImagesLoader(FilesLoader):
    """PNG and JPEG pictures in class folders."""

    image_size: ImageSize | None = Field(
        default=None, description="Height and width to resize to; default: as they are, all alike."
    )
    color_mode: Literal["rgb", "grayscale"] = Field(default="rgb", description="Channels: 3 or 1.")


@LOADERS.register("audio")
class AudioLoader(FilesLoader):
    """WAV recordings of any length in class folders, or listed in a table."""

    sampling_rate: int | None = Field(
        default=None,
        ge=100,
        le=768_000,
        description="Hz to resample to; default: as they are, all alike.",
    )
    target: Name = Field(
        default="class",
        description="Where the path is a table: its column to learn, beside one named file.",
    )


@LOADERS.register("sklearn")
class SklearnLoader(Loader):
    """A data set that scikit-learn brings along."""

    name: Literal["breast_cancer", "diabetes", "digits", "iris", "wine"] = Field(
        description="scikit-learn's name of it."
    )


@LOADERS.register("npz")
class NpzLoader(Loader):
    """A Keras archive: ``x_train``, ``y_train``, ``x_test``, ``y_test``."""

    path: str = Field(description="The .npz file, relative to the config.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, ….")


@LOADERS.register("idx")
class IdxLoader(Loader):
    """Images and labels in IDX files as MNIST publishes them."""

    path: str = Field(description="Folder of the four files, relative to the config.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, ….")


@LOADERS.register("indexed_text")
class IndexedTextLoader(Loader):
    """Texts as numbers of words with their index, as Keras publishes Reuters and IMDB."""

    # The archives are pickles, opened only after their checksum.
    named_only: ClassVar[bool] = True

    path: str = Field(description="Filled in.")
    class_names: Texts | None = Field(default=None, description="Names of the classes 0, 1, ….")


def user_loaders() -> list[str]:
    """Return the loaders that a config may name itself."""
    return [name for name in LOADERS if not LOADERS[name].named_only]
