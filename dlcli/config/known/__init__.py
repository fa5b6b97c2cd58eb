"""The named data sets: files, loaders and facts. No data file is opened here."""

from __future__ import annotations

from dlcli.config.known.facts import Archive, Facts, Known, RemoteFile, Task
from dlcli.config.known.reading import KNOWN

__all__ = ["KNOWN", "Archive", "Facts", "Known", "RemoteFile", "Task"]
