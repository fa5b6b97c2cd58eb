"""``dlcli data list``, ``get``, ``show`` and ``plot``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlcli.cli.options import Json, Sample, complete_dataset

if TYPE_CHECKING:
    from dlcli.datasets.dataset import Dataset
    from dlcli.plots.data import Structure

app = typer.Typer(help="List, download, describe and plot data sets.", no_args_is_help=True)

DatasetName = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        autocompletion=complete_dataset,
        show_default=False,
        help="A named data set (see `dlcli data list`).",
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
    """List the named data sets.

    \b
    dlcli data list
    """
    from dlcli.cli import tables, terminal
    from dlcli.cli.formatting import megabytes
    from dlcli.config.known import NAMED_DATASETS
    from dlcli.datasets.cache import is_available, total_size

    rows = [["name", "available", "licence", "title", "rows", "size"]]
    records = []
    for name, known in sorted(NAMED_DATASETS.items()):
        size = total_size(known.files)
        here = "bundled" if not known.files else "yes" if is_available(name) else "no"
        count = str(known.facts.rows)
        rows.append([name, here, known.licence, known.title, count, megabytes(size) or "–"])
        records.append(
            {
                "name": name, "rows": known.facts.rows, "bytes": size, "available": here,
                "task": known.facts.task, "licence": known.licence, "title": known.title,
                "source": known.source, "urls": [file.url for file in known.files],
            }
        )  # fmt: skip
    if json:
        from dlcli.cli.documents import DataListDocument

        terminal.print_document(DataListDocument.model_validate({"data_sets": records}))
    else:
        terminal.print_text(tables.table(rows, left=4, texts=(3, 2), optional=(2, 5, 4)))


@app.command()
def get(name: DatasetName) -> None:
    """Download a named data set and print the paths of its files.

    \b
    dlcli data get sonar
    """
    from dlcli.cli import terminal
    from dlcli.config.known import NAMED_DATASETS
    from dlcli.datasets.cache import find_files
    from dlcli.errors import DlcliError, unknown

    if name not in NAMED_DATASETS:
        raise DlcliError(unknown("data set", name, NAMED_DATASETS))
    known = NAMED_DATASETS[name]
    if not known.files:
        terminal.print_status(f"{name} is bundled with dlcli; nothing to download")
        return
    for path in find_files(name, progress=sys.stderr.isatty()):
        terminal.print_text(str(path))
    terminal.print_status(f"licence: {known.licence}; source: {known.source}")


@app.command()
def show(
    name: DatasetOrFile,
    head: Annotated[
        int | None,
        typer.Option(
            "--head", min=1, max=1000, metavar="N", show_default=False,
            help="Also print the first N rows; of a small picture its numbers.",
        ),
    ] = None,
    sample: Sample = False,
    json: Json = False,
) -> None:  # fmt: skip
    """Describe a data set: rows, classes and columns.

    \b
    dlcli data show iris
    dlcli data show my.csv
    dlcli data show my.yaml             the data as the config loads them
    dlcli data show iris --head 5
    dlcli data show digits --head 1     a picture as numbers
    """
    from dlcli.cli import tables, terminal
    from dlcli.cli.columns import prose
    from dlcli.config.known import NAMED_DATASETS
    from dlcli.datasets.card import describe, describe_file
    from dlcli.errors import DlcliError

    if json and head is not None:
        raise DlcliError("--json and --head exclude each other", hint="leave one of them out")
    data = _load(name, sample=sample)
    card = describe_file(data) if isinstance(data, Path) else describe(data)
    if json:
        from dlcli.cli.documents import DataShowDocument, card_part

        terminal.print_document(DataShowDocument(data=card_part(card)))
        return
    terminal.print_notes(card.notices)
    terminal.print_text(tables.card_text(card))
    if head is not None:
        from dlcli.cli.first_rows import first_rows_text

        terminal.print_text(f"\n{first_rows_text(data, head)}")
    if name in NAMED_DATASETS:
        known = NAMED_DATASETS[name]
        terminal.print_text(prose(f"\nlicence: {known.licence}\nsource:  {known.source}"))
        if known.notes:
            terminal.print_text(prose(f"note:    {known.notes}"))


@app.command()
def plot(
    name: DatasetOrFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The .png, .svg or .pdf file to write.",
            show_default="NAME.png",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="COLUMN",
            help="Target column of a CSV file, by name or position; colours the plot.",
        ),
    ] = None,
    kind: Annotated[
        Literal["pca", "clusters", "anomalies"] | None,
        typer.Option(
            "--kind", show_default=False,
            help="Plot the rows as a whole: principal components, clusters of k-means, or the "
            "rows that an isolation forest finds unusual.",
        ),
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(
            "--clusters", min=2, max=50, metavar="N", help="Number of clusters.",
            show_default="that of the classes, or the most distinct",
        ),
    ] = None,
    sample: Sample = False,
) -> None:  # fmt: skip
    """Plot a data set.

    Tables show classes, distributions and pairs of columns; other data show samples.

    \b
    dlcli data plot iris
    dlcli data plot my.csv --target label -o my.svg
    dlcli data plot pets.yaml           samples of images, recordings or texts
    dlcli data plot iris --kind pca
    dlcli data plot my.csv --kind clusters --clusters 4
    """
    from dlcli.cli import terminal
    from dlcli.errors import DlcliError
    from dlcli.plots.canvas import check_plot_path
    from dlcli.plots.data import draw_dataset, draw_file, draw_structure, read_file

    path = output or Path(f"{Path(name).stem}{f'_{kind}' if kind else ''}.png")
    check_plot_path(path)
    if clusters is not None and kind != "clusters":
        raise DlcliError("--clusters is for --kind clusters", hint="add it, or leave out both")
    data = _load(name, sample=sample)
    if target is not None and not isinstance(data, Path):
        raise DlcliError(
            f"{name} already has a target: {data.target.name}", hint="leave out --target"
        )
    if kind is not None:
        source = read_file(data, target) if isinstance(data, Path) else data
        _print_structure(draw_structure(source, path, kind, clusters))
    elif isinstance(data, Path):
        terminal.print_notes(draw_file(data, path, target))
    else:
        draw_dataset(data, path)
    terminal.print_picture(path, f"a plot of {name}")


def _print_structure(structure: Structure) -> None:
    from dlcli.cli import tables, terminal
    from dlcli.cli.columns import prose

    terminal.print_notes(structure.notices)
    header, *rows = structure.table
    left = 1 if header[0] == "cluster" else len(header)
    # Columns of numbers too, which must not be shortened.
    terminal.print_text(tables.table([list(header), *map(list, rows)], left=left, texts=()))
    for sentence in structure.sentences:
        terminal.print_text(prose(sentence))


def _load(name: str, *, sample: bool) -> Dataset | Path:
    """Return the data of a named data set or of a config, or the path of a table."""
    from dlcli import load_config
    from dlcli.config.document import Document
    from dlcli.config.known import NAMED_DATASETS
    from dlcli.config.load import build_config
    from dlcli.datasets.loading import load_dataset
    from dlcli.errors import DlcliError, unknown

    if name in NAMED_DATASETS:
        plain = {"dataset": name, "model": ["Dense"], "loss": "mse", "fit": {"epochs": 1}}
        config = build_config(name, Document(name, plain), Path())
    elif Path(name).suffix in (".yaml", ".yml"):
        config = load_config(name)
    elif Path(name).is_dir():
        raise DlcliError(
            f"{name} is a folder; name a config that loads it",
            hint="`dataset: {images: {path: …}}`, or one of the loaders audio and text",
        )
    elif Path(name).exists():
        return Path(name)
    else:
        message = unknown("data set or file", name, NAMED_DATASETS)
        raise DlcliError(message, hint="`dlcli data list` lists the named data sets")
    return load_dataset(config, sample=sample, progress=sys.stderr.isatty())
