"""Graphs of the steps for numbers, with the formulas and the types of the steps themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.exports.errors import ExportError
from dlcli.exports.onnx import functions
from dlcli.exports.onnx.functions import isnan, where
from dlcli.exports.onnx.steps.registry import graph_of
from dlcli.exports.onnx.tensors import MISSING_TEXT, TEXT, Graph, Tensor
from dlcli.preparation.steps import (
    NORMAL_PARTS,
    SMALLEST_SHARE,
    SMOOTH_BOUND,
    FittedClip,
    FittedImpute,
    FittedLog,
    FittedMinMax,
    FittedPad,
    FittedPeriodic,
    FittedPolynomial,
    FittedPower,
    FittedQuantile,
    FittedRobust,
    FittedScale,
    FittedStandardize,
)
from dlcli.types import Array


def centred(values: Tensor, centres: Any, sizes: Any) -> Tensor:
    """Return what `dlcli.preparation.steps.numbers.centred` does."""
    dtype = values.dtype
    centres, sizes = np.asarray(centres, dtype), np.asarray(sizes, dtype)
    scaled = (values - centres) / np.where(sizes == 0, 1, sizes).astype(dtype)
    if sizes.all():
        return scaled
    constant = values.graph.constant(sizes == 0)
    present = values.graph.op("Not", isnan(scaled))
    return where(values.graph.op("And", constant, present), 0.0, scaled)


@graph_of(FittedStandardize)
def standardize(graph: Graph, step: FittedStandardize, values: Tensor) -> Tensor:
    """Build the graph of standardize."""
    return centred(values, step.mean, step.scale)


@graph_of(FittedMinMax)
def min_max(graph: Graph, step: FittedMinMax, values: Tensor) -> Tensor:
    """Build the graph of min_max."""
    return centred(values, step.low, step.span)


@graph_of(FittedScale)
def scale(graph: Graph, step: FittedScale, values: Tensor) -> Tensor:
    """Build the graph of scale."""
    return values / step.divisor


@graph_of(FittedLog)
def log(graph: Graph, step: FittedLog, values: Tensor) -> Tensor:
    """Build the graph of log."""
    shifted = values + np.asarray(step.shift, values.dtype)
    return functions.log(functions.maximum(shifted, float(np.finfo(np.float32).tiny)))


@graph_of(FittedRobust)
def robust(graph: Graph, step: FittedRobust, values: Tensor) -> Tensor:
    """Build the graph of robust."""
    scaled = centred(values, step.median, step.scale)
    if not step.smooth_clip:
        return scaled
    # hypot(1, t) of a large t is its size; its square would overflow.
    part = functions.abs(scaled.cast(np.float64)) / SMOOTH_BOUND
    root = functions.sqrt(functions.minimum(part, 1e100) ** 2.0 + 1.0)
    return (scaled.cast(np.float64) / where(part > 1e100, part, root)).cast(scaled.dtype)


@graph_of(FittedClip)
def clip(graph: Graph, step: FittedClip, values: Tensor) -> Tensor:
    """Build the graph of clip."""
    low = np.array([-np.inf if bound is None else bound for bound in step.low], values.dtype)
    high = np.array([np.inf if bound is None else bound for bound in step.high], values.dtype)
    return functions.clip(values, low, high)


@graph_of(FittedImpute)
def impute(graph: Graph, step: FittedImpute, values: Tensor) -> Tensor:
    """Build the graph of impute."""
    if values.dtype == TEXT:
        missing = values.equals(MISSING_TEXT)
        imputed = graph.where(missing, graph.constant(np.array(step.fill, TEXT)), values)
        if step.indicators:
            raise ExportError("an indicator of missing texts is a text, which ONNX cannot compute")
        return imputed
    if step.missing_values is not None:
        values = where(values.equals(step.missing_values), np.nan, values)
    missing = isnan(values)
    imputed = where(missing, np.asarray(step.fill, values.dtype), values)
    if not step.indicators:
        return imputed
    return graph.concat([imputed, missing.columns(step.indicators).cast(values.dtype)])


@graph_of(FittedPower)
def power(graph: Graph, step: FittedPower, values: Tensor) -> Tensor:
    """Build the graph of power."""
    _, _, mean, size, low, _ = step.constants
    values = values.cast(np.float64)
    if step.method == "box-cox":
        values = functions.maximum(values, low / 1000)
    return centred(step.powers(values, functions), mean, size)


@graph_of(FittedPolynomial)
def polynomial(graph: Graph, step: FittedPolynomial, values: Tensor) -> Tensor:
    """Build the graph of polynomial: the products of a degree from those of the one below."""
    largest = float(np.finfo(np.float32).max)
    plain = values.cast(np.float64)
    factors = functions.clip(plain, -largest, largest)
    parts, last = [plain], factors
    place: dict[tuple[int, ...], int] = {(index,): index for index in range(step.columns)}
    for degree in range(2, step.degree + 1):
        terms = [term for term in step.products if len(term) == degree]
        if not terms:
            break
        last = last.columns([place[term[:-1]] for term in terms]) * factors.columns(
            [term[-1] for term in terms]
        )
        place = {term: index for index, term in enumerate(terms)}
        parts.append(last)
    return graph.concat(parts)


@graph_of(FittedPeriodic)
def periodic(graph: Graph, step: FittedPeriodic, values: Tensor) -> Tensor:
    """Build the graph of periodic."""
    positions = circle(values.reshape(0, -1, 1), np.array(step.period))
    return positions.reshape(0, -1)


def circle(values: Tensor, period: Array | float) -> Tensor:
    """Return sine and cosine of the position in a period along a new last axis."""
    graph = values.graph
    rest = graph.op("Mod", values.cast(np.float64), period, fmod=1)
    rest = where(rest < 0.0, rest + period, rest)  # NumPy's has the sign of the period
    angle = rest / period * (2 * np.pi)
    pair = [graph.op(name, angle) for name in ("Sin", "Cos")]
    last = [graph.op("Unsqueeze", part, np.array([-1])) for part in pair]
    return graph.concat(last, axis=-1)


@graph_of(FittedQuantile)
def quantile(graph: Graph, step: FittedQuantile, values: Tensor) -> Tensor:
    """Build the graph of quantile."""
    columns = []
    for index, quantiles in enumerate(step.quantiles):
        column = values.column(index).cast(np.float64)
        if quantiles[0] == quantiles[-1]:
            result = where(isnan(column), np.nan, where(isnan(column), column, 0.0))
        else:
            result = _shares(column, np.array(quantiles))
            if step.output_distribution == "normal":
                least = SMALLEST_SHARE - np.spacing(1)
                result = _normal_quantile(functions.clip(result, least, 1 - least))
            result = where(isnan(column), np.nan, result)
        columns.append(result.cast(values.dtype))
    return graph.concat(columns)


def _shares(column: Tensor, quantiles: Array) -> Tensor:
    """Return the share of each value: NumPy's interpolation from both sides."""
    references = np.linspace(0, 1, len(quantiles))
    rising = _interpolated(column, quantiles, references)
    falling = _interpolated(-column, -quantiles[::-1], -references[::-1])
    shares = where(column >= float(quantiles[-1]), 1.0, (rising - falling) / 2.0)
    return where(column <= float(quantiles[0]), 0.0, shares)


