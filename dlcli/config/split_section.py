"""The section ``split``: which rows are for training, validation and test."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dlcli.config.base import Fraction, Name, Section


class SplitConfig(Section):
    """How the rows are split into training, validation and test sets."""

    test: Fraction | None = Field(
        default=None,
        description="Share of the rows used for testing, rounded to whole rows; default: 0.2, or "
        "the official test set.",
    )
    validation: Fraction | Literal["test"] = Field(
        default=0.0,
        description="Share of the remaining rows used for validation, rounded to whole rows. test: "
        "the test rows themselves, as scripts of courses do; a training that is stopped or chosen "
        "by them scores too well.",
    )
    shuffle: bool = Field(
        default=True,
        description="Draw the rows at random. false: the last rows are the test rows, those "
        "before them the validation rows, and the folds follow each other.",
    )
    stratify: bool = Field(
        default=True,
        description="Keep the proportions of the classes in every set; not without shuffle.",
    )
    column: Name | None = Field(
        default=None,
        description="Column of a table with the set of each row: train, validation or test.",
    )
    group: Name | None = Field(
        default=None,
        description="Column of a table, or field of a file name pattern; rows with the same value "
        "stay in one set.",
    )

    seed: int | None = Field(
        default=None,
        ge=0,
        lt=2**32,
        description="Seed of the division of the rows; default: the seed of the config.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> SplitConfig:
        if self.column is not None and (self.test is not None or self.validation):
            raise ValueError("'column' cannot be combined with 'test' and 'validation'")
        if self.column is not None and self.group is not None:
            raise ValueError("'column' and 'group' cannot be combined")
        if not self.shuffle and self.group is not None:
            raise ValueError("'group' cannot be combined with 'shuffle: false'")
        return self

    @property
    def validates_on_test(self) -> bool:
        """Whether the validation rows are the test rows."""
        return self.validation == "test"

    @property
    def validation_share(self) -> float:
        """Share of the rows that are not test rows used for validation."""
        return 0.0 if isinstance(self.validation, str) else self.validation

    @property
    def keeps_proportions(self) -> bool:
        """Whether the proportions of the classes are kept."""
        return self.stratify and self.shuffle
