"""Parse YAML with the scalars of YAML 1.2 and the line number of every key.

PyYAML implements YAML 1.1: ``1e-3`` is text, ``no`` is false, ``12:30`` is 750, and the second of
two equal keys silently replaces the first. This module therefore composes values from the events
of PyYAML's parser: a single document without tags and aliases, in which every key occurs once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from dlcli.config.document import Document, Path, dotted
from dlcli.errors import ConfigError, Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

# Numbers with leading zeros stay text: 007 is a label, and YAML 1.1 and 1.2 disagree on 012.
INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NULLS = ("", "~", "null", "Null", "NULL")
BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
SPECIAL_FLOATS = {
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf"], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
}
CONSTANTS: dict[str, Any] = {**dict.fromkeys(NULLS), **BOOLEANS, **SPECIAL_FLOATS}


def scalar(text: str) -> Any:
    """Resolve a plain scalar as YAML 1.2 does."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INT.fullmatch(text):
        # int() raises for more than 4300 digits, float() does not.
        return int(text) if len(text) < 30 else float(text)
    return float(text) if FLOAT.fullmatch(text) else text


def parse(text: str, where: str) -> Document:
    """Parse one YAML document.

    Parameters
    ----------
    text : str
        The content of the file.
    where : str
        Name of the file, for messages.

    Returns
    -------
    Document

    Raises
    ------
    ConfigError
        If the text is not valid YAML, is too large or nested too deeply, or contains tags,
        anchors, aliases, repeated keys or several documents.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # undecodable bytes on the command line
        raise ConfigError([Problem(where, 0, "", "contains bytes that are not UTF-8")]) from None
    if size > MAX_BYTES:
        raise too_large(where)
    document = Document(where, None)
    try:
        _Composer(text, document).compose()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_syntax_problem(error, text, where)]) from None
    except yaml.reader.ReaderError as error:
        message = f"character {error.character!r} is not allowed in YAML"
        raise ConfigError([Problem(where, 0, "", message)]) from None
    return document


def too_large(where: str) -> ConfigError:
    """Return the error for a text above the size limit."""
    return ConfigError([Problem(where, 0, "", f"larger than {MAX_BYTES // 1024} kB")])


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, where: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines() or [""]
    source = lines[min(line, len(lines) - 1)]
    if "\t" in source[: len(source) - len(source.lstrip())]:
        return Problem(where, line + 1, "", "a tab is used for indentation; use spaces")
    reason = " ".join(filter(None, [error.problem, error.context]))
    pointer = f"\n    {source}\n    {' ' * column}^"
    return Problem(where, line + 1, "", f"not valid YAML: {reason}{pointer}")


class _Composer:
    """Compose dicts, lists and scalars from parser events and record their lines."""

    def __init__(self, text: str, document: Document) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        # Any: the type stubs of PyYAML lack the attributes of events.
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.document = document

    def compose(self) -> None:
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(
                        event, "a config is a single YAML document, but a second '---' follows"
                    )
                self.document.value = self.node(next(self.events), ())

    def refuse(self, event: Any, message: str) -> None:
        line = event.start_mark.line + 1
        raise ConfigError([Problem(self.document.where, line, "", message)])

    def node(self, event: Any, path: Path) -> Any:
        # Aliases of aliases expand a short text to gigabytes.
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, "aliases (*name) are not supported; write the value out")
        if getattr(event, "anchor", None):
            self.refuse(event, "anchors (&name) are not supported; write the value out")
        if getattr(event, "tag", None) not in (None, "!"):
            self.refuse(event, f"tags ({event.tag}) are not supported")
        if len(path) > MAX_DEPTH:
            self.refuse(event, f"nested too deeply (at most {MAX_DEPTH} levels)")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        # A scalar in quotes or in a block has a style, and is text.
        return event.value if event.style else scalar(event.value)

    def mapping(self, path: Path) -> dict[str, Any]:
        value: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse(event, "a key must be plain text")
            key = event.value
            line = event.start_mark.line + 1
            if key in value:
                first = self.document.lines[(*path, key)]
                message = f"{key!r} is given twice (first on line {first})"
                raise ConfigError(
                    [Problem(self.document.where, line, dotted((*path, key)), message)]
                )
            self.document.lines[(*path, key)] = line
            value[key] = self.node(next(self.events), (*path, key))
        return value

    def sequence(self, path: Path) -> list[Any]:
        value: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            item = (*path, len(value))
            self.document.lines[item] = event.start_mark.line + 1
            value.append(self.node(event, item))
        return value


class _Dumper(yaml.SafeDumper):
    """Dump text that `parse` reads back, with quotes where YAML 1.2 needs them."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own protocol)

    # PyYAML writes an object that occurs twice as an alias, which `parse` refuses.
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: _Dumper, text: str) -> Any:
    # PyYAML folds lines at characters that it does not read back as line breaks.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


class _InlineDumper(_Dumper):
    """The same on one line, with quotes around punctuation, as in ``delimiter: ";"``."""


def _quoted_text(dumper: _Dumper, text: str) -> Any:
    is_plain = text.isprintable() and any(map(str.isalnum, text))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if is_plain else '"')


_InlineDumper.add_representer(str, _quoted_text)


def _words(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})$")


for _tag, _pattern in {
    "null": _words(NULLS),
    "bool": _words(BOOLEANS),
    "int": re.compile(rf"(?:{INT.pattern})$"),
    "float": re.compile(rf"(?:{FLOAT.pattern})$|{_words(SPECIAL_FLOATS).pattern}"),
}.items():
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, None)


def dump(value: Any) -> str:
    """Return dicts, lists and scalars as YAML text that `parse` reads back unchanged."""
    return yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=100,
    )


def dump_inline(value: Any) -> str:
    """Return dicts, lists and scalars as YAML text on one line."""
    text: str = yaml.dump(
        value,
        Dumper=_InlineDumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=True,
        width=float("inf"),
    )
    return text.removesuffix("\n").removesuffix("\n...")
