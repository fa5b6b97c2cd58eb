"""The sections of a config: what may stand where, and the defaults."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from dlcli.config.components import Component
from dlcli.config.document import Document
from dlcli.errors import Problem
from dlcli.registry import Registry

Fraction = Annotated[float, Field(ge=0, lt=1)]
Name = str | int


def _as_tuple(value: Any) -> Any:
    """Make a tuple of a YAML list: a frozen section holds nothing that can change."""
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(_as_tuple)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Section(BaseModel):
    """Frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False
    )


# Data set loaders. What they do with these arguments is in `dlcli.datasets`.

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


# Preprocessing steps. What they do is in `dlcli.preprocess`.

STEPS: Registry[type[Step]] = Registry("preprocessing step")


class Step(Section):
    """One step; fitted on the training rows only."""

    takes: ClassVar[tuple[str, ...]] = ("numeric", "boolean")


@STEPS.register("standardize")
class Standardize(Step):
    """Subtract the mean and divide by the standard deviation."""


@STEPS.register("min_max")
class MinMax(Step):
    """Map the smallest value to 0 and the largest to 1."""


@STEPS.register("scale")
class Scale(Step):
    """Divide by a constant."""

    divisor: float = Field(description="What to divide by: 255 for bytes.")

    @model_validator(mode="after")
    def _not_zero(self) -> Scale:
        if self.divisor == 0:
            raise ValueError("the divisor must not be 0")
        return self


@STEPS.register("impute")
class Impute(Step):
    """Fill in missing values."""

    takes: ClassVar[tuple[str, ...]] = ("numeric", "boolean", "categorical")

    strategy: Literal["mean", "median", "most_frequent"] | None = Field(
        default=None,
        description="What of the training rows to fill in; default: mean, or commonest category.",
    )
    indicator: bool = Field(
        default=False, description="Add a 0/1 column for each column that has missing values."
    )


@STEPS.register("one_hot")
class OneHot(Step):
    """One 0/1 column per category; a category not seen in training gives zeros."""

    takes: ClassVar[tuple[str, ...]] = ("categorical", "boolean", "numeric")


@STEPS.register("ordinal")
class Ordinal(Step):
    """The number of the category in sorted order; one not seen in training gives -1."""

    takes: ClassVar[tuple[str, ...]] = ("categorical", "boolean", "numeric")


Steps = tuple[Step, ...]


class PreprocessConfig(Section):
    """Steps per type of column, and per column; None chooses by the data."""

    numeric: Steps | None = Field(
        default=None,
        description="Steps of numeric columns and of arrays; default for tables: standardize.",
    )
    categorical: Steps | None = Field(
        default=None, description="Steps of categorical columns; default: one_hot."
    )
    boolean: Steps | None = Field(
        default=None, description="Steps of boolean columns; default: none."
    )
    columns: dict[str, Steps] = Field(
        default_factory=dict, description="Steps of single columns, by name."
    )


class SplitConfig(Section):
    """How the rows are divided, before anything is fitted."""

    test: Fraction | None = Field(
        default=None,
        description="Share of the rows kept for the test; default: 0.2, or the official test rows.",
    )
    validation: Fraction = Field(
        default=0.0, description="Share of the other rows that watch the training without teaching."
    )
    stratify: bool = Field(default=True, description="Keep the classes' proportions in every part.")
    column: Name | None = Field(
        default=None, description="Column of a table that says train, validation or test."
    )
    group: Name | None = Field(
        default=None, description="Column of a table whose equal values never part."
    )

    @model_validator(mode="after")
    def _one_way(self) -> SplitConfig:
        if self.column is not None and (self.test is not None or self.validation):
            raise ValueError("'column' decides alone; leave out 'test' and 'validation'")
        if self.column is not None and self.group is not None:
            raise ValueError("'column' and 'group' exclude each other")
        return self


