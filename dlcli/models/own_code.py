"""What a model file needs besides Keras: the code of components of one's own."""

from __future__ import annotations

import json
from typing import Any

from dlcli.config.own_components import own_components
from dlcli.errors import ModelFileError
from dlcli.models.metadata import Metadata

MAX_LISTED = 10


def check_own_components(metadata: Metadata, where: str, architecture: Any = None) -> None:
    """Check that the components of a model which Keras does not have are registered.

    Parameters
    ----------
    metadata : Metadata
    where : str
        Name of the file, for messages.
    architecture : object
        Keras's JSON of the network, if nothing but its components matters.

    Raises
    ------
    ModelFileError
        If one is not; the hint has the option that registers it.
    """
    registered = {item.name for item in own_components()}
    absent = sorted(metadata.own_components.keys() - registered)
    if absent and architecture is not None:
        text = json.dumps(architecture)
        absent = [name for name in absent if f'>{name}"' in text]
    if not absent:
        return
    names = ", ".join(absent[:MAX_LISTED]) + (", …" if len(absent) > MAX_LISTED else "")
    files = [metadata.own_components[name] or "FILE.py" for name in absent]
    options = " ".join(f"--code {file}" for file in dict.fromkeys(files))
    raise ModelFileError(
        f"{where} uses {names}, which Keras does not have",
        hint=f"name the Python file that registers it: {options}",
    )
