"""What a model file says about itself: columns, preprocessing, classes, origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dlcli.config import Config
from dlcli.config.document import Document, dump, parse
from dlcli.config.load import build_config
from dlcli.datasets.dataset import Column, Dialect, Medium, Target
from dlcli.errors import ModelFileError
from dlcli.models.inspection.bounded_json import has_too_many_brackets, read_json
from dlcli.network.environment import versions
from dlcli.network.outputs import MAX_BLOCK
from dlcli.preparation import Preprocessor
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.targets import output_kind
from dlcli.version import __version__

SCHEMA = 1
LONGEST, MOST_NAMES, MOST_PLACES = 10_000, 100_000, 10_000_000


class OnnxGraphInfo(BaseModel):
    """Of the ONNX graph in a model file: what it was made from, or why there is none."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    model: str = Field(default="", description="SHA-256 of the stored architecture and weights.")
    sha256: str = Field(default="", description="Of the graph itself.")
    block: int = Field(default=1, ge=1, le=MAX_BLOCK, description="Rows to compute at a time.")
    refused: str = Field(default="", description="Why no graph gives what Keras gives.")


class Metadata(BaseModel):
    """The document under ``dlcli`` in a model file; checked, since it may be a stranger's."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    schema_version: Literal[1] = 1
    name: str
    target: Target
    columns: tuple[Column, ...]
    dialect: Dialect
    medium: Medium = Field(default_factory=Medium)
    preprocess: dict[str, Any]
    output: Literal["value", "probability", "logit", "score"]
    config: dict[str, Any]
    data: dict[str, Any] = Field(description="Fingerprint, files and rows of the training data.")
    sampled: bool = False
    versions: dict[str, str]
    weights_sha256: str
    graph: OnnxGraphInfo | None = Field(default=None, description="None: none was made so far.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if problem := next(_problems(self), None):
            raise ValueError(problem)
        return self

    def preprocessor(self) -> Preprocessor:
        """Return the fitted preprocessing.

        Raises
        ------
        ModelFileError
            If it is damaged.
        """
        return Preprocessor.from_json(self.preprocess)

    def checked_config(self) -> Config:
        """Return the config of the run, checked like any other.

        Raises
        ------
        ConfigError
            If it is not one.
        """
        from pathlib import Path

        where = f"config of {self.name}"
        value = parse(dump(self.config), where).value
        return build_config(self.name, Document(where, value), Path())


def _problems(metadata: Metadata) -> Iterator[str]:
    """Yield what no training writes, and what reads rows would trip over."""
    target, dialect = metadata.target, metadata.dialect
    names = [column.name for column in metadata.columns]
    texts = [metadata.name, target.name, target.unit, *names, *target.class_names, *target.labels]
    texts += [*dialect.missing, *metadata.versions.values()]
    if max(map(len, texts)) > LONGEST:
        yield f"a name of more than {LONGEST:,} characters"
    if max(len(names), len(target.class_names), len(dialect.missing)) > MOST_NAMES:
        yield f"more than {MOST_NAMES:,} columns or classes"
    for what, several in (("column", names), ("class", target.class_names)):
        if len(set(several)) < len(several):
            yield f"one {what} is there twice"
    if (target.task == "classification") != bool(target.class_names):
        yield f"{len(target.class_names)} classes for {target.task}"
    places = [column.position for column in metadata.columns]
    places += [dialect.width, target.position or 0]
    if not all(0 <= place <= MOST_PLACES for place in places):
        yield "a column at no place in a file"
    if dialect.delimiter not in ("whitespace", "auto") and len(dialect.delimiter) != 1:
        yield f"the delimiter {dialect.delimiter[:20]!r}"
    if len(dialect.decimal) != 1 or len(dialect.comment) > 1:
        yield "a decimal sign or comment of several characters"
    if dialect.encoding != "auto" and not _is_encoding(dialect.encoding):
        yield f"the encoding {dialect.encoding[:20]!r}"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):  # also what compresses, and is no encoding of text
        return False
    return True


def parse_metadata(text: str, where: str) -> Metadata:
    """Read the document of a model file.

    Parameters
    ----------
    text : str
        JSON.
    where : str
        The file, for messages.

    Raises
    ------
    ModelFileError
        If it is of a newer dlcli, or damaged.
    """
    try:
        if has_too_many_brackets(text):
            raise ModelFileError(f"the dlcli metadata of {where} are damaged: too many lists")
        return Metadata.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        if first["loc"] == ("schema_version",):
            raise ModelFileError(
                _newer(text, where, first["input"]), hint="upgrade dlcli"
            ) from None
        told = first["msg"].removeprefix("Value error, ")
        reason = f"{place}: {told}" if place else told
        message = f"the dlcli metadata of {where} are damaged: {reason}"
        raise ModelFileError(message) from None


def _newer(text: str, where: str, schema: Any) -> str:
    """Say who wrote a file of another schema, as far as the file tells."""
    try:
        version = read_json(text)["versions"]["dlcli"]
    except (ValueError, KeyError, TypeError):
        version = ""
    writer = f"dlcli {str(version)[:20]}" if version else "a newer dlcli"
    return (
        f"{where} was written by {writer} (schema {str(schema)[:20]}); "
        f"this is {__version__} (schema {SCHEMA})"
    )


def make_metadata(
    prepared: Prepared, preprocessor: Preprocessor, data: Mapping[str, Any], digest: str
) -> Metadata:
    """Return what a model file says about itself.

    Parameters
    ----------
    prepared : Prepared
    preprocessor : Preprocessor
    data : mapping
        From `dlcli.runs.description.describe_data`, as plain data.
    digest : str
        SHA-256 of the weights.
    """
    config, dataset = prepared.config, prepared.dataset
    return Metadata(
        name=config.name,
        target=dataset.target,
        columns=() if preprocessor.shape else dataset.columns,
        dialect=dataset.dialect,
        medium=dataset.medium,
        preprocess=preprocessor.to_json(),
        output=output_kind(dataset.target, config.loss),
        config=_portable(config.plain()),
        data=dict(data),
        sampled=dataset.sampled,
        versions=versions(),
        weights_sha256=digest,
    )


def _portable(plain: dict[str, Any]) -> dict[str, Any]:
    """Keep the folders of this machine out of a file that travels."""
    dataset = plain["dataset"]
    if isinstance(dataset, dict):
        loader, arguments = next(iter(dataset.items()))
        if "path" in arguments:
            named = {**arguments, "path": Path(arguments["path"]).name}
            return {**plain, "dataset": {loader: named}}
    return plain
