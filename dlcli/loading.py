"""Opens model files, which may come from strangers: looked at first, then given to Keras.

Nothing is unpickled, no code runs: Keras's safe mode stays on, and a file whose layers a config
could not name either is refused before Keras sees it.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.artifacts import ATTRIBUTE, MEMBER, find_run, weights_sha256
from dlcli.backend import import_keras
from dlcli.config.components import CODE, REFUSED
from dlcli.errors import ModelFileError, first_line
from dlcli.metadata import Metadata, parse_metadata

ZIP = b"PK\x03\x04"
HDF5 = b"\x89HDF\r\n\x1a\n"
MAX_CONFIG_BYTES = 16 << 20


@dataclass(frozen=True)
class LoadedModel:
    """A model from a file.

    Parameters
    ----------
    path : Path
    model : keras.Model
        Not compiled.
    metadata : Metadata or None
        None for a file that plain Keras wrote.
    notices : tuple of str
        What a user should know about the file.
    """

    path: Path
    model: Any
    metadata: Metadata | None
    notices: tuple[str, ...] = ()


def find_model(path: str | os.PathLike[str]) -> Path:
    """Return the model file that a path means: a file, or a run directory.

    Raises
    ------
    ModelFileError
        If there is none.
    """
    path = Path(path)
    if path.is_file():
        return path
    run = find_run(path)
    if run is not None:
        for name in ("model.keras", "model.h5"):
            if (run / name).is_file():
                return run / name
        raise ModelFileError(f"run {run} has no model file: {_why_none(run)}")
    if path.exists():
        raise ModelFileError(f"{path} is neither a model file nor a run directory")
    raise ModelFileError(
        f"no model {str(path)!r}",
        hint="name a .keras or .h5 file, or a run as in runs/sonar/latest",
    )


def _why_none(run: Path) -> str:
    if (run / "folds.csv").is_file():
        return "it is a cross-validation"
    if (run / "baselines.csv").is_file():
        return "it is a comparison with other models (`dlcli train` keeps the network)"
    return "it did not finish"


def load_model(path: str | os.PathLike[str]) -> LoadedModel:
    """Open a model file.

    Parameters
    ----------
    path : str or path
        A ``.keras`` or ``.h5`` file, or a run directory.

    Raises
    ------
    ModelFileError
        If the file is damaged, holds weights only or something other than a model of Keras's
        own layers, or was written by a newer dlcli.
    """
    path = find_model(path)
    metadata, config = read_file(path)
    _check_layers(config, path)
    _check_ending(path)
    keras = import_keras()
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = first_line(error)
        raise ModelFileError(f"Keras cannot load {path}: {reason}") from error
    notices: tuple[str, ...] = ()
    if metadata is None:
        notices = (
            f"{path.name} was written by plain Keras: columns go in in their order, as they are",
        )
    elif metadata.weights_sha256 not in ("", weights_sha256(model)):
        notices = (f"the weights of {path.name} are not those that dlcli saved",)
    return LoadedModel(path, model, metadata, notices)


def _check_ending(path: Path) -> None:
    """Refuse an ending that belies the content: Keras goes by it."""
    with path.open("rb") as file:
        endings = (".keras",) if file.read(4) == ZIP else (".h5", ".hdf5")
    if path.suffix not in endings:
        raise ModelFileError(
            f"{path} is a {endings[0]} file by its content",
            hint=f"let its name end in {endings[0]}",
        )


def read_file(path: Path) -> tuple[Metadata | None, Any]:
    """Read metadata and architecture of a model file without building it.

    Returns
    -------
    metadata : Metadata or None
    config : object
        Keras's JSON of the architecture.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(ZIP):
        return _read_keras(path)
    if magic == HDF5:
        return _read_h5(path)
    size = path.stat().st_size
    what = "is empty" if size == 0 else "is no Keras model file (neither .keras nor HDF5)"
    raise ModelFileError(f"{path} {what}")


def _read_keras(path: Path) -> tuple[Metadata | None, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "config.json" not in names:
                raise ModelFileError(f"{path} is a zip file, but no Keras model")
            config = _json(_member(archive, "config.json", path), path)
            text = _member(archive, MEMBER, path) if MEMBER in names else None
    # zipfile's NotImplementedError is a compression it does not know, its RuntimeError encryption.
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ModelFileError(f"{path} is damaged or incomplete: {error}") from None
    return (parse_metadata(text, str(path)) if text is not None else None), config


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    if archive.getinfo(name).file_size > MAX_CONFIG_BYTES:
        raise ModelFileError(f"{path}: {name} is larger than {MAX_CONFIG_BYTES >> 20} MB")
    try:
        return archive.read(name).decode()
    except UnicodeDecodeError:
        raise ModelFileError(f"{path}: {name} is no text") from None


def _read_h5(path: Path) -> tuple[Metadata | None, Any]:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if "model_config" not in file.attrs:
                raise ModelFileError(
                    f"{path} holds weights only, or no Keras model at all",
                    hint="use the file that `dlcli train` or `model.save` wrote",
                )
            config = _json(_text(file.attrs["model_config"]), path)
            text = _text(file.attrs[ATTRIBUTE]) if ATTRIBUTE in file.attrs else None
    except (OSError, RuntimeError, KeyError) as error:
        raise ModelFileError(f"{path} is damaged or incomplete: {error}") from None
    return (parse_metadata(text, str(path)) if text is not None else None), config


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ModelFileError(f"{path} is damaged: its architecture is no JSON") from None


def _check_layers(config: Any, path: Path) -> None:
    """Refuse layers that hold code or open files."""
    refused = {
        name: reason
        for (kind, name), reason in REFUSED.items()
        if kind == "layers" and (reason == CODE or "files" in reason)
    }
    for name in _class_names(config):
        if name in refused:
            what = refused[name].partition(",")[0]
            raise ModelFileError(f"{path} is refused: its layer {name} {what}")


def _class_names(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > 100:
        return
    if isinstance(value, dict):
        if isinstance(value.get("class_name"), str):
            yield value["class_name"]
        for item in value.values():
            yield from _class_names(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _class_names(item, depth + 1)
