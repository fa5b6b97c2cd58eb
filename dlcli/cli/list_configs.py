"""``dlcli list``."""

from __future__ import annotations

from pathlib import Path

from dlcli.cli.options import Json


def list_configs(json: Json = False) -> None:
    """List the bundled configs and their download sizes.

    Configs in ./configs are listed too.

    \b
    dlcli list
    """
    from dlcli.cli import tables, terminal
    from dlcli.config.load import config_names

    paths = config_names()
    titles = {name: _title(path) for name, path in paths.items()}
    if json:
        from dlcli.cli.documents import ConfigEntry, ListDocument

        entries = [ConfigEntry(name=name, title=title) for name, title in titles.items()]
        terminal.print_document(ListDocument(configs=entries))
        return
    rows = [["config", "download", "description"]]
    rows += [[name, _download_size(path), titles[name]] for name, path in paths.items()]
    terminal.print_text(tables.table(rows, left=3))


def _title(path: Path) -> str:
    """Return the comment in the first line of a config."""
    with path.open(encoding="utf-8-sig") as file:
        line = file.readline().strip()
    return line.removeprefix("#").strip() if line.startswith("#") else ""


def _download_size(path: Path) -> str:
    """Return the size of the files of a config's data set; empty if nothing is downloaded."""
    from dlcli.cli.formatting import megabytes
    from dlcli.config.known import NAMED_DATASETS
    from dlcli.config.load import read_document
    from dlcli.errors import ConfigError

    try:
        dataset = read_document(path).value.get("dataset")
    except ConfigError:  # reported by `dlcli check`
        return "?"
    name = next(iter(dataset), "") if isinstance(dataset, dict) else dataset
    facts = NAMED_DATASETS.get(name) if isinstance(name, str) else None
    return megabytes(sum(file.size for file in facts.files)) if facts else ""
