"""What a ``run.json`` may say; it may be a stranger's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dlcli.errors import DlcliError
from dlcli.runs.records import RECORD, read_record


class Engine(BaseModel):
    """How a cross-validation trained its folds."""

    model_config = ConfigDict(strict=True, extra="allow")

    name: Literal["stacked", "serial"]
    jobs: int = Field(default=1, ge=1, le=1024)


class RunRecord(BaseModel):
    """What of it is used."""

    model_config = ConfigDict(strict=True, extra="allow")

    kind: Literal["train", "kfold", "baseline"]
    status: Literal["running", "finished", "interrupted", "failed"]
    config: str
    sample: bool = False
    format: Literal["keras", "h5"] = "keras"
    devices: list[str] = []
    engine: Engine | None = None
    seconds: float = 0.0
    data: dict[str, Any] = {}
    versions: dict[str, str] = {}
    machine: dict[str, Any] = {}


def checked_record(path: Path) -> dict[str, Any]:
    """Return what ``run.json`` of a run says.

    Raises
    ------
    DlcliError
        If it is not what dlcli writes.
    """
    record = read_record(path)
    try:
        RunRecord.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DlcliError(f"{path / RECORD} is damaged: {where}: {first['msg']}") from None
    return record