def _interpolated(column: Tensor, points: Array, heights: Array) -> Tensor:
    """Return what ``np.interp`` does between the first and the last point."""
    graph = column.graph
    known = (column >= points[np.newaxis, :]).cast(np.int64).sum()
    at = functions.clip(known - 1, 0, len(points) - 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.diff(heights) / np.diff(points)
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    slope, point, height = (
        graph.op("Gather", array, at, dtype=np.float64) for array in (slopes, points, heights)
    )
    return slope * (column - point) + height


def _normal_quantile(shares: Tensor) -> Tensor:
    """Return what `dlcli.preparation.steps.normal.normal_quantile` does."""
    central, middle, outer = NORMAL_PARTS
    distance = shares - 0.5
    values = distance * _ratio(central, 0.180625 - distance * distance)
    depth = functions.sqrt(-functions.log(functions.minimum(shares, 1.0 - shares)))
    size = where(depth <= 5.0, _ratio(middle, depth - 1.6), _ratio(outer, depth - 5.0))
    tail = where(shares < 0.5, -size, size)
    return where(functions.abs(distance) > 0.425, tail, values)


def _ratio(coefficients: Any, at: Tensor) -> Tensor:
    numerator, denominator = (_polynomial(part, at) for part in coefficients)
    return numerator / denominator


def _polynomial(coefficients: Any, at: Tensor) -> Tensor:
    first, second, *rest = coefficients
    total = at * first + second
    for coefficient in rest:
        total = total * at + coefficient
    return total


@graph_of(FittedPad)
def pad(graph: Graph, step: FittedPad, values: Tensor) -> Tensor:
    """Build the graph of pad: recordings of shape (n, samples), zeros behind the shorter ones."""
    if step.normalize:
        peak = graph.op("ReduceMax", functions.abs(values), np.array([1]), keepdims=1)
        values = values / where(peak.equals(0.0), 1.0, peak)
    longer = graph.op("Pad", values, np.array([0, 0, 0, step.length]))
    ends = np.array([0]), np.array([step.length]), np.array([1])
    return graph.op("Slice", longer, *ends)
