"""What a report is made of: sections of texts, tables, figures and samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar


class Html(str):
    """A text that is HTML already; templates escape all others."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return the text, as templates ask for it."""
        return str(self)


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    kind: ClassVar[str] = "bullets"
    items: Sequence[str]


@dataclass(frozen=True)
class Code:
    """A command, or a config."""

    kind: ClassVar[str] = "code"
    text: str | Html


@dataclass(frozen=True)
class Cell:
    """A cell of a table with a shade from 0 to 8, of right or of wrong answers."""

    text: str
    shade: int = 0
    is_right: bool = True


@dataclass(frozen=True)
class Table:
    """A table; the first column names its rows.

    Parameters
    ----------
    caption : str
    header : sequence of str
    rows : sequence of sequence of str or Cell
    left : int
        Number of columns of texts, which are aligned to the left.
    """

    kind: ClassVar[str] = "table"
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    left: int = 1


@dataclass(frozen=True)
class Figure:
    """A picture as SVG with its caption."""

    kind: ClassVar[str] = "figure"
    svg: Html
    caption: str


@dataclass(frozen=True)
class Sample:
    """A row that is a picture, a recording or a text."""

    title: str
    alt: str = ""
    image: str = ""
    audio: str = ""
    text: str = ""


@dataclass(frozen=True)
class Samples:
    """Samples side by side."""

    kind: ClassVar[str] = "samples"
    items: Sequence[Sample]


Block = Text | Bullets | Code | Table | Figure | Samples


@dataclass(frozen=True)
class Section:
    """A section with a heading."""

    key: str
    title: str
    blocks: Sequence[Block] = field(default=())
