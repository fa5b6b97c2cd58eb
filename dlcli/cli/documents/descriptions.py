"""Documents of the commands that check, describe and list, and of errors."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dlcli.cli.documents.parts import CardPart, Document, Number, Part, Problem


class ErrorContents(Part):
    """An error that ended a command."""

    message: str
    hint: str | None
    exit_code: int
    problems: list[Problem] = Field(description="Of the config, if it has mistakes.")


class ErrorDocument(Document):
    """Printed instead of the document of a command that failed."""

    command: str = Field(description="The command, as in `train` or `data show`.")
    error: ErrorContents


class CheckedConfig(Part):
    """The result for one config."""

    config: str
    valid: bool
    checked: list[str] = Field(description="config, data, layers, model.")
    problems: list[Problem]
    error: str | None = Field(description="The whole message of what is wrong.")
    hint: str | None
    notes: list[str]


class CheckDocument(Document):
    """Of ``dlcli check``; the exit code is 2 if a config is not valid."""

    command: Literal["check"] = "check"
    configs: list[CheckedConfig]


class InspectDocument(Document):
    """Of ``dlcli inspect``."""

    command: Literal["inspect"] = "inspect"
    model: str
    format: Literal["keras", "h5", "onnx"]
    bytes: int
    sha256: str
    origin: str = Field(description="As in `dlcli 0.1.0`, or `plain Keras`.")
    keras: str = Field(description="Version that saved the file; may be empty.")
    model_class: str
    layers: list[dict[str, Any]] = Field(description="Name, kind, arguments, weights, parameters.")
    parameters: int
    multiplications: int = Field(description="At most so many per row.")
    metadata: dict[str, Any] | None
    graph: dict[str, Any] | None


class RunScore(Part):
    """The first metric of a run besides the loss, on the rows that were held out."""

    part: str = Field(description="test, validation or train; mean over the folds; may be empty.")
    name: str
    value: Number
    std: Number = Field(description="Over the folds; null for a single split.")
    better: Literal["minimum", "maximum"] | None = Field(description="Null if it is not known.")


class Run(Part):
    """One run."""

    run: str
    kind: str
    status: str
    started: str = Field(description="ISO 8601, UTC.")
    seconds: Number
    headline: str = Field(description="The first metric of the rows that were held out, as text.")
    name: str = Field(description="Of the config.")
    seed: int | None
    loss: Number
    metric: RunScore | None
    metrics: dict[str, Number] = Field(description="Loss and metrics of the same rows.")
    changed: dict[str, Any] = Field(
        description="Keys in which the listed runs of one name differ, dotted as in --set."
    )
    note: str
    tags: list[str]
    problems: list[str] = Field(description="What is damaged or was moved.")


class RunTest(Part):
    """A run compared with the first one, on the same rows."""

    metric: str = Field(description="Of `difference`; empty without a test.")
    difference: Number = Field(description="That of the run minus that of the first run.")
    p: Number = Field(description="Two-sided p-value; null without a test.")
    test: Literal["mcnemar", "paired-t", "corrected-t", ""]
    run_is: Literal["better", "worse", "chance", "untested"]
    reason: str = Field(description="Why there is no test.")


class CompareDocument(Document):
    """Of ``dlcli compare``."""

    command: Literal["compare"] = "compare"
    runs: list[Run]
    labels: list[str] = Field(description="What differs, in short.")
    tests: list[RunTest | None] = Field(description="Against the first run, which has none.")
    plot: str | None = Field(description="The picture of the learning curves.")
    notes: list[str]


class RunsDocument(Document):
    """Of ``dlcli runs``."""

    command: Literal["runs"] = "runs"
    runs: list[Run]


class ConfigEntry(Part):
    """One config with a bare name."""

    name: str
    title: str


class ListDocument(Document):
    """Of ``dlcli list``."""

    command: Literal["list"] = "list"
    configs: list[ConfigEntry]


class DataSetEntry(Part):
    """One named data set."""

    name: str
    rows: int
    bytes: int
    available: Literal["bundled", "yes", "no"]
    task: str
    licence: str
    title: str
    source: str
    urls: list[str]


class DataListDocument(Document):
    """Of ``dlcli data list``."""

    command: Literal["data list"] = "data list"
    data_sets: list[DataSetEntry]


class DataShowDocument(Document):
    """Of ``dlcli data show``."""

    command: Literal["data show"] = "data show"
    data: CardPart


class Decision(Part):
    """A key of a new config, and why it is set."""

    set: str
    because: str


class InitDocument(Document):
    """Of ``dlcli init``."""

    command: Literal["init"] = "init"
    config: str
    data: CardPart
    decisions: list[Decision]
    notes: list[str]
    next: str = Field(description="The command to run next.")
