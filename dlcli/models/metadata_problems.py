"""Problems of target, columns and dialect that metadata written by dlcli never have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dlcli.config.date_formats import check_date_format
from dlcli.datasets.dataset import Column, Target
from dlcli.datasets.dialect import Dialect
from dlcli.errors import plural

MAX_NAMES, MAX_AFFIXES = 100_000, 100


def target_problems(target: Target) -> Iterator[str]:
    """Yield problems of several targets, their columns and thresholds."""
    if len(target.columns) > MAX_NAMES or len(target.positions) not in (0, len(target.columns)):
        yield f"{len(target.columns)} names of targets for {len(target.positions)} positions"
    if target.columns and target.task == "classification":
        yield f"{plural(len(target.columns), 'target')} for {target.task}"
    if target.task == "multilabel" and len(target.columns) not in (0, len(target.class_names)):
        yield f"{len(target.columns)} columns for {plural(len(target.class_names), 'label')}"
    if len(target.thresholds) not in (0, len(target.class_names)):
        yield f"{len(target.thresholds)} thresholds"
    if not all(0 < threshold < 1 for threshold in target.thresholds):
        yield "a threshold that is not between 0 and 1"


def format_problems(columns: Sequence[Column]) -> Iterator[str]:
    """Yield formats of dates that cannot be read."""
    for column in columns:
        if column.type == "date" or column.format:
            try:
                check_date_format(column.format or "none")
            except ValueError as error:
                yield str(error)


def dialect_problems(dialect: Dialect) -> Iterator[str]:
    """Yield settings of a dialect that no file has."""
    if dialect.delimiter not in ("whitespace", "auto") and len(dialect.delimiter) != 1:
        yield f"delimiter {dialect.delimiter[:20]!r}; expected one character"
    if len(dialect.decimal) != 1:
        yield f"decimal separator {dialect.decimal[:20]!r}; expected one character"
    if len(dialect.affixes) > MAX_AFFIXES:
        yield f"{len(dialect.affixes)} affixes of numbers"
    if dialect.decimal == dialect.thousands:
        yield f"{dialect.decimal!r} as both decimal and thousands separator"
    if len(dialect.comment) > 1:
        yield f"comment sign {dialect.comment[:20]!r}; expected one character"
    if len(dialect.quotechar) != 1 or dialect.quotechar in "\r\n\0" + dialect.delimiter:
        yield f"quote {dialect.quotechar[:20]!r}; expected one character"
    if dialect.encoding != "auto" and not _is_encoding(dialect.encoding):
        yield f"unknown encoding {dialect.encoding[:20]!r}"


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):  # unknown, or a codec that is not for text
        return False
    return True
