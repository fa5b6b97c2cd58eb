"""Metadata in a model file: columns, preprocessing, classes, versions, training data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dlcli.datasets.dataset import Column, Medium, Target
from dlcli.datasets.dialect import Dialect
from dlcli.errors import ModelFileError, plural
from dlcli.models.inspection.bounded_json import has_too_many_brackets, read_json
from dlcli.models.metadata_problems import (
    MAX_NAMES,
    dialect_problems,
    format_problems,
    target_problems,
)
from dlcli.network.outputs import MAX_BLOCK
from dlcli.parser_messages import first_problem
from dlcli.preparation.calibration import Calibration
from dlcli.preparation.column_summaries import ColumnSummary, summary_problems
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.version import __version__

if TYPE_CHECKING:
    from dlcli.config.sections import Config

SCHEMA = 1
MAX_LENGTH, MAX_POSITION = 10_000, 10_000_000


class OnnxGraphInfo(BaseModel):
    """Information about an ONNX graph: the network it belongs to, or why there is no graph."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    model: str = Field(default="", description="SHA-256 of the stored architecture and weights.")
    sha256: str = Field(default="", description="Of the graph itself.")
    block: int = Field(default=1, ge=1, le=MAX_BLOCK, description="Rows computed at a time.")
    refused: str = Field(default="", description="Why there is no graph with the outputs of Keras.")
    revision: int = Field(
        default=1, ge=1, description="Of the conversion; 2: decibels of each recording by itself."
    )


