"""The ``dataset`` section for a file or folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.datasets.dialect import EVERY_COLUMN, Dialect
from dlcli.datasets.loading import MIN_ROWS
from dlcli.datasets.media import SUFFIXES, is_collection, lists_files
from dlcli.datasets.tables import (
    LAST_ATTRIBUTE,
    Proposal,
    ReadOptions,
    Table,
    head_if_large,
    is_large_table,
    is_packed_table,
    loader_dialect,
    propose_encoding,
    propose_layout,
    propose_parsing,
    propose_values,
    read_parsed_table,
    read_table,
    with_texts,
)
from dlcli.errors import DatasetError, DlcliError, plural
from dlcli.experiments.init.commented_yaml import Commented, plain
from dlcli.experiments.init.folders import describe_file_list, describe_folder
from dlcli.experiments.init.targets import (
    Target,
    chosen_columns,
    default_target,
    find_codes,
    find_groups,
    find_parts,
    find_texts,
    likely_columns,
    likely_target,
)

ChooseTarget = Callable[[Sequence[str], str], str]


@dataclass
class Source:
    """What a config says about its data.

    Parameters
    ----------
    loader : dict
        The ``dataset`` section, with comments.
    sections : dict
        Keys of other sections that follow from the data.
    table : Table, optional
        A large table, so that it need not be read again.
    gaps : frozenset of str
        Columns of a table without a value in some row, also in rows without a target.
    """

    loader: dict[str, Any]
    sections: dict[str, Any] = field(default_factory=dict)
    table: Table | None = None
    gaps: frozenset[str] = frozenset()


def check_source(source: Path) -> None:
    """Refuse a path that does not exist or is a config itself.

    Raises
    ------
    DlcliError
    """
    if not source.exists():
        raise DlcliError(f"no file or folder {str(source)!r}")
    if source.suffix.lower() in (".yaml", ".yml"):
        raise DlcliError(f"{source} is a config already", hint=f"`dlcli check {source}` checks it")


def describe_source(
    source: Path,
    folder: Path,
    *,
    target: Target | None,
    sheet: str | None,
    choose_target: ChooseTarget | None,
) -> Source:
    """Return the ``dataset`` section for a file or folder.

    Parameters
    ----------
    source : Path
    folder : Path
        The folder of the config, to which its paths are relative.
    target, sheet, choose_target
        See `init`.

    Raises
    ------
    DlcliError
        If `init` does not know the kind of file, or the target does not exist.
    """
    path = _relative(source, folder)
    if source.suffix.lower() == ".npz":
        return Source({"npz": {"path": path}})
    if is_collection(source) and not is_packed_table(source):
        if target is not None:
            raise DlcliError(f"{source}: the folders are the classes; leave out --target")
        return Source(describe_folder(source, path))
    for medium in ("image", "audio"):
        if lists_files(source, SUFFIXES[medium]):
            return Source(describe_file_list(source, path, medium, target))
    return _describe_table(source, path, target, sheet, choose_target)


def _relative(source: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(source, folder)).as_posix()
    except ValueError:  # another drive
        return source.absolute().as_posix()


def _describe_table(
    source: Path,
    path: str,
    target: Target | None,
    sheet: str | None,
    choose_target: ChooseTarget | None,
) -> Source:
    options, table, format_target = _read(source, sheet, target)
    if len(table) < MIN_ROWS:
        raise DatasetError(f"{source}: {plural(len(table), 'row')}; at least {MIN_ROWS} are needed")
    target_name, reason = default_target(table)
    if format_target is not None and (
        format_target.reason != LAST_ATTRIBUTE or target_name == format_target.value
    ):
        target_name, reason = format_target.value, format_target.reason
    targets = [target_name]
    if target is not None:
        positions = map(table.position, chosen_columns(target, table.names))
        targets, reason = [table.names[at] for at in dict.fromkeys(positions)], ""
    elif choose_target is not None:
        targets, reason = [choose_target(table.names, likely_target(table))], ""
    table = with_texts(source, table, [table.position(name) for name in targets])
    texts = find_texts(table, targets)
    proposals = [
        proposal
        for proposal in propose_values(table, targets)
        if not any(_drops(proposal, name) for name in texts)
    ]
    sections: dict[str, Any] = {}
    aside = ""
    for key, found in (
        ("column", find_parts(table, targets)),
        ("group", find_groups(table, targets)),
    ):
        if found is not None and not aside:
            aside, why = found
            sections["split"] = {key: Commented(aside, why)}
    proposals = [item for item in proposals if not _drops(item, aside)]
    features = [name for name in table.names if name not in targets]
    name_or_names = targets if len(targets) > 1 else targets[0]
    shared = {"path": path, "target": Commented(name_or_names, reason), **options}
    if len(features) == 1 and features[0] in texts and not aside:
        return Source({"text": {"text": features[0], **_text_options(shared, proposals)}}, sections)
    _add(shared, proposals)
    dropped = [name for item in proposals if item.option == "drop" for name in item.value]
    codes = find_codes(table, {*targets, *dropped, *texts, aside})
    types = {name: Commented("text", why) for name, why in texts.items()}
    types |= {name: Commented("categorical", why) for name, why in codes.items()}
    if types:
        shared.setdefault("types", {}).update(types)
    return Source({"csv": shared}, sections, table, _columns_with_gaps(table, plain(shared)))


def _columns_with_gaps(table: Table, options: dict[str, Any]) -> frozenset[str]:
    """Return the columns without a value in some row, if rows without a target are left out.

    Rows to predict have gaps where those rows have some.
    """
    if "missing_target" not in options:
        return frozenset()
    words = {*table.dialect.missing, *options.get("missing", ())}
    return frozenset(
        column.name
        for column in table.columns
        if (
            bool(np.isnan(column.texts).any())
            if isinstance(column.texts, np.ndarray)
            else any(text.strip() in words for text in set(column.texts))
        )
    )


def _drops(proposal: Proposal, name: str) -> bool:
    return proposal.option == "drop" and proposal.value == [name]


def _text_options(options: dict[str, Any], proposals: Iterable[Proposal]) -> dict[str, Any]:
    _add(options, (item for item in proposals if item.option in TextLoader.model_fields))
    return options


def _read(
    source: Path, sheet: str | None, target: Target | None
) -> tuple[dict[str, Any], Table, Proposal | None]:
    """Return the options of a table's layout, the table, and the target that its format names."""
    options: dict[str, Any] = {}
    if sheet is not None:
        options["sheet"] = sheet
    dialect = Dialect("auto", sheet=sheet or "")
    # Counting the fields of all rows takes as long as reading them.
    is_small = not is_large_table(source)
    layout = propose_layout(source, dialect, all_rows=is_small)
    try:
        return _read_with(source, options, layout, target)
    except DatasetError:
        if is_small:
            raise
        return _read_with(source, options, propose_layout(source, dialect), target)


