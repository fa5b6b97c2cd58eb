"""What the arguments of all loaders have in common."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dlcli.config.base import Section
from dlcli.config.registry import Registry

LOADERS: Registry[type[Loader]] = Registry("loader")
Task = Literal["auto", "classification", "multilabel", "regression"]
OnBadFile = Annotated[
    Literal["error", "skip"],
    Field(description="What to do with files that cannot be read; skip leaves them out."),
]


class Loader(Section):
    """Arguments of every loader."""

    # Whether only named data sets may use the loader.
    named_only: ClassVar[bool] = False

    limit: int | None = Field(
        default=None,
        gt=0,
        description="Number of rows to use, drawn at random with the seed; default: all.",
    )


class LabelledLoader(Loader):
    """Arguments of the loaders of samples that are no rows of a table."""

    task: Task = Field(
        default="auto",
        description="auto: classification for folders and whole numbers, regression for other "
        "numbers; multilabel: a row has any number of the labels.",
    )
    unit: str = Field(default="", description="Unit of a regression target, shown in outputs.")
