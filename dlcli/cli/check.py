"""``dlcli check``."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli.options import ConfigName, Overrides
from dlcli.errors import DlcliError, plural


def check(
    config: ConfigName,
    overrides: Overrides = None,
    build: Annotated[
        bool | None,
        typer.Option(
            "--build/--no-build",
            help="Build the model with Keras, or check no shapes; default: infer the shapes of "
            "the layers, with Keras only where it must be asked.",
        ),
    ] = None,
    data: Annotated[
        bool,
        typer.Option(
            "--data/--no-data",
            help="Read the data, if no download is needed, and check the config against them.",
        ),
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Treat notes as errors.")] = False,
) -> None:
    """Report all problems of a config, each with its line.

    \b
    dlcli check my.yaml
    dlcli check my.yaml --no-build
    """
    from dlcli import load_config
    from dlcli.cli import terminal
    from dlcli.cli.formatting import enumeration
    from dlcli.experiments import check as checking

    result = checking.check(load_config(config, overrides or ()), build=build, data=data)
    terminal.print_notes(result.notices)
    if strict and result.notices:
        raise DlcliError(f"{plural(len(result.notices), 'note')}, which --strict does not allow")
    checked = enumeration(result.checked)
    unchecked = not {"layers", "model"} & set(result.checked)
    shapes = "; layer shapes were not checked (--build)" if unchecked else ""
    terminal.print_text(f"{config}: no problems found in {checked}{shapes}")
