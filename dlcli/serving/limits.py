"""What a server allows its clients."""

from __future__ import annotations

from dataclasses import dataclass

UNPACKED = 8  # times the largest body


@dataclass(frozen=True)
class ServerLimits:
    """Limits of a server.

    Parameters
    ----------
    body : int
        Bytes of a request's body, also after it is unpacked.
    rows : int
        Rows, files or texts of a request.
    seconds : float
        For receiving a request, and again for answering it.
    concurrent : int
        Requests that are computed at the same time.
    queue : int
        Requests that wait for this; further ones are answered with 503.
    connections : int
        Open connections; further ones are answered with 503.
    """

    body: int = 16 << 20
    rows: int = 100_000
    seconds: float = 30.0
    concurrent: int = 4
    queue: int = 64
    connections: int = 512

    @property
    def unpacked(self) -> int:
        """Bytes that a body may unpack to if it is a packed file, such as a workbook."""
        return UNPACKED * self.body
