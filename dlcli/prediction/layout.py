"""Find the columns of a model in rows: by the names in the header, or by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dlcli.datasets.dataset import PART_WORDS
from dlcli.datasets.tables import clean_names, counts_up, looks_like_header, number_names
from dlcli.errors import DatasetError, did_you_mean
from dlcli.models.signature import Signature

MAX_LISTED = 12
# Fewer numbered columns can be a row of values.
MIN_NUMBERED = 3
# Names of input columns that the predictions keep, or all of them.
Keep = Sequence[str] | Literal["all"]


@dataclass(frozen=True)
class Layout:
    """Positions of the columns of a model in a row.

    Parameters
    ----------
    positions : list of int
        One per column of the model.
    targets : tuple of int
        Positions of the columns of the target, if the rows have them all.
    notices : tuple of str
    kept : tuple of (str, int)
        Names and positions of the columns that the predictions keep.
    """

    positions: list[int]
    targets: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    kept: tuple[tuple[str, int], ...] = ()


def is_header(row: Sequence[str], signature: Signature) -> bool:
    """Whether a first row contains names instead of values.

    The answer depends on the training file. If its columns had no names (they are ``"0"``,
    ``"1"``, …), a header is a row of words where numbers belong, or of just these names. If names
    were given for a file without a header, it is a row with all of these names, or with words where
    numbers belong.
    """
    cells = {cell.casefold() for cell in clean_names(row)}
    names = {name.casefold() for name in signature.names}
    has_numeric = any(column.type == "numeric" for column in signature.columns)
    has_words = looks_like_header(row, signature.dialect.decimal)
    if signature.dialect.header and not has_numeric and not _has_categories(row, signature):
        return True  # names and texts look alike, and the training file had a header
    if all(name.isdigit() for name in names):
        return (has_numeric and has_words) or _is_numbered(row, signature)
    if not signature.dialect.header:
        takes_numbers = has_numeric or bool(signature.preprocessor.shape)
        return names <= cells or (has_words and takes_numbers)
    return bool(names & cells) or (has_numeric and has_words)


def _is_numbered(row: Sequence[str], signature: Signature) -> bool:
    """Whether a row is 0, 1, 2 …, as pandas names columns, or years that are names."""
    targets = _names_of_targets(signature)
    cells = [cell for cell in clean_names(row) if cell not in targets]
    if signature.dialect.header and counts_up(row) and set(signature.names) <= set(cells):
        return True
    return len(cells) >= MIN_NUMBERED and cells == signature.names


def _has_categories(row: Sequence[str], signature: Signature) -> bool:
    """Whether a row contains a category of the training rows."""
    categories = set().union(*signature.preprocessor.categories.values())
    return any(cell.strip() in categories for cell in row)


def by_name(row: Sequence[str], signature: Signature, where: str, keep: Keep = ()) -> Layout:
    """Find the columns of the model, and those to keep, in a header.

    Raises
    ------
    DatasetError
        If columns are missing, or one of them appears twice.
    """
    header = _header_names(row, signature)
    positions = {name: at for at, name in reversed(list(enumerate(header)))}
    names_of_targets = _names_of_targets(signature)
    present = [positions[name] for name in names_of_targets if name in positions]
    targets = tuple(present) if len(present) == len(names_of_targets) else ()
    columns = set(signature.names)
    missing = [name for name in signature.names if name not in positions]
    if not missing:
        repeated = [name for at, name in enumerate(header) if positions[name] < at]
        for name in repeated:
            if name in columns:
                raise DatasetError(f"{where}: column {name!r} appears twice")
        kept = kept_columns(header, keep, where)
        used = {*columns, *names_of_targets, *(name for name, _ in kept)}
        others = [name for name in header if name and name not in used]
        notices = (f"columns not used: {listed(others)}",) if others else ()
        return Layout([positions[name] for name in signature.names], targets, notices, kept)
    # A model without column names takes the columns in their order, whatever the header says.
    is_unnamed = signature.preprocessor.shape or all(name.isdigit() for name in signature.names)
    inputs = [at for at, name in enumerate(header) if at not in present and name]
    if is_unnamed and len(inputs) == len(signature.columns):
        return Layout(inputs, targets, kept=kept_columns(header, keep, where))
    unused = [name for name in header if name not in columns]
    suggestions = [did_you_mean(name, unused) for name in missing[:3]]
    names = ", ".join(map(repr, missing[:5])) + (" …" if len(missing) > 5 else "")
    raise DatasetError(
        " ".join([f"{where}: no column {names}.", *filter(None, suggestions)]),
        hint=f"the columns of the model are {listed(signature.names)}",
    )


def _header_names(row: Sequence[str], signature: Signature) -> list[str]:
    """Return the names in a header, numbered as in training.

    Where an index may stand, its name is not that of a column: it may be absent, or be repeated.
    """
    names, columns = clean_names(row), set(signature.names)
    numbers_names, index = signature.dialect.unique_names, int(signature.dialect.index)
    header = number_names(names, index) if numbers_names else names
    if index:
        rest = number_names(names[1:], 1) if numbers_names else names[1:]
        if columns <= set(rest) and (names[0] in names[1:] or not columns <= set(header)):
            return ["", *rest]
    return header


def _names_of_targets(signature: Signature) -> tuple[str, ...]:
    """Return the names of the columns of the target; none for a model of plain Keras."""
    target = signature.target
    return () if target is None else target.columns or (target.name,)


def _positions_of_targets(signature: Signature) -> tuple[int, ...]:
    target = signature.target
    if target is None or (target.position is None and not target.positions):
        return ()
    return target.positions or (target.position or 0,)


def kept_columns(header: Sequence[str], keep: Keep, where: str) -> tuple[tuple[str, int], ...]:
    """Return the names and positions of the columns that the predictions keep.

    Raises
    ------
    DatasetError
        If a column is missing.
    """
    if keep == "all":
        return tuple((name, at) for at, name in enumerate(number_names(header)))
    positions = {name: at for at, name in reversed(list(enumerate(header))) if name}
    names = list(dict.fromkeys(keep))
    for name in names:
        if name not in positions:
            near = did_you_mean(name, positions)
            raise DatasetError(
                f"{where}: no column {name!r} to keep. {near}".rstrip(),
                hint=f"the columns are {listed([name for name in header if name])}",
            )
    return tuple((name, positions[name]) for name in names)


def listed(names: Sequence[str]) -> str:
    """Join the first 12 names."""
    rest = f", … ({len(names)} in total)" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + rest


def by_position(row: Sequence[str], signature: Signature, where: str, keep: Keep = ()) -> Layout:
    """Find the columns of the model in rows without a header.

    They may have all columns of the training file, all but the target, the columns of the model
    alone, or these and the target; an index may stand before them.

    Raises
    ------
    DatasetError
        If the number of fields does not fit.
    """
    columns, full_width = signature.columns, signature.dialect.width
    notices: tuple[str, ...] = ()
    if signature.dialect.header:
        notices = (f"{where} has no header: columns are used in the order of the training file",)
    targets = _positions_of_targets(signature)
    used = {column.position for column in columns}
    unused = set(range(full_width)) - used
    of_target = set(targets)
    absent_columns = [unused | of_target, set(), unused - of_target, of_target]
    layouts = []
    for index in (0, 1) if signature.dialect.index else (0,):
        for absent in absent_columns:
            present = sorted(({*range(full_width)} | used) - absent)
            if len(present) + index != len(row):
                continue
            at = {position: place for place, position in enumerate(present, index)}
            positions = [at[column.position] for column in columns]
            labelled = tuple(at[target] for target in targets) if of_target <= at.keys() else ()
            layouts.append(Layout(positions, labelled, notices))
        if layouts:
            break
    if not layouts or any(other.positions != layouts[0].positions for other in layouts):
        raise _unfit_width(len(row), signature, where)
    layout = max(layouts, key=lambda other: bool(other.targets))
    if layout.targets and len(layouts) > 1:
        # The column may be that of the parts instead, which stands where the target would.
        is_part = row[layout.targets[0]].strip().lower() in PART_WORDS
        layout = replace(layout, targets=() if is_part else layout.targets)
    return _with_kept(layout, len(row), signature, where, keep)


def _unfit_width(width: int, signature: Signature, where: str) -> DatasetError:
    expected = f"{len(signature.columns)}"
    if signature.dialect.width > len(signature.columns):
        expected += f", or {signature.dialect.width} with the target"
    return DatasetError(
        f"{where}: the first row has {width} fields; the model takes {expected}",
        hint=f"the columns of the model are {listed(signature.names)}",
    )


def _with_kept(layout: Layout, width: int, signature: Signature, where: str, keep: Keep) -> Layout:
    """Return a layout of rows without a header, with the columns to keep by the model's names."""
    header = [f"column {at + 1}" for at in range(width)]
    for name, at in zip(signature.names, layout.positions, strict=True):
        header[at] = name
    for name, at in zip(_names_of_targets(signature), layout.targets, strict=False):
        header[at] = name
    return replace(layout, kept=kept_columns(header, keep, where))
