"""The named data sets: where they come from, what is in them, how they are read.

Facts only; nothing here opens a file. `dlcli.datasets.loading` finds, downloads and loads.
"""

from __future__ import annotations

from dlcli.config.known.bundled import BUNDLED
from dlcli.config.known.facts import Archive, Facts, Known, RemoteFile, Task
from dlcli.config.known.images import IMAGES
from dlcli.config.known.tables import TABLES
from dlcli.config.known.words import WORDS

__all__ = ["KNOWN", "Archive", "Facts", "Known", "RemoteFile", "Task"]

KNOWN: dict[str, Known] = {**BUNDLED, **TABLES, **IMAGES, **WORDS}
