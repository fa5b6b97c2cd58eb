"""The named data sets: files, loaders and facts. No data file is opened here."""

from __future__ import annotations

from dlcli.config.known.reading import NAMED_DATASETS
from dlcli.config.known.records import Archive, Facts, NamedDataset, RemoteFile, Task

__all__ = ["NAMED_DATASETS", "Archive", "Facts", "NamedDataset", "RemoteFile", "Task"]
