"""What was odd about rows on their way into a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class TransformReport:
    """What was odd about rows that were transformed, counted per column.

    Attributes
    ----------
    unseen : Counter
        Categories that the training rows did not have.
    imputed : Counter
        Missing values that were filled in.
    wordless : Counter
        Texts without a word that the vocabulary has.
    """

    unseen: Counter[str] = field(default_factory=Counter)
    imputed: Counter[str] = field(default_factory=Counter)
    wordless: Counter[str] = field(default_factory=Counter)

    def notices(self) -> list[str]:
        """Say what happened, a line per column."""
        return [
            *(
                _happened(
                    self.unseen, "category not seen in training", "categories not seen in training"
                )
            ),
            *(_happened(self.imputed, "missing value filled in", "missing values filled in")),
            *(
                _happened(
                    self.wordless,
                    "text without a word that training had",
                    "texts without a word that training had",
                )
            ),
        ]


def _happened(counts: Counter[str], one: str, many: str) -> Iterable[str]:
    for name, count in sorted(counts.items()):
        yield f"column {name!r}: {count} {one if count == 1 else many}"
