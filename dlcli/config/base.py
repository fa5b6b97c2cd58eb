"""The base class and field types of all sections of a config."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, lt=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]


def composed(value: Any) -> Any:
    """Return a text in the Unicode form NFC, in which names of columns are compared.

    Files and configs that were written on a Mac may have the same name in another form.
    """
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(composed)]
Name = Annotated[str | int, AfterValidator(composed)]


def as_tuple(value: Any) -> Any:
    """Convert a YAML list to a tuple, since sections are immutable."""
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(as_tuple)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple)]


def _one_or_several(value: Any) -> Any:
    """Return a list as a tuple, and that of one item as the item."""
    if not isinstance(value, list | tuple):
        return value
    if not value:
        raise ValueError("the list is empty; name a column")
    names = [composed(item) for item in value]
    for item in names:
        if names.count(item) > 1:
            raise ValueError(f"column {item!r} is named twice")
    return tuple(value) if len(value) > 1 else value[0]


# A column, or several.
Targets = Annotated[Name | Annotated[tuple[Name, ...], Field(max_length=1000)],
                    BeforeValidator(_one_or_several)]  # fmt: skip


class Section(BaseModel):
    """A section of a config: immutable, without conversions, without unknown keys."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False
    )
