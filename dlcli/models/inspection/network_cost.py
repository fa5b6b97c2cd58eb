"""Estimate the cost of a network by following the shape of one sample from layer to layer."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlcli.config.layer_costs import LAYER_RULES, WRAPPER_RULES, LayerCost, Shape, to_size
from dlcli.errors import ModelFileError, first_line
from dlcli.models.inspection.allowed import MODELS
from dlcli.models.inspection.own import own_key
from dlcli.models.limits import RAISE_HINT, Limits

RULES = {*LAYER_RULES, *WRAPPER_RULES}
# Some layers compute weights from their arguments instead of storing them.
UNSTORED_WEIGHTS = 1 << 20

Call = tuple[str, int]
Reference = tuple[str, int, int]


class CostError(Exception):
    """A network exceeds the limits or is inconsistent; the message follows the file's name."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def network_cost(document: Any, where: str, limits: Limits, stored: int) -> LayerCost:
    """Return the cost of a network, whose architecture was inspected, for one sample.

    Parameters
    ----------
    document : object
        Parsed JSON of the architecture.
    where : str
        Name of the file, for messages.
    limits : Limits
    stored : int
        Bytes of all weights in the file.

    Raises
    ------
    ModelFileError
        If the cost exceeds the limits, the network is inconsistent, or it has more weights than
        the file stores.
    """
    try:
        cost = CostMeter(limits).measure(document, ())
    except CostError as error:
        raise ModelFileError(f"{where} is refused: {error}", hint=error.hint) from None
    # Values of unexpected types.
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = first_line(error)
        raise ModelFileError(f"{where} is refused: its network is damaged: {reason}") from None
    if cost.weights > stored + UNSTORED_WEIGHTS:
        raise ModelFileError(
            f"{where} is refused: its network has {cost.weights:,} weights, but the file stores "
            f"{stored:,} bytes"
        )
    return cost


@dataclass
class CostMeter:
    """Compute costs, and check each against the limits."""

    limits: Limits
    calls: int = 0
    _costs: dict[Any, LayerCost] = field(default_factory=dict)

    def measure(self, component: Any, inputs: Sequence[Shape]) -> LayerCost:
        """Return the cost of a layer or model for inputs of these shapes.

        Raises
        ------
        CostError
            If it exceeds the limits.
        """
        if not isinstance(component, dict):
            raise CostError("a layer wraps something that is not a layer")
        # A shared layer costs the same at every call.
        key = id(component), tuple(inputs)
        if key not in self._costs:
            self.calls += 1
            self._costs[key] = self._compute(component, inputs)
        cost = self._costs[key]
        self._check(component, cost)
        return cost

    def _compute(self, component: Mapping[str, Any], inputs: Sequence[Shape]) -> LayerCost:
        kind, arguments = component["class_name"], component.get("config") or {}
        if kind in MODELS:
            return self._model(kind, arguments, inputs, component)
        cost = self._layer(component, inputs)
        build_shapes = _build_shapes(component)
        if build_shapes:  # Keras creates the weights for these, whatever the inputs are
            built = self._layer(component, build_shapes)
            self._check(component, built)
            cost = replace(cost, weights=max(cost.weights, built.weights))
        return cost

    def _layer(self, component: Mapping[str, Any], inputs: Sequence[Shape]) -> LayerCost:
        kind, arguments = component["class_name"], component.get("config") or {}
        if own_key(component):
            return LayerCost(tuple(inputs))
        try:
            if kind in WRAPPER_RULES:
                return WRAPPER_RULES[kind](arguments, inputs, self.measure)
            return LAYER_RULES[kind](arguments, inputs)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            reason = (
                str(error)
                if isinstance(error, ValueError)
                else "has arguments or inputs that do not fit"
            )
            raise CostError(f"its layer {_name(component)} {reason[:200]}") from None

    def _check(self, component: Mapping[str, Any], cost: LayerCost) -> None:
        largest = max([cost.largest, *map(math.prod, cost.outputs)], default=0)
        for value, limit, unit in (
            (largest, self.limits.elements, "elements for one sample"),
            (cost.operations, self.limits.operations, "multiplications for one sample"),
            (cost.weights, self.limits.size, "weights"),
            (self.calls, self.limits.nodes, "calls of layers"),
        ):
            if value > limit:
                count = f"{value:,}" if value < 10**15 else "more than 10^15"
                raise CostError(
                    f"its layer {_name(component)} needs {count} {unit} (limit {limit:,})",
                    RAISE_HINT,
                )

    def _model(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        inputs: Sequence[Shape],
        component: Mapping[str, Any],
    ) -> LayerCost:
        if kind == "Sequential":
            outputs, calls = self._chain(arguments, inputs, component)
        else:
            outputs, calls = self._graph(arguments, inputs)
        weights: dict[int, int] = {}
        for layer, cost in calls:
            weights[id(layer)] = max(weights.get(id(layer), 0), cost.weights)
        return LayerCost(
            tuple(outputs),
            sum(weights.values()),
            sum(cost.operations for _, cost in calls),
            max((cost.largest for _, cost in calls), default=0),
        )

    def _chain(
        self,
        arguments: Mapping[str, Any],
        inputs: Sequence[Shape],
        component: Mapping[str, Any],
    ) -> tuple[Sequence[Shape], list[tuple[Any, LayerCost]]]:
        layers = arguments.get("layers") or []
        shapes = list(inputs)
        if not shapes:
            first = layers[0].get("config") or {} if layers else {}
            candidates = [_batch_shape(first), arguments.get("build_input_shape")]
            candidates += _build_shapes(component)
            shapes = [_sample_shape(next((s for s in candidates if s is not None), None))]
        calls = []
        for number, layer in enumerate(layers):
            cost = self.measure(layer, shapes)
            calls.append((layer, cost))
            shapes = list(cost.outputs[:1])
            if own_key(layer):  # only its code knows: Keras has noted what the next layer takes
                shapes = _build_shapes(layers[number + 1]) if number + 1 < len(layers) else []
        return shapes, calls

    def _graph(
        self, arguments: Mapping[str, Any], inputs: Sequence[Shape]
    ) -> tuple[Sequence[Shape], list[tuple[Any, LayerCost]]]:
        layers = {layer.get("name"): layer for layer in arguments.get("layers") or []}
        input_shapes = deque(inputs)
        results: dict[Call, LayerCost] = {}
        calls = []
        for name, number, sources in _in_order(layers):
            layer = layers[name]
            if not sources:
                own_shape = _batch_shape(layer.get("config"))
                shapes = [input_shapes.popleft() if input_shapes else _sample_shape(own_shape)]
            else:
                shapes = [_output_shape(results, *source) for source in sources]
            cost = self.measure(layer, shapes)
            results[name, number] = cost
            calls.append((layer, cost))
        outputs = list(_references(arguments.get("output_layers")))
        if not outputs:
            raise CostError("its network has no outputs")
        return [_output_shape(results, *output) for output in outputs], calls


