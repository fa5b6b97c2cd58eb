"""``dlcli schema``."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON Schema of configs, for editors.

    \b
    dlcli schema > dlcli.schema.json
    # first line of a config:  # yaml-language-server: $schema=dlcli.schema.json
    """
    import json

    from dlcli.config.schema import config_schema

    typer.echo(json.dumps(config_schema(), indent=1))
