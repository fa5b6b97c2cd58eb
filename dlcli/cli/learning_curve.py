"""``dlcli learning-curve``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.code import Code, load_code
from dlcli.cli.formatting import duration
from dlcli.cli.options import (
    ConfigName,
    Data,
    FoldEngine,
    FoldEpochs,
    Json,
    OnBadFile,
    Out,
    Overrides,
    Quiet,
    Sample,
    Seed,
    with_short_options,
)
from dlcli.cli.resume import find_config_and_run
from dlcli.cli.training_output import StartPrinter, sample_mark, saved_at_the_end
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.experiments.learning_curve.result import LearningCurveResult
    from dlcli.training.folds.engines import Engine


def learning_curve(
    config: ConfigName,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Number of folds.")] = 5,
    overrides: Overrides = None,
    epochs: FoldEpochs = None,
    seed: Seed = None,
    data: Data = None,
    on_bad_file: OnBadFile = None,
    code: Code = None,
    out: Out = Path("runs"),
    sample: Sample = False,
    engine: FoldEngine = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score a config with ever more rows, and say what twice the rows would give.

    In each fold the model is trained on 1/16, 1/8, 1/4, 1/2 and all of the training rows.

    \b
    dlcli learning-curve sonar
    dlcli learning-curve sonar --folds 10 --json
    dlcli plot runs/sonar/3                     draw the curve of a run again
    """
    from dlcli.cli import signals, terminal
    from dlcli.network import backend

    changes = with_short_options(
        overrides, kfold__epochs=epochs, seed=seed, dataset__on_bad_file=on_bad_file
    )
    load_code(code)
    loaded, _ = find_config_and_run(config, changes, out, "learning-curve", resume=False, data=data)
    signals.watch()
    backend.silence()
    from dlcli.experiments.learning_curve import learning_curve as scoring

    display = TrainingDisplay(quiet=quiet)
    on_start = StartPrinter(quiet=quiet, display=display.progress)
    with saved_at_the_end(display.progress):
        display.progress.read(config)
        result = scoring.learning_curve(
            loaded,
            folds=folds,
            runs=out,
            sample=sample,
            engine=engine,
            on_start=on_start,
            on_engine=None if quiet else display.on_engine,
            on_training=None if quiet else display.on_training,
            on_progress=None if quiet else display.progress,
            download_bar=sys.stderr.isatty(),
        )
    on_start.print_new_notes(result.notices)
    if json:
        from dlcli.cli.documents import LearningCurveDocument

        values = {**result.to_json(), "run": str(result.path), "sentence": sentence(result)}
        values["notes"] = list(result.notices)
        terminal.print_document(LearningCurveDocument.model_validate(values))
    else:
        _print_result(result)


class TrainingDisplay:
    """Show how the copies of the model are trained, and how many are finished."""

    def __init__(self, *, quiet: bool) -> None:
        from dlcli.cli.progress import ProgressDisplay

        self.progress = ProgressDisplay(every_epoch=False, quiet=quiet)

    def on_engine(self, engine: Engine) -> None:
        """Print how the next trainings are done."""
        from dlcli.cli.terminal import print_status

        way = "together in one program"
        if engine.name != "stacked":
            way = f"one after the other ({engine.reason})"
        self.progress.clear()
        count = "1 training" if engine.folds == 1 else f"{engine.folds} trainings"
        print_status(count if engine.folds == 1 else f"{count} {way}")
        self.progress.prefix = f"{count}  "

    def on_training(self, done: int, total: int) -> None:
        """Count a finished training."""
        self.progress.prefix = f"training {min(done + 1, total)}/{total}  "


def _print_result(result: LearningCurveResult) -> None:
    from dlcli.cli.columns import prose
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import print_text

    mark = sample_mark(result.sampled)
    over = f"over {result.folds} folds{mark}"
    print_text(f"{result.config.name}: {result.metric_with_unit} {over}\n")
    rows = [["training rows", "share", result.metric_name, "±", "curve"]]
    for size in result.sizes:
        curve = result.score(float(result.power_law(size.rows)))
        share = f"1/{round(1 / size.share)}" if size.share < 1 else "all"
        values = [number(value) for value in (size.mean, size.std, curve)]
        rows.append([f"{size.rows:.0f}", share, *values])
    rows.append([str(result.twice["rows"]), "2 ×", "", "", number(result.twice["score"])])
    print_text(f"{table(rows, left=0)}\n")
    print_text(prose(sentence(result)))
    print_text(f"\n{duration(result.seconds)}; run: {result.path}")


def sentence(result: LearningCurveResult) -> str:
    """Say whether more rows would help."""
    twice, forecast = result.twice, result.forecast
    present = result.score(forecast.error + forecast.gain)
    unit = f" {result.unit}" if result.unit else ""
    verdict = {
        "help": "More rows would help",
        "hardly help": "More rows would hardly help",
        "uncertain": "Whether more rows would help is uncertain",
    }[result.more_rows]
    values = [
        number(twice[key]) for key in ("score", "low", "high", "gain", "gain_low", "gain_high")
    ]
    score, low, high, gain, gain_low, gain_high = values
    return (
        f"{verdict}: with 2 × the rows, the {result.metric_name} would be about {score}{unit} "
        f"(95 % interval {low} to {high}) instead of {number(present)}; that is better by {gain} "
        f"({gain_low} to {gain_high})."
    )
