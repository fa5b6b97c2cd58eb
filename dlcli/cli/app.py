"""The commands, and what stands before them."""

from __future__ import annotations

from typing import Annotated

import typer

from dlcli.cli import (
    baseline,
    configs,
    contents,
    data,
    models,
    pictures,
)
from dlcli.cli import (
    kfold as cross_validation,
)
from dlcli.cli import (
    reproduce as reproduction,
)
from dlcli.cli import (
    train as training,
)
from dlcli.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # plain text reads the same on a terminal and in a pipe
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dlcli {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Train, evaluate, cross-validate and predict with Keras, from one YAML file.

    \b
    dlcli train digits_cnn                      train the model of a config, keep the run
    dlcli kfold sonar                           10-fold cross-validation
    dlcli train --resume runs/sonar/1           go on where it was stopped
    dlcli reproduce runs/sonar/1                the same bits once more?
    dlcli baseline sonar                        is the network better than simpler models?
    dlcli evaluate runs/digits_cnn/latest       metrics on the rows that were held out
    dlcli predict runs/sonar/latest input.csv   labels and probabilities for raw rows
    dlcli inspect stranger.keras                what is inside a model file, before it is used
    dlcli plot runs/sonar/1 runs/sonar/2        their learning curves in one picture
    dlcli check my.yaml                         every mistake of a config, with its line
    dlcli list                                  the configs that come along
    """


app.command()(training.train)
app.command()(cross_validation.kfold)
app.command()(baseline.baseline)
app.command()(reproduction.reproduce)
app.command()(models.evaluate)
app.command()(models.predict)
app.command()(contents.inspect)
app.command()(configs.check)
app.command()(configs.show)
app.command("list")(configs.list_configs)
app.command()(configs.schema)
app.command("runs")(models.list_runs)
app.command()(pictures.plot)
app.command()(pictures.board)
app.add_typer(data.app, name="data")
