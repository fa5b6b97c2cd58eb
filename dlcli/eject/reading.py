"""The part of the script that reads the data, by loader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcli.config.known import NAMED_DATASETS
from dlcli.config.loader_base import Loader
from dlcli.config.loaders import (
    AudioLoader,
    IdxLoader,
    ImagesLoader,
    IndexedTextLoader,
    NpzLoader,
    SklearnLoader,
)
from dlcli.config.own_loaders import OwnLoader
from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import Code, assignment
from dlcli.eject.read_arrays import write_idx, write_npz, write_sklearn
from dlcli.eject.read_files import write_audio, write_images
from dlcli.eject.read_tables import write_csv
from dlcli.eject.read_texts import write_indexed, write_texts
from dlcli.eject.script import Part

Reader = Callable[[Ejection, Part, Any], None]
READERS: dict[type[Loader], Reader] = {
    CsvLoader: write_csv,
    TextLoader: write_texts,
    IndexedTextLoader: write_indexed,
    SklearnLoader: write_sklearn,
    NpzLoader: write_npz,
    IdxLoader: write_idx,
    ImagesLoader: write_images,
    AudioLoader: write_audio,
}
# Loaders that no script can have, with the reason.
INEXPRESSIBLE: dict[type[Loader], str] = {
    OwnLoader: "it is code of your own; call it from a script yourself, it returns x and y",
}


def write_reading(ejection: Ejection) -> None:
    """Write the part that reads the data.

    Raises
    ------
    DlcliError
        If the loader has no counterpart, with the reason.
    """
    section = ejection.config.dataset
    loader = section.loader
    for kind, reason in INEXPRESSIBLE.items():
        if isinstance(loader, kind):
            raise inexpressible(f"the loader {section.name}", reason)
    part = ejection.script.part("Read", _why(ejection))
    if section.known:
        part.add(*_sources(section.name))
    READERS[type(loader)](ejection, part, loader)
    _write_limit(ejection, part, loader)


def _why(ejection: Ejection) -> str:
    section = ejection.config.dataset
    if section.known:
        return f"{NAMED_DATASETS[section.name].title}."
    return f"{ejection.dataset.name}: {len(ejection.dataset)} rows."


def _sources(name: str) -> list[str]:
    """Return comments about where a named data set comes from."""
    known = NAMED_DATASETS[name]
    lines = [f"# Source: {known.source}" if known.source else "", f"# Licence: {known.licence}"]
    for file in known.files:
        lines += [f"# {file.url}", f"#   SHA-256 {file.sha256}"]
    return [line for line in lines if line]


def _write_limit(ejection: Ejection, part: Part, loader: Loader) -> None:
    """Write the statements that draw some of the rows."""
    if loader.limit is None:
        return
    is_table = ejection.dataset.is_table
    part.add("")
    if ejection.dataset.medium.kind == "series":
        part.add(f"x, y = x[-{loader.limit}:], y[-{loader.limit}:]")
        return
    seed = "SEED" if ejection.config.split.seed is None else "SPLIT_SEED"
    rows = f"np.random.default_rng({seed}).permutation(len(y))[:{loader.limit}]"
    part.add(
        f"# Fewer rows are enough to try: {loader.limit}, drawn at random.",
        assignment("some", Code(f"np.sort({rows})")),
        "x = x.iloc[some].reset_index(drop=True)" if is_table else "x = x[some]",
        "y = y[some]",
    )
    if ejection.dataset.parts is not None:
        part.add("is_test = is_test[some]")
        if bool((ejection.dataset.parts == 1).any()):
            part.add("is_validation = is_validation[some]")
    if ejection.dataset.groups is not None:
        part.add("groups = groups[some]")
