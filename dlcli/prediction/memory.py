"""Rows in memory to predict: DataFrames, arrays and texts, in blocks of the model's columns."""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.dataset import Column
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables import (
    RawColumn,
    format_date,
    to_text,
)
from dlcli.errors import DatasetError, ModelFileError, plural
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature, signature_of
from dlcli.prediction.layout import Keep, by_name
from dlcli.prediction.rows import RawBlock, as_inputs, column_values, max_rows, target_texts
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd


def as_source(source: Any) -> Any:
    """Return paths as a list, and rows as a DataFrame or an array.

    Parameters
    ----------
    source : path, sequence of paths, DataFrame, ndarray, mapping or sequence of mappings
        A mapping has a list of values for each column; several mappings are rows.

    Raises
    ------
    DatasetError
        If it is anything else.
    """
    if isinstance(source, str | os.PathLike):
        return [source]
    if isinstance(source, np.ndarray) or (hasattr(source, "iloc") and hasattr(source, "columns")):
        return source
    is_list = isinstance(source, Sequence)
    if is_list and source and all(isinstance(item, str | os.PathLike) for item in source):
        return source
    rows = [*source] if is_list else []
    if isinstance(source, Mapping) or (rows and all(isinstance(row, Mapping) for row in rows)):
        import pandas as pd

        try:
            return pd.DataFrame(source)
        except ValueError as error:
            raise DatasetError(f"the rows make no table: {error}") from None
    hint = "a row of a table is table.iloc[[0]]" if type(source).__name__ == "Series" else None
    raise DatasetError(
        f"expected a path, a DataFrame, an array or rows as mappings, got {_kind(source)}",
        hint=hint,
    )


def _kind(source: object) -> str:
    if source is None:
        return "None"
    if isinstance(source, Sequence) and source:
        return f"a list of {type(source[0]).__name__}"
    return f"a {type(source).__name__}"


def blocks_of_frame(source: Any, signature: Signature, keep: Keep = ()) -> Iterator[RawBlock]:
    """Yield rows in memory in blocks.

    Parameters
    ----------
    source : DataFrame or ndarray
        Columns are found by name; an array has shape (n, …).
    signature : Signature
    keep : sequence of str or "all"
        Columns of a DataFrame that the predictions keep.

    Raises
    ------
    DatasetError
        If a column is missing or has another type.
    """
    size = max_rows(signature)
    if isinstance(source, np.ndarray):
        if keep:
            raise DatasetError("an array has no columns to keep")
        yield from array_blocks(source, signature, size)
        return
    layout = by_name([str(name) for name in source.columns], signature, "the table", keep)
    for start in range(0, len(source), size):
        part = source.iloc[start : start + size]
        values = {
            column.name: _frame_column(part.iloc[:, position], column, signature)
            for column, position in zip(signature.columns, layout.positions, strict=True)
        }
        target = target_texts([_target_texts(part.iloc[:, at]) for at in layout.targets])
        inputs = as_inputs(values, signature)
        kept = {name: part.iloc[:, position].tolist() for name, position in layout.kept}
        where = f"rows from {start}"
        yield RawBlock(inputs, len(part), where, layout.notices, target, kept=kept)


def array_blocks(
    source: Array, signature: Signature, size: int, where: str = "", target: Sequence[Any] = ()
) -> Generator[RawBlock]:
    """Yield the rows of an array, which may be on the disk, in blocks.

    Parameters
    ----------
    source : ndarray, shape (n, …)
    signature : Signature
    size : int
        Rows of a block.
    where : str
        The file, for messages.
    target : sequence of str, or of tuples of str
        Texts of the target, if there is one.

    Raises
    ------
    DatasetError
        If the rows have another size than those of the model, or are no numbers.
    """
    width = math.prod(source.shape[1:])
    if width != len(signature.columns):
        expected = plural(len(signature.columns), "value")
        raise DatasetError(
            f"{where or 'the array'}: {plural(width, 'value')} per row; the model takes {expected}",
            hint=f"its samples have shape {signature.preprocessor.shape}"
            if signature.preprocessor.shape
            else None,
        )
    for start in range(0, len(source), size):
        try:
            part = np.asarray(source[start : start + size]).astype(np.float32)
        except ValueError as error:
            raise DatasetError(f"the array does not hold numbers: {error}") from None
        part = part.reshape(len(part), -1)
        values: Any = part
        if not signature.preprocessor.shape:
            values = {name: part[:, index] for index, name in enumerate(signature.names)}
        labels = target[start : start + size] if len(target) else None
        place = f"{where}, rows from {start}" if where else f"rows from {start}"
        yield RawBlock(values, len(part), place, target=labels)


def _frame_column(series: Any, column: Column, signature: Signature) -> Array:
    """Convert a column of a DataFrame to its type; pandas's missing values are missing."""
    values = series.astype(object).where(series.notna(), None).tolist()
    texts = ["" if value is None else _cell_text(value, column) for value in values]
    lines = range(1, len(texts) + 1)
    dialect = _dialect_of_values(signature.dialect)
    raw = RawColumn(column.name, texts, lines, "the table, row", dialect, column.format)
    return column_values(raw, column.type, signature)


def _target_texts(series: Any) -> list[str]:
    """Return the texts of a column of the target; lists of labels as in JSON."""
    return [to_text(value) if isinstance(value, list) else str(value) for value in series]


def _dialect_of_values(dialect: Dialect) -> Dialect:
    """Return the dialect of texts that were made from values: ``""`` is a missing value."""
    thousands = "" if dialect.thousands == "." else dialect.thousands
    missing = ("", *dialect.missing)
    return replace(dialect, decimal=".", thousands=thousands, missing=missing)


def _cell_text(value: Any, column: Column) -> str:
    """Return a value as the text of a file; dates in the format of the training file."""
    if column.type == "date" and isinstance(value, date | time):
        return format_date(value, column.format)
    return str(value)


def table_of_texts(model: LoadedModel, texts: Sequence[str]) -> pd.DataFrame:
    """Return texts as a table for a model of text.

    Raises
    ------
    ModelFileError
        If the model takes other data.
    """
    import pandas as pd

    signature = signature_of(model)
    if not signature.is_text:
        raise ModelFileError(f"{model.path} is not a model of text; name a file with rows")
    return pd.DataFrame({signature.names[0]: list(texts)})
