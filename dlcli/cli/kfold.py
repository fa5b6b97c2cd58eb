"""``dlcli kfold``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.code import Code, load_code
from dlcli.cli.options import (
    BatchSize,
    ConfigName,
    Data,
    FoldEngine,
    FoldEpochs,
    Folds,
    ForceResume,
    Json,
    LearningRate,
    OnBadFile,
    Out,
    Overrides,
    Quiet,
    Resume,
    Sample,
    Seed,
    Seeds,
    with_short_options,
)
from dlcli.cli.resume import find_config_and_run, print_stop, stop_error
from dlcli.cli.sweep import TrialDisplay, refuse_with_seeds, run_sweep
from dlcli.cli.tracking import Mlflow, tracking
from dlcli.cli.training_output import StartPrinter, sample_mark
from dlcli.errors import Interrupted

if TYPE_CHECKING:
    from dlcli.cli.documents import Document
    from dlcli.experiments.kfold_result import FoldResult, KfoldResult
    from dlcli.training.folds.engines import Engine

MAX_CONFUSION_CLASSES = 12


def kfold(
    config: ConfigName,
    folds: Folds = None,
    overrides: Overrides = None,
    epochs: FoldEpochs = None,
    batch_size: BatchSize = None,
    lr: LearningRate = None,
    seed: Seed = None,
    seeds: Seeds = None,
    data: Data = None,
    on_bad_file: OnBadFile = None,
    code: Code = None,
    out: Out = Path("runs"),
    sample: Sample = False,
    engine: FoldEngine = "auto",
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs",
            min=1,
            help="Number of processes, for folds that are not trained in one program, and for "
            "--seeds.",
        ),
    ] = 1,
    resume: Resume = False,
    force_resume: ForceResume = False,
    mlflow: Mlflow = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cross-validate the model of a config.

    Each row is predicted by a model that was not trained on it.

    \b
    dlcli kfold sonar
    dlcli kfold sonar --folds 5 --set preprocess.numeric=none
    dlcli kfold digits_cnn --jobs 2             train the folds in two processes
    dlcli kfold sonar --seeds 5                 how much is luck?
    dlcli kfold iris --json
    dlcli kfold --resume runs/digits_cnn/2      resume an interrupted run
    """
    from dlcli.cli import signals, terminal

    display = FoldDisplay(quiet=quiet)
    on_start = StartPrinter(quiet=quiet, display=display.progress)
    changes = with_short_options(
        overrides,
        kfold__epochs=epochs,
        fit__batch_size=batch_size,
        optimizer__learning_rate=lr,
        seed=seed,
        dataset__on_bad_file=on_bad_file,
    )
    with display.progress:
        display.progress.read(config)
        from dlcli.network import backend

        load_code(code)
        loaded, run = find_config_and_run(
            config, changes, out, "kfold", resume=resume or force_resume, data=data
        )
        if seeds is not None:
            refuse_with_seeds(
                {"--resume": run is not None, "--engine": engine != "auto", "--mlflow": mlflow}
            )
            run_sweep(
                TrialDisplay(quiet=quiet), loaded, {}, seeds=seeds,
                folds=folds or loaded.kfold.folds, out=out, sample=sample, jobs=jobs, json=json,
                quiet=quiet,
            )  # fmt: skip
            return
        signals.watch()
        backend.silence()
        from dlcli.experiments import kfold as cross_validation

        try:
            with tracking(mlflow, loaded.name) as tracked:
                result = cross_validation.kfold(
                    loaded,
                    folds=folds,
                    runs=out,
                    sample=sample,
                    engine=engine,
                    jobs=jobs,
                    resume=run,
                    force=force_resume,
                    on_start=on_start,
                    on_engine=None if quiet else display.on_engine,
                    on_fold=None if quiet else display.on_fold,
                    on_progress=tracked.on_progress(None if quiet else display.progress),
                    download_bar=sys.stderr.isatty(),
                )
                tracked.finish(result.path, None, result.interrupted)
        except Interrupted as interrupted:
            display.progress.clear()
            moment = "before the first fold was finished"
            print_stop(interrupted.signum, moment, interrupted.path)
            if json:
                terminal.print_error_document(stop_error(interrupted.signum, moment), "kfold")
            raise typer.Exit(128 + interrupted.signum) from None
    on_start.print_new_notes(result.notices)
    _print_interruption(result)
    if json:
        terminal.print_document(_document(result))
    else:
        _print_result(result)
    if result.interrupted is not None:
        raise typer.Exit(128 + result.interrupted)


