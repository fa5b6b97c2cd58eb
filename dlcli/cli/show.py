"""``dlcli show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dlcli.cli.code import Code, load_code
from dlcli.cli.options import ConfigName, Overrides, Sample
from dlcli.errors import DlcliError


def show(
    config: ConfigName,
    overrides: Overrides = None,
    code: Code = None,
    build: Annotated[
        bool,
        typer.Option("--build/--no-build", help="Build the model and print its layers."),
    ] = True,
    sample: Sample = False,
    plot_path: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE", help="Also plot the layers, into a .png, .svg or .pdf file."
        ),
    ] = None,
) -> None:
    """Print a config with its defaults, its data set and its layers.

    \b
    dlcli show digits_cnn
    dlcli show digits_cnn --plot digits_cnn.png
    dlcli show sonar --no-build
    dlcli show mnist_cnn --sample       without downloading the data
    """
    from dlcli import load_config
    from dlcli.cli import tables, terminal
    from dlcli.config.yaml_text import dump
    from dlcli.datasets.card import describe
    from dlcli.plots.canvas import check_plot_path
    from dlcli.preparation.prepare import prepare

    load_code(code)
    loaded = load_config(_config_or_run(config), overrides or ())
    if plot_path is not None:  # before the data are read
        check_plot_path(plot_path)
        if not build:
            raise DlcliError("--plot plots the layers of the model; leave out --no-build")
    prepared = prepare(loaded, sample=sample)
    terminal.print_notes(prepared.notices)
    terminal.print_text(dump(prepared.config.plain()))
    terminal.print_text(tables.card_text(describe(prepared.dataset)))
    if not build:
        return
    from dlcli.experiments.check import build_untrained_model
    from dlcli.training.session import open_session

    model = build_untrained_model(open_session(prepared))
    _print_layers(model)
    if plot_path is not None:
        from dlcli.plots.diagram import draw_model

        draw_model(plot_path, model, loaded.name)
        terminal.print_picture(plot_path, "the model's layers")


def _config_or_run(name: str) -> str:
    """Return the config of a run for the name of a run that no config has."""
    from dlcli.cli.names import model_or_run
    from dlcli.config.load import config_names
    from dlcli.runs.directory import CONFIG
    from dlcli.runs.finding import find_run

    if Path(name).is_file() or name in config_names():
        return name
    run = find_run(model_or_run(Path(name)))
    return name if run is None else str(run / CONFIG)


def _print_layers(model: Any) -> None:
    from dlcli.cli import tables, terminal
    from dlcli.network.ensemble import layer_kind

    rows = [["layer", "type", "output", "parameters"]]
    rows += [
        [
            layer.name,
            layer_kind(layer),
            str(tuple(layer.output.shape[1:])),
            str(layer.count_params()),
        ]
        for layer in model.layers
    ]
    terminal.print_text(f"\n{tables.table(rows, left=3)}")
    terminal.print_text(f"{model.count_params():,} parameters")
