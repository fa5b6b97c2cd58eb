"""The arguments of the preprocessing steps; `dlcli.preparation.steps` implements them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from dlcli.config.base import Section, as_tuple
from dlcli.config.registry import Registry

STEPS: Registry[type[Step]] = Registry("preprocessing step")


class Step(Section):
    """A preprocessing step, fitted on the training rows only."""

    column_types: ClassVar[tuple[str, ...]] = ("numeric", "boolean", "date")


@STEPS.register("standardize")
class Standardize(Step):
    """Subtract the mean and divide by the standard deviation."""


@STEPS.register("min_max")
class MinMax(Step):
    """Map the smallest training value to 0 and the largest to 1."""


@STEPS.register("log")
class Log(Step):
    """Natural logarithm; of 1 + x if a training value is 0."""


@STEPS.register("scale")
class Scale(Step):
    """Divide by a constant."""

    divisor: float = Field(description="Divisor: 255 for 8-bit images.")

    @model_validator(mode="after")
    def _not_zero(self) -> Scale:
        if self.divisor == 0:
            raise ValueError("the divisor must not be 0")
        return self


@STEPS.register("impute")
class Impute(Step):
    """Replace missing values."""

    column_types: ClassVar[tuple[str, ...]] = ("numeric", "boolean", "categorical", "date")

    strategy: Literal["mean", "median", "most_frequent"] | None = Field(
        default=None,
        description="Statistic to insert; default: mean, or most_frequent for categories.",
    )
    missing_values: float | None = Field(
        default=None,
        description="A number that also means a missing value, for example 0 for a pulse.",
    )
    indicator: bool = Field(
        default=False, description="Add a 0/1 column for each column that has missing values."
    )


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


Steps = tuple[Step, ...]


def plain_steps(steps: Steps) -> Any:
    """Return steps in the notation of configs."""
    if not steps:
        return "none"
    names = {STEPS[name]: name for name in STEPS}
    plain = []
    for step in steps:
        name, arguments = names[type(step)], step.model_dump(exclude_none=True)
        plain.append({name: arguments} if arguments else name)
    return plain
