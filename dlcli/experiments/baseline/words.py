"""The words by which naive Bayes decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlcli.types import Array

MOST_WORDS, MOST_CLASSES = 10, 20


@dataclass(frozen=True)
class DecidingWords:
    """The words that speak most for a class.

    Parameters
    ----------
    name : str
        Of the class.
    words : mapping of str to float
        How many times more frequent a word is among the words of the class than among those of
        the other classes, each counted `alpha` times more, as `MultinomialNB` does; the largest
        first.
    """

    name: str
    words: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the words as plain data."""
        words = [{"word": word, "ratio": ratio} for word, ratio in self.words.items()]
        return {"name": self.name, "words": words}


def deciding_words(
    counts: Iterable[tuple[Sequence[str], Array]], class_names: Sequence[str], alpha: float
) -> tuple[DecidingWords, ...]:
    """Return the words that decide, for each of the first classes.

    Parameters
    ----------
    counts : iterable of tuple
        Of each fold the words, and how often each occurs: an array of shape (classes, words).
    class_names : sequence of str
    alpha : float
        Of the smoothing.
    """
    sums: dict[str, Array] = {}
    for words, table in counts:
        for word, column in zip(words, table.T, strict=True):
            sums[word] = sums.get(word, 0) + column
    if not sums or len(class_names) < 2:
        return ()
    names, table = list(sums), np.stack(list(sums.values()), axis=1)
    logarithms = np.log(_shares(table, alpha)) - np.log(_shares(table.sum(0) - table, alpha))
    result = []
    for name, row in zip(class_names[:MOST_CLASSES], logarithms, strict=False):
        order = np.argsort(-row, kind="stable")[:MOST_WORDS]
        ratios = {names[at]: float(np.exp(row[at])) for at in order if row[at] > 0}
        result.append(DecidingWords(name, ratios))
    return tuple(result)


def _shares(counts: Array, alpha: float) -> Array:
    """Return the smoothed share of each word among the words of a class."""
    smoothed = counts + max(alpha, 1e-10)
    return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))