class FitConfig(Section):
    """Arguments of ``keras.Model.fit``, under their Keras names."""

    epochs: int = Field(gt=0, description="Passes over the training rows.")
    batch_size: int = Field(default=32, gt=0, description="Rows per weight update.")
    class_weight: Literal["balanced"] | dict[str, float] | None = Field(
        default=None, description="Weight of each class in the loss, or balanced: by its rarity."
    )


class KfoldConfig(Section):
    """Defaults of ``dlcli kfold``."""

    folds: int = Field(default=10, ge=2, description="Parts, each tested once.")
    epochs: int | None = Field(
        default=None, gt=0, description="Epochs per fold; default: fit.epochs."
    )


class DatasetConfig(Section):
    """Which data, and the loader that reads it."""

    name: str = Field(description="Name of a known data set, or of a loader.")
    loader: Loader
    known: bool = False
    written: Any = None


class Config(Section):
    """One experiment, checked."""

    dataset: DatasetConfig = Field(description="A known data set, or a loader with its arguments.")
    preprocess: PreprocessConfig = Field(
        default_factory=PreprocessConfig, description="What is done to the features first."
    )
    split: SplitConfig = Field(
        default_factory=SplitConfig, description="Training, validation and test rows."
    )
    model: tuple[Component, ...] = Field(min_length=1, description="Layers of a Sequential model.")
    loss: Component = Field(description="What the training makes small.")
    optimizer: Component = Field(
        default=Component("Adam", {}, "adam", ("optimizer",)),
        description="How weights are updated.",
    )
    metrics: tuple[Component, ...] = Field(default=(), description="What is measured besides.")
    callbacks: tuple[Component, ...] = Field(default=(), description="Keras callbacks.")
    fit: FitConfig = Field(description="How long and in what batches.")
    kfold: KfoldConfig = Field(default_factory=KfoldConfig, description="Cross-validation.")
    seed: int = Field(default=0, ge=0, lt=2**32, description="Where all randomness comes from.")

    _name: str = PrivateAttr(default="config")
    _document: Document = PrivateAttr(default_factory=lambda: Document("config", {}))
    _warnings: tuple[Problem, ...] = PrivateAttr(default=())

    @property
    def name(self) -> str:
        """The file's name without its ending; runs are kept under it."""
        return self._name

    @property
    def document(self) -> Document:
        """The text behind the config, for locations."""
        return self._document

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed and probably not meant."""
        return self._warnings

    def attach(self, name: str, document: Document, warnings: tuple[Problem, ...]) -> Config:
        """Return the config with its origin."""
        copy = self.model_copy()
        copy._name, copy._document, copy._warnings = name, document, warnings  # noqa: SLF001
        return copy

    def plain(self) -> dict[str, Any]:
        """Return the resolved config as plain values, every default filled in."""
        return {
            "dataset": self.dataset.written,
            "preprocess": _plain_preprocess(self.preprocess),
            "split": self.split.model_dump(exclude_none=True),
            "model": [layer.plain() for layer in self.model],
            "loss": self.loss.plain(),
            "optimizer": self.optimizer.plain(),
            "metrics": [metric.plain() for metric in self.metrics],
            "callbacks": [callback.plain() for callback in self.callbacks],
            "fit": self.fit.model_dump(exclude_none=True),
            "kfold": self.kfold.model_dump(exclude_none=True),
            "seed": self.seed,
        }


def _plain_preprocess(section: PreprocessConfig) -> dict[str, Any]:
    plain: dict[str, Any] = {
        kind: plain_steps(steps)
        for kind in ("numeric", "categorical", "boolean")
        if (steps := getattr(section, kind)) is not None
    }
    if section.columns:
        plain["columns"] = {name: plain_steps(steps) for name, steps in section.columns.items()}
    return plain


def plain_steps(steps: Steps) -> Any:
    """Return steps as a config spells them."""
    if not steps:
        return "none"
    names = {STEPS[name]: name for name in STEPS}
    return [
        {names[type(step)]: given}
        if (given := step.model_dump(exclude_none=True))
        else names[type(step)]
        for step in steps
    ]
