"""The types of ``run.json``: read once, checked once, passed on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.errors import DlcliError
from dlcli.files import is_locked
from dlcli.parser_messages import first_problem
from dlcli.runs.finding import RECORD

Kind: TypeAlias = Literal["train", "kfold", "baseline", "learning-curve", "sweep", "tune"]
Status: TypeAlias = Literal["running", "finished", "interrupted", "failed"]


class Record(BaseModel):
    """Part of ``run.json``; fields that only a newer dlcli knows are kept."""

    model_config = ConfigDict(strict=True, extra="allow", populate_by_name=True, defer_build=True)


class DataRecord(Record):
    """The data set of a run."""

    name: str = ""
    rows: int = 0
    fingerprint: str = Field(default="", description="SHA-256 of the loaded rows.")
    files: dict[str, str] = Field(default={}, description="SHA-256 of each file, by its name.")


class MachineRecord(Record):
    """The properties of a machine that can change the last bits of a result."""

    platform: str | None = None
    processor: str | None = None
    cpus: int | None = None
    onednn: str | None = Field(default=None, alias="TF_ENABLE_ONEDNN_OPTS")


class EngineRecord(Record):
    """How the folds of a run are trained."""

    name: Literal["stacked", "serial"]
    requested: Literal["auto", "stacked", "serial"] = Field(
        default="auto", description="The `engine` argument."
    )
    reason: str = Field(default="", description="Why the folds are not trained together.")
    jobs: int = Field(default=1, ge=1, le=1024, description="Processes that train folds.")


class CodeRecord(Record):
    """A Python file with components of one's own, from ``--code``."""

    path: str = Field(description="Absolute path.")
    sha256: str = ""


class Resumed(Record):
    """One continuation of a run."""

    at: str = Field(description="ISO 8601, UTC.")
    epoch: int = Field(default=0, description="Completed epochs.")
    step: int = Field(default=0, description="Completed steps of the next epoch.")


class Extension(Record):
    """One change of ``fit.epochs``."""

    at: str = Field(description="ISO 8601, UTC.")
    before: int = Field(alias="from", description="Epochs before the change.")
    to: int = Field(description="Epochs after it.")


class ScoredRowsRecord(Record):
    """How often the test rows of a run had been scored in its folder of runs."""

    sha256: str = Field(description="Of data and test rows.")
    times: int = Field(ge=1, description="Up to the end of this run, itself included.")


class SearchRecord(Record):
    """What a sweep or a search trains, beside its config."""

    over: dict[str, list[Any]] = Field(default={}, description="Values by key, of a sweep.")
    seeds: list[int] = []
    folds: int | None = Field(default=None, description="None for a single split.")
    nested: bool = Field(default=False, description="Whether each outer fold has its own search.")
    executor: Literal["inline", "processes", "ray", "shared"] = Field(
        default="inline", description="Where the trainings run."
    )
    jobs: int | None = Field(default=None, ge=1, description="Largest number of processes.")
    threads: int | None = Field(
        default=None, ge=1, description="Of each process that trains; None for all processors."
    )


class RunRecord(Record):
    """The content of ``run.json``."""

    kind: str = Field(description="One of `Kind`, or one that a newer dlcli knows.")
    status: Status
    config: str = Field(description="Name of the config.")
    config_sha256: str | None = Field(default=None, description="See `fingerprint`.")
    seed: int = 0
    started: str = Field(default="", description="ISO 8601, UTC.")
    pid: int | None = Field(default=None, description="Of the process that works on the run.")
    command: list[str] = []
    versions: dict[str, str] = {}
    machine: MachineRecord = Field(default_factory=MachineRecord)
    data: DataRecord = Field(default_factory=DataRecord)
    data_path: str | None = Field(
        default=None, description="Absolute path of the data, for a run that was moved."
    )
    code: list[CodeRecord] = Field(
        default=[], description="Python files that register components which the config uses."
    )
    own_components: list[str] = Field(default=[], description="Names of these components.")
    sample: bool = Field(
        default=False, description="Whether the data are a sample (``sample=True``)."
    )
    format: Literal["keras", "h5"] = Field(default="keras", description="Of the model file.")
    devices: list[str] = []
    folds: int | None = None
    engine: EngineRecord | None = None
    forced: list[str] = Field(default=[], description="Differences that --force-resume accepted.")
    extended: list[Extension] = []
    resumed: list[Resumed] = []
    seconds: float = Field(default=0.0, description="Duration, summed over all processes.")
    epochs: int | None = None
    fit_seconds: float | None = None
    best_epoch: int | None = None
    scored_rows: ScoredRowsRecord | None = None
    search: SearchRecord | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that were set, as plain data; a declared field of None is left out."""
        plain = self.model_dump(by_alias=True, exclude_unset=True)
        declared = type(self).model_fields
        return {k: v for k, v in plain.items() if v is not None or k not in declared}


def read_record(path: Path) -> RunRecord:
    """Read ``run.json`` of a run directory.

    A record says "running" after its process was killed; the returned status is then
    "interrupted".

    Raises
    ------
    DlcliError
        If there is no such file, it cannot be read, or dlcli did not write it.
    """
    file = path / RECORD
    try:
        record = RunRecord.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise DlcliError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise DlcliError(f"{file} is damaged: {first_problem(error)}") from None
    except (ValueError, RecursionError) as error:
        raise DlcliError(f"{file} is damaged: {error}") from None
    if record.status == "running" and not is_locked(path):
        record.status = "interrupted"
    return record
