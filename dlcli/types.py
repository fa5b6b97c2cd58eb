"""Type aliases that all packages share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

# A string, so that modules can name the type without importing NumPy.
Array: TypeAlias = "np.ndarray[Any, Any]"