def _document(result: KfoldResult) -> Document:
    from dlcli.cli.documents import Fold, KfoldDocument, Summary, scores_part

    return KfoldDocument(
        run=str(result.path),
        status="finished" if result.interrupted is None else "interrupted",
        sample=result.sampled,
        folds=[
            Fold(fold=fold.fold, rows=fold.rows, epochs=fold.epochs, metrics=dict(fold.metrics))
            for fold in result.folds
        ],
        summary={
            name: Summary(mean=item.mean, std=item.std, ci95=[item.low, item.high])
            for name, item in result.summaries.items()
        },
        scores=scores_part(result.scores),
        notes=list(result.notices),
    )


def _print_interruption(result: KfoldResult) -> None:
    if result.interrupted is not None:
        moment = f"after {len(result.folds)} of {result.config.kfold.folds} folds"
        print_stop(result.interrupted, moment, result.path)


class FoldDisplay:
    """Show the progress of cross-validation, and the metrics of each finished fold."""

    def __init__(self, *, quiet: bool) -> None:
        from dlcli.cli.fold_grid import FoldGrid
        from dlcli.cli.progress import ProgressDisplay

        self.grid = FoldGrid()
        self.progress = ProgressDisplay(every_epoch=False, table=self.grid, quiet=quiet)

    def on_engine(self, engine: Engine) -> None:
        """Print how the folds are trained."""
        from dlcli.cli.terminal import print_status

        self.progress.clear()
        self.grid.jobs = engine.jobs
        print_status(str(engine))
        self.progress.show("training …")

    def on_fold(self, result: FoldResult) -> None:
        """Show the metrics of a finished fold."""
        from dlcli.cli.terminal import print_status
        from dlcli.number_text import number

        if self.progress.is_live:
            self.grid.score(result)
            self.progress.refresh()
            return
        count = len(self.grid.folds)
        values = "  ".join(f"{name} {number(value)}" for name, value in result.metrics.items())
        print_status(f"fold {result.fold:{len(str(count))}d}/{count}  {values}")


def _print_result(result: KfoldResult) -> None:
    from dlcli.cli.formatting import duration
    from dlcli.cli.tables import confusion_table, table, target_tables
    from dlcli.cli.terminal import print_text
    from dlcli.number_text import number

    metrics = list(result.summaries)
    rows: list[list[str]] = [["fold", "rows", "epochs", *metrics]]
    for fold in result.folds:
        values = [number(fold.metrics[name]) for name in metrics]
        rows.append([str(fold.fold), str(fold.rows), str(fold.epochs), *values])
    print_text(f"{table(rows)}\n")
    for name, summary in result.summaries.items():
        if summary.mean != summary.mean:  # NaN: R² of a single row
            continue
        unit = f" {result.target.unit}" if result.target.unit and name in ("mae", "rmse") else ""
        print_text(
            f"{name}: {number(summary.mean)} ± {number(summary.std)}{unit}"
            f"  (95 % interval {number(summary.low)} to {number(summary.high)})"
            f"{sample_mark(result.sampled)}"
        )
    if 0 < len(result.scores.classes) <= MAX_CONFUSION_CLASSES:
        print_text(f"\nout-of-fold predictions of all rows:\n{confusion_table(result.scores)}")
    elif not result.scores.classes:
        for text in target_tables(result.scores):
            print_text(f"\nout-of-fold predictions of all rows:\n{text}")
    print_text(f"\n{len(result.folds)} folds in {duration(result.seconds)}; run: {result.path}")
