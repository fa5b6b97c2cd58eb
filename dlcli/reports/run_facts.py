"""What a run says of itself: its record, config, model file and results."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dlcli.config.known import NAMED_DATASETS, NamedDataset
from dlcli.errors import DlcliError
from dlcli.models.metadata import Metadata
from dlcli.reports.results import BaselineResults, read_results
from dlcli.runs.changed_keys import read_plain_config
from dlcli.runs.finding import existing_run, named_run, numbered_runs
from dlcli.runs.notes import Notes, read_notes
from dlcli.runs.records import RunRecord, read_record

InputKind: TypeAlias = Literal["table", "image", "audio", "text", "series", "arrays"]


@dataclass(frozen=True)
class RunFacts:
    """The record and the config of a run.

    Parameters
    ----------
    path : Path
        The run directory.
    record : RunRecord
    config : mapping
        The resolved config, unchecked.
    notes : Notes
    """

    path: Path
    record: RunRecord
    config: Mapping[str, Any]
    notes: Notes

    @property
    def name(self) -> str:
        """Name of the config."""
        return self.record.config

    @property
    def shown_path(self) -> str:
        """The run directory, from the working directory if it is in there."""
        path, folder = self.path.absolute(), Path.cwd()
        return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(self.path)

    @property
    def known(self) -> NamedDataset | None:
        """The named data set; None if the data are the user's own, or a sample of rows."""
        name = self.config.get("dataset")
        return NAMED_DATASETS[name] if isinstance(name, str) and name in NAMED_DATASETS else None

    @property
    def command(self) -> str:
        """The command line of the run, with the name of the program alone."""
        return shlex.join(["dlcli", *self.record.command[1:]]) if self.record.command else ""

    def baselines(self) -> tuple[Path, BaselineResults] | None:
        """Return a comparison of the same config on the same test rows that was run beside it."""
        ours = self.record.scored_rows
        for path in numbered_runs(self.path.parent) if ours is not None else ():
            try:
                record = read_record(path)
                is_same = (
                    record.kind == "baseline"
                    and record.status == "finished"
                    and record.config_sha256 == self.record.config_sha256
                    and record.scored_rows is not None
                    and ours is not None
                    and record.scored_rows.sha256 == ours.sha256
                )
                if is_same:
                    return path, read_results(path, BaselineResults)
            except DlcliError:  # another run that is damaged is no matter of this one
                continue
        return None


def read_run_facts(run: Path | str) -> RunFacts:
    """Read record, config and notes of a run.

    Parameters
    ----------
    run : path
        A run directory, or the name of runs in ``./runs``, whose latest is meant.

    Raises
    ------
    DlcliError
        If it is no run, or is damaged.
    """
    path = named_run(run) or existing_run(Path(run))
    record = read_record(path)
    if record.status == "running":
        raise DlcliError(f"{path} is still running", hint="wait until it ends")
    return RunFacts(path, record, read_plain_config(path), read_notes(path))


def input_kind(metadata: Metadata) -> InputKind:
    """Return what a model takes."""
    medium = metadata.medium.kind
    if medium != "rows":
        return medium
    if [column.type for column in metadata.columns] == ["text"]:
        return "text"
    return "table" if metadata.columns else "arrays"
