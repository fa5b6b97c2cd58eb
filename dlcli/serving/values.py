"""Values of JSON as the rows of a model: records, columns, arrays and encoded files."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlcli.datasets.file_content import FileContent
from dlcli.prediction.content import predict_array, predict_files, predict_table
from dlcli.prediction.predictions import Predictions
from dlcli.serving.models import ServedModel
from dlcli.serving.problems import RequestError
from dlcli.types import Array

BODY = "the body"  # its name in messages
FILES = ("image", "audio")


def predict_records(model: ServedModel, records: Sequence[Mapping[str, Any]]) -> Predictions:
    """Predict rows by the names of their columns, read as JSON Lines are.

    Parameters
    ----------
    model : ServedModel
    records : sequence of mapping
    """
    try:
        # A third of the size of escapes in Korean, and the lines of a table have a limit.
        lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        lines = "\n".join(map(json.dumps, records)).encode()
    table = FileContent(BODY, lines, ".jsonl")
    return predict_table(model.loaded, model.signature, table)


def predict_columns(model: ServedModel, columns: Mapping[str, Any]) -> Predictions:
    """Predict rows that are columns of equal lengths.

    Raises
    ------
    RequestError
        400 if a column is no list, or they have different lengths.
    """
    lengths = {}
    for name, values in columns.items():
        if not isinstance(values, list):
            raise RequestError(400, f"the column {name[:100]!r} is not a list of values")
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name[:40]!r}: {count:,}" for name, count in [*lengths.items()][:5])
        raise RequestError(400, f"the columns have different lengths: {listed}")
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return predict_records(model, [dict(zip(names, row, strict=True)) for row in rows])


def predict_values(model: ServedModel, values: Sequence[Any], key: str) -> Predictions:
    """Predict a list: of records, of rows, of texts, or of images and recordings.

    Parameters
    ----------
    model : ServedModel
    values : list
    key : str
        Where it was in the body.

    Raises
    ------
    RequestError
        400 if the values are none of these.
    """
    if not isinstance(values, list) or not values:
        raise RequestError(400, f"{key!r}: expected a list with at least one row")
    signature = model.signature
    if signature.medium.kind in FILES and all(map(_is_encoded, values)):
        return predict_contents(model, [_decoded(value, key) for value in values])
    if all(isinstance(value, dict) for value in values):
        return predict_records(model, values)
    if signature.is_text and all(isinstance(value, str) for value in values):
        return predict_records(model, [{signature.names[0]: text} for text in values])
    if signature.preprocessor.shape:
        return predict_numbers(model, values, key)
    return _predict_rows(model, values, key)


def _predict_rows(model: ServedModel, values: Sequence[Any], key: str) -> Predictions:
    names = model.signature.names
    rows = [value if isinstance(value, list) else [value] for value in values]
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise RequestError(
                422,
                f"{key!r}, row {number}: {len(row)} values; the model takes {len(names)}",
                hint=f"send the columns by name: {', '.join(names[:12])}",
            )
    return predict_records(model, [dict(zip(names, row, strict=True)) for row in rows])


def predict_numbers(model: ServedModel, values: Any, key: str) -> Predictions:
    """Predict an array of shape (n, …).

    Raises
    ------
    RequestError
        422 if the values are no numbers, or the rows have different sizes.
    """
    try:
        # With the type: that of the longest text could need any memory.
        x: Array = np.asarray(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        message = f"{key!r}: expected numbers, in rows of the same size"
        raise RequestError(422, message) from None
    if x.ndim < 1 or not x.size:
        raise RequestError(400, f"{key!r}: expected at least one row")
    return predict_array(model.loaded, model.signature, x, key)


def predict_contents(model: ServedModel, contents: Sequence[bytes]) -> Predictions:
    """Predict images or recordings, each the content of a file."""
    files = [
        FileContent(BODY if len(contents) == 1 else f"{BODY}, file {number}", data)
        for number, data in enumerate(contents, 1)
    ]
    return predict_files(model.loaded, model.signature, files)


def _is_encoded(value: Any) -> bool:
    """Whether a value is base64: a text, or an object of TensorFlow Serving."""
    if isinstance(value, dict) and len(value) == 1:
        inner = next(iter(value.values()))
        return isinstance(inner, str) or (isinstance(inner, dict) and [*inner] == ["b64"])
    return isinstance(value, str)


def _decoded(value: Any, key: str) -> bytes:
    while isinstance(value, dict) and value:
        value = next(iter(value.values()))
    return decode_base64(value, key)


def decode_base64(text: Any, key: str) -> bytes:
    """Return the bytes of a text in base64.

    Raises
    ------
    RequestError
        400 if it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise RequestError(400, f"{key!r}: expected a file in base64") from None
