"""The preprocessing steps as nodes of a graph."""

from __future__ import annotations

from dlcli.exports.onnx.steps import categories, dates, numbers, words  # noqa: F401 (they register)
from dlcli.exports.onnx.steps.registry import GRAPHS, transformed

__all__ = ["GRAPHS", "transformed"]
