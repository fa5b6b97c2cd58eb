"""ARFF, the format of Weka and OpenML: attributes with types above rows of values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables.numbers import to_number
from dlcli.datasets.tables.proposals import Proposal
from dlcli.datasets.tables.row_reader import RowReader
from dlcli.datasets.tables.text_file import TextFile
from dlcli.errors import DatasetError, plural

# A quote within quotes has a backslash, or is written twice.
QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\""
ATTRIBUTE = re.compile(rf"@attribute\s+({QUOTED}|\S+)\s+(.+)", re.IGNORECASE)
# A field with what ends it; in a list of categories, and in a row.
FIELD = re.compile(rf"\s*+({QUOTED}|(?:\\['\"]|[^,'\"])*+)\s*+(,|$)")
SPARSE = re.compile(rf"\s*+([0-9]{{1,9}}+)\s++({QUOTED}|[^\s,'\"]++)\s*+(,|$)")
TYPES = ("numeric", "real", "integer", "string", "date")
MAX_ATTRIBUTES = 100_000
LAST_ATTRIBUTE = "the last attribute"


@dataclass(frozen=True)
class Attribute:
    """A column: its name, and its categories if it has some."""

    name: str
    categories: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """The value that sparse rows leave out."""
        return self.categories[0] if self.categories else "0"


def read_arff(text: TextFile, dialect: Dialect) -> RowReader:
    """Open an ARFF file, dense or sparse.

    Raises
    ------
    DatasetError
        With the line of what is malformed; later also a category that is not declared.
    """
    lines = text.lines()
    attributes: list[Attribute] = []
    for line in lines:
        stripped = line.strip()
        word = stripped[:10].split(" ")[0].split("\t")[0].lower()
        if not stripped or stripped.startswith("%") or word == "@relation":
            continue
        if word == "@data":
            break
        attributes.append(_parse_attribute(stripped, f"{text.name}:{text.line}"))
        if len(attributes) > MAX_ATTRIBUTES:
            raise DatasetError(f"{text.name}: more than {MAX_ATTRIBUTES} attributes")
    if not attributes:
        raise DatasetError(f"{text.name}: no @attribute; the file is not ARFF")
    return RowReader(
        text.name, dialect, _rows(text, lines, attributes), has_names=True,
        proposals=tuple(_proposals(attributes)), collects_bad_rows=text.hints.has_options,
    )  # fmt: skip


def _parse_attribute(line: str, place: str) -> Attribute:
    declaration = ATTRIBUTE.fullmatch(line)
    if declaration is None:
        expected = "@attribute NAME TYPE, or @data above the rows"
        raise DatasetError(f"{place}: {line[:60]!r}; expected {expected}")
    name, kind = _unquote(declaration[1]), declaration[2].strip()
    if kind.startswith("{") and kind.endswith("}"):
        categories = tuple(_split(kind[1:-1], place))
        return Attribute(name, categories)
    if kind.split(maxsplit=1)[0].lower() not in TYPES:
        raise DatasetError(f"{place}: type {kind[:40]!r}; expected {', '.join(TYPES)} or {{…}}")
    return Attribute(name)


def _rows(
    text: TextFile, lines: Iterator[str], attributes: Sequence[Attribute]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the names, and the fields of each row."""
    yield text.line, [attribute.name for attribute in attributes]
    declared = {
        at: frozenset(attribute.categories)
        for at, attribute in enumerate(attributes)
        if attribute.categories
    }
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("%"):
            continue
        place = f"{text.name}:{text.line}"
        if stripped.startswith("{"):
            row = _sparse_row(stripped, attributes, place)
        else:
            row = _split(stripped, place)
            if len(row) == 1 and len(attributes) > 1:  # tabs and blanks are allowed as well
                row = stripped.split()
        _check_categories(row, declared, attributes, place)
        yield text.line, row


def _check_categories(
    row: Sequence[str],
    declared: Mapping[int, frozenset[str]],
    attributes: Sequence[Attribute],
    place: str,
) -> None:
    for at, categories in declared.items():
        if at < len(row) and row[at] not in categories and row[at] != "?":
            listed = ", ".join(attributes[at].categories[:10])
            raise DatasetError(
                f"{place}: {row[at][:40]!r} in {attributes[at].name!r} is not declared",
                hint=f"the attribute has {listed}",
            )


def _sparse_row(line: str, attributes: Sequence[Attribute], place: str) -> list[str]:
    row = [attribute.default for attribute in attributes]
    inner, at = line.strip("{}").strip(), 0
    while at < len(inner):
        field = SPARSE.match(inner, at)
        if field is None or int(field[1]) >= len(row):
            expected = f"{{position value, …}}, positions from 0 to {len(row) - 1}"
            raise DatasetError(f"{place}: {inner[at : at + 40]!r}; expected {expected}")
        row[int(field[1])] = _unquote(field[2])
        at = field.end()
    return row


def _split(line: str, place: str) -> list[str]:
    """Split a row or a list of categories at its commas."""
    if "'" not in line and '"' not in line:
        return [field.strip() for field in line.split(",")]
    fields, at = [], 0
    while True:
        field = FIELD.match(line, at)
        if field is None:
            hint = "write a quote within a text with a backslash before it"
            raise DatasetError(f"{place}: a quote is not closed, or text follows it", hint=hint)
        fields.append(_unquote(field[1].strip()))
        at = field.end()
        if not field[2]:
            return fields


def _unquote(text: str) -> str:
    quote = text[:1]
    if len(text) > 1 and text[-1] == quote and quote in "'\"":
        within = re.compile(rf"\\(.)|{quote}{quote}")
        return within.sub(lambda match: match[1] or quote, text[1:-1])
    return re.sub(r"\\(['\"])", r"\1", text)


def _proposals(attributes: Sequence[Attribute]) -> Iterator[Proposal]:
    named = [item for item in attributes if item.name.lower() in ("class", "target")]
    target = named[-1] if named else attributes[-1]
    reason = f"the attribute is named {target.name!r}" if named else LAST_ATTRIBUTE
    yield Proposal("target", target.name, reason)
    for attribute in attributes:
        numbers = [math.isfinite(to_number(text)) for text in attribute.categories]
        if numbers and all(numbers) and attribute is not target:
            reason = f"declared with {plural(len(numbers), 'category').replace('ys', 'ies')}"
            yield Proposal("types", {attribute.name: "categorical"}, reason)
