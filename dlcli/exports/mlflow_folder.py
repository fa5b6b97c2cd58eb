"""A model folder that MLflow loads and serves."""

from __future__ import annotations

import json
import platform
import shutil
import uuid
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from dlcli.exports.mlflow_model import PythonModel
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature, signature_of
from dlcli.prediction.blocks import Source
from dlcli.prediction.predictions import Predictions
from dlcli.prediction.rows import RawBlock
from dlcli.version import __version__

LOADER = "dlcli.exports.mlflow_model"
# The folder has the format of this version, and later ones read it.
MLFLOW_VERSION = "3.0.0"
# Cells of other columns may be texts, numbers or dates, as in a file. Recordings are WAV files.
TYPES = {"numeric": "double", "categorical": "string", "text": "string", "audio": "binary"}


def write_mlflow(loaded: LoadedModel, path: Path) -> None:
    """Write the folder: the model file, ``MLmodel``, and the requirements."""
    document = _document(loaded)
    path.mkdir()
    shutil.copyfile(loaded.path, path / document["flavors"]["python_function"]["data"])
    requirement = f"dlcli=={__version__}"
    (path / "requirements.txt").write_text(f"{requirement}\n", encoding="utf-8")
    python = platform.python_version()
    dependencies = {"python": python, "dependencies": ["-r requirements.txt"]}
    _write_yaml(path / "python_env.yaml", dependencies)
    conda = {
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": [requirement]}],
    }
    _write_yaml(path / "conda.yaml", conda)
    _write_yaml(path / "MLmodel", document)
    PythonModel(str(path / document["flavors"]["python_function"]["data"]))


def _document(loaded: LoadedModel) -> dict[str, Any]:
    now = datetime.now(UTC)
    flavor = {
        "loader_module": LOADER,
        "data": f"model{loaded.path.suffix}",
        "python_version": platform.python_version(),
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
    }
    return {
        "flavors": {"python_function": flavor},
        "mlflow_version": MLFLOW_VERSION,
        "model_uuid": uuid.uuid4().hex,
        "signature": mlflow_signature(loaded),
        "utc_time_created": now.strftime("%Y-%m-%d %H:%M:%S.%f"),
    }


def mlflow_signature(loaded: LoadedModel) -> dict[str, Any]:
    """Return inputs and outputs of a model in the JSON of MLflow."""
    signature = signature_of(loaded)
    shape = signature.preprocessor.shape
    inputs: list[dict[str, Any]]
    if shape:
        dtype = "float64" if signature.medium.kind == "series" else "float32"
        inputs = [{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, *shape]}}]
    else:
        inputs = [
            {"type": TYPES.get(column.type, "any"), "name": column.name, "required": True}
            for column in signature.columns
        ]
    predictions = Predictions(loaded, signature, Source(_nothing))
    outputs = json.dumps(_outputs(signature, predictions.outputs))
    return {"inputs": json.dumps(inputs), "outputs": outputs, "params": None}


def _nothing() -> Generator[RawBlock]:
    """Yield no rows."""
    yield from ()


def _outputs(signature: Signature, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the columns of the predictions: labels, 0 and 1, or numbers."""
    target = signature.target
    classes = len(signature.class_names)
    is_label = classes and (target is None or target.task == "classification")
    kind = "string" if is_label else "long" if classes else "double"
    kinds = [kind] * (len(names) - classes) + ["double"] * classes
    return [
        {"type": kind, "name": name, "required": True}
        for kind, name in zip(kinds, names, strict=True)
    ]


def _write_yaml(path: Path, value: Any) -> None:
    path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")
