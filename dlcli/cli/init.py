"""``dlcli init``."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from dlcli.cli.columns import terminal_width
from dlcli.cli.options import Json, complete_config
from dlcli.errors import DlcliError

MAX_SETTING = 60


def init(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|FOLDER",
            help="A table (CSV, TSV, Excel, Parquet, ARFF, JSON Lines), an .npz file, or a folder "
            "or archive with a folder per class.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target", metavar="COLUMN",
            help="Column to predict, by name or position; several as in a,b,c, or repeated.",
            show_default="asked for on a terminal; else the last",
        ),
    ] = None,
    task: Annotated[
        Literal["classification", "multilabel", "regression"] | None,
        typer.Option(
            "--task",
            help="Whether whole numbers, as ratings are, are classes or numbers; multilabel: "
            "columns of 0 and 1 are labels, of which a row has any number.",
            show_default="by their values",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The config to write.", show_default="FILE.yaml"
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of an Excel file.")
    ] = None,
    bundled: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="CONFIG", help="Copy a bundled config instead.",
            autocompletion=complete_config,
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Let the config fit calibrated probabilities, or intervals of numbers.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Json = False,
) -> None:  # fmt: skip
    """Write a config for a file or folder, with the reason of every decision.

    \b
    dlcli init my.csv                       my.yaml; asks which column is predicted
    dlcli init my.csv --target price
    dlcli init my.csv --target a,b,c        several labels or numbers per row
    dlcli init my.csv --task regression     ratings from 1 to 5 as numbers
    dlcli init pets/                        a folder of pictures with a folder per class
    dlcli init --from sonar -o my.yaml      a copy of a bundled config
    """
    if source is None and bundled is not None:
        _copy(bundled, output, force=force)
        return
    if source is None or bundled is not None:
        raise DlcliError(
            "name a file or folder, or a bundled config with --from",
            hint="dlcli init my.csv, or dlcli init --from sonar -o my.yaml",
        )
    from dlcli.cli import tables, terminal
    from dlcli.experiments.init import init as write_config

    asks = not target and sys.stdin.isatty() and sys.stdout.isatty() and not json
    result = write_config(
        source,
        target=(target[0] if len(target) == 1 else target) if target else None,
        task=task,
        sheet=sheet,
        output=output,
        calibrate=calibrate,
        force=force,
        choose_target=_ask if asks else None,
    )
    if json:
        from dlcli.cli.documents import InitDocument, card_part

        values = {**result.to_json(), "data": card_part(result.card)}
        terminal.print_document(InitDocument.model_validate(values))
        return
    terminal.print_notes(result.notices)
    terminal.print_text(tables.card_text(result.card))
    terminal.print_text(f"\n{result.path}:")
    rows = [(_excerpt(setting), reason) for setting, reason in result.decisions]
    terminal.print_text(tables.explained(rows))
    terminal.print_text(f"\nnext: {result.next_command}")


def _excerpt(setting: str) -> str:
    width = MAX_SETTING
    if (room := terminal_width()) is not None:
        width = min(width, room - len("  "))
    return textwrap.shorten(setting, width, placeholder=" …")  # 50 never becomes "5 …"


def _ask(names: Sequence[str], likely: str) -> str:
    """Ask for the target on the terminal, and ask again until it is a column."""
    from dlcli.cli import terminal
    from dlcli.cli.formatting import shortened
    from dlcli.errors import did_you_mean

    terminal.print_text(shortened(f"columns: {', '.join(names)}"))
    while True:
        answer: str = typer.prompt("which column is to be predicted", default=likely)
        if answer in names:
            return answer
        terminal.print_status(f"no column {answer!r}. {did_you_mean(answer, names)}".rstrip())


def _copy(name: str, output: Path | None, *, force: bool) -> None:
    """Copy a bundled config."""
    from dlcli.cli import terminal
    from dlcli.config.load import find_config
    from dlcli.files import write_text

    source = find_config(name)
    path = output or Path(source.name)
    if path.exists() and not force:
        raise DlcliError(f"{path} exists", hint="--force replaces it; -o names another file")
    write_text(path, source.read_text(encoding="utf-8"))
    terminal.print_written(path, f"a copy of the config {source.stem}")
