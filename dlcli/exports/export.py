"""Export a model in a format of other programs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from dlcli.errors import DlcliError, check_choice
from dlcli.exports.comparison import Comparison
from dlcli.exports.html.page import html_content
from dlcli.exports.keras_formats import (
    DESCRIPTION,
    KERAS_FORMATS,
    check_format,
    write_description,
    write_network,
)
from dlcli.exports.onnx.export import onnx_content
from dlcli.exports.output import check_output, whole_folder
from dlcli.exports.packages import write_mlflow_folder, write_sklearn_file
from dlcli.files import atomic
from dlcli.models.loading import LoadedModel, load_model

Format = Literal["onnx", "savedmodel", "litert", "openvino", "sklearn", "mlflow", "html"]
ENDINGS = {"onnx": ".onnx", "litert": ".tflite", "sklearn": ".joblib", "html": ".html"}
NETWORK_ALONE = (
    "the export is the network alone: it takes preprocessed rows, which {description} describes"
)


@dataclass(frozen=True)
class ExportResult:
    """An export.

    Parameters
    ----------
    path : Path
        The file or folder.
    format : str
    comparison : Comparison
    notices : tuple of str
    """

    path: Path
    format: str
    comparison: Comparison
    notices: tuple[str, ...]


def export(
    model: LoadedModel | str | os.PathLike[str],
    to: Format,
    output: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
    runtime: str | os.PathLike[str] | None = None,
) -> ExportResult:
    """Export a model, and compare the export with `predict` before it is written.

    Parameters
    ----------
    model : path or LoadedModel
        A model file, a run directory, or the name of runs in ``./runs``, of which the latest is
        meant.
    to : {"onnx", "savedmodel", "litert", "openvino", "sklearn", "mlflow", "html"}
        ``"onnx"`` contains the preprocessing: its inputs are the columns, its outputs the names of
        classes and their probabilities, or values. ``"sklearn"`` is a fitted estimator, and
        ``"mlflow"`` a model folder; both contain the model file. ``"html"`` is the page of
        ``dlcli serve`` as one file that works without a server. The others are Keras's own
        exports of the network, which takes preprocessed rows.
    output : path, optional
        File or folder. Default: the name of the model in the current folder.
    force : bool
        Whether to replace an existing one.
    runtime : path, optional
        For ``"html"``: the archive of the package ``onnxruntime-web`` of npm, or its folder.

    Returns
    -------
    ExportResult

    Raises
    ------
    ModelFileError
        If the model cannot be opened.
    ExportError
        If it cannot be expressed in the format, or the export gives other answers.
    DlcliError
        If the output exists, or a package is missing.
    """
    check_choice("to", to, get_args(Format))
    if runtime is not None and to != "html":
        raise DlcliError(f"a runtime is part of html alone, not of {to}", hint="leave it out")
    loaded = model if isinstance(model, LoadedModel) else load_model(model)
    loaded.file.check_is_network()
    path = Path(output) if output is not None else Path(_name(loaded, to))
    check_output(path, force=force, folder=to not in ENDINGS)
    if to == "html":
        comparison, notices = _write_html(loaded, path, runtime)
    else:
        comparison, notices = WRITERS[to](loaded, path)
    return ExportResult(path, to, comparison, (*loaded.notices, *notices))


def _name(loaded: LoadedModel, to: Format) -> str:
    name = loaded.metadata.name if loaded.metadata is not None else loaded.path.stem
    return f"{Path(name).name}{ENDINGS.get(to, f'-{to}')}"


def _write_onnx(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    content, comparison, notices = onnx_content(loaded)
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return comparison, notices


def _write_html(
    loaded: LoadedModel, path: Path, runtime: str | os.PathLike[str] | None
) -> tuple[Comparison, list[str]]:
    content, comparison, notices = html_content(loaded, Path(runtime) if runtime else None)
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return comparison, notices


def _write_litert(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    check_format("litert", loaded)
    description = path.with_suffix(".json")
    if description.exists() and not path.exists():
        raise DlcliError(f"{description} exists", hint="-o names another file")
    with atomic(path) as temporary:
        comparison, notices = write_network("litert", loaded, temporary)
        with atomic(description) as beside:
            write_description(loaded, beside)
    return comparison, [*notices, NETWORK_ALONE.format(description=description)]


def _write_folder(to: str) -> Callable[[LoadedModel, Path], tuple[Comparison, list[str]]]:
    def write(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
        check_format(to, loaded)
        with whole_folder(path) as temporary:
            comparison, notices = write_network(to, loaded, temporary)
            write_description(loaded, temporary / DESCRIPTION)
        return comparison, [*notices, NETWORK_ALONE.format(description=path / DESCRIPTION)]

    return write


def _write_sklearn(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    with atomic(path) as temporary:
        return write_sklearn_file(loaded, temporary)


def _write_mlflow(loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    with whole_folder(path) as temporary:
        return write_mlflow_folder(loaded, temporary)


WRITERS: dict[str, Callable[[LoadedModel, Path], tuple[Comparison, list[str]]]] = {
    "onnx": _write_onnx,
    "litert": _write_litert,
    "mlflow": _write_mlflow,
    "sklearn": _write_sklearn,
    **{name: _write_folder(name) for name, kind in KERAS_FORMATS.items() if kind.is_folder},
}