def _name(component: Mapping[str, Any]) -> str:
    config = component.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return f"{component['class_name']} {str(name)[:60]!r}" if name else component["class_name"]


def _build_shapes(component: Mapping[str, Any]) -> list[Shape]:
    """Return the shapes with which Keras builds a layer before it is called."""
    build = component.get("build_config")
    if not isinstance(build, dict):
        return []
    shape = build.get("input_shape")
    if shape is None:
        return []
    if isinstance(shape, list) and shape and isinstance(shape[0], list):
        return [_sample_shape(item) for item in shape]
    return [_sample_shape(shape)]


def _batch_shape(config: Any) -> Any:
    config = config or {}
    for key in ("batch_shape", "batch_input_shape"):
        if config.get(key) is not None:
            return config[key]
    shape = config.get("input_shape")
    return [None, *shape] if isinstance(shape, list) else None


def _sample_shape(shape: Any) -> Shape:
    """Return a shape without its batch dimension; unknown sizes, refused after loading, are 1."""
    if not isinstance(shape, list | tuple) or not shape:
        raise CostError("its network has no input shape")
    try:
        return tuple(to_size(size, 1) for size in shape[1:])
    except (ValueError, OverflowError) as error:
        raise CostError(str(error)) from None


def _in_order(layers: Mapping[str, Any]) -> Iterator[tuple[str, int, list[Reference]]]:
    """Yield layer, number and inputs of each call in topological order."""
    sources: dict[Call, list[Reference]] = {}
    for name, layer in layers.items():
        nodes = layer.get("inbound_nodes") or [[]]
        for number, node in enumerate(nodes):
            sources[name, number] = list(_references(node))
    users: dict[Call, list[Call]] = {call: [] for call in sources}
    missing: dict[Call, int] = {}
    for call, references in sources.items():
        needed = {reference[:2] for reference in references}
        missing[call] = len(needed)
        for source in needed:
            if source not in users:
                raise CostError("a layer takes its input from a layer that does not exist")
            users[source].append(call)
    ready = deque(call for call, count in missing.items() if not count)
    while ready:
        call = ready.popleft()
        yield *call, sources[call]
        for user in users[call]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    if any(missing.values()):
        raise CostError("its network has a cycle")


def _references(value: Any) -> Iterator[Reference]:
    """Yield the outputs of layers that a call refers to, in the format of Keras 2 or 3."""
    if isinstance(value, dict):
        tensor = value.get("config") if "class_name" in value else None
        history = tensor.get("keras_history") if isinstance(tensor, dict) else None
        if history is not None:
            yield from _references(history)
        else:
            for item in value.values():
                yield from _references(item)
    elif isinstance(value, list):
        if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1], to_size(value[2])
        else:
            for item in value:
                yield from _references(item)


def _output_shape(results: Mapping[Call, LayerCost], name: str, call: int, index: int) -> Shape:
    try:
        return results[name, call].outputs[index]
    except (KeyError, IndexError):
        raise CostError("a layer takes its input from an output that does not exist") from None
