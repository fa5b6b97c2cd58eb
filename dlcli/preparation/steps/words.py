"""Text to numbers: a vocabulary, a length and a way to cut, learned from training rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import Vectorize
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import MOST, FittedStep, Names, fits
from dlcli.types import Array

# All of ASCII's punctuation but the apostrophe, as Keras's archives of texts were made, and
# what typewriters did not have.
BLANKED = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r“”„«»…–—¡¿、。，！？「」『』·'
PUNCTUATION = str.maketrans({**dict.fromkeys(BLANKED, " "), "’": "'"})
UNKNOWN, FIRST_WORD = 1, 2
ENOUGH = 0.95


@fits(Vectorize)
@dataclass(frozen=True)
class FittedVectorize(FittedStep):
    """The vocabulary in the order of frequency, and the length of a text in words."""

    vocabulary: tuple[str, ...]
    length: Annotated[int, Field(gt=0, le=MOST)]
    weights: tuple[float, ...]
    output_mode: Literal["int", "multi_hot", "tf_idf"]
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation", "none"]
    split: Literal["whitespace", "character"]
    padding: Literal["pre", "post"]
    truncating: Literal["pre", "post"]

    def __post_init__(self) -> None:
        if len(self.weights) not in (0, len(self.vocabulary)):
            raise ValueError("as many weights as words")

    @classmethod
    def fit(cls, step: Vectorize, values: Array, names: Names) -> Self:
        cut = [tokens(text, step.standardize, step.split) for text in values[:, 0]]
        counts = Counter(chain.from_iterable(cut))
        if not counts:
            raise DatasetError(f"column {names[0]!r}: the training texts have no words")
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        vocabulary = tuple(ranked[: step.max_tokens - FIRST_WORD])
        lengths = np.array([len(row) for row in cut])
        usual = max(1, math.ceil(np.quantile(lengths, ENOUGH)))
        weights: tuple[float, ...] = ()
        if step.output_mode == "tf_idf":
            texts_with = Counter(chain.from_iterable(map(set, cut)))
            weights = tuple(math.log(1 + len(cut) / (1 + texts_with[w])) for w in vocabulary)
        return cls(
            vocabulary, step.output_sequence_length or usual, weights, step.output_mode,
            step.standardize, step.split, step.padding, step.truncating,
        )  # fmt: skip

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        codes = [self._codes(text) for text in values[:, 0]]
        wordless = sum(max(row, default=UNKNOWN) == UNKNOWN for row in codes)
        if wordless:
            report.wordless[names[0]] += wordless
        return self._sequences(codes) if self.output_mode == "int" else self._bags(codes)

    def width(self, columns: int) -> int:
        return self.length if self.output_mode == "int" else len(self.vocabulary)

    def names(self, names: Names) -> list[str]:
        if self.output_mode == "int":
            return [f"{names[0]}[{index}]" for index in range(self.length)]
        return [f"{names[0]}={word}" for word in self.vocabulary]

    def counts(self, values: Array) -> Any:
        """Return how often each word of the vocabulary occurs in each text.

        Returns
        -------
        scipy.sparse.csr_matrix of float32, shape (n, len(vocabulary))
        """
        from scipy.sparse import csr_matrix

        codes = [self._codes(text) for text in values[:, 0]]
        known = [[code - FIRST_WORD for code in row if code != UNKNOWN] for row in codes]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in known])])
        columns = np.fromiter(chain.from_iterable(known), np.int32, int(starts[-1]))
        ones = np.ones(len(columns), np.float32)
        matrix = csr_matrix((ones, columns, starts), (len(known), len(self.vocabulary)))
        matrix.sum_duplicates()
        return matrix

    @cached_property
    def _index(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.vocabulary, FIRST_WORD)}

    def _codes(self, text: str) -> list[int]:
        get = self._index.get
        return [get(word, UNKNOWN) for word in tokens(text, self.standardize, self.split)]

    def _sequences(self, codes: Iterable[list[int]]) -> Array:
        rows = list(codes)
        made = np.zeros((len(rows), self.length), np.float32)
        for index, row in enumerate(rows):
            kept = row[-self.length :] if self.truncating == "pre" else row[: self.length]
            if not kept:  # a mask over a whole text would make NaN
                kept = [UNKNOWN]
            if self.padding == "pre":
                made[index, -len(kept) :] = kept
            else:
                made[index, : len(kept)] = kept
        return made

    def _bags(self, codes: Iterable[list[int]]) -> Array:
        """Return a row over the vocabulary per text; of tf_idf the length of a row is 1."""
        rows = list(codes)
        made = np.zeros((len(rows), len(self.vocabulary)), np.float32)
        for index, row in enumerate(rows):
            known = [code - FIRST_WORD for code in row if code != UNKNOWN]
            if self.output_mode == "multi_hot":
                made[index, known] = 1
            else:
                np.add.at(made[index], known, 1)
        if self.output_mode == "tf_idf":
            made *= np.asarray(self.weights, np.float32)
            made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)
        return made


def tokens(
    text: str, standardize: str = "lower_and_strip_punctuation", split: str = "whitespace"
) -> list[str]:
    """Cut a text into words or characters; see `Vectorize` for the choices."""
    if standardize in ("lower_and_strip_punctuation", "lower"):
        text = text.lower()
    if standardize in ("lower_and_strip_punctuation", "strip_punctuation"):
        text = text.translate(PUNCTUATION)
    return text.split() if split == "whitespace" else list("".join(text.split()))
