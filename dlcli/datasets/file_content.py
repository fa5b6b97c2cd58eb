"""The content of a file that is in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class FileContent:
    """A file in memory, as another program sends it.

    Parameters
    ----------
    name : str
        Stands for the file in messages.
    data : bytes
    suffix : str
        Ending of files of its kind, as in ``".csv"``; empty if it is not known.
    """

    name: str
    data: bytes = field(repr=False)
    suffix: str = ""

    def __str__(self) -> str:
        return self.name


FileSource: TypeAlias = str | Path | FileContent
