"""``dlcli inspect``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dlcli.cli.options import Json, MaxSize, ModelPath
from dlcli.models import guard

if TYPE_CHECKING:
    from dlcli.models.contents import LayerContents, ModelContents
    from dlcli.models.metadata import Metadata

MANY = 12


def inspect(model: ModelPath, max_size: MaxSize = "", json: Json = False) -> None:
    """Say what is inside a model file, without building or running any of it.

    A file that `predict` would refuse is refused here too, with the reason.

    \b
    dlcli inspect runs/sonar/latest
    dlcli inspect stranger.keras
    dlcli inspect stranger.h5 --json
    """
    guard.confine(model)
    from dlcli.cli import tables, terminal
    from dlcli.models import contents
    from dlcli.models.limits import limits_of
    from dlcli.models.loading import find_model

    limits, size = limits_of(max_size), find_model(model).stat().st_size
    guard.limit(size)
    with guard.deadline(size):
        found = contents.inspect(model, limits)
    if json:
        terminal.say_json(found.to_json())
        return
    terminal.say(f"{found.path}: {_origin(found)}")
    terminal.say(f"SHA-256 {found.sha256}\n")
    rows = [["layer", "class", "arguments", "weights", "parameters"]]
    rows += [
        [layer.name, layer.kind, _arguments(layer), _shapes(layer), f"{layer.parameters:,}"]
        for layer in found.layers
    ]
    terminal.say(tables.table(rows, left=4))
    terminal.say(
        f"\n{found.parameters:,} parameters; up to {found.multiplications:,} multiplications a row"
    )
    for label, text in _facts(found):
        terminal.say(f"{label}: {text}".replace("\n", " "))


def _origin(found: ModelContents) -> str:
    saved = f"saved by Keras {found.keras}" if found.keras else "saved by Keras"
    return f"{found.model} in .{found.format}, {found.size:,} bytes, {saved}, from {found.origin}"


def _arguments(layer: LayerContents) -> str:
    told = [f"{key} {_short(value)}" for key, value in layer.arguments.items()]
    return ", ".join(told)[:70]


def _short(value: object) -> str:
    if isinstance(value, list):
        return "×".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shapes(layer: LayerContents) -> str:
    shapes = ["×".join(map(str, shape)) or "1" for shape in layer.weights.values()]
    return ", ".join(shapes[:6]) + (", …" if len(shapes) > 6 else "")


def _facts(found: ModelContents) -> Iterator[tuple[str, str]]:
    metadata = found.metadata
    if metadata is None:
        yield "metadata", "none: columns go in in their order, as they are"
    else:
        yield from _told(metadata)
    graph = found.graph
    if graph is not None:
        counted = ", ".join(f"{count} {name}" for name, count in graph.operators.items())
        yield "ONNX graph", f"{graph.state}{': ' if counted else ''}{counted}"


def _told(metadata: Metadata) -> Iterator[tuple[str, str]]:
    target = metadata.target
    yield "name", metadata.name + (" (trained on a generated sample)" if metadata.sampled else "")
    of = f" of {_some(target.class_names)}" if target.class_names else ""
    unit = f", in {target.unit}" if target.unit else ""
    yield "target", f"{target.name}, {target.task}{of}{unit}"
    columns = [f"{column.name} ({column.type})" for column in metadata.columns]
    shape = "×".join(map(str, metadata.preprocess.get("shape") or ()))
    yield "input", _some(columns) if columns else f"{metadata.medium.kind} of shape {shape}"
    for group in metadata.preprocessor().groups:
        steps = ", ".join(step.name for step in group.steps) or "as it is"
        names = _some(group.columns) if columns else "all"
        yield "preprocessing", f"{names}: {steps}"
    data = metadata.data
    told = ", ".join(f"{key} {data[key]}" for key in ("rows", "fingerprint") if key in data)
    yield "data", told or "nothing said"
    yield "versions", ", ".join(f"{name} {version}" for name, version in metadata.versions.items())


def _some(names: list[str] | tuple[str, ...]) -> str:
    more = f" and {len(names) - MANY:,} more" if len(names) > MANY else ""
    return ", ".join(names[:MANY]) + more
