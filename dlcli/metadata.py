"""What a model file says about itself: columns, preprocessing, classes, origin."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.config import Config
from dlcli.config.document import Document, dump, parse
from dlcli.config.load import build_config
from dlcli.datasets.dataset import Column, Dialect, Medium, Target
from dlcli.errors import ModelFileError
from dlcli.preprocess import Preprocessor
from dlcli.scoring import MAX_BLOCK

SCHEMA = 1


class GraphFacts(BaseModel):
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
    graph: GraphFacts | None = Field(default=None, description="None: none was made so far.")

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
        return Metadata.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        if first["loc"] == ("schema_version",):
            raise ModelFileError(
                f"{where} was written by a newer dlcli: schema {first['input']}, not {SCHEMA}",
                hint="upgrade dlcli",
            ) from None
        message = f"the dlcli metadata of {where} are damaged: {place}: {first['msg']}"
        raise ModelFileError(message) from None
