"""What a named data set says about itself; facts only, nothing here opens a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Task = Literal["classification", "regression"]

UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Archive:
    """A zip file around a file.

    Parameters
    ----------
    member : str
        Name of the file inside.
    sha256 : str
        Checksum of the zip.
    """

    member: str
    sha256: str


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Parameters
    ----------
    name : str
        Its name in the cache and in every folder that is searched.
    url : str
        Canonical address.
    sha256 : str
        Checksum; a file with another one is never opened.
    size : int
        Bytes.
    aliases : tuple of str
        Other names, perhaps with a folder, that people keep the file under.
    archive : Archive, optional
        What the address sends, if it is not the file itself.
    """

    name: str
    url: str
    sha256: str
    size: int
    aliases: tuple[str, ...] = ()
    archive: Archive | None = None


@dataclass(frozen=True)
class Facts:
    """What a config can be checked against before the data is read.

    Parameters
    ----------
    task : {"classification", "regression"}
    num_classes : int
        0 for regression.
    shape : tuple of int
        Of one sample, for arrays; ``()`` for tables, whose width depends on preprocessing.
    class_names : tuple of str
    columns : tuple of str
        Feature names of a table.
    low, high : float
        Range of the values, for generated samples.
    rows : int
        Training and test rows together.
    official_test : bool
        Whether the publishers set test rows apart.
    column_types : tuple of str
        Types of the columns of a table that is read.
    sampling_rate : int
        Of recordings, in Hz; 0 if there are none.
    """

    task: Task
    num_classes: int = 0
    shape: tuple[int, ...] = ()
    class_names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    rows: int = 0
    official_test: bool = False
    column_types: tuple[str, ...] = ()
    sampling_rate: int = 0


@dataclass(frozen=True)
class Known:
    """A named data set.

    Parameters
    ----------
    title : str
        One line for lists.
    loader : str
        Name of the loader that reads it.
    arguments : mapping
        The loader's arguments; ``path`` is filled in when the files are found.
    facts : Facts
    files : tuple of RemoteFile
        Empty for what is installed with scikit-learn or dlcli.
    packings : tuple of tuple of RemoteFile
        The same data in other files, taken where they lie and never downloaded.
    licence, source, notes : str
        As the publishers state them.
    """

    title: str
    loader: str
    arguments: Mapping[str, Any]
    facts: Facts
    files: tuple[RemoteFile, ...] = ()
    packings: tuple[tuple[RemoteFile, ...], ...] = ()
    licence: str = "not stated"
    source: str = ""
    notes: str = ""


def local(name: str, sha256: str, size: int) -> RemoteFile:
    """Return a file of another packing, which has no address."""
    return RemoteFile(name, "", sha256, size)


def classes(*names: str, columns: tuple[str, ...] = (), **more: Any) -> Facts:
    """Return the facts of a table with classes."""
    return Facts("classification", len(names), (), names, columns, **more)
