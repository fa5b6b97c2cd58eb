"""``dlcli kfold``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.options import (
    ConfigName,
    EngineChoice,
    ForceResume,
    Json,
    Out,
    Overrides,
    Quiet,
    Resume,
    Sample,
)
from dlcli.cli.stopping import config_or_run, note_stop
from dlcli.cli.train import announce
from dlcli.errors import Interrupted

if TYPE_CHECKING:
    from dlcli.config import Config
    from dlcli.datasets import Dataset
    from dlcli.experiments.kfold_result import FoldResult, KfoldResult
    from dlcli.training.folds.engines import Engine


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
    resume: Resume = False,
    force_resume: ForceResume = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cross-validate: each row is predicted by a model that has not seen it.

    \b
    dlcli kfold sonar
    dlcli kfold sonar --folds 5 --set preprocess.numeric=none
    dlcli kfold digits_cnn --jobs 2             folds that cannot train together, in two processes
    dlcli kfold iris --json
    dlcli kfold --resume runs/digits_cnn/2      go on where it was stopped
    """
    from dlcli.cli import progress, terminal
    from dlcli.network import backend

    checked, unfinished = config_or_run(
        config, overrides or [], out, "kfold", resume=resume or force_resume
    )
    backend.silence()
    from dlcli.experiments import kfold as cross_validation

    total = folds or checked.kfold.folds
    display = progress.ProgressDisplay(f"fold 1/{total}  ", every_epoch=False)

    announced: list[str] = []

    def on_start(config: Config, dataset: Dataset, notices: list[str]) -> None:
        announced.extend(notices)
        announce(config, dataset, notices, quiet=quiet)

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
            resume=unfinished,
            force=force_resume,
            on_start=on_start,
            on_engine=None if quiet else on_engine,
            on_fold=None if quiet else on_fold,
            on_progress=None if quiet else display,
            download_bar=sys.stderr.isatty(),
        )
    except Interrupted as interrupted:
        display.clear()
        note_stop(interrupted.signum, "before a fold was finished", interrupted.path)
        raise typer.Exit(128 + interrupted.signum) from None
    display.clear()
    terminal.notes(text for text in result.notices if text not in announced)
    if result.interrupted is not None:
        done = f"after {len(result.folds)} of {result.config.kfold.folds} folds"
        note_stop(result.interrupted, done, result.path)
    if json:
        terminal.say_json({"run": str(result.path), **result.to_json()})
    else:
        _print_folds(result)
    if result.interrupted is not None:
        raise typer.Exit(128 + result.interrupted)


def _print_folds(result: KfoldResult) -> None:
    from dlcli.cli.tables import confusion_table, table
    from dlcli.cli.terminal import duration, number, say

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
