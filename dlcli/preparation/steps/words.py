"""Texts as sequences of word indices or as bags of words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import MAX_NGRAMS, Vectorize
from dlcli.errors import DatasetError
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import MAX_VALUES, FittedStep, Names, fitted_step_of
from dlcli.types import Array

# ASCII punctuation except the apostrophe, as in Keras's text archives, and typographic marks.
PUNCTUATION = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n\r“”„«»…–—¡¿、。，！？「」『』·'
STRIP_PUNCTUATION = str.maketrans({**dict.fromkeys(PUNCTUATION, " "), "’": "'"})
UNKNOWN, FIRST_WORD = 1, 2  # 0 is padding
LENGTH_QUANTILE = 0.95
BLOCK_ROWS = 1024


@fitted_step_of(Vectorize)
@dataclass(frozen=True)
class FittedVectorize(FittedStep):
    """Vocabulary in the order of frequency, and sequence length in words."""

    always_finite = True
    vocabulary: tuple[str, ...]
    length: Annotated[int, Field(gt=0, le=MAX_VALUES)]
    weights: tuple[float, ...]
    output_mode: Literal["int", "multi_hot", "tf_idf"]
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation", "none"]
    split: Literal["whitespace", "character"]
    padding: Literal["pre", "post"]
    truncating: Literal["pre", "post"]
    ngrams: Annotated[int, Field(gt=0, le=MAX_NGRAMS)] = 1

    def __post_init__(self) -> None:
        if len(self.weights) not in (0, len(self.vocabulary)):
            raise ValueError("as many weights as words")

    @classmethod
    def fit(cls, step: Vectorize, values: Array, names: Names) -> Self:
        counts: Counter[str] = Counter()
        frequency: Counter[str] = Counter()  # texts with the word
        lengths = np.empty(len(values), np.int64)
        for row, text in enumerate(values[:, 0]):  # one by one: all words need much memory
            words = tokens(text, step.standardize, step.split, step.ngrams)
            counts.update(words)
            lengths[row] = len(words)
            if step.output_mode == "tf_idf":
                frequency.update(set(words))
        if not counts:
            raise DatasetError(f"column {names[0]!r}: the training texts have no words")
        ranking = sorted(counts, key=lambda word: (-counts[word], word))
        vocabulary = tuple(ranking[: step.max_tokens - FIRST_WORD])
        length = step.output_sequence_length
        if length is None:
            length = max(1, math.ceil(np.quantile(lengths, LENGTH_QUANTILE)))
        weights: tuple[float, ...] = ()
        if step.output_mode == "tf_idf":
            weights = tuple(math.log(1 + len(values) / (1 + frequency[w])) for w in vocabulary)
        return cls(
            vocabulary, length, weights, step.output_mode,
            step.standardize, step.split, step.padding, step.truncating, step.ngrams,
        )  # fmt: skip

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty((len(values), self.width(1)), np.float32)
        self.write(values, names, report, out)
        return out

    def write(self, values: Array, names: Names, report: TransformReport, out: Array) -> None:
        codes = self._codes(values)
        if wordless := sum(max(text, default=UNKNOWN) == UNKNOWN for text in codes):
            report.wordless[names[0]] += wordless
        out[...] = 0
        if self.output_mode == "int":
            self._write_sequences(codes, out)
        else:
            self._write_bags(codes, out)

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

        positions = _known_words(self._codes(values))
        ones = np.ones(len(positions[0]), np.float32)
        return csr_matrix((ones, positions), (len(values), len(self.vocabulary)))

    @cached_property
    def _code_of(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.vocabulary, FIRST_WORD)}

    def _codes(self, values: Array) -> list[list[int]]:
        """Return the code of each word of each text."""
        get = self._code_of.get
        options = (self.standardize, self.split, self.ngrams)
        return [[get(word, UNKNOWN) for word in tokens(text, *options)] for text in values[:, 0]]

    def _write_sequences(self, codes: Sequence[list[int]], out: Array) -> None:
        """Write the codes into rows of zeros."""
        for row, text in zip(out, codes, strict=True):
            part = text[-self.length :] if self.truncating == "pre" else text[: self.length]
            if not part:  # a layer that masks zeros would compute NaN for an empty text
                part = [UNKNOWN]
            if self.padding == "pre":
                row[-len(part) :] = part
            else:
                row[: len(part)] = part

    def _write_bags(self, codes: Sequence[list[int]], out: Array) -> None:
        """Write word counts into rows of zeros: as 0/1, or weighted and scaled to length 1."""
        positions = _known_words(codes)
        if self.output_mode == "multi_hot":
            out[positions] = 1
            return
        np.add.at(out, positions, 1)
        weights = np.asarray(self.weights, np.float32)
        for start in range(0, len(out), BLOCK_ROWS):  # temporary arrays stay small
            block = out[start : start + BLOCK_ROWS]
            block *= weights
            block /= np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12)


def _known_words(codes: Sequence[list[int]]) -> tuple[Array, Array]:
    """Return the text and the position in the vocabulary of every known word, in order."""
    words = [[code - FIRST_WORD for code in text if code != UNKNOWN] for text in codes]
    texts = np.repeat(np.arange(len(words)), [len(text) for text in words])
    return texts, np.fromiter(chain.from_iterable(words), np.int32, len(texts))


def tokens(
    text: str,
    standardize: str = "lower_and_strip_punctuation",
    split: str = "whitespace",
    ngrams: int = 1,
) -> list[str]:
    """Cut a text into words or characters, and sequences of them.

    Parameters
    ----------
    text : str
    standardize, split : str
        See `dlcli.config.steps.Vectorize`.
    ngrams : int
        Words in the longest sequence; all shorter ones are returned, too.
    """
    if standardize in ("lower_and_strip_punctuation", "lower"):
        text = text.lower()
    if standardize in ("lower_and_strip_punctuation", "strip_punctuation"):
        text = text.translate(STRIP_PUNCTUATION)
    words = text.split() if split == "whitespace" else list("".join(text.split()))
    separator = " " if split == "whitespace" else ""
    longer = [
        separator.join(words[start : start + length])
        for length in range(2, ngrams + 1)
        for start in range(len(words) - length + 1)
    ]
    return words + longer
