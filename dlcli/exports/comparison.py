"""How far the answers of an export are from those of `predict`."""

from __future__ import annotations

from dataclasses import dataclass

from dlcli.errors import plural


@dataclass(frozen=True)
class Comparison:
    """How far the answers of an export are from those of `predict`.

    Parameters
    ----------
    rows, refused : int
        Compared rows, and those of them that both refuse.
    difference : float
        Largest difference of two probabilities or values; of values above 1 relative to them.
    """

    rows: int
    refused: int
    difference: float

    def joined(self, other: Comparison) -> Comparison:
        """Return the comparison of the rows of both."""
        return Comparison(
            self.rows + other.rows,
            self.refused + other.refused,
            max(self.difference, other.difference),
        )

    def __str__(self) -> str:
        refused = f", {self.refused} of them refused by both" if self.refused else ""
        rows = plural(self.rows, "row")
        return f"{rows} compared with `predict`{refused}: largest difference {self.difference:.2g}"
