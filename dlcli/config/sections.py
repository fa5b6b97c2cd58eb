"""The sections of a config: their keys, value types and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator

from dlcli.config.base import Probability, Section, Text
from dlcli.config.components import Component
from dlcli.config.document import Document
from dlcli.config.loader_base import Loader
from dlcli.config.split_section import SplitConfig
from dlcli.config.steps import Steps, plain_steps
from dlcli.config.tune import TuneConfig
from dlcli.errors import Problem

STEP_GROUPS = ("numeric", "categorical", "boolean", "date", "text", "audio", "target")


class PreprocessConfig(Section):
    """Preprocessing steps by column type and by column; None chooses by the data."""

    numeric: Steps | None = Field(
        default=None,
        description="Steps for numeric columns and arrays; default for tables: standardize.",
    )
    categorical: Steps | None = Field(
        default=None, description="Steps for categorical columns; default: one_hot."
    )
    boolean: Steps | None = Field(
        default=None, description="Steps for boolean columns; default: none."
    )
    date: Steps | None = Field(
        default=None,
        description="Steps for dates and times; default: date_parts, then standardize.",
    )
    text: Steps | None = Field(
        default=None, description="Steps for raw text columns; default: vectorize."
    )
    audio: Steps | None = Field(default=None, description="Steps for recordings; default: pad.")
    target: Steps | None = Field(
        default=None,
        description="Steps for a numeric target: standardize, min_max, quantile, power, or log, "
        "which is standardized too; inverted in metrics and predictions. Default: none.",
    )
    columns: dict[Text, Steps] = Field(
        default_factory=dict, description="Steps for single columns, by name."
    )


class FitConfig(Section):
    """Arguments of ``keras.Model.fit``."""

    epochs: int = Field(gt=0, lt=2**31, description="Passes over the training rows.")
    batch_size: int = Field(default=32, gt=0, lt=2**31, description="Rows per weight update.")
    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(ge=0)]] | None = Field(
        default=None,
        description="Weight of each class in the loss; balanced: n_samples / (n_classes * count).",
    )


class KfoldConfig(Section):
    """Defaults of ``dlcli kfold``."""

    folds: int = Field(default=10, ge=2, description="Number of folds; each is tested once.")
    epochs: int | None = Field(
        default=None, gt=0, description="Epochs per fold; default: fit.epochs."
    )


class HardwareConfig(Section):
    """Precision, compilation and GPU memory, under the names of Keras and TensorFlow."""

    dtype_policy: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        default="float32",
        description="Type in which layers compute; mixed: weights and last layer stay float32.",
    )
    jit_compile: bool = Field(default=False, description="Compile the training steps with XLA.")
    memory_growth: bool = Field(
        default=False, description="Allocate GPU memory as needed instead of all at once."
    )


class DatasetConfig(Section):
    """A named data set, or a loader with its arguments.

    Parameters
    ----------
    name : str
        Name of the data set, or of the loader.
    loader : Loader
        The loader with its arguments.
    known : bool
        Whether it is a named data set.
    written : object
        The section as `Config.plain` returns it.
    """

    name: str
    loader: Loader
    known: bool = False
    written: Any = None


class Config(Section):
    """A checked experiment; see ``docs/config.md`` for its keys."""

    dataset: DatasetConfig = Field(description="A named data set, or a loader with its arguments.")
    preprocess: PreprocessConfig = Field(
        default_factory=PreprocessConfig, description="Preprocessing of the features."
    )
    split: SplitConfig = Field(
        default_factory=SplitConfig, description="Training, validation and test sets."
    )
    model: tuple[Component, ...] = Field(min_length=1, description="Layers of a Sequential model.")
    loss: Component = Field(description="Loss function to minimize.")
    optimizer: Component = Field(
        default=Component("Adam", {}, "adam", ("optimizer",)),
        description="Optimizer; default: adam.",
    )
    metrics: tuple[Component, ...] = Field(
        default=(), description="Metrics to log besides the loss."
    )
    callbacks: tuple[Component, ...] = Field(default=(), description="Keras callbacks.")
    fit: FitConfig = Field(description="Epochs, batch size and class weights.")
    thresholds: Literal["tune"] | dict[Text, Probability] | None = Field(
        default=None,
        description="Of several labels per row: the probability above which a row has a label, "
        "by its name; default: 0.5. tune: the best F1 of each label on the validation rows.",
    )
    calibrate: bool | Probability = Field(
        default=False,
        description="Fit calibrated probabilities, or intervals of numbers, on the validation "
        "rows; a number is the share of rows that the intervals contain; true: 0.9.",
    )
    weight_history: bool = Field(
        default=False,
        description="Whether `dlcli train` writes and plots the weights of each epoch, of a "
        "network of up to 1,000 weights.",
    )
    kfold: KfoldConfig = Field(
        default_factory=KfoldConfig, description="Defaults of cross-validation."
    )
    tune: TuneConfig | None = Field(
        default=None, description="What `dlcli tune` varies, and how it searches."
    )
    hardware: HardwareConfig = Field(
        default_factory=HardwareConfig, description="Precision, XLA and GPU memory."
    )
    seed: int = Field(default=0, ge=0, lt=2**32, description="Seed of all random numbers.")

    @field_validator("calibrate", mode="before")
    @classmethod
    def _one_sentence(cls, value: Any) -> Any:
        is_share = isinstance(value, float) and 0 < value < 1
        if not isinstance(value, bool) and not is_share:
            raise ValueError(f"expected true, false or a share such as 0.9, got {value!r:.80}")
        return value

    _name: str = PrivateAttr(default="config")
    _document: Document = PrivateAttr(default_factory=lambda: Document("config", {}))
    _warnings: tuple[Problem, ...] = PrivateAttr(default=())
    _has_model: bool = PrivateAttr(default=False)

    def __repr__(self) -> str:
        return f"Config({self.name!r})"

    __str__ = __repr__

    @property
    def name(self) -> str:
        """Name of the file without its suffix; runs are saved under it."""
        return self._name

    @property
    def document(self) -> Document:
        """The parsed file, for the locations of problems."""
        return self._document

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Settings that are allowed but probably mistakes."""
        return self._warnings

    @property
    def split_seed(self) -> int:
        """Seed of the division of the rows; another ``seed`` can leave it as it is."""
        return self.seed if self.split.seed is None else self.split.seed

    @property
    def has_model(self) -> bool:
        """Whether a model was trained with it, possibly by an earlier dlcli with fewer checks."""
        return self._has_model

    def of_model(self) -> Config:
        """Say that a model was trained with this new config, and return it.

        Its sections are not checked against each other and the data again.
        """
        self._has_model = True
        return self

    def attach(self, name: str, document: Document, warnings: tuple[Problem, ...]) -> Config:
        """Return a copy with its name, its file and its warnings."""
        return self.model_copy().set_origin(name, document, warnings)

    def set_origin(self, name: str, document: Document, warnings: tuple[Problem, ...]) -> Config:
        """Set the name, the file and the warnings of a new config, and return it."""
        self._name, self._document, self._warnings = name, document, warnings
        return self

    def plain(self) -> dict[str, Any]:
        """Return the config in the notation of YAML, including all defaults."""
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
            **({} if self.thresholds is None else {"thresholds": self.thresholds}),
            **({} if self.calibrate is False else {"calibrate": self.calibrate}),
            **({"weight_history": True} if self.weight_history else {}),
            "kfold": self.kfold.model_dump(exclude_none=True),
            **({} if self.tune is None else {"tune": self.tune.plain()}),
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
