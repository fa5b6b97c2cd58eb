"""The child process that opens a model file for `dlcli.models.guard.check_in_child`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from dlcli.errors import DlcliError, first_line
from dlcli.models import guard
from dlcli.models.limits import Limits


def serve(
    path: str,
    purpose: guard.Purpose,
    code: Sequence[str],
    limits: Mapping[str, int],
    seconds: float,
) -> NoReturn:
    """Open a model file, write the outcome to standard output as JSON, and exit.

    Parameters
    ----------
    path : str
    purpose : {"inspect", "auto", "onnx", "keras"}
    code : sequence of str
        Files that the user has named with ``--code``.
    limits : mapping
        Fields of `Limits`.
    seconds : float
        Limit of CPU time.
    """
    stdout, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # libraries may print
    os.dup2(null, 2)
    guard.declare_confined()
    answer: dict[str, str | None] = {}
    try:
        guard.limit_memory(Path(path).stat().st_size, with_data=False)
        if code:
            from dlcli.network.code_files import load_code

            load_code(code)
        with guard.opening(Path(path), seconds):
            _open(path, purpose, Limits(**limits))
    except DlcliError as error:
        answer = {"message": str(error), "hint": error.hint}
    except Exception as error:  # noqa: BLE001 (of a library; the parent would raise it, too)
        answer = {"message": f"{path} cannot be opened: {first_line(error)}", "hint": None}
    os.write(stdout, json.dumps(answer).encode())
    os._exit(0)  # quicker than taking down an interpreter with TensorFlow


def _open(path: str, purpose: guard.Purpose, limits: Limits) -> None:
    if purpose == "inspect":
        from dlcli.models.contents import inspect

        inspect(path, limits)
        return
    import numpy as np

    from dlcli.models.loading import load_model

    network = load_model(path, purpose, limits).network
    network(np.zeros((1, *network.input_shape), np.float32))
