"""Run a script, and save its rows, weights and outputs: the process in which a script is proven.

``python -m dlcli.eject.child SCRIPT ARRAYS EPOCHS``
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

import numpy as np

from dlcli.network.backend import import_keras

PARTS = ("train", "validation", "test")
NEW_OUTPUTS = "outputs"
# Callbacks that write files, which a proof must not leave behind.
WRITERS = ("ModelCheckpoint", "CSVLogger", "TensorBoard", "BackupAndRestore")


def run_script(script: str, arrays: str, epochs: int) -> None:
    """Run a script, and save what it computed.

    Parameters
    ----------
    script : str
        Its path.
    arrays : str
        Path of the ``.npz`` file that is written.
    epochs : int
        Largest number of epochs; 0: as many as the script says.
    """
    weights: dict[str, list[Any]] = {}
    model_class = import_keras().Model
    fit = model_class.fit

    def recorded_fit(model: Any, *arguments: Any, **keywords: Any) -> Any:
        weights["initial"] = model.get_weights()
        if epochs:
            keywords["epochs"] = min(epochs, keywords["epochs"])
        keywords["verbose"] = 0
        callbacks = keywords.get("callbacks") or []
        keywords["callbacks"] = [one for one in callbacks if type(one).__name__ not in WRITERS]
        return fit(model, *arguments, **keywords)

    model_class.fit = recorded_fit
    try:
        variables = runpy.run_path(script, run_name="__main__")
    finally:
        model_class.fit = fit
    weights["trained"] = variables["model"].get_weights()
    result = {f"fold_{number}": test for number, (_, test) in enumerate(variables.get("folds", ()))}
    if NEW_OUTPUTS in variables:
        result[NEW_OUTPUTS] = variables[NEW_OUTPUTS]
    for part in PARTS:
        if part in variables:
            result[part] = variables[part]
            result[f"x_{part}"], result[f"y_{part}"] = (
                variables[f"x_{part}"],
                variables[f"y_{part}"],
            )
    for key, values in weights.items():
        result[f"{key}_count"] = np.array(len(values))
        result |= {f"{key}_{number}": value for number, value in enumerate(values)}
    np.savez(arrays, **result)


if __name__ == "__main__":
    run_script(sys.argv[1], sys.argv[2], int(sys.argv[3]))
