"""Files of named data sets: found in the user's folders, or downloaded, and verified."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from dlcli.config.known import NAMED_DATASETS, RemoteFile
from dlcli.config.load import bundled_folder
from dlcli.errors import DatasetError
from dlcli.files import atomic, cache_folder, file_sha256


def folders(name: str) -> Iterator[Path]:
    """Yield the folders that may have the files of a data set, in the order of the search."""
    for folder in filter(None, os.environ.get("DLCLI_DATA", "").split(os.pathsep)):
        yield Path(folder).expanduser()
    yield Path("data")
    yield bundled_folder("data")
    yield cache_folder() / name


def find_files(name: str, *, download: bool = True, progress: bool = False) -> list[Path]:
    """Return the files of a named data set.

    Parameters
    ----------
    name : str
        A key of `NAMED_DATASETS`.
    download : bool
        Whether to download files that are in no folder.
    progress : bool
        Whether to show the progress of downloads on standard error.

    Returns
    -------
    list of Path
        In the order of the data set's ``files``; their checksums are verified.

    Raises
    ------
    DatasetError
        If a file is missing and cannot be downloaded, or its checksum differs.
    WriteError
        If a file that was downloaded in an archive cannot be written.
    """
    known = NAMED_DATASETS[name]
    for packing in (known.files, *known.packings):
        local = [path for file in packing if (path := _local(name, file)) is not None]
        if len(local) == len(packing):
            return local
    paths: list[Path] = []
    for file in known.files:
        path = _local(name, file)
        if path is None and download:
            path = _download(name, file, progress=progress)
        if path is None:
            raise _missing(name, file, "is in none of the data folders")
        paths.append(path)
    return paths


def bundled_table(name: str) -> Path:
    """Return the file of a table that is part of dlcli."""
    file = f"{name}.csv"
    path = next(
        (p for p in (Path("data") / file, bundled_folder("data") / file) if p.is_file()), None
    )
    if path is None:
        raise DatasetError(f"the table {file} is not installed")
    return path


def _local(name: str, file: RemoteFile) -> Path | None:
    others: list[Path] = []
    for folder in folders(name):
        for spelling in (*file.aliases, file.name):
            path = folder / spelling
            if not path.is_file():
                continue
            if path.stat().st_size == file.size and file_sha256(path) == file.sha256:
                return path
            others.append(path)
    if not file.url:  # a file of another packing, which need not be there
        return None
    # Several data sets have files of the same name. A file with another checksum is an error only
    # if its name belongs to this data set alone.
    wrong = [path for path in others if not _is_shared_name(name, file, path)]
    if wrong:
        raise DatasetError(
            f"{wrong[0]} is not the published file: its checksum differs",
            hint=f"remove it; {file.url} has SHA-256 {file.sha256}",
        )
    return None


def _is_shared_name(name: str, file: RemoteFile, path: Path) -> bool:
    """Tell whether another data set, or another packing, has a file of this name."""
    return any(
        path.name == other.name and file.sha256 != other.sha256
        for key, known in NAMED_DATASETS.items()
        for packing in (known.files, *known.packings)
        if key != name or packing is not known.files
        for other in packing
    )


def _download(name: str, file: RemoteFile, *, progress: bool) -> Path:
    import pooch

    folder = cache_folder() / name
    pooch.get_logger().setLevel("ERROR")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fetched = pooch.retrieve(
            file.url,
            known_hash=f"sha256:{file.archive.sha256 if file.archive else file.sha256}",
            fname=f"{file.name}.zip" if file.archive else file.name,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=progress, timeout=30),
        )
        return _unpack(Path(fetched), file) if file.archive else Path(fetched)
    except ValueError:
        raise DatasetError(
            f"the file from {file.url} is not the published one: its checksum differs. "
            "The download was removed.",
            hint=f"get the file with SHA-256 {file.sha256} elsewhere and put it into {folder}",
        ) from None
    except OSError as error:  # including the errors of requests
        # Another process may have taken the file out of the archive, and removed that.
        if isinstance(error, FileNotFoundError) and (path := _local(name, file)) is not None:
            return path
        raise _missing(name, file, _network_reason(error)) from None


def _unpack(archive: Path, file: RemoteFile) -> Path:
    """Extract the file from its zip archive, and remove the archive."""
    assert file.archive is not None  # noqa: S101 (for the type checker)
    with zipfile.ZipFile(archive) as opened:
        data = opened.read(file.archive.member)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise ValueError(file.name)
    path = archive.with_name(file.name)
    with atomic(path) as temporary:
        temporary.write_bytes(data)
    archive.unlink(missing_ok=True)  # another process may have removed it
    return path


def _network_reason(error: OSError) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"cannot be downloaded (HTTP status {response.status_code})"
    if error.errno is not None and error.filename is not None:
        return f"cannot be stored ({error.strerror}: {error.filename})"
    return "cannot be downloaded (no connection)"


def _missing(name: str, file: RemoteFile, reason: str) -> DatasetError:
    folder = os.environ.get("DLCLI_DATA", "").split(os.pathsep)[0] or str(Path("data").absolute())
    return DatasetError(
        f"{file.name} of data set {name!r} {reason}: {file.url}",
        hint=f"put the file into {folder}, or try the config with --sample",
    )


def is_available(name: str) -> bool:
    """Tell whether a named data set can be loaded without downloading."""
    try:
        find_files(name, download=False)
    except DatasetError:
        return False
    return True


def total_size(files: Sequence[RemoteFile]) -> int:
    """Return the size of all files in bytes."""
    return sum(file.size for file in files)
