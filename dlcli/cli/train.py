"""``dlcli train`` and ``dlcli kfold``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlcli.cli.options import (
    ConfigName,
    Devices,
    ForceResume,
    Json,
    Out,
    Overrides,
    Quiet,
    Resume,
    Sample,
)
from dlcli.cli.stopping import config_or_run, note_stop
from dlcli.errors import plural

# What a model is asked with.
EXAMPLES = {
    "rows": ("input.csv", "raw rows"),
    "text": ('--text "…"', "raw text"),
    "image": ("picture.png", "pictures"),
    "audio": ("recording.wav", "recordings"),
    "series": ("series.csv", "what comes next"),
}

if TYPE_CHECKING:
    from dlcli.config import Config
    from dlcli.datasets import Dataset
    from dlcli.experiments.train import TrainResult


def train(
    config: ConfigName,
    overrides: Overrides = None,
    out: Out = Path("runs"),
    format: Annotated[  # noqa: A002
        Literal["keras", "h5"], typer.Option("--format", help="Of the model file.")
    ] = "keras",
    sample: Sample = False,
    devices: Devices = "",
    resume: Resume = False,
    force_resume: ForceResume = False,
    checkpoint_every: Annotated[
        float,
        typer.Option(
            "--checkpoint-every",
            metavar="SECONDS",
            min=1,
            help="How much of a long epoch may be lost.",
        ),
    ] = 300,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the model that CONFIG describes and keep the run.

    \b
    dlcli train digits_cnn
    dlcli train configs/mnist_cnn.yaml --set fit.epochs=2
    dlcli train my/table.yaml --format h5 --out experiments
    dlcli train mnist_cnn --sample              without the data: only to try the config
    dlcli train --resume runs/mnist_cnn/1       go on where it was stopped, to the same bits
    dlcli train --resume runs/sonar/2 --set fit.epochs=200
    """
    from dlcli.cli import progress, terminal
    from dlcli.network import backend

    checked, unfinished = config_or_run(
        config, overrides or [], out, "train", resume=resume or force_resume
    )
    backend.silence()
    from dlcli.experiments import train as run

    display = progress.ProgressDisplay()
    announced: list[str] = []

    def on_start(config: Config, dataset: Dataset, notices: list[str]) -> None:
        announced.extend(notices)
        announce(config, dataset, notices, quiet=quiet)

    result = run.train(
        checked,
        runs=out,
        sample=sample,
        format=format,
        devices=devices,
        checkpoint_every=checkpoint_every,
        resume=unfinished,
        force=force_resume,
        extend=any(text.lstrip().startswith("fit") for text in overrides or ()),
        on_start=on_start,
        on_progress=None if quiet else display,
        download_bar=sys.stderr.isatty(),
    )
    display.clear()
    terminal.notes(text for text in result.notices if text not in announced)
    if json:
        terminal.say_json(_train_json(result))
    else:
        again = " ".join(f"--set {shlex.quote(text)}" for text in overrides or ())
        _print_training(result, f"{config} {again}".strip())
    if result.signum is not None:
        raise typer.Exit(128 + result.signum)


def announce(config: Config, dataset: Dataset, notices: list[str], *, quiet: bool = False) -> None:
    """Say what a run is about to learn from."""
    from dlcli.cli import terminal

    terminal.notes(notices)
    if quiet:
        return
    classes = len(dataset.target.class_names)
    what = plural(classes, "class") if classes else f"{dataset.target.name} (a number)"
    if dataset.is_text or dataset.medium.kind == "audio":
        columns = "raw text" if dataset.is_text else "recordings"
    elif dataset.is_table:
        columns = plural(len(dataset.columns), "column")
    else:
        columns = "×".join(map(str, dataset.x.shape[1:]))
    rows = plural(len(dataset), "row")
    terminal.note(f"{config.name}: {dataset.name}, {rows}, {columns}, {what}")


def _train_json(result: TrainResult) -> dict[str, object]:
    return {
        "run": str(result.path),
        "model": str(result.model_path) if result.model_path else None,
        "status": result.status,
        "sample": result.sampled,
        "epochs": result.epochs,
        "fit_seconds": result.seconds,
        **{name: scores.to_json() for name, scores in result.scores.items()},
    }


def _print_training(result: TrainResult, config: str) -> None:
    from dlcli.cli.tables import score_rows, table
    from dlcli.cli.terminal import duration, number, say

    if result.signum is not None:
        kept = f"; kept the best model so far, of epoch {result.best_epoch}"
        where = f"after {plural(result.epochs, 'epoch')}{kept * bool(result.best_epoch)}"
        note_stop(result.signum, where, result.path)
    if result.model_path is None:
        return
    mark = "  GENERATED SAMPLE: these figures mean nothing" if result.sampled else ""
    epochs = f"{plural(result.epochs, 'epoch')} in {duration(result.seconds)}"
    if result.status == "finished" and result.best_epoch not in (0, result.epochs):
        epochs += f", weights of epoch {result.best_epoch}"
    say(f"{result.config.name}: {epochs}{mark}\n")
    say(table(score_rows(result.scores)))
    part = next(name for name in ("test", "validation", "train") if name in result.scores)
    metrics = result.scores[part].metrics
    best = next((name for name in metrics if name != "loss"), "loss")
    say(f"\n{part} {best}: {number(metrics[best])}")
    say(f"run: {result.path}\n")
    more = "metrics per class" if result.scores[part].classes else "all metrics"
    example, what = EXAMPLES[result.takes]
    following = [
        [f"dlcli evaluate {result.path}", more],
        [f"dlcli predict {result.model_path} {example}", what],
        [f"dlcli kfold {config}{' --sample' * result.sampled}", "is it luck?"],
    ]
    say(f"Next:\n{table(following, left=2, indent='  ')}")
