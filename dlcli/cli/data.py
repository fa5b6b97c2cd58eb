"""``dlcli data list``, ``get`` and ``show``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dlcli.cli.options import Json, complete_dataset

app = typer.Typer(help="Data sets: list, download, describe.", no_args_is_help=True)

DatasetName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        autocompletion=complete_dataset,
        show_default=False,
        help="See `dlcli data list`.",
    ),
]


@app.command("list")
def list_datasets(json: Json = False) -> None:
    """List the named data sets: rows, what is learned, where they are.

    \b
    dlcli data list
    """
    from dlcli.cli import terminal
    from dlcli.datasets.cache import is_available, total_size
    from dlcli.known import KNOWN

    rows = [["name", "rows", "size", "here", "licence", "what"]]
    records = []
    for name, known in sorted(KNOWN.items()):
        size = total_size(known.files)
        here = "bundled" if not known.files else "yes" if is_available(name) else "no"
        shown = f"{size / 1e6:.1f} MB" if size else "–"
        rows.append([name, str(known.facts.rows), shown, here, known.licence, known.title])
        records.append(
            {
                "name": name, "rows": known.facts.rows, "bytes": size, "here": here,
                "task": known.facts.task, "licence": known.licence, "title": known.title,
                "source": known.source, "urls": [file.url for file in known.files],
            }
        )  # fmt: skip
    if json:
        terminal.say_json(records)
        return
    terminal.say(terminal.table([[r[0], r[3], r[4], r[5], r[1], r[2]] for r in rows], left=4))


@app.command()
def get(name: DatasetName) -> None:
    """Download a named data set into the cache, and print where its files are.

    \b
    dlcli data get sonar
    """
    from dlcli.cli import terminal
    from dlcli.datasets.cache import find_files
    from dlcli.errors import DlcliError, unknown
    from dlcli.known import KNOWN

    if name not in KNOWN:
        raise DlcliError(unknown("data set", name, KNOWN))
    known = KNOWN[name]
    if not known.files:
        terminal.note(f"{name} is bundled; there is nothing to download")
        return
    for path in find_files(name, progress=sys.stderr.isatty()):
        terminal.say(str(path))
    terminal.note(f"licence: {known.licence}; source: {known.source}")


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE", autocompletion=complete_dataset, show_default=False,
            help="A named data set, or a CSV file.",
        ),
    ],
    json: Json = False,
) -> None:  # fmt: skip
    """Describe a data set: rows, columns, types, gaps, classes, repeated rows.

    \b
    dlcli data show iris
    dlcli data show my.csv
    """
    from dlcli.cli import terminal
    from dlcli.config.document import Document
    from dlcli.config.load import build_config
    from dlcli.datasets import load_dataset
    from dlcli.datasets.card import describe, describe_file
    from dlcli.errors import DlcliError, unknown
    from dlcli.known import KNOWN

    if name in KNOWN:
        plain = {"dataset": name, "model": ["Dense"], "loss": "mse", "fit": {"epochs": 1}}
        config = build_config(name, Document(name, plain), Path())
        card = describe(load_dataset(config, progress=sys.stderr.isatty()))
    elif Path(name).exists():
        card = describe_file(Path(name))
    else:
        raise DlcliError(unknown("data set or file", name, KNOWN))
    if json:
        terminal.say_json(card.to_json())
        return
    terminal.notes(card.notices)
    terminal.say(terminal.card_text(card))
    if name in KNOWN:
        known = KNOWN[name]
        terminal.say(f"\nlicence: {known.licence}\nsource:  {known.source}")
        if known.notes:
            terminal.say(f"note:    {known.notes}")
