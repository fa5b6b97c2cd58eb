"""The content of a file that is in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from dlcli.errors import DatasetError

# Of what comes through a pipe and has to be read in any order.
MAX_PIPED_BYTES = 1 << 30


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
    max_unpacked : int, optional
        Bytes that it may unpack to, if it is a packed file.
    """

    name: str
    data: bytes = field(repr=False)
    suffix: str = ""
    max_unpacked: int | None = None

    def __str__(self) -> str:
        return self.name


def read_pipe(path: Path) -> FileContent:
    """Read a named pipe to its end, as that of ``<(…)`` in a shell.

    Raises
    ------
    DatasetError
        If more comes than memory should hold, or it cannot be read.
    """
    try:
        with path.open("rb") as pipe:
            data = pipe.read(MAX_PIPED_BYTES + 1)
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > MAX_PIPED_BYTES:
        raise DatasetError(f"{path} is larger than {MAX_PIPED_BYTES >> 20} MB; name a file instead")
    return FileContent(str(path), data)


FileSource: TypeAlias = str | Path | FileContent
