"""Limits for the size of a model file and for the resources that its network needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from dlcli.errors import DlcliError

RAISE_HINT = "if you trust its author, allow more with --max-size"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class Limits:
    """Limits for a model file.

    The defaults are several times what ResNet152 needs, the deepest network of
    ``keras.applications``.

    Parameters
    ----------
    size : int
        Bytes of the file.
    text : int
        Bytes of its architecture, and of its metadata.
    members : int
        Members of a zip file.
    objects : int
        Groups and data sets of an HDF5 file.
    layers : int
        Layers, including those inside other layers.
    nodes : int
        Operators of an ONNX graph, and calls of layers.
    number : int
        Absolute value of an integer in an architecture, unless a weight has as many rows.
    elements : int
        Elements of a layer's output for one sample.
    operations : int
        Multiplications for one sample.
    """

    size: int = 2 << 30
    text: int = 16 << 20
    members: int = 1_000
    objects: int = 50_000
    layers: int = 2_000
    nodes: int = 20_000
    number: int = 100_000
    elements: int = 1 << 26
    operations: int = 250_000_000_000

    def raised(self, size: int) -> Limits:
        """Return limits for files of up to `size` bytes; the others grow in proportion.

        A smaller `size` lowers no other limit.
        """
        factor = max(1, -(-size // self.size))
        scaled = {item.name: getattr(self, item.name) * factor for item in fields(self)}
        return Limits(**{**scaled, "size": size})


DEFAULT = Limits()


def limits_of(size: str) -> Limits:
    """Return the limits for a value of ``--max-size``; the default limits if it is empty.

    Raises
    ------
    DlcliError
        If it is not a size.
    """
    return DEFAULT.raised(parse_size(size)) if size else DEFAULT


def parse_size(text: str) -> int:
    """Parse a number of bytes such as ``500MB`` or ``8 GB``, with units of 1024.

    Raises
    ------
    DlcliError
        If it is not a size.
    """
    match = re.fullmatch(
        r"(\d{1,12}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII
    )
    if match is None or not float(match[1]):
        raise DlcliError(f"{text!r} is not a size; write one like 500MB or 8GB")
    return int(float(match[1]) * UNITS[match[2].upper()])
