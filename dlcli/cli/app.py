"""The Typer application: its commands and global options."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer
from typer.main import get_command

from dlcli.cli import data
from dlcli.cli.baseline import baseline
from dlcli.cli.board import board
from dlcli.cli.check import check
from dlcli.cli.evaluate import evaluate
from dlcli.cli.init import init
from dlcli.cli.inspect import inspect
from dlcli.cli.kfold import kfold
from dlcli.cli.learning_curve import learning_curve
from dlcli.cli.list_configs import list_configs
from dlcli.cli.plot import plot
from dlcli.cli.predict import predict
from dlcli.cli.reproduce import reproduce
from dlcli.cli.runs import runs
from dlcli.cli.schema import schema
from dlcli.cli.show import show
from dlcli.cli.train import train
from dlcli.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # plain text reads the same on a terminal and in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"dlcli {__version__}")
        raise typer.Exit


@app.callback()
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
    dlcli reproduce runs/sonar/1                repeat a run and compare every bit
    dlcli evaluate runs/digits_cnn/latest       metrics on the test rows
    dlcli predict runs/sonar/latest input.csv   labels and probabilities of new rows
    dlcli inspect downloaded.keras              contents of a model file, without running it
    dlcli plot runs/sonar/1 runs/sonar/2        learning curves of several runs
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
    command_line()([*(command or ()), "--help"], prog_name="dlcli", standalone_mode=False)


@cache
def command_line() -> Callable[..., Any]:
    """Return the function that runs a command; to build it takes longer than most commands."""
    return get_command(app)


app.command()(init)
app.command()(train)
app.command()(kfold)
app.command()(baseline)
app.command("learning-curve")(learning_curve)
app.command()(reproduce)
app.command()(evaluate)
app.command()(predict)
app.command()(inspect)
app.command()(check)
app.command()(show)
app.command("list")(list_configs)
app.command()(schema)
app.command()(runs)
app.command()(plot)
app.command()(board)
app.add_typer(data.app, name="data")
app.command("help")(show_help)
