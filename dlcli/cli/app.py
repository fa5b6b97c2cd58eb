"""The Typer application: its commands and global options."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.main import get_command

from dlcli.version import __version__

# The modules of the commands, in the order of the help; each has a function of its own name.
MODULES = {
    "init": "init", "train": "train", "kfold": "kfold", "baseline": "baseline",
    "learning-curve": "learning_curve", "sweep": "sweep", "tune": "tune", "reproduce": "reproduce",
    "evaluate": "evaluate", "predict": "predict", "serve": "serve", "inspect": "inspect",
    "check": "check", "show": "show", "list": "list_configs", "schema": "schema", "runs": "runs",
    "compare": "compare", "plot": "plot", "board": "board", "data": "data", "card": "card",
    "eject": "eject", "report": "report", "export": "export",
}  # fmt: skip
# Commands that have commands of their own, in the `app` of their module.
GROUPS = ("data", "runs")


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"dlcli {__version__}")
        raise typer.Exit


def _start(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Train, cross-validate, evaluate and predict with Keras, from one YAML file.

    \b
    dlcli train digits_cnn                      train the model of a config and save the run
    dlcli train --resume runs/sonar/1           resume an interrupted run
    dlcli kfold sonar                           10-fold cross-validation
    dlcli baseline sonar                        compare the network with simpler models
    dlcli learning-curve sonar                  would more data help?
    dlcli sweep iris --seeds 30                 was it luck?
    dlcli tune my.yaml                          search for better values
    dlcli reproduce runs/sonar/1                repeat a run and compare every bit
    dlcli evaluate runs/digits_cnn/latest       metrics on the test rows
    dlcli predict runs/sonar/latest input.csv   labels and probabilities of new rows
    dlcli serve runs/sonar/latest               predictions over HTTP
    dlcli export sonar --to onnx                columns in, names of classes out
    dlcli inspect downloaded.keras              contents of a model file, without running it
    dlcli compare runs/sonar/1 runs/sonar/2     what differs, and is it significant?
    dlcli plot runs/sonar/1 runs/sonar/2        learning curves of several runs
    dlcli report runs/sonar/1                   one HTML file on a run
    dlcli card runs/sonar/1 -o README.md        a model card
    dlcli eject sonar -o train.py               a plain Keras script that trains the same
    dlcli check my.yaml                         all problems of a config, with their lines
    dlcli list                                  the bundled configs
    """


def show_help(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="A command.", show_default=False)
    ] = None,
) -> None:
    """Print the help of a command.

    \b
    dlcli help train
    dlcli help data show
    """
    arguments = [*(command or ()), "--help"]
    command_line(arguments[0])(arguments, prog_name="dlcli", standalone_mode=False)


@cache
def command_line(command: str = "") -> Callable[..., Any]:
    """Return the function that runs a command line.

    Parameters
    ----------
    command : str
        The first argument. If it is a command, only this one is built: to build them all takes
        longer than most commands.
    """
    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,  # plain text reads the same on a terminal and in a pipe
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_start)
    for name in [command] if command in MODULES else MODULES:
        module = import_module(f"dlcli.cli.{MODULES[name]}")
        if name in GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, MODULES[name]))
    app.command("help")(show_help)
    return get_command(app)
