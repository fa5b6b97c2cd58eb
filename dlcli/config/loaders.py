"""The loaders of data sets and their arguments; what they do is in `dlcli.datasets`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dlcli.config.section import Name, Names, Section, Texts
from dlcli.registry import Registry

LOADERS: Registry[type[Loader]] = Registry("loader")


class Loader(Section):
    """What every loader takes."""

    limit: int | None = Field(
        default=None, gt=0, description="Use only so many rows, drawn with the seed."
    )


@LOADERS.register("csv")
class CsvLoader(Loader):
    """A table in a text file: any delimiter, any of the usual encodings, gzipped or not."""

    path: str = Field(description="The file, relative to the config.")
    target: Name = Field(
        description="Column to learn: its name, or its position from 0 (-1: last)."
    )
    columns: Names | None = Field(default=None, description="Columns to use; default: all others.")
    drop: Names = Field(default=(), description="Columns to leave out.")
    types: dict[str, Literal["numeric", "categorical", "boolean"]] = Field(
        default_factory=dict, description="Types of columns, where the detected one is wrong."
    )
    task: Literal["auto", "classification", "regression"] = Field(
        default="auto",
        description="What the target is; auto: text and few whole numbers are classes.",
    )
    unit: str = Field(default="", description="Unit of a regression target, for outputs.")
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
    decimal: Literal[".", ","] = Field(default=".", description="Decimal sign.")
    quoting: bool = Field(default=True, description='Whether " encloses fields.')
    comment: str = Field(default="", max_length=1, description="Skip lines that begin so.")
    missing: Texts = Field(
        default=("", "NA", "N/A", "NaN", "nan", "null", "?"),
        description="Texts of a feature that mean no value; a target's text never does.",
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
