"""Steps that encode categories, dates, texts and recordings as numbers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from dlcli.config.base import as_tuple
from dlcli.config.steps.base import STEPS, Step


@STEPS.register("one_hot")
class OneHot(Step):
    """One 0/1 column per category; a category not seen in training becomes all zeros."""

    column_types: ClassVar[tuple[str, ...]] = ("categorical", "boolean", "numeric")

    max_categories: int | None = Field(
        default=None,
        gt=1,
        description="Largest number of 0/1 columns; the rarest categories share the last of them, "
        "as do those not seen in training.",
    )
    min_frequency: Annotated[int, Field(gt=0)] | Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None,
        description="Number or share of training rows; categories with fewer rows share a column.",
    )


@STEPS.register("ordinal")
class Ordinal(Step):
    """The index of the category in sorted order; a category not seen in training becomes -1."""

    column_types: ClassVar[tuple[str, ...]] = ("categorical", "boolean", "numeric")


MAX_BUCKETS = 1_000_000


@STEPS.register("hash")
class Hash(Step):
    """Signed counts of hashed texts in a fixed number of columns, as scikit-learn's FeatureHasher.

    No category is unseen, and no vocabulary is stored; texts may share a column.
    """

    column_types: ClassVar[tuple[str, ...]] = ("categorical", "text")

    buckets: int = Field(
        default=64, gt=0, le=MAX_BUCKETS, description="Number of columns (n_features)."
    )
    alternate_sign: bool = Field(
        default=True,
        description="Count half of the texts as -1, so that those that share a column cancel out.",
    )
    split: Literal["none", "whitespace"] = Field(
        default="none",
        description="Hash the whole text (none), or each of its words in lower case (whitespace).",
    )


DatePart = Literal["year", "month", "day", "weekday", "hour", "minute", "elapsed"]
# The parts of a date that are used if they vary.
DATE_PARTS: tuple[DatePart, ...] = ("year", "month", "day", "weekday", "hour", "minute")


@STEPS.register("date_parts")
class DateParts(Step):
    """Parts of dates and times as numbers, a column each."""

    column_types: ClassVar[tuple[str, ...]] = ("date",)

    parts: Annotated[tuple[DatePart, ...], BeforeValidator(as_tuple)] = Field(
        default=(),
        description="Any of year, month, day, weekday (Monday is 0), hour, minute, and elapsed "
        "(days since the first training date); default: those but elapsed that vary in training.",
    )
    cyclic: bool = Field(
        default=False,
        description="Give month, day, weekday, hour and minute as sine and cosine, so that "
        "December is next to January.",
    )


MAX_NGRAMS = 5


@STEPS.register("vectorize")
class Vectorize(Step):
    """Convert text to word indices: 0 is padding, 1 an unknown word; words start at 2."""

    column_types: ClassVar[tuple[str, ...]] = ("text",)

    max_tokens: int = Field(
        default=10_000,
        gt=2,
        description="Size of the vocabulary, the most frequent words of the training texts.",
    )
    output_sequence_length: int | None = Field(
        default=None,
        gt=0,
        description="Words per text; default: the 95th percentile of the training texts.",
    )
    output_mode: Literal["int", "multi_hot", "tf_idf"] = Field(
        default="int",
        description="Word indices in order (int); or for each word of the vocabulary whether it "
        "occurs (multi_hot) or its TF-IDF weight (tf_idf).",
    )
    ngrams: int = Field(
        default=1,
        gt=0,
        le=MAX_NGRAMS,
        description="Longest sequence of words that counts as a word of its own, beside all "
        "shorter ones: with 2 also `not good`. For multi_hot and tf_idf.",
    )
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation", "none"] = (
        Field(
            default="lower_and_strip_punctuation",
            description="Normalization of texts; punctuation except apostrophes becomes a space.",
        )
    )
    split: Literal["whitespace", "character"] = Field(
        default="whitespace", description="Split texts into words or into characters."
    )
    padding: Literal["pre", "post"] = Field(
        default="pre", description="Pad short texts at the start (pre) or the end (post)."
    )
    truncating: Literal["pre", "post"] = Field(
        default="pre", description="Cut long texts at the start (pre) or the end (post)."
    )

    @model_validator(mode="after")
    def _is_a_bag(self) -> Vectorize:
        if self.ngrams > 1 and self.output_mode == "int":
            raise ValueError("ngrams are for output_mode: tf_idf and multi_hot")
        return self


@STEPS.register("pad")
class Pad(Step):
    """Give recordings the same length: pad short ones with silence, cut the end of long ones."""

    column_types: ClassVar[tuple[str, ...]] = ("audio",)

    length: int | None = Field(
        default=None,
        gt=0,
        description="Length in samples; default: that of the longest training recording.",
    )
    normalize: bool = Field(
        default=True, description="Scale each recording to a peak amplitude of 1."
    )
