"""The steps of preprocessing and their arguments; what they do is in `dlcli.preparation.steps`."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from dlcli.config.base import Section
from dlcli.config.registry import Registry

STEPS: Registry[type[Step]] = Registry("preprocessing step")


class Step(Section):
    """One step; fitted on the training rows only."""

    column_types: ClassVar[tuple[str, ...]] = ("numeric", "boolean")


@STEPS.register("standardize")
class Standardize(Step):
    """Subtract the mean and divide by the standard deviation."""


@STEPS.register("min_max")
class MinMax(Step):
    """Map the smallest value to 0 and the largest to 1."""


@STEPS.register("scale")
class Scale(Step):
    """Divide by a constant."""

    divisor: float = Field(description="What to divide by: 255 for bytes.")

    @model_validator(mode="after")
    def _not_zero(self) -> Scale:
        if self.divisor == 0:
            raise ValueError("the divisor must not be 0")
        return self


@STEPS.register("impute")
class Impute(Step):
    """Fill in missing values."""

    column_types: ClassVar[tuple[str, ...]] = ("numeric", "boolean", "categorical")

    strategy: Literal["mean", "median", "most_frequent"] | None = Field(
        default=None,
        description="What of the training rows to fill in; default: mean, or commonest category.",
    )
    missing_values: float | None = Field(
        default=None, description="A number that stands for no value, as 0 does for a pulse."
    )
    indicator: bool = Field(
        default=False, description="Add a 0/1 column for each column that has missing values."
    )


@STEPS.register("one_hot")
class OneHot(Step):
    """One 0/1 column per category; a category not seen in training gives zeros."""

    column_types: ClassVar[tuple[str, ...]] = ("categorical", "boolean", "numeric")


@STEPS.register("ordinal")
class Ordinal(Step):
    """The number of the category in sorted order; one not seen in training gives -1."""

    column_types: ClassVar[tuple[str, ...]] = ("categorical", "boolean", "numeric")


@STEPS.register("vectorize")
class Vectorize(Step):
    """Turn text into numbers of words: 0 fills up, 1 is a word that the vocabulary lacks."""

    column_types: ClassVar[tuple[str, ...]] = ("text",)

    max_tokens: int = Field(
        default=10_000, gt=2, description="Size of the vocabulary: the commonest training words."
    )
    output_sequence_length: int | None = Field(
        default=None,
        gt=0,
        description="Words per text; default: what 95 % of the training texts need.",
    )
    output_mode: Literal["int", "multi_hot", "tf_idf"] = Field(
        default="int",
        description="Numbers of words in their order; or per word of the vocabulary whether it "
        "occurs, or how telling it is.",
    )
    standardize: Literal["lower_and_strip_punctuation", "lower", "strip_punctuation", "none"] = (
        Field(
            default="lower_and_strip_punctuation",
            description="Punctuation but the apostrophe becomes a blank.",
        )
    )
    split: Literal["whitespace", "character"] = Field(
        default="whitespace", description="Where a text is cut into tokens."
    )
    padding: Literal["pre", "post"] = Field(
        default="pre", description="Where short texts are filled up."
    )
    truncating: Literal["pre", "post"] = Field(
        default="pre", description="Where long texts are cut off."
    )


@STEPS.register("pad")
class Pad(Step):
    """Give recordings one length: silence behind short ones, the end of long ones cut off."""

    column_types: ClassVar[tuple[str, ...]] = ("audio",)

    length: int | None = Field(
        default=None, gt=0, description="Samples; default: the longest training recording."
    )
    normalize: bool = Field(
        default=True, description="Scale each recording so that its largest swing is 1."
    )


Steps = tuple[Step, ...]


def plain_steps(steps: Steps) -> Any:
    """Return steps as a config spells them."""
    if not steps:
        return "none"
    names = {STEPS[name]: name for name in STEPS}
    return [
        {names[type(step)]: given}
        if (given := step.model_dump(exclude_none=True))
        else names[type(step)]
        for step in steps
    ]
