"""Predictions as text: the rows of a CSV, and records of JSON."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO
from itertools import repeat
from typing import Any, TextIO

from dlcli.datasets.tables import to_text
from dlcli.prediction.blocks import PredictionBlock
from dlcli.prediction.predictions import Predictions
from dlcli.preparation.targets import FLOAT_FORMAT, LARGE_NUMBER, float_text

WriteBlock = Callable[[PredictionBlock], None]

# A spreadsheet runs a cell as a formula if its text starts with one of these; in East Asia, also
# with the wide forms.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
PLAIN_NUMBER = re.compile(r"[-+]?[0-9.,]+([eE][-+]?[0-9]+)?%?")
# A number with leading zeros is an identifier.
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


@dataclass(frozen=True)
class CsvStyle:
    """How a CSV is written.

    Parameters
    ----------
    delimiter : str
    decimal : str
    encoding : str
    safe : bool
        Whether to protect texts from being run as formulas by spreadsheets.
    is_excel : bool
        Whether kept numbers get the decimal separator too.
    """

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    safe: bool = False
    is_excel: bool = False


def csv_writer(predictions: Predictions, file: TextIO, style: CsvStyle) -> WriteBlock:
    """Write the header, and return a function that writes a block."""

    def field(value: Any) -> str:
        text, buffer = str(value), StringIO()
        is_formula = text.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(text)
        protected = f"'{text}" if style.safe and is_formula else text
        # The writer quotes characters of its line end, so both are needed here and cut off.
        writer = csv.writer(buffer, delimiter=style.delimiter, lineterminator="\r\n")
        writer.writerow([protected])
        return buffer.getvalue()[:-2]

    file.write(style.delimiter.join(map(field, predictions.columns)) + "\n")
    class_field = cache(field)

    def number(value: float) -> str:
        return float_text(value).replace(".", style.decimal)

    def kept_field(value: Any) -> str:
        text = kept_text(value)
        if style.is_excel:
            # Excel takes a number with another decimal sign for a date, or for a larger number.
            plain = plain_number(text, predictions.signature.dialect.decimal)
            text = plain.replace(".", style.decimal) or text
        return field(text)

    def write(block: PredictionBlock) -> None:
        columns: list[Any] = [map(field, block.names)] if predictions.name_column else []
        columns += [map(kept_field, values) for values in block.kept.values()]
        formats = ["%s"] * len(columns)
        numbers: list[Any] = [values.tolist() for values in block.columns()]
        for _ in range(block.names_of_classes):
            columns.append(map(class_field, numbers.pop(0)))
            formats.append("%s")
        is_large = any(max(map(abs, values), default=0) >= LARGE_NUMBER for values in numbers)
        if style.decimal == "." and not is_large:
            formats += [FLOAT_FORMAT] * len(numbers)
        else:
            numbers = [map(number, values) for values in numbers]
            formats += ["%s"] * len(numbers)
        # One format for a whole row is three times as fast as one for each field.
        line = style.delimiter.join(formats) + "\n"
        file.write("".join(map(line.__mod__, zip(*columns, *numbers, strict=True))))

    return write


def json_writer(predictions: Predictions, file: TextIO) -> WriteBlock:
    """Return a function that writes a block."""

    def write(block: PredictionBlock) -> None:
        file.writelines(
            json.dumps(record, ensure_ascii=False) + "\n" for record in records(predictions, block)
        )

    return write


def records(predictions: Predictions, block: PredictionBlock) -> Iterator[dict[str, Any]]:
    """Yield the rows of a block as JSON objects."""
    name_column = predictions.name_column
    columns = dict(zip(predictions.outputs, block.columns(), strict=True))
    labels = block.labels(predictions.signature.class_names)
    if labels is not None:  # one list in place of a column of 0 and 1 for each label
        shares = list(columns.items())[len(predictions.signature.class_names) :]
        columns = {"prediction": labels, **dict(shares)}
    outputs = zip(*(values.tolist() for values in columns.values()), strict=True)
    names: Any = block.names if name_column else repeat("")
    kept_columns = [list(map(_as_json, values)) for values in block.kept.values()]
    kept = zip(*kept_columns, strict=True) if kept_columns else repeat(())
    for name, row, values in zip(names, outputs, kept, strict=False):
        record: dict[str, Any] = {name_column: name} if name_column else {}
        record |= zip(block.kept, values, strict=True)
        record |= zip(columns, map(_json_value, row), strict=True)
        yield record


def kept_text(value: Any) -> str:
    """Return a value of the input that is kept as text: lists and objects as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else to_text(value)


def _as_json(value: Any) -> Any:
    """Return a kept value with null for numbers that are not finite, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return list(map(_as_json, value))
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return value


def _json_value(value: Any) -> Any:
    """Return a label, several labels, or a number with as many digits as the CSV has."""
    return value if isinstance(value, str | list) else float(float_text(value))


def plain_number(text: str, decimal: str) -> str:
    """Return a number with a decimal point; empty if the text is none, or has other signs.

    Parameters
    ----------
    text : str
    decimal : str
        Decimal separator of the text.
    """
    if decimal != ".":
        text = text.replace(".", " ").replace(decimal, ".")
    return text if NUMBER.fullmatch(text) else ""
