"""Graphs of the steps for texts.

The words of all texts are one flat list, with the row of each word: ONNX has no ragged tensors.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from dlcli.exports.errors import ExportError
from dlcli.exports.onnx.functions import maximum, minimum, where
from dlcli.exports.onnx.steps.registry import graph_of
from dlcli.exports.onnx.tensors import Graph, Tensor
from dlcli.preparation.steps import PUNCTUATION, FittedVectorize

UNKNOWN, FIRST_WORD = 1, 2
# Where ``str.split`` splits; ONNX Runtime splits at spaces alone.
BLANKS = [character for character in map(chr, range(0x3001)) if character.isspace()]
APOSTROPHE, MAX_APOSTROPHES = "’", 4
# Texts become lower case in Unicode; it is on every Linux, unlike en_US.
LOCALE = "C.UTF-8"


@dataclass(frozen=True)
class Words:
    """The words of texts.

    Parameters
    ----------
    graph : Graph
    count : Tensor
        Number of texts, shape (1,).
    tokens, rows : Tensor
        Each word, and the text that it is in; in the order of the texts.
    """

    graph: Graph
    count: Tensor
    tokens: Tensor
    rows: Tensor

    @classmethod
    def of(cls, texts: Tensor, *, lowercase: bool, strip: bool) -> Words:
        """Cut texts, a tensor of shape (n,), at blanks, and at punctuation if it is stripped."""
        graph = texts.graph
        count = graph.op("Shape", texts, dtype=np.int64)
        if lowercase:
            texts = graph.op(
                "StringNormalizer", texts, case_change_action="LOWER", locale=LOCALE,
                is_case_sensitive=1,
            )  # fmt: skip
        words = cls(graph, count, texts, _numbers(graph, count))
        marks = [*BLANKS, *(mark for mark in PUNCTUATION if strip and not mark.isspace())]
        for mark in ["", *marks]:
            words = words.cut(mark)
        return words.with_plain_apostrophes() if strip else words

    def cut(self, mark: str) -> Words:
        """Cut each word at a mark, or at blanks; nothing is left of an empty one."""
        graph = self.graph
        parts, _ = graph.ops("StringSplit", self.tokens, dtypes=[None, np.int64], delimiter=mark)
        present = graph.op("Not", parts.equals(""))
        places = graph.op("NonZero", present, dtype=np.int64)
        tokens = graph.op("GatherND", parts, graph.op("Transpose", places, perm=[1, 0]))
        first = graph.op("Gather", places, np.array(0), axis=0)
        return Words(graph, self.count, tokens, graph.op("Gather", self.rows, first))

    def with_plain_apostrophes(self) -> Words:
        """Replace typographic apostrophes, of which a word has at most a few."""
        graph, tokens = self.graph, self.tokens
        for _ in range(MAX_APOSTROPHES):
            tokens, found = _replace_first(tokens)
        graph.refusals.append(self.any_in_row(found))
        return Words(graph, self.count, tokens, self.rows)

    def any_in_row(self, mask: Tensor) -> Tensor:
        """Return the texts of which a word has a mark; a condition of shape (n,)."""
        ones = mask.cast(np.int64)
        return self.sums(1, self.rows, self.rows * 0, ones.cast(np.float32)).reshape(-1) > 0.0

    def sums(self, width: int, rows: Tensor, columns: Tensor, values: Tensor) -> Tensor:
        """Return a float32 array of shape (n, width) in which values are added at places."""
        graph = self.graph
        places = graph.concat([rows.reshape(-1, 1), columns.reshape(-1, 1)])
        return graph.op(
            "ScatterND", self.zeros(width), places, values, dtype=np.float32, reduction="add"
        )

    def zeros(self, width: int) -> Tensor:
        """Return zeros: float32, shape (n, width)."""
        shape = self.graph.concat([self.count, self.graph.constant(np.array([width]))], axis=0)
        return self.graph.op(
            "Expand", self.graph.constant(np.zeros(1, np.float32)), shape, dtype=np.float32
        )

    def lengths(self) -> Tensor:
        """Return the number of words of each text; int64, shape (n,)."""
        ones = (self.rows * 0 + 1).cast(np.float32)
        return self.sums(1, self.rows, self.rows * 0, ones).reshape(-1).cast(np.int64)

    def positions(self, lengths: Tensor) -> Tensor:
        """Return the position of each word in its text; int64."""
        starts = self.graph.op("CumSum", lengths, np.array(0), exclusive=1)
        here = _numbers(self.graph, self.graph.op("Shape", self.tokens, dtype=np.int64))
        return here - self.graph.op("Gather", starts, self.rows)

    def joined(self, words: Words, size: int) -> Words:
        """Return the sequences of `size` words: those of a word less, and the word behind them."""
        graph = self.graph
        axis = np.array([0])
        # The sequence that starts at each word, as far as one starts there.
        first = self
        behind = [graph.op("Slice", t, np.array([size - 1]), np.array([sys.maxsize]), axis)
                  for t in (words.tokens, words.rows)]  # fmt: skip
        number = graph.op("Shape", behind[0], dtype=np.int64)
        before = [
            graph.op("Slice", t, np.array([0]), number, axis) for t in (first.tokens, first.rows)
        ]
        text = graph.op("StringConcat", graph.op("StringConcat", before[0], " "), behind[0])
        return Words(graph, self.count, text, where(before[1].equals(behind[1]), before[1], -1))

    def within_rows(self) -> Words:
        """Return only the sequences within a text."""
        keep = self.rows >= 0
        tokens, rows = (
            self.graph.op("Compress", t, keep, axis=0) for t in (self.tokens, self.rows)
        )
        return Words(self.graph, self.count, tokens, rows)


def _numbers(graph: Graph, count: Tensor) -> Tensor:
    """Return 0, 1, … as int64."""
    return graph.op(
        "Range",
        graph.constant(np.array(0)),
        count.reshape(),
        graph.constant(np.array(1)),
        dtype=np.int64,
    )


def _replace_first(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Replace the first typographic apostrophe; return the words, and which have another one."""
    graph = tokens.graph
    parts, number = graph.ops(
        "StringSplit", tokens, dtypes=[None, np.int64], delimiter=APOSTROPHE, maxsplit=1
    )
    # A second column, also if no word has an apostrophe.
    blanks = graph.where(tokens.equals(""), tokens, "").reshape(-1, 1)
    parts = graph.concat([parts, blanks])
    start, end = (parts.column(index).reshape(-1) for index in (0, 1))
    text = graph.op("StringConcat", graph.op("StringConcat", start, "'"), end)
    replaced = where(number > 1, text, tokens)
    _, again = graph.ops(
        "StringSplit", replaced, dtypes=[None, np.int64], delimiter=APOSTROPHE, maxsplit=1
    )
    return replaced, again > 1


