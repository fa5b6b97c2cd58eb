"""``dlcli inspect``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dlcli.cli import confinement
from dlcli.cli.names import model_or_run
from dlcli.cli.options import Json, MaxSize, ModelPath
from dlcli.errors import plural

if TYPE_CHECKING:
    from dlcli.models.contents import LayerContents, ModelContents
    from dlcli.models.metadata import Metadata

MAX_NAMES = 12
MAX_SHAPES = 6
MAX_ARGUMENTS_LENGTH = 70


def inspect(model: ModelPath, max_size: MaxSize = "", json: Json = False) -> None:
    """Print the contents of a model file without building the model.

    Files that `dlcli predict` refuses are refused with the same reason.

    \b
    dlcli inspect runs/sonar/latest
    dlcli inspect downloaded.keras
    dlcli inspect downloaded.h5 --json
    """
    model = model_or_run(model)
    confinement.confine(model)
    from dlcli.cli import terminal
    from dlcli.models import contents

    result = confinement.open_within_limits(model, max_size, contents.inspect)
    if json:
        from dlcli.cli.documents import InspectDocument

        values = result.to_json()
        names = {"path": "model", "size": "bytes", "model": "model_class"}
        renamed = {names.get(name, name): value for name, value in values.items()}
        terminal.print_document(InspectDocument.model_validate(renamed))
    else:
        _print_result(result)


def _print_result(result: ModelContents) -> None:
    from dlcli.cli.columns import prose
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import print_text

    if result.format == "onnx":
        print_text(
            prose(
                f"{result.path}: scikit-learn's {result.model} in .onnx, {result.size:,} bytes, "
                f"from {result.origin}"
            )
        )
        print_text(f"SHA-256 {result.sha256}\n")
        for label, text in _facts(result):
            print_text(prose(f"{label}: {text}".replace("\n", " ")))
        return
    version = f" {result.keras}" if result.keras else ""
    print_text(
        prose(
            f"{result.path}: {result.model} in .{result.format}, {result.size:,} bytes, "
            f"saved by Keras{version}, from {result.origin}"
        )
    )
    print_text(f"SHA-256 {result.sha256}\n")
    rows = [["layer", "class", "arguments", "weights", "parameters"]]
    rows += [
        [layer.name, layer.kind, _arguments(layer), _shapes(layer), f"{layer.parameters:,}"]
        for layer in result.layers
    ]
    print_text(table(rows, left=4, texts=(2, 3, 1, 0)))
    print_text(
        prose(
            f"\n{result.parameters:,} parameters; "
            f"at most {result.multiplications:,} multiplications per row"
        )
    )
    for label, text in _facts(result):
        print_text(prose(f"{label}: {text}".replace("\n", " ")))


def _arguments(layer: LayerContents) -> str:
    arguments = ", ".join(f"{key} {_value(value)}" for key, value in layer.arguments.items())
    return arguments[:MAX_ARGUMENTS_LENGTH]


def _value(value: object) -> str:
    if isinstance(value, list):
        return "×".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shapes(layer: LayerContents) -> str:
    shapes = ["×".join(map(str, shape)) or "1" for shape in layer.weights.values()]
    return ", ".join(shapes[:MAX_SHAPES]) + (", …" if len(shapes) > MAX_SHAPES else "")


def _facts(result: ModelContents) -> Iterator[tuple[str, str]]:
    if result.metadata is None:
        yield "metadata", "none: columns are passed in their order, without preprocessing"
    else:
        yield from _metadata_facts(result.metadata)
    graph = result.graph
    if graph is not None:
        operators = ", ".join(f"{count} {name}" for name, count in graph.operators.items())
        yield "ONNX graph", f"{graph.state}: {operators}" if operators else graph.state


def _metadata_facts(metadata: Metadata) -> Iterator[tuple[str, str]]:
    target = metadata.target
    yield "name", metadata.name + (" (trained on a sample)" if metadata.sampled else "")
    names = target.outputs if target.is_several else target.class_names
    classes = f" of {_some(names)}" if names else ""
    unit = f", in {target.unit}" if target.unit else ""
    yield "target", f"{target.name}, {target.task}{classes}{unit}"
    if target.thresholds:
        pairs = zip(target.class_names, target.thresholds, strict=True)
        yield "thresholds", _some([f"{name} {threshold:.4g}" for name, threshold in pairs])
    if (calibration := metadata.calibration) is not None:
        widths = [
            f"± {width:.4g} for {calibration.coverage:.0%}" for width in calibration.half_widths
        ]
        text = ", ".join(widths) or f"temperature {calibration.temperature:.4g}"
        yield "calibration", f"{text}, on {plural(calibration.rows, 'row')}"
    columns = [f"{column.name} ({column.type})" for column in metadata.columns]
    shape = "×".join(map(str, metadata.preprocess.get("shape") or ()))
    yield "input", _some(columns) if columns else f"{metadata.medium.kind} of shape {shape}"
    for group in metadata.preprocessor().groups:
        steps = ", ".join(step.name for step in group.steps) or "none"
        yield "preprocessing", f"{_some(group.columns) if columns else 'all'}: {steps}"
    data = metadata.data
    known = [f"{key} {data[key]}" for key in ("rows", "fingerprint") if key in data]
    yield "data", ", ".join(known) or "unknown"
    yield "versions", ", ".join(f"{name} {version}" for name, version in metadata.versions.items())


def _some(names: Sequence[str]) -> str:
    others = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + others
