"""Statements that read the target: classes, labels or numbers."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.datasets.dataset import Target
from dlcli.datasets.tables import BOOLEANS
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import assignment, expression
from dlcli.eject.table_columns import UsedColumn


def class_lines(target: Target, column: str, *, as_numbers: bool) -> list[str]:
    """Return the statements that number the classes.

    Parameters
    ----------
    target : Target
    column : str
        Expression of a Series with the labels of the file.
    as_numbers : bool
        Whether it has whole numbers, not texts.
    """
    labels = target.labels or target.class_names
    lines = [assignment("CLASS_NAMES", list(target.class_names))]
    if as_numbers:
        numbers = [int(label) for label in labels]
        if numbers == list(range(len(numbers))):
            return [*lines, f"y = {column}.to_numpy()"]
        codes = {number: code for code, number in enumerate(numbers)}
        return [*lines, f"y = {column}.map({expression(codes)}).to_numpy()"]
    if not target.labels:
        mapping = "{name: code for code, name in enumerate(CLASS_NAMES)}"
        return [*lines, f"y = {column}.map({mapping}).to_numpy()"]
    codes_of = {label: code for code, label in enumerate(labels)}
    return [
        *lines,
        assignment("CODES", codes_of),
        f"y = {column}.map(CODES).to_numpy()",
    ]


def label_lines(ejection: Ejection, columns: Sequence[UsedColumn]) -> list[str]:
    """Return the statements that read several labels per row.

    Parameters
    ----------
    ejection : Ejection
    columns : sequence of UsedColumn
        A column per label, or one with the labels of each row.
    """
    target = ejection.dataset.target
    lines = [assignment("LABELS", list(target.class_names))]
    if len(columns) > 1:
        names = [column.name for column in columns]
        if all(column.has_digits for column in columns):
            return [*lines, f"y = table[{expression(names)}].to_numpy(int)"]
        words = sorted({text.lower() for column in columns for text in column.values})
        codes = {word: int(BOOLEANS[word]) for word in words}
        return [
            *lines,
            assignment("CODES", codes),
            f"texts = table[{expression(names)}].astype(str)",
            "texts = texts.apply(lambda column: column.str.strip().str.lower())",
            "y = texts.replace(CODES).to_numpy(int)",
        ]
    at = f"table[{expression(columns[0].name)}]"
    texts = list(target.labels or target.class_names)
    if not target.separator:
        raise inexpressible(
            f"the target {columns[0].name!r}",
            "it holds lists in JSON or Python notation; write it as columns of 0 and 1",
        )
    separator = expression(target.separator)
    return [
        *lines,
        f'cells = {at}.fillna("")',
        f"lists = [[label.strip() for label in cell.split({separator})] for cell in cells]",
        assignment("TEXTS", texts),
        "y = np.array([[text in labels for text in TEXTS] for labels in lists], int)",
    ]
