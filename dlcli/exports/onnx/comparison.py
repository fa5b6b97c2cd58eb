"""Compare an exported graph with `predict`, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.errors import ModelFileError, first_line
from dlcli.exports.comparison import Comparison
from dlcli.exports.errors import ExportError
from dlcli.exports.onnx.inputs import feed
from dlcli.exports.reference import Reference
from dlcli.exports.rows import count, take
from dlcli.machine import cpu_count
from dlcli.models.onnx import import_onnxruntime
from dlcli.models.signature import Signature
from dlcli.types import Array

# Relative to the size of a value above 1.
TOLERANCE = 1e-4


def open_graph(content: bytes) -> Any:
    """Open a graph in ONNX Runtime.

    Raises
    ------
    ExportError
        If it cannot.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = cpu_count()
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base class
        raise ExportError(f"ONNX Runtime cannot load the graph: {first_line(error)}") from error


def run_graph(session: Any, signature: Signature, values: Any, block: int) -> dict[str, Array]:
    """Return the outputs of a graph for raw rows, `block` at a time."""
    outputs = []
    try:
        for start in range(0, count(values), block):
            feeds = feed(signature, take(values, slice(start, start + block)))
            outputs.append(session.run(None, feeds))
    except Exception as error:
        raise ModelFileError(f"ONNX Runtime cannot run the graph: {first_line(error)}") from error
    names = [item.name for item in session.get_outputs()]
    return {name: np.concatenate(parts) for name, *parts in zip(names, *outputs, strict=True)}


def compare(
    session: Any, signature: Signature, names: dict[str, str], expected: Reference
) -> Comparison:
    """Compare the outputs of a graph with the answers of `predict`.

    Parameters
    ----------
    session : InferenceSession
    signature : Signature
    names : dict
        Names of the outputs by their meaning.
    expected : Reference

    Raises
    ------
    ExportError
        If they differ.
    """
    outputs = run_graph(session, signature, expected.values, expected.block)
    actual = {meaning: outputs[name] for meaning, name in names.items()}
    accepted = np.logical_not(expected.refused)
    numbers = next(
        actual[name] for name in ("prediction", "probabilities", "scores") if name in actual
    )
    missing = np.asarray(np.isnan(numbers.reshape(len(numbers), -1)).any(axis=1))
    difference = (
        _difference(actual, accepted, missing, expected, signature) if expected.blocks else 0.0
    )
    if (wrong := np.flatnonzero(missing != _without_answer(expected))).size:
        verb = "refuses" if missing[wrong[0]] else "accepts"
        raise ExportError(f"the graph {verb} row {wrong[0] + 1}, which `predict` does not: "
                          f"{_row(expected.values, int(wrong[0]))}")  # fmt: skip
    if not difference <= TOLERANCE:
        raise ExportError(f"the graph gives other answers than `predict`: up to {difference:.2g}")
    return Comparison(len(accepted), int(expected.refused.sum()), difference)


def _difference(
    actual: dict[str, Array],
    accepted: Array,
    missing: Array,
    expected: Reference,
    signature: Signature,
) -> float:
    """Return the largest difference of all numbers, after a check of the labels."""
    pairs = []
    if "prediction" in actual:
        pairs.append((actual["prediction"], expected.column("prediction")))
        if "lower" in actual:
            ends = np.stack([actual["lower"], actual["upper"]], axis=-1)
            pairs.append((ends.reshape(len(ends), -1), expected.column("intervals")))
    else:
        name = "scores" if "scores" in actual else "probabilities"
        pairs.append((actual[name], expected.column("probabilities")))
        _check_labels(actual, accepted & ~missing, expected, signature)
    largest = 0.0
    for outputs, answers in pairs:
        values, wanted = outputs[accepted].astype(np.float64), answers.astype(np.float64)
        with np.errstate(invalid="ignore"):
            sizes = np.abs(values - wanted) / np.maximum(np.abs(wanted), 1)
        sizes[values == wanted] = 0  # infinite ones too
        largest = max(largest, float(np.nanmax(sizes, initial=0.0)))
    return largest


def _without_answer(expected: Reference) -> Array:
    """Return the rows that `predict` refuses, or for which the network gives no numbers."""
    rows = expected.refused.copy()
    if expected.blocks:
        outputs = expected.column("outputs")
        rows[~expected.refused] = np.isnan(outputs).any(axis=1)
    return rows


def _check_labels(
    actual: dict[str, Array], rows: Array, expected: Reference, signature: Signature
) -> None:
    """Refuse other labels, unless rounding decides between two classes or at a threshold."""
    shares, wanted = expected.column("probabilities"), expected.column("prediction")
    place = np.flatnonzero(~expected.refused)
    kept = rows[place]
    labels = actual["label" if "label" in actual else "labels"][place][kept]
    shares, wanted = shares[kept], wanted[kept]
    differing = np.asarray(labels != wanted)
    if "label" in actual:
        ranked = np.sort(shares, axis=1)
        is_tie = ranked[:, -1] - ranked[:, -2] <= TOLERANCE
    else:
        target = signature.target
        default = 0.0 if signature.output == "score" else 0.5
        thresholds = np.array((target.thresholds if target else ()) or default)
        is_tie = np.abs(shares - thresholds) <= TOLERANCE
    if (wrong := np.argwhere(differing & ~is_tie)).size:
        at = tuple(wrong[0].tolist())
        raise ExportError(
            f"the graph answers {labels[at]!r} where `predict` answers {wanted[at]!r}: "
            f"row {int(place[kept][at[0]]) + 1}"
        )


def _row(values: Any, at: int) -> str:
    part = take(values, slice(at, at + 1))
    if isinstance(part, np.ndarray):
        return f"values from {np.min(part):g} to {np.max(part):g}"
    return ", ".join(f"{name}={column[0]!r:.40}" for name, column in list(part.items())[:8])