def _read_with(
    source: Path, options: dict[str, Any], layout: Sequence[Proposal], target: Target | None
) -> tuple[dict[str, Any], Table, Proposal | None]:
    options = dict(options)
    _add(options, (item for item in layout if item.option != "target"))
    if "encoding" not in options:
        _add(options, propose_encoding(source))
    format_target = next((item for item in layout if item.option == "target"), None)
    how = _read_options(source, options)
    head = head_if_large(source, how)
    if head is None:
        table = read_table(source, how.dialect, header=how.header, names=how.names)
        return options, table, format_target
    _add(options, propose_parsing(head))
    asked = target if format_target is None else format_target.value
    wanted = likely_columns(head.names) if asked is None else chosen_columns(asked, head.names)
    table = read_parsed_table(source, _read_options(source, options), wanted)
    return options, table, format_target


def _read_options(source: Path, options: dict[str, Any]) -> ReadOptions:
    loader = CsvLoader(path=str(source), target=0, **plain(options))
    dialect = replace(loader_dialect(loader), list_columns=EVERY_COLUMN)
    return ReadOptions(dialect, loader.header, loader.names)


def _add(options: dict[str, Any], proposals: Iterable[Proposal]) -> None:
    """Add proposals to the options of a loader; those of lists and mappings are collected."""
    for proposal in proposals:
        value, reason = proposal.value, proposal.reason
        if isinstance(value, dict):
            options.setdefault(proposal.option, {}).update(
                {key: Commented(item, reason) for key, item in value.items()}
            )
        elif isinstance(value, list | tuple):
            items = options.setdefault(proposal.option, [])
            if proposal.option in ("names", "widths"):  # one decision about all columns
                items.extend([Commented(value[0], reason), *value[1:]])
                continue
            known = plain(items)
            items.extend(Commented(item, reason) for item in value if item not in known)
        else:
            options[proposal.option] = Commented(value, reason)
