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
    weights: Annotated[
        bool,
        typer.Option("--weights", help="Print the weights of a run or model file instead."),
    ] = False,
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
    dlcli show runs/iris/1 --weights    what a training has learned
    """
    from dlcli import load_config
    from dlcli.cli import tables, terminal
    from dlcli.config.yaml_text import dump
    from dlcli.datasets.card import describe
    from dlcli.plots.canvas import check_plot_path
    from dlcli.preparation.prepare import prepare

    load_code(code)
    if weights:
        _print_weights(Path(config))
        return
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


def _print_weights(path: Path) -> None:
    """Print the weights of a trained model, and of a network without hidden layers its equation."""
    from dlcli.cli.names import model_or_run
    from dlcli.cli.terminal import print_text
    from dlcli.cli.weights import count_text, equation_text, layers_text
    from dlcli.experiments.equation import equation_of
    from dlcli.models.loading import load_model
    from dlcli.network import backend

    backend.silence()
    loaded = load_model(model_or_run(path))
    model, metadata, names = loaded.model, loaded.metadata, []
    if metadata is not None:
        preprocessor = metadata.preprocessor()
        target_preprocessor = metadata.target_preprocessor()
        equation = equation_of(model, preprocessor, target_preprocessor, metadata.target)
        names = [] if preprocessor.shape else preprocessor.feature_names
        if equation is not None:
            print_text(f"{equation_text(equation)}\n")
    print_text(layers_text(model, names))
    print_text(f"\n{count_text(model)}")


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
    from dlcli.cli.weights import count_text
    from dlcli.network.ensemble import layer_kind

    rows = [["layer", "type", "input", "output", "parameters"]]
    rows += [
        [
            layer.name,
            layer_kind(layer),
            str(tuple(layer.input.shape[1:])),
            str(tuple(layer.output.shape[1:])),
            str(layer.count_params()),
        ]
        for layer in model.layers
    ]
    terminal.print_text(f"\n{tables.table(rows, left=4, texts=(1, 0))}")
    terminal.print_text(count_text(model))
