"""A request of the Open Inference Protocol: read, and answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.prediction.predictions import Predictions
from dlcli.preparation.targets import float_text
from dlcli.serving.answers import Answer
from dlcli.serving.body import parse_json
from dlcli.serving.description import tensors_of
from dlcli.serving.json_text import json_bytes
from dlcli.serving.models import ServedModel
from dlcli.serving.problems import RequestError
from dlcli.serving.protocols.v2_tensors import (
    Reader,
    Tensor,
    join_bytes,
    split_body,
    wants_binary,
)
from dlcli.serving.values import (
    FILES,
    decode_base64,
    predict_columns,
    predict_contents,
    predict_numbers,
)
from dlcli.types import Array


class InferRequest:
    """A request to infer.

    Parameters
    ----------
    model : ServedModel
    header_length : str
        Value of ``Inference-Header-Content-Length``.
    """

    def __init__(self, model: ServedModel, header_length: str) -> None:
        self.model, self._header_length = model, header_length
        self._id: str | None = None
        self._outputs: list[tuple[str, bool]] | None = None
        self._is_binary = False

    def open(self, body: bytes) -> Predictions:
        """Read the body, and start its predictions.

        Raises
        ------
        RequestError
            400 if it is malformed.
        """
        text, binary = split_body(body, self._header_length)
        document = parse_json(text)
        inputs = document.get("inputs")
        if not isinstance(inputs, list) or not inputs:
            raise RequestError(400, "'inputs': expected a list with at least one tensor")
        reader = Reader(binary)
        tensors = [reader.read(item) for item in inputs]
        names = [tensor.name for tensor in tensors]
        if len(set(names)) < len(names):
            raise RequestError(400, "an input appears twice")
        identifier = document.get("id")
        if identifier is not None and not isinstance(identifier, str):
            raise RequestError(400, "'id': expected a text")
        self._id = identifier
        self._is_binary = wants_binary(document.get("parameters"), "binary_data_output")
        self._read_outputs(document.get("outputs"))
        return _predict(self.model, tensors)

    def _read_outputs(self, outputs: Any) -> None:
        if outputs is None or outputs == []:
            return
        if not isinstance(outputs, list):
            raise RequestError(400, "'outputs': expected a list")
        self._outputs = []
        for item in outputs:
            if not isinstance(item, dict) or not isinstance(item.get("name"), str):
                raise RequestError(400, "an output is no object with a name")
            binary = wants_binary(item.get("parameters"), "binary_data", default=self._is_binary)
            self._outputs.append((item["name"], binary))

    def answer(self, answer: Answer) -> tuple[bytes, int | None]:
        """Return the body of the answer, and the length of its JSON if bytes follow."""
        columns = columns_of(answer)
        datatypes = {item["name"]: item["datatype"] for item in tensors_of(self.model)[1]}
        wanted = self._outputs
        if wanted is None:
            wanted = [(name, self._is_binary) for name in columns]
        outputs: list[dict[str, Any]] = []
        parts: list[bytes] = []
        for name, is_binary in wanted:
            if name not in columns:
                listed = ", ".join([*columns][:12])
                raise RequestError(400, f"no output {name[:100]!r}", hint=f"there are {listed}")
            output, part = _tensor(name, columns[name], is_binary=is_binary)
            if not len(columns[name]):  # without rows, the values do not show their type
                output["datatype"] = datatypes[name]
            outputs.append(output)
            parts.append(part)
        document: dict[str, Any] = {"model_name": self.model.name}
        document["model_version"] = self.model.version
        if self._id is not None:
            document["id"] = self._id
        if notes := answer.notes:
            document["parameters"] = {"notes": "\n".join(notes)}
        text = json_bytes({**document, "outputs": outputs})
        is_binary = any(is_binary for _, is_binary in wanted)
        return b"".join([text, *parts]), len(text) if is_binary else None


def columns_of(answer: Answer) -> dict[str, Array]:
    """Return the columns of the predictions, with the digits that ``dlcli predict`` writes."""
    names = answer.predictions.outputs
    blocks = [block.columns() for block in answer.blocks]
    columns = {}
    for at, name in enumerate(names):
        values: Array = np.concatenate([block[at] for block in blocks]) if blocks else np.array([])
        if values.dtype.kind == "f":
            values = np.array([float(float_text(value)) for value in values.tolist()])
        columns[name] = values
    return columns


def _tensor(name: str, values: Array, *, is_binary: bool) -> tuple[dict[str, Any], bytes]:
    """Return a tensor of the answer, and its bytes if they follow the JSON."""
    datatype = {"f": "FP64", "i": "INT64", "u": "INT64", "b": "INT64"}.get(values.dtype.kind)
    output: dict[str, Any] = {"name": name, "datatype": datatype or "BYTES", "shape": [len(values)]}
    if not is_binary:
        return {**output, "data": values.tolist()}, b""
    if datatype is None:
        data = join_bytes(values.tolist())
    else:
        data = values.astype("<f8" if datatype == "FP64" else "<i8").tobytes()
    return {**output, "parameters": {"binary_data_size": len(data)}}, data


def _predict(model: ServedModel, tensors: Sequence[Tensor]) -> Predictions:
    signature, first = model.signature, tensors[0]
    if signature.medium.kind in FILES and first.datatype == "BYTES":
        return predict_contents(model, [_content(value, first.name) for value in first.values])
    is_array = len(tensors) == 1 and first.datatype != "BYTES"
    if is_array and (signature.preprocessor.shape or first.name not in signature.names):
        return predict_numbers(model, first.array(), first.name)
    for tensor in tensors:
        if tensor.shape[1:] not in ((), (1,)):
            message = f"input {tensor.name[:100]!r}: shape {list(tensor.shape)}"
            raise RequestError(422, message, hint="a column has the shape [rows] or [rows, 1]")
    if signature.is_text and len(tensors) == 1:
        return predict_columns(model, {signature.names[0]: first.elements()})
    return predict_columns(model, {tensor.name: tensor.elements() for tensor in tensors})


def _content(value: Any, name: str) -> bytes:
    """Return an encoded image or recording, in JSON as base64."""
    return value if isinstance(value, bytes) else decode_base64(value, name)
