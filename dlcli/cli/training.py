"""``dlcli train`` and ``dlcli kfold``."""

from __future__ import annotations

import shlex
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlcli.cli.options import ConfigName, Devices, EngineChoice, Json, Out, Overrides, Quiet, Sample

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
    from dlcli.cross_validation import FoldResult, KfoldResult
    from dlcli.datasets import Dataset
    from dlcli.fold_engines import Engine
    from dlcli.run import TrainResult


def train(
    config: ConfigName,
    overrides: Overrides = None,
    out: Out = Path("runs"),
    format: Annotated[  # noqa: A002
        Literal["keras", "h5"], typer.Option("--format", help="Of the model file.")
    ] = "keras",
    sample: Sample = False,
    devices: Devices = "",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fit the model that CONFIG describes and keep the run.

    \b
    dlcli train digits_cnn
    dlcli train configs/mnist_cnn.yaml --set fit.epochs=2
    dlcli train my/table.yaml --format h5 --out experiments
    dlcli train mnist_cnn --sample              without the data: only to try the config
    """
    from dlcli import backend, load_config
    from dlcli.cli import terminal

    checked = load_config(config, overrides or ())
    backend.silence()
    from dlcli import run

    display = terminal.ProgressDisplay()
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


def kfold(
    config: ConfigName,
    folds: Annotated[
        int | None,
        typer.Option("--folds", min=2, help="Number of parts.", show_default="the config's"),
    ] = None,
    overrides: Overrides = None,
    out: Out = Path("runs"),
    sample: Sample = False,
    engine: EngineChoice = "auto",
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", min=1, help="Processes that train folds which do not train in one program."
        ),
    ] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cross-validate: each row is predicted by a model that has not seen it.

    \b
    dlcli kfold sonar
    dlcli kfold sonar --folds 5 --set preprocess.numeric=none
    dlcli kfold digits_cnn --jobs 2             folds that cannot train together, in two processes
    dlcli kfold iris --json
    """
    from dlcli import backend, load_config
    from dlcli.cli import terminal

    checked = load_config(config, overrides or ())
    backend.silence()
    from dlcli import cross_validation

    total = folds or checked.kfold.folds
    display = terminal.ProgressDisplay(f"fold 1/{total}  ", every_epoch=False)

    def on_engine(engine: Engine) -> None:
        terminal.note(str(engine))
        if engine.name == "stacked":
            display.prefix = f"{total} folds  "

    def on_fold(result: FoldResult) -> None:
        display.clear()
        display.prefix = f"fold {result.fold + 1}/{total}  "
        values = "  ".join(f"{name} {terminal.number(v)}" for name, v in result.metrics.items())
        terminal.note(f"fold {result.fold:{len(str(total))}d}/{total}  {values}")

    try:
        result = cross_validation.kfold(
            checked,
            folds=folds,
            runs=out,
            sample=sample,
            engine=engine,
            jobs=jobs,
            on_start=partial(announce, quiet=quiet),
            on_engine=None if quiet else on_engine,
            on_fold=None if quiet else on_fold,
            on_progress=None if quiet else display,
            download_bar=sys.stderr.isatty(),
        )
    except KeyboardInterrupt as interrupt:
        display.clear()
        terminal.note("dlcli: stopped before a fold was finished; nothing was kept")
        raise stopped(interrupt) from None
    display.clear()
    if result.interrupted is not None:
        done = f"{len(result.folds)} of {result.config.kfold.folds} folds"
        terminal.note(f"dlcli: stopped by {signal.Signals(result.interrupted).name} after {done}")
    if json:
        terminal.say_json({"run": str(result.path), **result.to_json()})
    else:
        _print_folds(result)
    if result.interrupted is not None:
        raise typer.Exit(128 + result.interrupted)


def stopped(interrupt: KeyboardInterrupt) -> typer.Exit:
    """Return the exit for a signal, whose number an interrupt may carry."""
    return typer.Exit(128 + (interrupt.args[0] if interrupt.args else signal.SIGINT))


def announce(config: Config, dataset: Dataset, notices: list[str], *, quiet: bool = False) -> None:
    """Say what a run is about to learn from."""
    from dlcli.cli import terminal

    terminal.notes(notices)
    if quiet:
        return
    counted = terminal.counted
    classes = len(dataset.target.class_names)
    what = counted(classes, "class") if classes else f"{dataset.target.name} (a number)"
    if dataset.is_text or dataset.medium.kind == "audio":
        columns = "raw text" if dataset.is_text else "recordings"
    elif dataset.is_table:
        columns = counted(len(dataset.columns), "column")
    else:
        columns = "×".join(map(str, dataset.x.shape[1:]))
    rows = counted(len(dataset), "row")
    terminal.note(f"{config.name}: {dataset.name}, {rows}, {columns}, {what}")


def _train_json(result: TrainResult) -> dict[str, object]:
    return {
        "run": str(result.path) if result.path else None,
        "model": str(result.model_path) if result.model_path else None,
        "status": result.status,
        "sample": result.sampled,
        "epochs": result.epochs,
        "fit_seconds": result.seconds,
        **{name: scores.to_json() for name, scores in result.scores.items()},
    }


def _print_training(result: TrainResult, config: str) -> None:
    from dlcli.cli.terminal import counted, duration, note, number, say, score_rows, table

    if result.path is None:
        note("dlcli: stopped before the first epoch ended; nothing was kept")
        return
    if result.status == "interrupted":
        name = signal.Signals(result.signum or signal.SIGINT).name
        note(f"dlcli: stopped by {name}; kept the best model so far, of epoch {result.best_epoch}")
    mark = "  GENERATED SAMPLE: these figures mean nothing" if result.sampled else ""
    epochs = f"{counted(result.epochs, 'epoch')} in {duration(result.seconds)}"
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


def _print_folds(result: KfoldResult) -> None:
    from dlcli.cli.terminal import confusion_table, duration, number, say, table

    names = list(result.summaries)
    rows: list[list[str]] = [["fold", "rows", "epochs", *names]]
    rows += [
        [str(f.fold), str(f.rows), str(f.epochs), *(number(f.metrics[name]) for name in names)]
        for f in result.folds
    ]
    say(table(rows))
    say()
    mark = "  GENERATED SAMPLE: these figures mean nothing" if result.sampled else ""
    target = result.target
    for name, summary in result.summaries.items():
        if summary.mean != summary.mean:  # R² of a single row
            continue
        unit = f" {target.unit}" if target.unit and name in ("mae", "rmse") else ""
        say(
            f"{name}: {number(summary.mean)} ± {number(summary.std)}{unit}"
            f"  (95 % interval {number(summary.low)} to {number(summary.high)}){mark}"
        )
    if result.scores.classes and len(result.scores.classes) <= 12:
        say(f"\nout of fold, all rows:\n{confusion_table(result.scores)}")
    say(f"\n{len(result.folds)} folds in {duration(result.seconds)}; run: {result.path}")
