"""Refuse tables whose texts do not fit into the memory, before all of them are read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

from dlcli.datasets.storage import check_fits

# Fewer bytes of texts are not extrapolated.
FIRST_SIZE = 64 << 20
SAMPLED_TEXTS = 256
POINTER_BYTES = 8
HINT = "leave out rows, as in `head -n 1000000`, or columns of texts"


class TextMemory:
    """Estimate the bytes of all texts of a table from those that were read so far.

    Parameters
    ----------
    name : str
        Of the file, for the message.
    read_share : callable
        Returns the share of the file that was read.
    """

    def __init__(self, name: str, read_share: Callable[[], float]) -> None:
        self._name, self._read_share = name, read_share
        self._size, self._checked = 0.0, FIRST_SIZE / 2

    def add(self, columns: Iterable[Sequence[str]]) -> None:
        """Count the texts of a block that are kept.

        Raises
        ------
        DatasetError
            If the texts of the whole file need more memory than there is.
        """
        for texts in columns:
            sampled = texts[:: max(1, len(texts) // SAMPLED_TEXTS)]
            # Equal texts of a block are often the same object.
            distinct = {id(text): sys.getsizeof(text) for text in sampled}
            mean = sum(distinct.values()) / max(len(sampled), 1)
            self._size += len(texts) * (mean + POINTER_BYTES)
        if self._size >= 2 * self._checked:
            self._checked = self._size
            rest = self._size / max(self._read_share(), 1e-9) - self._size
            check_fits(round(rest), f"the texts of {self._name}", HINT)
