"""How large a model file, and what it asks for, may be."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from dlcli.errors import DlcliError

RAISE = "if you trust whoever made it, allow more with --max-size"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class Limits:
    """What a model file may hold and ask for.

    The defaults are several times what ResNet152, the largest network of ``keras.applications``
    by layers, needs.

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
        Layers, those inside of others included.
    nodes : int
        Operators of an ONNX graph, and calls of layers.
    number : int
        The largest whole number in an architecture, unless a weight has as many rows.
    elements : int
        Numbers that a layer puts out for one sample.
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

        They never shrink, so that only the file has to be smaller where `size` is.
        """
        factor = max(1, -(-size // self.size))
        grown = {item.name: getattr(self, item.name) * factor for item in fields(self)}
        return Limits(**{**grown, "size": size})


DEFAULT = Limits()


def limits_of(size: str) -> Limits:
    """Return the limits that a ``--max-size`` means; the default ones for nothing.

    Raises
    ------
    DlcliError
        If it is no size.
    """
    return DEFAULT.raised(parse_size(size)) if size else DEFAULT


def parse_size(text: str) -> int:
    """Read a number of bytes as people write it: ``500MB``, ``8 GB``.

    Raises
    ------
    DlcliError
        If it is none.
    """
    match = re.fullmatch(
        r"(\d{1,12}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII
    )
    if match is None or not float(match[1]):
        raise DlcliError(f"{text!r} is no size; write one like 500MB or 8GB")
    return int(float(match[1]) * UNITS[match[2].upper()])
