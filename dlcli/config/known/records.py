"""The records of a named data set: its files, its loader, and the facts checks rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Task = Literal["classification", "multilabel", "regression"]

EXACT: dict[str, Any] = {"extra": "forbid"}  # pydantic's settings of every record


@dataclass(frozen=True)
class Archive:
    """The zip file that a URL serves instead of the file itself.

    Parameters
    ----------
    member : str
        Name of the file in the zip file.
    sha256 : str
        Checksum of the zip file.
    """

    __pydantic_config__: ClassVar = EXACT

    member: str
    sha256: str


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Parameters
    ----------
    name : str
        File name in the cache and in the folders that are searched.
    sha256 : str
        Checksum; a file with another checksum is never opened.
    size : int
        Size in bytes.
    url : str
        Download URL; empty for a file that is never downloaded.
    aliases : tuple of str
        Other common names of the file, possibly with a folder.
    archive : Archive, optional
        The zip file that the URL serves, if it does not serve the file itself.
    """

    __pydantic_config__: ClassVar = EXACT

    name: str
    sha256: str
    size: int
    url: str = ""
    aliases: tuple[str, ...] = ()
    archive: Archive | None = None


@dataclass(frozen=True)
class Facts:
    """Properties of a data set that a config is checked against.

    Those of a named data set are known before its files are read.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression"}
    num_classes : int
        Number of classes, or of labels of which a row can have several; 0 for regression.
    shape : tuple of int
        Shape of one sample, for arrays; ``()`` for tables, whose width depends on preprocessing.
    class_names : tuple of str
    columns : tuple of str
        Feature names of a table.
    low, high : float
        Range of the values, used to generate samples.
    rows : int
        Number of training and test rows together.
    official_test : bool
        Whether the publishers provide a separate test set.
    column_types : tuple of str
        Types of the columns, once a table is read.
    sampling_rate : int
        Sampling rate of recordings in Hz; 0 if there are none.
    target_low, target_high : float or None
        Range of a numeric target, once it is read.
    target_zeros : int
        Number of values of a numeric target that are 0.
    num_outputs : int
        Number of outputs that a numeric target, or several labels, need.
    """

    __pydantic_config__: ClassVar = EXACT

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
    target_low: float | None = None
    target_high: float | None = None
    target_zeros: int = 0
    num_outputs: int = 1


@dataclass(frozen=True)
class NamedDataset:
    """A named data set.

    Parameters
    ----------
    title : str
        Description in one line.
    loader : str
        Name of the loader that reads it.
    arguments : mapping
        Arguments of the loader; ``path`` is added once the files are found.
    facts : Facts
    files : tuple of RemoteFile
        Empty for data that is installed with scikit-learn or dlcli.
    packings : tuple of tuple of RemoteFile
        Other files with the same data. They are used if found locally and never downloaded.
    licence, source, notes : str
        Licence and source as the publishers state them.
    """

    __pydantic_config__: ClassVar = EXACT

    title: str
    loader: str
    arguments: Mapping[str, Any]
    facts: Facts
    files: tuple[RemoteFile, ...] = ()
    packings: tuple[tuple[RemoteFile, ...], ...] = ()
    licence: str = "not stated"
    source: str = ""
    notes: str = ""
