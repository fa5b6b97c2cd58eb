"""``dlcli check``, ``show``, ``list`` and ``schema``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dlcli.cli.options import ConfigName, Json, Overrides, Sample
from dlcli.errors import DlcliError, plural

if TYPE_CHECKING:
    from dlcli.config import Config
    from dlcli.preparation.prepare import Prepared
    from dlcli.training.session import Session


def check(
    config: ConfigName,
    overrides: Overrides = None,
    build: Annotated[
        bool, typer.Option("--build", help="Build the model too, to check the layers' shapes.")
    ] = False,
    data: Annotated[
        bool,
        typer.Option(
            "--data/--no-data", help="Read the data if they are here, and check against them."
        ),
    ] = True,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if there is anything to note, too.")
    ] = False,
) -> None:
    """Report every problem of CONFIG at once, each with its line.

    \b
    dlcli check my.yaml
    dlcli check my.yaml --build
    """
    from dlcli import load_config
    from dlcli.cli import terminal

    checked = load_config(config, overrides or ())
    said: list[str] = [str(warning) for warning in checked.warnings]
    done = "config"
    if build or (data and _at_hand(checked)):
        from dlcli.training.session import open_session, split_notices

        prepared = _prepare(checked, sample=not _at_hand(checked))
        done += " and data" if not prepared.dataset.sampled else ""
        session = open_session(prepared)
        said = [notice for notice in prepared.notices if "generated sample" not in notice]
        said += split_notices([session])
        if build:
            _build_model(session)
            done += " and model"
    terminal.notes(said)
    if strict and said:
        count = plural(len(dict.fromkeys(said)), "note")
        raise DlcliError(f"{count}, and --strict allows none")
    right = f"{done} are right" if " and " in done else "the config is right"
    terminal.say(
        f"{config}: {right}" + ("" if build else "; --build checks the layers' shapes too")
    )


def _at_hand(config: Config) -> bool:
    """Tell whether the data can be read without a download."""
    from dlcli.config.known import KNOWN
    from dlcli.datasets.cache import is_available

    if not config.dataset.known:
        return True
    return not KNOWN[config.dataset.name].files or is_available(config.dataset.name)


def _prepare(config: Config, *, sample: bool) -> Prepared:
    from dlcli.preparation.prepare import prepare

    return prepare(config, sample=sample)


def _build_model(session: Session) -> Any:
    """Build and compile the model of a config."""
    from dlcli.network import backend

    backend.silence()
    session.prepare_model()
    return session.model


def show(
    config: ConfigName,
    overrides: Overrides = None,
    build: Annotated[
        bool, typer.Option("--build/--no-build", help="Summarise the model's layers.")
    ] = True,
    sample: Sample = False,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE", help="Draw the layers too, into a .png, .svg or .pdf."
        ),
    ] = None,
) -> None:
    """Print the resolved config, the data set's card and the model's layers.

    \b
    dlcli show digits_cnn
    dlcli show digits_cnn --plot digits_cnn.png
    dlcli show sonar --no-build
    dlcli show mnist_cnn --sample       without the data
    """
    from dlcli import load_config
    from dlcli.cli import tables, terminal
    from dlcli.config.document import dump
    from dlcli.datasets.card import describe

    checked = load_config(config, overrides or ())
    if picture is not None:
        _check_plot(picture, build=build)
    prepared = _prepare(checked, sample=sample)
    terminal.notes(prepared.notices)
    terminal.say(dump(prepared.config.plain()))
    terminal.say(tables.card_text(describe(prepared.dataset)))
    if build:
        from dlcli.training.session import open_session

        model = _build_model(open_session(prepared))
        rows = [["layer", "type", "output", "parameters"]]
        rows += [
            [
                layer.name,
                type(layer).__name__,
                str(tuple(layer.output.shape[1:])),
                str(layer.count_params()),
            ]
            for layer in model.layers
        ]
        terminal.say(f"\n{tables.table(rows, left=3)}")
        terminal.say(f"{model.count_params():,} parameters")
        if picture is not None:
            from dlcli.plots.diagram import draw_model

            draw_model(picture, model, checked.name)
            terminal.wrote(picture, "the model's layers")


def _check_plot(picture: Path, *, build: bool) -> None:
    """Refuse a picture that could not be drawn, before the data are read."""
    from dlcli.plots.canvas import check_picture_path

    check_picture_path(picture)
    if not build:
        raise DlcliError("--plot draws the model's layers; leave out --no-build")


def list_configs(json: Json = False) -> None:
    """List the configs that a bare name can mean, a line each, and what their data weigh.

    \b
    dlcli list
    """
    from dlcli.cli import tables, terminal
    from dlcli.config.load import config_names

    found = {name: _title(path) for name, path in config_names().items()}
    if json:
        terminal.say_json(found)
        return
    rows = [["config", "download", "what"]]
    rows += [[name, _download(path), found[name]] for name, path in config_names().items()]
    terminal.say(tables.table(rows, left=3))


def _download(path: Path) -> str:
    """Return the size of what a config's data set downloads; nothing if that is nothing."""
    from dlcli.config.known import KNOWN
    from dlcli.config.load import read_document
    from dlcli.errors import ConfigError

    try:
        dataset = read_document(path).value.get("dataset")
    except ConfigError:  # `check` says what is wrong with it
        return "?"
    name = next(iter(dataset), "") if isinstance(dataset, dict) else dataset
    known = KNOWN.get(name) if isinstance(name, str) else None
    size = sum(file.size for file in known.files) if known else 0
    return f"{max(size / 1e6, 0.1):.1f} MB" if size else ""


def _title(path: Path) -> str:
    """Return the first comment of a config."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline().strip()
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def schema() -> None:
    """Print the JSON Schema of configs, for editors.

    \b
    dlcli schema > dlcli.schema.json
    # in a config:  # yaml-language-server: $schema=dlcli.schema.json
    """
    import json

    from dlcli.config.schema import config_schema

    typer.echo(json.dumps(config_schema(), indent=1))
