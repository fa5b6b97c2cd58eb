"""The inputs of an exported graph, and its part of reading files: words for missing values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Column
from dlcli.exports.onnx.tensors import MISSING_TEXT, TEXT, Graph, Tensor
from dlcli.models.signature import Signature
from dlcli.types import Array

MEANINGS = {
    "numeric": "a number; NaN if it is missing",
    "boolean": "1 or 0; NaN if it is missing",
    "date": "seconds since 1970-01-01; NaN if it is missing",
    "categorical": "a text without blanks around it; empty if it is missing",
    "text": "a text",
    "audio": "samples from -1 to 1 at {rate} Hz; shorter recordings end with zeros",
}
LOWERCASE = "; in lower case"


@dataclass(frozen=True)
class Input:
    """An input of the graph.

    Parameters
    ----------
    name : str
    dtype : str
        ``"float64"``, ``"float32"``, ``"uint8"`` or ``"string"``.
    shape : tuple of int or None
        None is the number of rows, or of samples.
    meaning : str
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    meaning: str


def inputs_of(signature: Signature) -> list[Input]:
    """Return the inputs of the graph of a model: one per column, or one array."""
    shape = signature.preprocessor.shape
    if shape:
        return [_array_input(signature, (None, *shape))]
    used = {name for group in signature.preprocessor.groups for name in group.columns}
    return [_column_input(column, signature) for column in signature.columns if column.name in used]


def _array_input(signature: Signature, shape: tuple[int | None, ...]) -> Input:
    if signature.medium.kind == "image":
        return Input("image", "uint8", shape, "pixels from 0 to 255")
    if signature.medium.kind == "series":
        return Input("series", "float64", shape, "the values before the one that is forecast")
    return Input("x", "float32", shape, "the values of a row")


def _column_input(column: Column, signature: Signature) -> Input:
    meaning = MEANINGS[column.type].format(rate=signature.medium.sampling_rate)
    if column.type == "audio":
        return Input(column.name, "float32", (None, None), meaning)
    is_text = column.type in ("categorical", "text")
    if column.type == "categorical" and signature.dialect.lowercase:
        meaning += LOWERCASE
    return Input(column.name, "string" if is_text else "float64", (None, 1), meaning)


def tensors_of(graph: Graph, signature: Signature) -> dict[str, Tensor]:
    """Return the inputs as the steps take them; infinite numbers are noted as refused."""
    tensors = {}
    for item in inputs_of(signature):
        dtype = TEXT if item.dtype == "string" else np.dtype(item.dtype)
        tensor = Tensor(graph, item.name, dtype)
        if dtype.kind == "f":
            infinite = graph.op("IsInf", tensor, dtype=bool)
            flat = infinite.reshape(0, -1) if len(item.shape) != 2 else infinite
            graph.refuse(flat)
        tensors[item.name] = tensor
    words = dict.fromkeys(("", *signature.dialect.missing), 1)
    for column in signature.columns:
        if column.type == "categorical" and column.name in tensors:
            text = tensors[column.name]
            missing = graph.encode(text, words, 0).equals(1)
            tensors[column.name] = graph.where(missing, MISSING_TEXT, text)
    return tensors


def feed(signature: Signature, values: Mapping[str, Any] | Array) -> dict[str, Array]:
    """Return rows as `RawBlock` has them as the inputs of the graph.

    Parameters
    ----------
    signature : Signature
    values : mapping of arrays, or ndarray
        Columns by name; or an array of shape (n, …), pixels on the scale of the model.
    """
    feeds = {}
    for item in inputs_of(signature):
        if isinstance(values, np.ndarray):
            array = values.reshape(len(values), *signature.preprocessor.shape)
            if item.dtype == "uint8":
                array = np.rint(array * (255 / signature.medium.high))
            feeds[item.name] = array.astype(item.dtype)
        elif item.dtype == "string":
            texts = ["" if value is None else value for value in np.asarray(values[item.name])]
            feeds[item.name] = np.array(texts, object).reshape(-1, 1)
        elif item.shape == (None, None):
            feeds[item.name] = _recordings(values[item.name])
        else:
            feeds[item.name] = np.asarray(values[item.name], np.float64).reshape(-1, 1)
    return feeds


def _recordings(items: Any) -> Array:
    """Return recordings as rows of one length."""
    array = np.zeros((len(items), max(map(len, items))), np.float32)
    for row, samples in zip(array, items, strict=True):
        row[: len(samples)] = samples
    return array
