"""The sections of a config: what may stand where, and the defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from dlcli.config.base import Fraction, Name, Section
from dlcli.config.components import Component
from dlcli.config.document import Document
from dlcli.config.loaders import Loader
from dlcli.config.steps import Steps, plain_steps
from dlcli.errors import Problem

STEP_GROUPS = ("numeric", "categorical", "boolean", "text", "audio")


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
    text: Steps | None = Field(
        default=None, description="Steps of columns of raw text; default: vectorize."
    )
    audio: Steps | None = Field(default=None, description="Steps of recordings; default: pad.")
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
        default=None,
        description="Column of a table, or field of a pattern, whose equal values never part.",
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

    epochs: int = Field(gt=0, lt=2**31, description="Passes over the training rows.")
    batch_size: int = Field(default=32, gt=0, lt=2**31, description="Rows per weight update.")
    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(ge=0)]] | None = Field(
        default=None, description="Weight of each class in the loss, or balanced: by its rarity."
    )


class KfoldConfig(Section):
    """Defaults of ``dlcli kfold``."""

    folds: int = Field(default=10, ge=2, description="Parts, each tested once.")
    epochs: int | None = Field(
        default=None, gt=0, description="Epochs per fold; default: fit.epochs."
    )


class HardwareConfig(Section):
    """How the machine computes, under Keras's and TensorFlow's names."""

    dtype_policy: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        default="float32",
        description="What layers compute in; mixed: the weights and the last layer stay float32.",
    )
    jit_compile: bool = Field(default=False, description="Have XLA compile the training steps.")
    memory_growth: bool = Field(
        default=False, description="Take the memory of GPUs as it is needed, not all at once."
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
    hardware: HardwareConfig = Field(
        default_factory=HardwareConfig, description="Precision, XLA, memory of GPUs."
    )
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
            "hardware": self.hardware.model_dump(),
            "seed": self.seed,
        }


def _plain_preprocess(section: PreprocessConfig) -> dict[str, Any]:
    plain: dict[str, Any] = {
        kind: plain_steps(steps)
        for kind in STEP_GROUPS
        if (steps := getattr(section, kind)) is not None
    }
    if section.columns:
        plain["columns"] = {name: plain_steps(steps) for name, steps in section.columns.items()}
    return plain
