"""Convert the network of a model file for the cache, in a process that alone imports TensorFlow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.models.guard import CHILD_ENVIRONMENT, WAIT_FACTOR, seconds_for
from dlcli.models.limits import Limits
from dlcli.models.loading import LoadedModel, load_model
from dlcli.models.onnx_cache import cache_graph
from dlcli.types import Array

# As in `guard`: the packages of the parent, and nothing else.
CHILD_CODE = """
import json, sys
request = json.load(sys.stdin)
sys.path[:] = request.pop("sys_path")
from dlcli.models.onnx_conversion import convert
convert(**request)
"""


def convert_in_child(path: Path, limits: Limits) -> None:
    """Convert the network of a file without an ONNX graph in a process of its own.

    If that fails, the cache has the reason, or nothing; to load the file tells.
    """
    request = {"sys_path": list(map(str, sys.path)), "path": str(path), "limits": asdict(limits)}
    try:
        subprocess.run(  # noqa: S603 (this interpreter, with code from this module)
            [sys.executable, "-I", "-c", CHILD_CODE],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds_for(path.stat().st_size) * WAIT_FACTOR,
            check=False,
            env={**os.environ, **CHILD_ENVIRONMENT},
        )
    except (subprocess.TimeoutExpired, OSError):
        return


def convert(path: str, limits: dict[str, Any]) -> None:
    """Load a file with Keras, and cache the ONNX graph of its network."""
    loaded = load_model(path, "keras", Limits(**limits))
    if loaded.file.needs_graph and not loaded.is_changed:
        cache_graph(loaded.model, network_rows(loaded), loaded.file.digest)


def network_rows(loaded: LoadedModel) -> Array:
    """Return rows that the network of a file takes; float32, shape (16, …)."""
    shape = (16, *loaded.network.input_shape)
    x = np.random.default_rng(0).random(shape, np.float32)
    codes = number_of_codes(loaded)
    return np.floor(x * codes) if codes else x


def number_of_codes(loaded: LoadedModel) -> int:
    """Return how many codes of words or categories a network takes; 0 if it takes numbers."""
    layers = [layer.get("config") or {} for layer in loaded.file.config["config"]["layers"]]
    counts = [config.get("input_dim") or config.get("num_tokens") for config in layers]
    return min((int(count) for count in counts if count), default=0)
