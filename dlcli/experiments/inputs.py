"""What `train`, `kfold` and `baseline` take: a config in any form, and data in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.config.load import as_config, load_config
from dlcli.config.loader_base import Loader
from dlcli.config.overrides import data_override
from dlcli.config.own_loaders import OwnLoader
from dlcli.config.sections import Config
from dlcli.config.table_loaders import CsvLoader, Table
from dlcli.errors import ConfigError, DlcliError, check_choice
from dlcli.files import write_text
from dlcli.runs.finding import folder_name

if TYPE_CHECKING:
    import pandas as pd

# Arguments of a loader that say how its file is laid out, not what the cells mean.
LAYOUT = (
    "header", "names", "delimiter", "encoding", "encoding_errors", "quoting", "quotechar",
    "comment", "skip_rows", "index", "on_bad_row", "widths", "sheet",
    "record_path", "flatten",
)  # fmt: skip
ConfigLike: TypeAlias = Config | str | os.PathLike[str] | Mapping[str, Any]


def config_with_data(
    config: ConfigLike,
    data: pd.DataFrame | str | os.PathLike[str] | None,
    runs: Path,
) -> Config:
    """Return a loaded config, with other data if there are any.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    data : DataFrame or path, optional
        A DataFrame is written to ``runs/<name>/data-<checksum>.csv``, without its index, so that
        the run can be resumed, evaluated and repeated.
    runs : Path
        Folder of all runs.
    """
    if data is None:
        return as_config(config)
    path = Path("data.csv")
    if isinstance(data, str | os.PathLike):
        path = Path(data)
    elif not hasattr(data, "to_csv"):
        raise DlcliError(f"data: expected a DataFrame or a path, got {type(data).__name__}")
    if not isinstance(config, Config):
        config = _loaded(config, path)
    _check_takes_data(config)
    if isinstance(data, str | os.PathLike):
        return _with_arguments(config, {"path": str(path.absolute())})
    layout = _layout(config.dataset.loader)
    path = _write_table(data, layout, runs / folder_name(config.name))
    return _with_arguments(config, {**layout, "path": str(path)})


def _loaded(config: str | os.PathLike[str] | Mapping[str, Any], path: Path) -> Config:
    """Load a config with the path of other data."""
    try:
        return load_config(config, data_override(path))
    except ConfigError as error:
        if any(problem.where.startswith("--set dataset.") for problem in error.problems):
            _check_takes_data(load_config(config))
        raise


def _check_takes_data(config: Config) -> None:
    if config.dataset.known:
        name = config.dataset.name
        raise DlcliError(f"{name} is a named data set; a config with a loader takes data")
    if isinstance(config.dataset.loader, OwnLoader):
        name = config.dataset.name
        raise DlcliError(
            f"{name} is a loader of your own, which has no data to be exchanged",
            hint="change its arguments, or use the loader csv",
        )


def check_folds(folds: object, engine: object) -> None:
    """Refuse arguments of `kfold` and `baseline` that the command line would refuse.

    Raises
    ------
    DlcliError
    """
    check_choice("engine", engine, ("auto", "stacked", "serial"))
    if folds is not None and (not isinstance(folds, int) or folds < 2):
        raise DlcliError(f"folds: expected an integer of at least 2, got {folds!r:.80}")


def _with_arguments(config: Config, arguments: Mapping[str, Any]) -> Config:
    """Return a config whose loader has other arguments."""
    section = config.dataset
    ((name, written),) = section.written.items()
    fields = type(section.loader).model_fields
    others = {key: value for key, value in arguments.items() if value != fields[key].default}
    kept = {key: value for key, value in written.items() if key not in arguments}
    changed = section.model_copy(
        update={
            "loader": section.loader.model_copy(update=dict(arguments)),
            "written": {name: {**kept, **others}},
        }
    )
    return config.model_copy(update={"dataset": changed})


def _layout(loader: Loader) -> dict[str, Any]:
    """Return the layout of the file that a DataFrame becomes, whatever the loader's file has.

    What the cells mean, such as the decimal separator and the words for missing values, stays.
    """
    if not isinstance(loader, Table):
        return {}
    has_comma = isinstance(loader, CsvLoader) and loader.decimal == ","
    defaults = {key: Table.model_fields[key].default for key in LAYOUT}
    return {**defaults, "header": True, "delimiter": ";" if has_comma else ","}


def _write_table(table: pd.DataFrame, layout: Mapping[str, Any], folder: Path) -> Path:
    """Write a DataFrame, and return the file."""
    delimiter = layout.get("delimiter", ",")
    decimal = "," if delimiter == ";" else "."
    text = table.to_csv(index=False, sep=delimiter, decimal=decimal, lineterminator="\n")
    checksum = hashlib.sha256(text.encode()).hexdigest()[:12]
    path = (folder / f"data-{checksum}.csv").absolute()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    return path
