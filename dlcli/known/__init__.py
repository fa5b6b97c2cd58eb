"""The named data sets: where they come from, what is in them, how they are read.

Facts only; nothing here opens a file. `dlcli.datasets` finds, downloads and loads.
"""

from __future__ import annotations

from dlcli.known.bundled import BUNDLED
from dlcli.known.facts import Archive, Facts, Known, RemoteFile, Task
from dlcli.known.images import IMAGES
from dlcli.known.tables import TABLES
from dlcli.known.words import WORDS

__all__ = ["KNOWN", "Archive", "Facts", "Known", "RemoteFile", "Task"]

KNOWN: dict[str, Known] = {**BUNDLED, **TABLES, **IMAGES, **WORDS}
