"""Graphs of one_hot, ordinal and hash."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.exports.errors import ExportError
from dlcli.exports.onnx.functions import abs as absolute
from dlcli.exports.onnx.functions import isnan, where
from dlcli.exports.onnx.steps.registry import graph_of
from dlcli.exports.onnx.steps.words import Words
from dlcli.exports.onnx.tensors import MICROSOFT, MISSING_TEXT, TEXT, Graph, Tensor
from dlcli.preparation.steps import FittedCategories, FittedHash, FittedOneHot, FittedOrdinal

UNSEEN, MISSING = -1, -2


def _codes(graph: Graph, step: FittedCategories, index: int, values: Tensor) -> Tensor:
    """Return the code of each category of a column, -1 for unseen ones; int64, shape (n, 1).

    A missing value, which the step refuses, is noted.
    """
    code_of: dict[Any, int] = step.code_of(index)
    column = values.column(index)
    if values.dtype == TEXT:
        texts = {category: code for category, code in code_of.items() if isinstance(category, str)}
        codes = graph.encode(column, {**texts, MISSING_TEXT: MISSING}, UNSEEN)
        graph.refuse(codes.equals(MISSING))
        return codes
    graph.refuse(isnan(column))
    numbers = np.array([[float(category) for category in code_of]])
    places = np.array([list(code_of.values())]) - UNSEEN
    return (column.equals(numbers).cast(np.int64) * graph.constant(places)).sum() + UNSEEN


@graph_of(FittedOneHot)
def one_hot(graph: Graph, step: FittedOneHot, values: Tensor) -> Tensor:
    """Build the graph of one_hot."""
    columns = []
    for index, categories in enumerate(step.categories):
        codes = _codes(graph, step, index, values)
        width = len(categories)
        if step.rare and step.rare[index]:
            codes = where(codes < 0, width, codes)
            width += 1
        if width:
            columns.append(codes.equals(np.arange(width)[np.newaxis]).cast(np.float32))
    return graph.concat(columns)


@graph_of(FittedOrdinal)
def ordinal(graph: Graph, step: FittedOrdinal, values: Tensor) -> Tensor:
    """Build the graph of ordinal."""
    codes = [_codes(graph, step, index, values) for index in range(len(step.categories))]
    return graph.concat(codes).cast(np.float64)


@graph_of(FittedHash)
def hashed(graph: Graph, step: FittedHash, values: Tensor) -> Tensor:
    """Build the graph of hash, with the operator MurmurHash3 of ONNX Runtime."""
    if values.dtype != TEXT:
        raise ExportError("hash of numbers needs their texts, which ONNX cannot compute")
    graph.refuse(values.equals(MISSING_TEXT))
    if step.split == "none":
        buckets, signs = _places(graph, step, values)
        marks = graph.op("Unsqueeze", buckets, np.array([-1])).equals(np.arange(step.buckets))
        signed = marks.cast(np.float32) * graph.op("Unsqueeze", signs, np.array([-1]))
        return signed.reshape(0, -1)
    texts = values.reshape(-1)
    words = Words.of(texts, lowercase=True, strip=True)
    buckets, signs = _places(graph, step, words.tokens)
    sums = words.sums(step.buckets, words.rows, buckets, signs)
    rows = graph.op("Shape", values, dtype=np.int64, start=0, end=1)
    shape = graph.concat([rows, graph.constant(np.array([-1]))], axis=0)
    return graph.op("Reshape", sums, shape)


def _places(graph: Graph, step: FittedHash, texts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the bucket (int64) and the sign (float32) of each text."""
    (hashes,) = graph.ops(
        "MurmurHash3", texts, dtypes=[np.int32], domain=MICROSOFT, seed=0, positive=0
    )
    hashes = hashes.cast(np.int64)
    least = ((1 << 31) - 1 - (step.buckets - 1)) % step.buckets
    rest = graph.op("Mod", absolute(hashes), step.buckets)
    buckets = where(hashes.equals(-(1 << 31)), least, rest)
    signs = where(hashes >= 0, 1.0, -1.0).cast(np.float32)
    return buckets, signs if step.alternate_sign else signs * signs
