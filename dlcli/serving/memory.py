"""Give the memory of large requests back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys

# Smaller requests leave nothing that is worth the time.
LARGE_BODY = 256 << 10


def release_memory() -> None:
    """Collect what requests have left, and return free memory to the system.

    The garbage collector waits for many new objects, however large they are, and the C library
    keeps what it is given back for the next request.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
        if trim is not None:
            trim(0)