@graph_of(FittedVectorize)
def vectorize(graph: Graph, step: FittedVectorize, values: Tensor) -> Tensor:
    """Build the graph of vectorize."""
    if step.split == "character":
        raise ExportError(
            "vectorize with `split: character`: ONNX cannot cut texts into characters"
        )
    words = Words.of(
        values.reshape(-1),
        lowercase=step.standardize in ("lower_and_strip_punctuation", "lower"),
        strip=step.standardize in ("lower_and_strip_punctuation", "strip_punctuation"),
    )
    levels, sequences = [words], words
    for size in range(2, step.ngrams + 1):
        sequences = sequences.joined(words, size)
        levels.append(sequences.within_rows())
    code_of = {word: code for code, word in enumerate(step.vocabulary, FIRST_WORD)}
    codes = [graph.encode(level.tokens, code_of, UNKNOWN) for level in levels]
    if step.output_mode == "int":
        return _sequences(step, words, codes[0])
    return _bags(step, words, levels, codes)


def _sequences(step: FittedVectorize, words: Words, codes: Tensor) -> Tensor:
    """Return the codes of the words in their order, padded with zeros."""
    graph, rows = words.graph, words.rows
    lengths = words.lengths()
    place = words.positions(lengths)
    if step.truncating == "pre":
        surplus = maximum(lengths - step.length, 0)
        place = place - graph.op("Gather", surplus, rows)
    inside = graph.op("And", place >= 0, place < step.length)
    if step.padding == "pre":
        free = step.length - minimum(lengths, step.length)
        place = place + graph.op("Gather", free, rows)
    place, rows, codes = (
        graph.op("Compress", tensor, inside, axis=0) for tensor in (place, rows, codes)
    )
    # An empty text is an unknown word, as a layer that masks zeros needs it.
    empty = lengths.equals(0).cast(np.float32).reshape(-1, 1) * float(UNKNOWN)
    rest = words.zeros(step.length - 1)
    start = graph.concat([rest, empty] if step.padding == "pre" else [empty, rest])
    indices = graph.concat([rows.reshape(-1, 1), place.reshape(-1, 1)])
    return graph.op("ScatterND", start, indices, codes.cast(np.float32))


def _bags(step: FittedVectorize, words: Words, levels: list[Words], codes: list[Tensor]) -> Tensor:
    """Return word counts: as 0 and 1, or weighted and scaled to length 1."""
    graph = words.graph
    row = graph.concat([level.rows for level in levels], axis=0)
    code = graph.concat(codes, axis=0)
    known = code >= FIRST_WORD
    row, code = (graph.op("Compress", t, known, axis=0) for t in (row, code))
    ones = (row * 0 + 1).cast(np.float32)
    counts = words.sums(len(step.vocabulary), row, code - FIRST_WORD, ones)
    if step.output_mode == "multi_hot":
        return (counts > 0.0).cast(np.float32)
    weighted = counts * np.asarray(step.weights, np.float32)
    length = graph.op("ReduceL2", weighted, np.array([1]), keepdims=1)
    return weighted / maximum(length, 1e-12)
