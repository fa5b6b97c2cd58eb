"""Type aliases that all packages share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

# A string, so that modules can name the type without importing NumPy.
Array: TypeAlias = "np.ndarray[Any, Any]"


class Rows(Protocol):
    """An array, or rows that are computed or read when they are needed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array that the rows are."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __getitem__(self, key: Any, /) -> Any:
        """Return some of the rows as an array."""
