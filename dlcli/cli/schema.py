"""``dlcli schema``."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli.code import Code, load_code


def schema(
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMMAND",
            help="A command, as in train or data show; error for errors.",
            show_default=False,
        ),
    ] = None,
    code: Code = None,
) -> None:
    """Print the JSON Schema of configs, for editors, or of what a command prints with --json.

    \b
    dlcli schema > dlcli.schema.json
    dlcli schema train
    # first line of a config:  # yaml-language-server: $schema=dlcli.schema.json
    """
    import json

    load_code(code)
    if not command:
        from dlcli.config.schema import config_schema

        typer.echo(json.dumps(config_schema(), indent=1))
        return
    from dlcli.cli.documents import DOCUMENTS
    from dlcli.errors import DlcliError, unknown

    name = " ".join(command)
    if name not in DOCUMENTS:
        raise DlcliError(unknown("document", name, DOCUMENTS))
    typer.echo(json.dumps(DOCUMENTS[name].model_json_schema(mode="serialization"), indent=1))
