"""The outputs of an exported graph: what `dlcli predict` computes from those of the network."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.exports.onnx import functions
from dlcli.exports.onnx.functions import where
from dlcli.exports.onnx.tensors import TEXT, Graph, Tensor
from dlcli.models.signature import Signature
from dlcli.preparation.calibration import Calibration
from dlcli.preparation.targets import LARGEST_EXPONENT


def answers(graph: Graph, signature: Signature, outputs: Tensor, units: int) -> dict[str, Tensor]:
    """Return the answers for the outputs of a network, of shape (n, units).

    Returns
    -------
    dict
        ``label`` (text) and ``probabilities``, or ``scores`` with hinge losses; ``labels`` (0 and
        1) and ``probabilities`` of several labels; ``prediction`` in the unit of the target, and
        ``lower`` and ``upper`` if the model is calibrated. Rows that `predict` refuses get NaN, and
        an empty label.
    """
    if signature.output == "value":
        return _numbers(graph, signature, outputs)
    if signature.calibration is not None:
        outputs = _calibrated(signature.calibration, signature.output, outputs, units)
    target = signature.target
    name = "scores" if signature.output == "score" else "probabilities"
    if target is not None and target.task == "multilabel":
        shares = outputs.cast(np.float64)
        shares = _sigmoid(shares) if signature.output == "logit" else shares
        default = 0.0 if signature.output == "score" else 0.5
        thresholds = np.array(target.thresholds or [default] * len(target.class_names))
        labels = (shares > thresholds).cast(np.int64)
        return {"labels": labels, name: _refused(graph, shares)}
    shares, codes = _classes(graph, signature.output, outputs, units)
    names = graph.constant(np.array(signature.class_names, TEXT))
    label = graph.op("Gather", names, codes, dtype=TEXT)
    refused = graph.either_of(*graph.refusals)
    return {
        "label": graph.where(refused, "", label),
        name: _refused(graph, shares),
    }


def _refused(graph: Graph, values: Tensor) -> Tensor:
    """Return numbers of shape (n, columns), NaN in rows that `predict` refuses."""
    mask = graph.either_of(*graph.refusals).reshape(-1, 1)
    return where(mask, np.nan, values)


def _numbers(graph: Graph, signature: Signature, outputs: Tensor) -> dict[str, Tensor]:
    steps = signature.target_preprocessor.steps

    def inverted(values: Tensor) -> Tensor:
        values = values.cast(np.float32)
        if steps:
            values = values.cast(np.float64)
            for step in reversed(steps):
                values = step.invert(values, step.constants, functions, step)
        several = signature.target is not None and signature.target.is_several
        result = _refused(graph, values.cast(np.float32).cast(np.float64))
        return result if several else result.reshape(-1)

    numbers = {"prediction": inverted(outputs)}
    if signature.calibration is not None:
        widths = np.array(signature.calibration.half_widths)
        numbers["lower"] = inverted(outputs.cast(np.float64) - widths)
        numbers["upper"] = inverted(outputs.cast(np.float64) + widths)
    return numbers


def _calibrated(calibration: Calibration, kind: str, outputs: Tensor, units: int) -> Tensor:
    """Return what `Calibration.calibrate` does."""
    if calibration.temperature == 1 or kind not in ("probability", "logit"):
        return outputs
    values = outputs.cast(np.float64)
    power = 1 / calibration.temperature
    if kind == "logit":
        return (values / calibration.temperature).cast(np.float32)
    shares = functions.clip(values, 0.0, 1.0)
    own = shares**power
    total: Any = own + (1.0 - shares) ** power
    if calibration.exclusive and units > 1:
        total = own.sum()
    scaled = where(total > 0.0, own / total, shares)
    return scaled.cast(np.float32)


def _classes(graph: Graph, kind: str, outputs: Tensor, units: int) -> tuple[Tensor, Tensor]:
    """Return one number per class, and the code of the predicted class of shape (n,)."""
    numbers = outputs.cast(np.float64)
    if units > 1:
        codes = graph.op("ArgMax", outputs, dtype=np.int64, axis=1, keepdims=0)
        if kind == "logit":
            numbers = graph.op("Softmax", numbers, axis=1)
        return numbers, codes
    threshold = 0.5 if kind == "probability" else 0.0
    codes = (outputs.reshape(-1) > threshold).cast(np.int64)
    if kind == "score":
        return graph.concat([-numbers, numbers]), codes
    numbers = _sigmoid(numbers) if kind == "logit" else numbers
    return graph.concat([1.0 - numbers, numbers]), codes


def _sigmoid(logits: Tensor) -> Tensor:
    return 1.0 / (1.0 + functions.exp(functions.minimum(-logits, LARGEST_EXPONENT)))
