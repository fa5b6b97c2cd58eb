"""The sentences of a report, in a file per language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

from dlcli.config.yaml_text import parse
from dlcli.number_text import number

Language: TypeAlias = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = ("en", "ko")


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return the sentences of a language by their keys."""
    name = f"{language}.yaml"
    text = files("dlcli.reports").joinpath("texts", name).read_text(encoding="utf-8")
    sections: Mapping[str, Mapping[str, str]] = parse(text, name).value
    return {
        f"{section}.{key}": sentence
        for section, sentences in sections.items()
        for key, sentence in sentences.items()
    }


class Texts:
    """The sentences of one language.

    Parameters
    ----------
    language : {"en", "ko"}
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self._sentences = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence with its values; floats have four significant digits."""
        shown = {
            name: number(value) if isinstance(value, float) else value
            for name, value in values.items()
        }
        return self._sentences[key].format(**shown)

    def count(self, noun: str, count: int) -> str:
        """Return a number with its noun: 1 row, 2 rows."""
        ending = "one" if count == 1 else "other"
        return self._sentences[f"counts.{noun}_{ending}"].format(count=f"{count:,}")

    def word(self, section: str, name: str) -> str:
        """Return the word for a name of dlcli, such as a part; unknown names stay as they are."""
        return self._sentences.get(f"{section}.{name}", name)

    def enumeration(self, names: list[str]) -> str:
        """Join names as in ``a, b and c``."""
        if len(names) < 2:
            return "".join(names)
        return self("words.and", first=", ".join(names[:-1]), last=names[-1])


def percent(share: float) -> str:
    """Format a share as a percentage."""
    return f"{100 * share:.1f}\u00a0%"  # not to be broken


def cell(value: Any) -> str:
    """Format a value of a row."""
    if value is None or value != value:
        return "–"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
