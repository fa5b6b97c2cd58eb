"""The base class and field types of all sections of a config."""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)

MAX_TARGETS = 1_000
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


def _columns(value: Any) -> str | int | tuple[str | int, ...]:
    """Return a column, or several as a tuple; a list of one is the column itself."""
    items = list(value) if isinstance(value, list | tuple) else [value]
    for item in items:
        if not isinstance(item, str | int) or isinstance(item, bool):
            shown = json.dumps(item, ensure_ascii=False, default=str)
            raise ValueError(f"expected a column, or a list of columns, got {shown}")  # noqa: TRY004
    if not 0 < len(items) <= MAX_TARGETS:
        raise ValueError(f"the list has {len(items)} columns; name 1 to {MAX_TARGETS}")
    names: list[str | int] = [composed(item) for item in items]
    for item in names:
        if names.count(item) > 1:
            raise ValueError(f"column {item!r} is named twice")
    return tuple(names) if len(names) > 1 else names[0]


# A column, or several.
Targets = Annotated[
    str | int | tuple[str | int, ...],
    PlainValidator(_columns),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "integer"]},
                {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1},
            ]
        }
    ),
]


class Section(BaseModel):
    """A section of a config: immutable, without conversions, without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
        defer_build=True,
    )
