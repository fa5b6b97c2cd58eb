"""What a model takes and returns, as plain data: for clients, and for a form in a page."""

from __future__ import annotations

from typing import Any

from dlcli.datasets.dataset import Column
from dlcli.preparation.targets import output_columns
from dlcli.serving.column_facts import facts_of_columns
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
        ``name``, ``version``, ``task``, ``target``, its ``unit``; ``coverage``, the share of rows
        that an interval contains; ``input`` with its ``kind`` (rows, text, image, audio or series)
        and either ``columns`` or ``shape``; ``outputs``, the names of the columns of the
        predictions; ``classes``. See `facts_of_columns` for what a column has.
    """
    signature, target = model.signature, model.signature.target
    task = target.task if target else ("classification" if signature.class_names else "regression")
    description: dict[str, Any] = {
        "name": model.name,
        "version": model.version,
        "task": task,
        "target": target.name if target else None,
        "unit": (target.unit or None) if target else None,
        "coverage": signature.calibration.coverage if signature.calibration else None,
        "input": _input(model),
        "outputs": output_columns(signature.output, signature.class_names, target),
        "classes": list(signature.class_names),
        "notes": list(model.loaded.notices),
    }
    return description


def _input(model: ServedModel) -> dict[str, Any]:
    signature = model.signature
    kind = "text" if signature.is_text else signature.medium.kind
    description: dict[str, Any] = {"kind": kind}
    if kind == "audio":
        description["sampling_rate"] = signature.medium.sampling_rate
    elif signature.preprocessor.shape:
        description["shape"] = list(signature.preprocessor.shape)
        if kind == "image":
            description |= {"white": signature.medium.high, "mean": signature.medium.mean}
    if not signature.preprocessor.shape:
        facts = facts_of_columns(model)
        description["columns"] = [
            {**_column(column), **facts.get(column.name, {})} for column in signature.columns
        ]
    return description


def _column(column: Column) -> dict[str, Any]:
    described = {"name": column.name, "kind": KINDS[column.type]}
    return {**described, "format": column.format} if column.format else described


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