class Metadata(BaseModel):
    """The document ``dlcli`` in a model file, which is untrusted and therefore validated."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    schema_version: Literal[1] = 1
    name: str
    target: Target
    columns: tuple[Column, ...]
    dialect: Dialect
    medium: Medium = Field(default_factory=Medium)
    preprocess: dict[str, Any]
    target_preprocess: list[dict[str, Any]] = Field(
        default_factory=list, description="Fitted steps of a numeric target."
    )
    output: Literal["value", "probability", "logit", "score"]
    calibration: Calibration | None = None
    summaries: tuple[ColumnSummary, ...] = Field(
        default=(), description="Of each column of a table in the training rows."
    )
    config: dict[str, Any]
    data: dict[str, Any] = Field(description="Fingerprint, files and rows of the training data.")
    sampled: bool = False
    own_components: dict[str, str] = Field(
        default_factory=dict,
        description="Names of components that are not Keras's own, and the Python file of each.",
    )
    versions: dict[str, str]
    weights_sha256: str
    estimator: str = Field(default="", description="Of scikit-learn; empty for networks.")
    graph: OnnxGraphInfo | None = Field(
        default=None, description="None if no conversion was tried."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if problem := next(_problems(self), None):
            raise ValueError(problem)
        return self

    def __repr__(self) -> str:
        inputs = plural(len(self.columns), "column") if self.columns else self.medium.kind
        return f"Metadata({self.name!r}, {self.target.task} of {self.target.name!r}, {inputs})"

    def preprocessor(self) -> Preprocessor:
        """Return the fitted preprocessing.

        Raises
        ------
        ModelFileError
            If it is damaged.
        """
        preprocessor = Preprocessor.from_json(self.preprocess)
        if not preprocessor.shape:
            known = {column.name for column in self.columns}
            for name in (name for group in preprocessor.groups for name in group.columns):
                if name not in known:
                    reason = f"no column {name[:40]!r}"
                    raise ModelFileError(f"the stored preprocessing is damaged: {reason}")
        return preprocessor

    def target_preprocessor(self) -> TargetPreprocessor:
        """Return the fitted preprocessing of the target.

        Raises
        ------
        ModelFileError
            If it is damaged.
        """
        return TargetPreprocessor.from_json(self.target_preprocess, len(self.target.outputs))

    def check_units(self, units: int, where: str) -> None:
        """Check the number of outputs against the classes; two classes may share an output.

        Raises
        ------
        ModelFileError
            If they do not fit.
        """
        classes = len(self.target.class_names)
        if self.target.is_several:
            targets = len(self.target.outputs)
            if units != targets:
                raise ModelFileError(
                    f"{where} is damaged: {plural(targets, 'target')}, "
                    f"but {plural(units, 'output')}"
                )
            return
        if units != max(classes, 1) and not (units == 1 and classes == 2):
            raise ModelFileError(
                f"{where} is damaged: {plural(classes, 'class')}, but {plural(units, 'output')}"
            )

    def checked_config(self) -> Config:
        """Return the config of the run; its names and values are checked like those of a file.

        Raises
        ------
        ConfigError
            If it has mistakes.
        """
        # Here, since a prediction does not need the config.
        from dlcli.config.document import Document
        from dlcli.config.load import build_config
        from dlcli.config.yaml_text import dump, parse

        where = f"config of {self.name}"
        value = parse(dump(self.config), where).value
        return build_config(self.name, Document(where, value), Path(), has_model=True)


def _problems(metadata: Metadata) -> Iterator[str]:
    """Yield problems that metadata written by dlcli never has."""
    target, dialect = metadata.target, metadata.dialect
    names = [column.name for column in metadata.columns]
    texts = [metadata.name, target.name, target.unit, *names, *target.class_names, *target.labels]
    texts += [*target.columns, target.separator, metadata.estimator]
    texts += [*metadata.own_components, *metadata.own_components.values()]
    texts += [
        *dialect.missing,
        dialect.sheet,
        dialect.record_path,
        *dialect.missing_numbers,
        *dialect.affixes,
        *metadata.versions.values(),
    ]
    if max(map(len, texts)) > MAX_LENGTH:
        yield f"a name of more than {MAX_LENGTH:,} characters"
    if max(map(len, (names, target.class_names, dialect.missing, dialect.widths))) > MAX_NAMES:
        yield f"more than {MAX_NAMES:,} columns or classes"
    for kind, items in (
        ("column", names), ("class", target.class_names), ("target", target.columns),
    ):  # fmt: skip
        if len(set(items)) < len(items):
            yield f"duplicate {kind} name"
    yield from target_problems(target)
    if metadata.calibration is not None:
        is_number = target.task == "regression"
        yield from metadata.calibration.problems(len(target.outputs) if is_number else 0)
    if (target.task != "regression") != bool(target.class_names):
        yield f"{plural(len(target.class_names), 'class')} for {target.task}"
    positions = [column.position for column in metadata.columns]
    positions += [dialect.width, target.position or 0, *target.positions]
    for position in positions:
        if not 0 <= position <= MAX_POSITION:
            yield f"column position {position}; expected 0 to {MAX_POSITION:,}"
    yield from format_problems(metadata.columns)
    yield from dialect_problems(dialect)
    yield from summary_problems(metadata.summaries, metadata.columns)


def parse_metadata(text: str, where: str) -> Metadata:
    """Parse the metadata of a model file.

    Parameters
    ----------
    text : str
        JSON.
    where : str
        Name of the file, for messages.

    Raises
    ------
    ModelFileError
        If it was written by a newer dlcli or is damaged.
    """
    try:
        if has_too_many_brackets(text):
            raise ModelFileError(f"the dlcli metadata of {where} is damaged: too many lists")
        return Metadata.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("schema_version",):
            raise ModelFileError(
                _newer(text, where, first["input"]), hint="upgrade dlcli"
            ) from None
        reason = first_problem(error)
        raise ModelFileError(f"the dlcli metadata of {where} is damaged: {reason}") from None


def _newer(text: str, where: str, schema: Any) -> str:
    """Return the message for a file with another schema version."""
    try:
        version = read_json(text)["versions"]["dlcli"]
    except (ValueError, KeyError, TypeError):
        version = ""
    writer = f"dlcli {str(version)[:20]}" if version else "a newer dlcli"
    return (
        f"{where} was written by {writer} (schema {str(schema)[:20]}); "
        f"this is {__version__} (schema {SCHEMA})"
    )
