"""What a model takes and returns, as plain data: for clients, and for a form in a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlcli.datasets.dataset import Column
from dlcli.models.signature import Signature
from dlcli.preparation.steps import (
    FittedCategories,
    FittedImpute,
    FittedMinMax,
    FittedStandardize,
    FittedStep,
)
from dlcli.preparation.targets import output_columns
from dlcli.serving.models import ServedModel

# "number", "category", …: the words of a form.
KINDS = {
    "numeric": "number", "categorical": "category", "boolean": "boolean", "date": "date",
    "text": "text", "audio": "audio",
}  # fmt: skip


def description_of(model: ServedModel) -> dict[str, Any]:
    """Return the description of a model.

    Returns
    -------
    dict
        ``name``, ``version``, ``task``, ``target``; ``input`` with its ``kind`` (rows, text, image,
        audio or series) and either ``columns`` or ``shape``; ``outputs``, the names of the columns
        of the predictions; ``classes``.
    """
    signature, target = model.signature, model.signature.target
    task = target.task if target else ("classification" if signature.class_names else "regression")
    description: dict[str, Any] = {
        "name": model.name,
        "version": model.version,
        "task": task,
        "target": target.name if target else None,
        "unit": (target.unit or None) if target else None,
        "input": _input(signature),
        "outputs": output_columns(signature.output, signature.class_names, target),
        "classes": list(signature.class_names),
        "notes": list(model.loaded.notices),
    }
    return description


def _input(signature: Signature) -> dict[str, Any]:
    kind = "text" if signature.is_text else signature.medium.kind
    description: dict[str, Any] = {"kind": kind}
    if kind == "audio":
        description["sampling_rate"] = signature.medium.sampling_rate
    elif signature.preprocessor.shape:
        description["shape"] = list(signature.preprocessor.shape)
        if kind == "image":
            description |= {"white": signature.medium.high, "mean": signature.medium.mean}
    if not signature.preprocessor.shape:
        known = dict(_known_values(signature))
        description["columns"] = [
            {**_column(column), **known.get(column.name, {})} for column in signature.columns
        ]
    return description


def _column(column: Column) -> dict[str, Any]:
    described = {"name": column.name, "kind": KINDS[column.type]}
    return {**described, "format": column.format} if column.format else described


def _known_values(signature: Signature) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the first steps know of the values of each column in the training rows."""
    for group in signature.preprocessor.groups:
        for step in group.steps:
            facts = _facts(step)
            if len(facts) == len(group.columns):
                yield from zip(group.columns, facts, strict=True)
            if facts or not isinstance(step, FittedImpute):
                break  # what follows sees values that the step has changed


def _facts(step: FittedStep) -> list[dict[str, Any]]:
    if isinstance(step, FittedCategories):
        return [{"values": [item for item in column if item is not None]}
                for column in step.categories]  # fmt: skip
    if isinstance(step, FittedStandardize):
        return [{"mean": mean, "std": std}
                for mean, std in zip(step.mean, step.scale, strict=True)]  # fmt: skip
    if isinstance(step, FittedMinMax):
        return [{"low": low, "high": low + span}
                for low, span in zip(step.low, step.span, strict=True)]  # fmt: skip
    return []


def tensors_of(model: ServedModel) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the inputs and outputs of a model as tensors of the Open Inference Protocol."""
    signature = model.signature
    kind = signature.medium.kind
    if kind in ("image", "audio"):  # encoded files
        inputs = [_tensor(kind, "BYTES")]
    elif signature.preprocessor.shape:
        inputs = [{**_tensor("x", "FP32"), "shape": [-1, *signature.preprocessor.shape]}]
    else:
        inputs = [
            _tensor(column.name, "FP64" if column.type == "numeric" else "BYTES")
            for column in signature.columns
        ]
    number = "INT64" if signature.target and signature.target.task == "multilabel" else "FP64"
    names = output_columns(signature.output, signature.class_names, signature.target)
    count = len(signature.class_names) if number == "INT64" else 0
    outputs = []
    for at, name in enumerate(names):
        is_class = at == 0 and bool(signature.class_names) and not count
        outputs.append(_tensor(name, "BYTES" if is_class else number if at < count else "FP64"))
    return inputs, outputs


def _tensor(name: str, datatype: str) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [-1]}
