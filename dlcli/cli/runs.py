"""``dlcli runs``, ``dlcli runs rm``, ``note`` and ``tag``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from dlcli.cli.options import Json, RunsFolder
from dlcli.errors import DlcliError, plural
from dlcli.runs.finding import RUNS


class _Commands(TyperGroup):
    """Take the first argument as a folder, unless it is a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] in self.commands:
            args = [str(RUNS), *args]  # in place of the folder
        else:
            ctx.allow_interspersed_args = True  # dlcli runs sonar --json
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_Commands, invoke_without_command=True)
RunPaths = Annotated[
    list[Path],
    typer.Argument(metavar="RUN", help="Run directories, e.g. runs/sonar/1.", show_default=False),
]
RunPath = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="A run directory, e.g. runs/sonar/1.", show_default=False),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="KEY",
        help="A column, a metric, or a key of the config, e.g. metric, loss, "
        "optimizer.learning_rate; -KEY: the largest first.",
        show_default="by start",
    ),
]


@app.callback()
def runs(
    context: typer.Context,
    folder: RunsFolder = RUNS,
    sort: Key = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Reverse the order.")] = False,
    best: Annotated[
        int | None,
        typer.Option(
            "--best",
            min=1,
            metavar="N",
            help="The N runs with the best first metric.",
            show_default=False,
        ),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only runs with this tag; repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """List the runs of a folder: what differs, loss, metric, seed, duration.

    \b
    dlcli runs
    dlcli runs sonar --best 3
    dlcli runs sonar --sort optimizer.learning_rate
    dlcli runs experiments --json
    dlcli runs tag runs/sonar/1 baseline
    """
    if context.invoked_subcommand is not None:
        return
    from dlcli.cli import terminal
    from dlcli.runs import listing, ordering

    if not folder.is_dir() and folder != RUNS:
        folder = _folder_of_name(folder)
    entries = listing.read_runs(folder)
    if tags:
        entries = [entry for entry in entries if {*tags} <= {*entry.tags}]
        entries = listing.with_changed_keys(entries)
    notices = listing.grouped_problems(entries)
    if best is not None and entries:
        notices += ordering.choice_notices(entries, best)
        entries = ordering.best_runs(entries, best)
    if sort is not None:
        entries = ordering.sort_runs(entries, sort)
    if reverse:
        entries = entries[::-1]
    terminal.print_notes(notices)
    if json:
        from dlcli.cli.documents import Run, RunsDocument

        documents = [Run.model_validate(entry.to_json()) for entry in entries]
        terminal.print_document(RunsDocument(runs=documents))
    elif entries:
        _print_table(entries)
    else:
        which = f" with the tag {' and '.join(tags)}" if tags else ""
        terminal.print_status(f"folder {str(folder)!r} contains no runs{which}")


def _print_table(entries: Any) -> None:
    from dlcli.cli import terminal
    from dlcli.cli.columns import prose
    from dlcli.cli.run_table import run_table

    shown = run_table(entries)
    terminal.print_text(shown.text)
    if shown.left_out:
        left_out = f"no room for: {', '.join(shown.left_out)}; --json has all"
        terminal.print_status(prose(left_out, sys.stderr))


@app.command()
def rm(
    paths: RunPaths,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete run directories.

    \b
    dlcli runs rm runs/sonar/1 runs/sonar/2
    """
    from dlcli.cli import terminal
    from dlcli.runs.removal import check_removable, remove_run

    paths = list(dict.fromkeys(paths))
    for path in paths:
        check_removable(path)
    if not yes:
        names = ", ".join(map(str, paths))
        if not sys.stdin.isatty():
            raise DlcliError(
                f"{names}: nothing is deleted without a question or --yes", hint="add --yes"
            )
        typer.confirm(f"Delete {plural(len(paths), 'run')} ({names})?", abort=True, err=True)
    for path in paths:
        remove_run(path)
        terminal.print_status(f"dlcli: deleted {path}")


@app.command()
def note(
    path: RunPath,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help='The note; "" deletes the present one.', show_default=False
        ),
    ],
) -> None:
    """Write a note on a run, which `dlcli runs` shows.

    \b
    dlcli runs note runs/sonar/1 "with the old microphone"
    """
    from dlcli.cli.names import model_or_run
    from dlcli.runs.finding import existing_run
    from dlcli.runs.notes import write_note

    write_note(existing_run(model_or_run(path)), text)


@app.command()
def tag(
    path: RunPath,
    tags: Annotated[list[str], typer.Argument(metavar="TAG", help="Words.", show_default=False)],
    remove: Annotated[bool, typer.Option("--remove", help="Remove these tags.")] = False,
) -> None:
    """Add tags to a run, which `dlcli runs --tag` looks for; print all that it has.

    \b
    dlcli runs tag runs/sonar/1 baseline
    dlcli runs tag runs/sonar/1 baseline --remove
    """
    from dlcli.cli import terminal
    from dlcli.cli.names import model_or_run
    from dlcli.runs.finding import existing_run
    from dlcli.runs.notes import write_tags

    kept = write_tags(existing_run(model_or_run(path)), tags, remove=remove)
    if kept:
        terminal.print_text(" ".join(kept))


def _folder_of_name(name: Path) -> Path:
    """Return the folder of the runs of a name.

    Raises
    ------
    DlcliError
        If there is no such folder.
    """
    if not (RUNS / name).is_dir():
        raise DlcliError(f"no folder {str(name)!r}", hint="`dlcli runs` lists the runs in ./runs")
    return RUNS / name
