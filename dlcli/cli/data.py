"""``dlcli data list``, ``get``, ``show`` and ``plot``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.options import Json, Sample, complete_dataset

if TYPE_CHECKING:
    from dlcli.datasets import Dataset

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
DatasetOrFile = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        autocompletion=complete_dataset,
        show_default=False,
        help="A named data set, a CSV file, or a config.",
    ),
]


@app.command("list")
def list_datasets(json: Json = False) -> None:
    """List the named data sets: rows, what is learned, where they are.

    \b
    dlcli data list
    """
    from dlcli.cli import tables, terminal
    from dlcli.config.known import KNOWN
    from dlcli.datasets.cache import is_available, total_size

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
    terminal.say(tables.table([[r[0], r[3], r[4], r[5], r[1], r[2]] for r in rows], left=4))


@app.command()
def get(name: DatasetName) -> None:
    """Download a named data set into the cache, and print where its files are.

    \b
    dlcli data get sonar
    """
    from dlcli.cli import terminal
    from dlcli.config.known import KNOWN
    from dlcli.datasets.cache import find_files
    from dlcli.errors import DlcliError, unknown

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
    name: DatasetOrFile,
    sample: Sample = False,
    json: Json = False,
) -> None:
    """Describe a data set: rows, columns, types, gaps, classes, repeated rows.

    \b
    dlcli data show iris
    dlcli data show my.csv
    dlcli data show my.yaml             what its loader makes of the file
    """
    from dlcli.cli import tables, terminal
    from dlcli.config.known import KNOWN
    from dlcli.datasets.card import describe, describe_file

    found = _find(name, sample=sample)
    card = describe_file(found) if isinstance(found, Path) else describe(found)
    if json:
        terminal.say_json(card.to_json())
        return
    terminal.notes(card.notices)
    terminal.say(tables.card_text(card))
    if name in KNOWN:
        known = KNOWN[name]
        terminal.say(f"\nlicence: {known.licence}\nsource:  {known.source}")
        if known.notes:
            terminal.say(f"note:    {known.notes}")


@app.command()
def plot(
    name: DatasetOrFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="A .png, .svg or .pdf to write.",
            show_default="NAME.png",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="COLUMN",
            help="Of a file: the column to learn, by name or position, which gives the colours.",
        ),
    ] = None,
    sample: Sample = False,
) -> None:  # fmt: skip
    """Draw a data set: classes, distributions of columns and how they go together, or samples.

    \b
    dlcli data plot iris
    dlcli data plot my.csv --target label -o my.svg
    dlcli data plot pets.yaml           what its loader reads: pictures, sound, text
    """
    from dlcli.cli import terminal
    from dlcli.errors import DlcliError
    from dlcli.plots.canvas import check_picture_path
    from dlcli.plots.data import draw_dataset, draw_file

    path = output or Path(f"{Path(name).stem}.png")
    check_picture_path(path)
    found = _find(name, sample=sample)
    if isinstance(found, Path):
        terminal.notes(draw_file(found, path, target))
    elif target is not None:
        raise DlcliError(
            f"{name} has a target already: {found.target.name}", hint="leave out --target"
        )
    else:
        draw_dataset(found, path)
    terminal.wrote(path, f"a picture of {name}")


def _find(name: str, *, sample: bool) -> Dataset | Path:
    """Return the data of a named data set or of a config, or the path of a table."""
    from dlcli import load_config
    from dlcli.config.document import Document
    from dlcli.config.known import KNOWN
    from dlcli.config.load import build_config
    from dlcli.datasets import load_dataset
    from dlcli.errors import DlcliError, unknown

    if name in KNOWN:
        plain = {"dataset": name, "model": ["Dense"], "loss": "mse", "fit": {"epochs": 1}}
        config = build_config(name, Document(name, plain), Path())
    elif Path(name).suffix in (".yaml", ".yml"):
        config = load_config(name)
    elif Path(name).is_dir():
        raise DlcliError(
            f"{name} is a folder; name a config whose loader reads it",
            hint="`dataset: {images: {path: …}}`, or the loaders audio and text",
        )
    elif Path(name).exists():
        return Path(name)
    else:
        raise DlcliError(unknown("data set or file", name, KNOWN))
    return load_dataset(config, sample=sample, progress=sys.stderr.isatty())
