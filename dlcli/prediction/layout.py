"""Where the columns that a model wants stand in a row: by name, or by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dlcli.datasets.tables import looks_like_header
from dlcli.errors import DatasetError, did_you_mean
from dlcli.models.signature import Signature


@dataclass(frozen=True)
class Layout:
    """Where the wanted columns stand in a row.

    Parameters
    ----------
    positions : list of int
        One per wanted column.
    target : int or None
    notices : tuple of str
    """

    positions: list[int]
    target: int | None
    notices: tuple[str, ...] = ()


def is_header(row: Sequence[str], signature: Signature) -> bool:
    """Tell whether a first row holds names rather than values.

    A model whose columns have no names of their own (``"0"``, ``"1"``, …) knows a header only
    by its words; one that was trained without a header wants all of its names, or words where
    numbers belong.
    """
    found = {name.strip().casefold() for name in row}
    names = {name.casefold() for name in signature.names}
    numeric = any(column.type == "numeric" for column in signature.columns)
    words = looks_like_header(row, signature.dialect.decimal)
    if signature.dialect.header and not numeric and not _seen(row, signature):
        return True  # nothing tells names from texts, and the training file had a header
    if all(name.isdigit() for name in names):
        return numeric and words
    if not signature.dialect.header:
        return names <= found or (words and (numeric or bool(signature.preprocessor.shape)))
    return bool(names & found) or (numeric and words)


def _seen(row: Sequence[str], signature: Signature) -> bool:
    """Tell whether a row holds categories of the training rows."""
    known = signature.preprocessor.categories
    return any(text.strip() in known for text in row)


def by_name(row: Sequence[str], signature: Signature, where: str) -> Layout:
    """Find the wanted columns in a header.

    Raises
    ------
    DatasetError
        Naming every column that is missing, and those that the model wants.
    """
    names = [name.strip() for name in row]
    places = {name: at for at, name in reversed(list(enumerate(names)))}
    target = signature.target.name if signature.target else None
    at = None if target is None else places.get(target)
    wanted = set(signature.names)
    missing = [name for name in signature.names if name not in places]
    if not missing:
        repeated = [n for place, n in enumerate(names) if n in wanted and places[n] < place]
        if repeated:
            raise DatasetError(f"{where}: column {repeated[0]!r} appears twice")
        extra = [n for n in names if n and n not in wanted and n != target]
        said = (f"columns not used: {listed(extra)}",) if extra else ()
        return Layout([places[name] for name in signature.names], at, said)
    unnamed = signature.preprocessor.shape or all(name.isdigit() for name in signature.names)
    others = [index for index in range(len(names)) if index != at and names[index]]
    if unnamed and len(others) == len(signature.columns):
        return Layout(others, at)
    hints = [
        did_you_mean(name, [n for n in names if n not in signature.names]) for name in missing[:3]
    ]
    shown = ", ".join(map(repr, missing[:5])) + (" …" if len(missing) > 5 else "")
    raise DatasetError(
        " ".join([f"{where}: no column {shown}.", *filter(None, hints)]),
        hint=f"the model wants the columns {listed(signature.names)}",
    )


def listed(names: Sequence[str]) -> str:
    """Join names, not more than fit in a line or two."""
    return ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")


def by_position(width: int, signature: Signature, where: str) -> Layout:
    """Place the wanted columns in rows without a header, with or without the target.

    Raises
    ------
    DatasetError
        If the number of fields is neither.
    """
    columns = signature.columns
    said = (f"{where} has no header: columns go by their position",)
    if width == len(columns):
        order = sorted(range(width), key=lambda index: columns[index].position)
        positions = [0] * width
        for at, index in enumerate(order):
            positions[index] = at
        return Layout(positions, None, said if signature.dialect.header else ())
    full = signature.dialect.width
    if full and width == full:
        target = signature.target.position if signature.target else None
        return Layout(
            [c.position for c in columns], target, said if signature.dialect.header else ()
        )
    wanted = f"{len(columns)}" + (f", or {full} with the target" if full > len(columns) else "")
    raise DatasetError(
        f"{where}: the first row has {width} fields; the model wants {wanted}",
        hint=f"its columns are {listed(signature.names)}",
    )
