"""Counts of what a preprocessor replaced or did not know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class TransformReport:
    """Counts per column, added up over all transformed rows.

    Attributes
    ----------
    unseen : Counter
        Categories that no training row had.
    imputed : Counter
        Missing values that were filled in.
    wordless : Counter
        Texts without any word of the vocabulary.
    """

    unseen: Counter[str] = field(default_factory=Counter)
    imputed: Counter[str] = field(default_factory=Counter)
    wordless: Counter[str] = field(default_factory=Counter)

    def notices(self) -> list[str]:
        """Return one line per kind and column."""
        kinds = [
            (self.unseen, "category not seen in training", "categories not seen in training"),
            (self.imputed, "missing value filled in", "missing values filled in"),
            (
                self.wordless,
                "text without a word known from training",
                "texts without a word known from training",
            ),
        ]
        return [
            f"column {name!r}: {count} {singular if count == 1 else plural}"
            for counts, singular, plural in kinds
            for name, count in sorted(counts.items())
        ]
