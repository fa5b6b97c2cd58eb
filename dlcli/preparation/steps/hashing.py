"""Texts as counts in a fixed number of columns: the hashing trick of scikit-learn's FeatureHasher.

Nothing is learned from the rows. The hash function, MurmurHash3 (x86, 32 bits, seed 0), is computed
here for all texts of a length at once, since a prediction imports no scikit-learn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from dlcli.config.steps import MAX_BUCKETS, Hash
from dlcli.errors import DatasetError, plural
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import FittedStep, Names, fitted_step_of
from dlcli.preparation.steps.numbers import is_missing
from dlcli.preparation.steps.words import tokens
from dlcli.types import Array

C1, C2 = np.uint32(0xCC9E2D51), np.uint32(0x1B873593)
# Bytes of texts that are hashed at a time, at about five times the memory.
BLOCK_BYTES = 1 << 24


@fitted_step_of(Hash)
@dataclass(frozen=True)
class FittedHash(FittedStep):
    """Signed counts of the hashed values, or of their words, in `buckets` columns per column."""

    uses_rows = False
    always_finite = True
    buckets: Annotated[int, Field(gt=0, le=MAX_BUCKETS)]
    alternate_sign: bool
    split: Literal["none", "whitespace"]

    @classmethod
    def fit(cls, step: Hash, values: Array, names: Names) -> Self:
        _check_missing(values, names)
        return cls(step.buckets, step.alternate_sign, step.split)

    def apply(self, values: Array, names: Names, report: TransformReport) -> Array:
        out = np.empty((len(values), self.width(len(names))), np.float32)
        self.write(values, names, report, out)
        return out

    def write(self, values: Array, names: Names, report: TransformReport, out: Array) -> None:
        _check_missing(values, names)
        out[...] = 0
        for index in range(len(names)):
            column = values[:, index].tolist()
            start = index * self.buckets
            part = out[:, start : start + self.buckets]
            if self.split == "whitespace":
                self._write_words([tokens(str(text)) for text in column], part)
            else:
                buckets, signs = self._places(column)
                part[np.arange(len(column)), buckets] = signs

    def _write_words(self, texts: Sequence[list[str]], out: Array) -> None:
        rows = np.repeat(np.arange(len(texts)), [len(words) for words in texts])
        buckets, signs = self._places(list(chain.from_iterable(texts)))
        np.add.at(out, (rows, buckets), signs)

    def _places(self, items: Sequence[object]) -> tuple[Array, Array]:
        """Return the bucket and the sign of each item; an item that repeats is hashed once."""
        position = {item: number for number, item in enumerate(dict.fromkeys(items))}
        hashes = murmur_hash(list(map(str, position))).astype(np.int64)
        # The absolute value of the least 32-bit number is larger than the largest one;
        # scikit-learn has a rule of its own for it.
        least = hashes == -(1 << 31)
        buckets = np.abs(hashes) % self.buckets
        buckets[least] = ((1 << 31) - 1 - (self.buckets - 1)) % self.buckets
        signs = np.where((hashes >= 0) | (not self.alternate_sign), 1, -1).astype(np.float32)
        places = np.fromiter((position[item] for item in items), np.int64, len(items))
        return buckets[places], signs[places]

    def width(self, columns: int) -> int:
        return columns * self.buckets

    def names(self, names: Names) -> list[str]:
        return [f"{name}[{bucket}]" for name in names for bucket in range(self.buckets)]


def _check_missing(values: Array, names: Names) -> None:
    missing = is_missing(values)
    for index in np.flatnonzero(missing.any(axis=0)).tolist():
        rows = np.flatnonzero(missing[:, index])
        raise DatasetError(
            f"column {names[index]!r}: {plural(len(rows), 'value')} missing",
            hint="put impute before hash",
            row=int(rows[0]),
        )


def murmur_hash(texts: Sequence[str]) -> Array:
    """Return the MurmurHash3 of the UTF-8 bytes of texts, with seed 0.

    Returns
    -------
    ndarray of int32, shape (n,)
    """
    hashes = np.empty(len(texts), np.int32)
    by_length: dict[int, list[int]] = defaultdict(list)
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    for number, content in enumerate(encoded):
        by_length[len(content)].append(number)
    for length, numbers in by_length.items():
        size = max(1, BLOCK_BYTES // max(1, length))
        for start in range(0, len(numbers), size):
            block = numbers[start : start + size]
            content = b"".join(encoded[number] for number in block)
            hashes[block] = _hash_block(
                np.frombuffer(content, np.uint8).reshape(len(block), length)
            )
    return hashes


def _hash_block(content: Array) -> Array:
    """Return the hashes of texts of one length: uint8, shape (n, length)."""
    count, length = content.shape
    state = np.zeros(count, np.uint32)
    whole = length - length % 4
    words = np.ascontiguousarray(content[:, :whole]).view("<u4").astype(np.uint32, copy=False)
    for word in words.T:
        state ^= _scrambled(word)
        state = _rotated(state, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    if length % 4:
        tail = np.zeros(count, np.uint32)
        for place in range(length % 4):
            tail |= content[:, whole + place].astype(np.uint32) << np.uint32(8 * place)
        state ^= _scrambled(tail)
    state ^= np.uint32(length)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        state ^= state >> np.uint32(shift)
        state *= np.uint32(factor)
    state ^= state >> np.uint32(16)
    return state.view(np.int32)


def _scrambled(word: Array) -> Array:
    return _rotated(word * C1, 15) * C2


def _rotated(word: Array, bits: int) -> Array:
    return np.asarray((word << np.uint32(bits)) | (word >> np.uint32(32 - bits)))
