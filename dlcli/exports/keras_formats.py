"""Exports of the network alone, in formats of Keras: preprocessed rows in, outputs out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.errors import first_line
from dlcli.exports.comparison import Comparison
from dlcli.exports.errors import ExportError
from dlcli.exports.reference import reference
from dlcli.exports.rows import as_raw_pixels, generated_rows, real_rows, take
from dlcli.models.loading import LoadedModel
from dlcli.models.onnx_conversion import number_of_codes
from dlcli.models.signature import Signature, signature_of
from dlcli.network import keras_exports
from dlcli.types import Array

TOLERANCE = 1e-3
LARGEST_INPUT = 1e6  # of a row that is compared: others overflow in half of all layers
MAX_BLOCK = 64
DESCRIPTION = "dlcli.json"


@dataclass(frozen=True)
class KerasFormat:
    """A format of Keras.

    Parameters
    ----------
    write, run : callable
        Write the network at a path; compute its outputs from there.
    is_folder : bool
    unrolls : bool
        Whether loops are unrolled.
    needs : str
        Package that the runtime, or the export itself, needs; also the extra of dlcli.
    """

    write: Callable[[Any, Path], None]
    run: Callable[[Path, Sequence[Array]], Iterator[Array]]
    is_folder: bool
    unrolls: bool = False
    needs: str = ""


KERAS_FORMATS = {
    "savedmodel": KerasFormat(
        keras_exports.write_saved_model, keras_exports.run_saved_model, is_folder=True
    ),
    "litert": KerasFormat(
        keras_exports.write_litert, keras_exports.run_litert, is_folder=False, unrolls=True
    ),
    "openvino": KerasFormat(
        keras_exports.write_openvino,
        keras_exports.run_openvino,
        is_folder=True,
        unrolls=True,
        needs="openvino",
    ),
}


def check_format(name: str, loaded: LoadedModel) -> None:
    """Refuse an export whose runtime is missing, or whose loops are too long.

    Raises
    ------
    ExportError
    """
    kind = KERAS_FORMATS[name]
    if kind.needs and find_spec(kind.needs) is None:
        raise ExportError(
            f"--to {name} needs {kind.needs}, which is not installed",
            hint=f'`pip install "dlcli[{kind.needs}]"`',
        )
    steps = keras_exports.longest_loop(loaded.model) if kind.unrolls else 0
    if steps > keras_exports.MAX_STEPS:
        raise ExportError(
            f"{name} has no loops, and {steps} steps of a recurrent layer are too many to unroll",
            hint="--to onnx or savedmodel",
        )


def write_network(name: str, loaded: LoadedModel, path: Path) -> tuple[Comparison, list[str]]:
    """Write the network, and compare its outputs with those that `predict` computes with.

    Raises
    ------
    ExportError
        If Keras cannot convert it, or the outputs differ.
    """
    from dlcli.network.ensemble import with_keras_layers  # imports Keras

    kind = KERAS_FORMATS[name]
    signature = signature_of(loaded)
    size = min(MAX_BLOCK, loaded.network.block)
    try:
        kind.write(with_keras_layers(loaded.model), path)
        x, notices = _rows(loaded, signature)
        blocks = [x[start : start + size] for start in range(0, len(x), size)]
        outputs = np.concatenate(list(kind.run(path, blocks)))
    except (MemoryError, OSError):
        raise
    except Exception as error:  # whatever the converters raise
        raise ExportError(f"{name}: {type(error).__name__}: {first_line(error)}") from error
    expected = np.concatenate([loaded.network(block) for block in blocks])
    if outputs.shape != expected.shape:
        raise ExportError(f"{name} gives outputs of shape {outputs.shape}, not {expected.shape}")
    sizes = np.abs(outputs - expected) / np.maximum(np.abs(expected), 1)
    difference = float(np.max(sizes, initial=0.0))
    if not difference <= TOLERANCE:
        raise ExportError(f"{name} gives other outputs than `predict`: up to {difference:.2g}")
    return Comparison(len(x), 0, difference), notices


def _rows(loaded: LoadedModel, signature: Signature) -> tuple[Array, list[str]]:
    """Return preprocessed rows: generated ones, and those of the run."""
    sources, notices = [generated_rows(signature, number_of_codes(loaded))], []
    if loaded.metadata is not None:
        rows, reason = real_rows(loaded, loaded.metadata)
        sources += [] if rows is None else [rows]
        notices += [] if rows is not None else [f"compared on generated rows alone: {reason}"]
    parts = []
    for source in sources:
        values = as_raw_pixels(source, signature)
        accepted = np.flatnonzero(~reference(loaded, signature, values).refused)
        rows = (take(values, slice(at, at + 1)) for at in accepted.tolist())
        parts += [signature.preprocessor.transform(row) for row in rows]
    x = np.concatenate(parts).reshape(-1, *signature.input_shape)
    small = np.abs(x.reshape(len(x), -1)).max(axis=1) <= LARGEST_INPUT
    return x[small] if small.any() else x, notices


def describe_network(loaded: LoadedModel, signature: Signature) -> dict[str, Any]:
    """Return what a program needs to know to use the network: inputs, outputs, classes."""
    names = signature.preprocessor.feature_names
    shape, calibration = signature.input_shape, signature.calibration
    return {
        "name": loaded.metadata.name if loaded.metadata else loaded.path.stem,
        "input": {"dtype": "float32", "shape": [None, *shape], "names": names[:10_000]
                  if len(shape) == 1 else []},
        "output": {"dtype": "float32", "shape": [None, *loaded.network.output_shape],
                   "meaning": signature.output},
        "class_names": list(signature.class_names),
        "calibration": calibration and calibration.model_dump(),
        "preprocessing": signature.preprocessor.to_json(),
        "target_preprocessing": signature.target_preprocessor.to_json(),
    }  # fmt: skip


def write_description(loaded: LoadedModel, path: Path) -> None:
    """Write the description of the network as JSON."""
    text = json.dumps(describe_network(loaded, signature_of(loaded)), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
