"""What `train`, `kfold` and `baseline` take: a config in any form, and data in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcli.config import Config
from dlcli.config.load import as_config, load_config
from dlcli.config.overrides import data_override
from dlcli.config.table_loaders import CsvLoader
from dlcli.errors import DlcliError
from dlcli.files import write_text
from dlcli.runs.directory import folder_name

if TYPE_CHECKING:
    import pandas as pd

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
    if not isinstance(data, str | os.PathLike):
        data = _write_table(data, config, runs)
    path = Path(data).absolute()
    if not isinstance(config, Config):
        return load_config(config, data_override(path))
    section = config.dataset
    if section.known:
        raise DlcliError(f"{section.name} is a named data set; a config with a loader takes data")
    loader = section.loader.model_copy(update={"path": str(path)})
    ((name, arguments),) = section.written.items()
    written = {name: {**arguments, "path": str(path)}}
    changed = section.model_copy(update={"loader": loader, "written": written})
    return config.model_copy(update={"dataset": changed})


def _write_table(table: pd.DataFrame, config: ConfigLike, runs: Path) -> Path:
    """Write a DataFrame as the config's loader reads it, and return the file."""
    if not hasattr(table, "to_csv"):
        raise DlcliError(f"data: expected a DataFrame or a path, got {type(table).__name__}")
    delimiter, decimal = ",", "."
    name = "config"
    if isinstance(config, Config):
        name = config.name
        loader = config.dataset.loader
        if isinstance(loader, CsvLoader):
            decimal = loader.decimal
            delimiter = loader.delimiter if len(loader.delimiter) == 1 else ";,"[decimal == "."]
    elif not isinstance(config, Mapping):
        name = Path(config).stem
    text = table.to_csv(index=False, sep=delimiter, decimal=decimal, lineterminator="\n")
    checksum = hashlib.sha256(text.encode()).hexdigest()[:12]
    path = runs / folder_name(name) / f"data-{checksum}.csv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
    return path
