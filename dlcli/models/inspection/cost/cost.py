"""How much memory and work a network asks for, found by following shapes from layer to layer."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcli.errors import ModelFileError, first_line
from dlcli.models.inspection.allowed import MODELS
from dlcli.models.inspection.cost.joins import JOINS
from dlcli.models.inspection.cost.recurrence import HOLDERS
from dlcli.models.inspection.cost.shapes import SIMPLE, Effect, Shape, whole
from dlcli.models.inspection.cost.windows import WINDOWS
from dlcli.models.limits import RAISE_HINT, Limits

PLAIN = {**SIMPLE, **WINDOWS, **JOINS}
RULES = {*PLAIN, *HOLDERS}
# Weights that the network need not have stored: what some layers make of their arguments.
SLACK = 1 << 20


class CostError(Exception):
    """A network asks for too much, or is no network; the message goes on after the file."""


def network_cost(document: Any, where: str, limits: Limits, stored: int) -> Effect:
    """Return what a network, whose architecture was inspected, costs for one sample.

    Parameters
    ----------
    document : object
        Keras's JSON.
    where : str
        The file, for messages.
    limits : Limits
    stored : int
        Bytes of all weights in the file.

    Raises
    ------
    ModelFileError
        If it is more than the limits allow, or than the file has weights for.
    """
    try:
        cost = Meter(limits).measure(document, ())
    except CostError as error:
        raise ModelFileError(f"{where} is refused: {error}", hint=RAISE_HINT) from None
    # What stands where something else belongs.
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = first_line(error)
        raise ModelFileError(f"{where} is refused: its network is damaged: {reason}") from None
    if cost.weights > stored + SLACK:
        raise ModelFileError(
            f"{where} is refused: its network has {cost.weights:,} weights, and {stored:,} bytes "
            "of them are stored"
        )
    return cost


@dataclass
class Meter:
    """Follow shapes through a network whose components were inspected.

    Parameters
    ----------
    limits : Limits
    """

    limits: Limits
    calls: int = 0
    _known: dict[Any, Effect] = field(default_factory=dict)

    def measure(self, component: Any, inputs: Sequence[Shape]) -> Effect:
        """Return what a layer or a model costs for inputs of these shapes.

        Raises
        ------
        CostError
            If it is more than the limits allow.
        """
        if not isinstance(component, dict):
            raise CostError("a layer holds something that is none")
        # Whatever is used again costs again, and need not be followed again.
        key = id(component), tuple(inputs)
        if key not in self._known:
            self.calls += 1
            self._known[key] = self._measured(component, inputs)
        effect = self._known[key]
        self._check(component, effect)
        return effect

    def _measured(self, component: Mapping[str, Any], inputs: Sequence[Shape]) -> Effect:
        kind, arguments = component["class_name"], component.get("config") or {}
        if kind in MODELS:
            return self._model(kind, arguments, inputs, component)
        effect = self._layer(component, inputs)
        declared = _declared(component)
        if declared:  # Keras builds with this one, whatever the layer is given afterwards
            other = self._layer(component, declared)
            self._check(component, other)
            effect = Effect(
                effect.outputs, max(effect.weights, other.weights), effect.operations, effect.widest
            )
        return effect

    def _layer(self, component: Mapping[str, Any], inputs: Sequence[Shape]) -> Effect:
        kind, arguments = component["class_name"], component.get("config") or {}
        try:
            if kind in HOLDERS:
                return HOLDERS[kind](arguments, inputs, self.measure)
            return PLAIN[kind](arguments, inputs)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            reason = (
                str(error) if isinstance(error, ValueError) else "has arguments that do not fit"
            )
            raise CostError(f"its layer {_name(component)} {reason[:200]}") from None

    def _check(self, component: Mapping[str, Any], effect: Effect) -> None:
        widest = max([effect.widest, *map(math.prod, effect.outputs)], default=0)
        for found, most, what in (
            (widest, self.limits.elements, "numbers for one sample"),
            (effect.operations, self.limits.operations, "multiplications for one sample"),
            (effect.weights, self.limits.size, "weights"),
            (self.calls, self.limits.nodes, "calls of layers"),
        ):
            if found > most:
                raise CostError(f"its layer {_name(component)} asks for {_many(found)} {what}")

    def _model(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        inputs: Sequence[Shape],
        component: Mapping[str, Any],
    ) -> Effect:
        if kind == "Sequential":
            outputs, calls = self._chain(arguments, inputs, component)
        else:
            outputs, calls = self._graph(arguments, inputs)
        weights: dict[int, int] = {}
        for layer, effect in calls:
            weights[id(layer)] = max(weights.get(id(layer), 0), effect.weights)
        return Effect(
            tuple(outputs),
            sum(weights.values()),
            sum(effect.operations for _, effect in calls),
            max((effect.widest for _, effect in calls), default=0),
        )

    def _chain(
        self,
        arguments: Mapping[str, Any],
        inputs: Sequence[Shape],
        component: Mapping[str, Any],
    ) -> tuple[Sequence[Shape], list[tuple[Any, Effect]]]:
        layers = arguments.get("layers") or []
        shapes = list(inputs)
        if not shapes:
            first = layers[0].get("config") or {} if layers else {}
            given = [_batch_shape(first), arguments.get("build_input_shape"), *_declared(component)]
            known = next((shape for shape in given if shape is not None), None)
            if known is None:
                raise CostError("it does not say what its network takes")
            shapes = [_sample(known)]
        calls = []
        for layer in layers:
            effect = self.measure(layer, shapes)
            calls.append((layer, effect))
            shapes = list(effect.outputs[:1])
        return shapes, calls

    def _graph(
        self, arguments: Mapping[str, Any], inputs: Sequence[Shape]
    ) -> tuple[Sequence[Shape], list[tuple[Any, Effect]]]:
        layers = {layer.get("name"): layer for layer in arguments.get("layers") or []}
        given = deque(inputs)
        made: dict[tuple[str, int], Effect] = {}
        calls = []
        for name, number, sources in _in_order(layers):
            layer = layers[name]
            if not sources:
                shape = given.popleft() if given else _sample(_batch_shape(layer.get("config")))
                shapes = [shape]
            else:
                shapes = [_output(made, *source) for source in sources]
            effect = self.measure(layer, shapes)
            made[name, number] = effect
            calls.append((layer, effect))
        ends = list(_references(arguments.get("output_layers")))
        if not ends:
            raise CostError("it does not say what its network puts out")
        return [_output(made, *end) for end in ends], calls


def _name(component: Mapping[str, Any]) -> str:
    config = component.get("config")
    named = config.get("name") if isinstance(config, dict) else None
    return f"{component['class_name']} {str(named)[:60]!r}" if named else component["class_name"]


def _many(number: int) -> str:
    return f"{number:,}" if number < 10**15 else "more than 10^15"


def _declared(component: Mapping[str, Any]) -> list[Shape]:
    """Return the shapes that Keras builds a layer with before it is called."""
    build = component.get("build_config")
    if not isinstance(build, dict):
        return []
    shape = build.get("input_shape")
    if shape is None:
        return []
    if isinstance(shape, list) and shape and isinstance(shape[0], list):
        return [_sample(item) for item in shape]
    return [_sample(shape)]


def _batch_shape(config: Any) -> Any:
    config = config or {}
    for key in ("batch_shape", "batch_input_shape"):
        if config.get(key) is not None:
            return config[key]
    shape = config.get("input_shape")
    return [None, *shape] if isinstance(shape, list) else None


def _sample(shape: Any) -> Shape:
    """Return a shape without its batch; what is open counts as 1, and is refused after loading."""
    if not isinstance(shape, list | tuple) or not shape:
        raise CostError("it does not say what its network takes")
    try:
        return tuple(whole(size, 1) for size in shape[1:])
    except (ValueError, OverflowError) as error:
        raise CostError(str(error)) from None


Call = tuple[str, int]
Reference = tuple[str, int, int]


def _in_order(layers: Mapping[str, Any]) -> Iterator[tuple[str, int, list[Reference]]]:
    """Yield the calls of a graph, each after those whose results it takes."""
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
                raise CostError("its network takes what no layer makes")
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
        raise CostError("its network goes round in circles")


def _references(value: Any) -> Iterator[Reference]:
    """Yield the results that a call takes, in the spelling of Keras 3 or of earlier ones."""
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
            yield value[0], value[1], whole(value[2])
        else:
            for item in value:
                yield from _references(item)


def _output(made: Mapping[Call, Effect], name: str, number: int, index: int) -> Shape:
    try:
        return made[name, number].outputs[index]
    except (KeyError, IndexError):
        raise CostError("its network takes what no layer makes") from None
