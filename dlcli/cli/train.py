"""``dlcli train``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dlcli.cli.code import Code, code_options, load_code
from dlcli.cli.options import (
    BatchSize,
    ConfigName,
    Data,
    Epochs,
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
from dlcli.cli.resume import find_config_and_run, print_stop
from dlcli.cli.sweep import TrialDisplay, refuse_with_seeds, run_sweep
from dlcli.cli.tracking import Mlflow, tracking
from dlcli.cli.training_output import StartPrinter, sample_mark
from dlcli.errors import DlcliError, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlcli.cli.documents import Document
    from dlcli.experiments.train_result import TrainResult
    from dlcli.network.scores import Scores

# An equation of more weights is shown by `dlcli show RUN --weights` alone.
MOST_WEIGHTS = 30
# Example input of `dlcli predict` and its description, by the kind of data.
EXAMPLES = {
    "arrays": ("new.npz", "predict new arrays of the same shape"),
    "rows": ("input.csv", "predict new rows"),
    "text": ('--text "…"', "predict new texts"),
    "image": ("image.png", "predict new images"),
    "audio": ("recording.wav", "predict new recordings"),
    "series": ("series.csv", "forecast the next value"),
}


def train(
    config: ConfigName,
    overrides: Overrides = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    lr: LearningRate = None,
    seed: Seed = None,
    seeds: Seeds = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, help="Number of processes that train the --seeds.", show_default="one"
        ),
    ] = None,
    data: Data = None,
    on_bad_file: OnBadFile = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate",
            help="Fit calibrated probabilities, or 90 % intervals of numbers, on the validation "
            "rows. Short for --set calibrate=true",
        ),
    ] = False,
    code: Code = None,
    out: Out = Path("runs"),
    format: Annotated[  # noqa: A002
        Literal["keras", "h5"], typer.Option("--format", help="Format of the model file.")
    ] = "keras",
    sample: Sample = False,
    devices: Annotated[
        str,
        typer.Option(
            "--devices",
            metavar="COUNT|NAMES",
            help="GPUs that share each batch: their number, or names such as gpu:0,gpu:1.",
            show_default="one",
        ),
    ] = "",
    resume: Resume = False,
    force_resume: ForceResume = False,
    checkpoint_every: Annotated[
        float,
        typer.Option(
            "--checkpoint-every",
            metavar="SECONDS",
            min=1,
            help="Save a checkpoint every so many seconds within an epoch.",
        ),
    ] = 300,
    mlflow: Mlflow = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the model of a config and save the run.

    \b
    dlcli train digits_cnn
    dlcli train configs/mnist_cnn.yaml --epochs 2 --set optimizer.learning_rate=0.01
    dlcli train my/table.yaml --format h5 --out experiments
    dlcli train iris --seeds 10                 was it luck?
    dlcli train mnist_cnn --sample              try the config without downloading the data
    dlcli train --resume runs/mnist_cnn/1       resume an interrupted run, to the same bits
    dlcli train --resume runs/sonar/2 --epochs 200
    """
    from dlcli.cli import signals, terminal
    from dlcli.cli.epoch_table import EpochTable
    from dlcli.cli.progress import ProgressDisplay

    display = ProgressDisplay(table=EpochTable(), quiet=quiet)
    on_start = StartPrinter(quiet=quiet, display=display)
    with display:
        display.read(config)
        from dlcli.network import backend

        changes = with_short_options(
            overrides,
            fit__epochs=epochs,
            fit__batch_size=batch_size,
            optimizer__learning_rate=lr,
            seed=seed,
            dataset__on_bad_file=on_bad_file,
            calibrate="true" if calibrate else None,
        )
        load_code(code)
        loaded, run = find_config_and_run(
            config, changes, out, "train", resume=resume or force_resume, data=data
        )
        if seeds is not None:
            refuse_with_seeds(
                {"--resume": run is not None, "--format": format != "keras",
                 "--devices": devices, "--mlflow": mlflow}
            )  # fmt: skip
            run_sweep(
                TrialDisplay(quiet=quiet), loaded, {}, seeds=seeds, folds=None, out=out,
                sample=sample, jobs=jobs, json=json, quiet=quiet,
            )  # fmt: skip
            return
        if jobs is not None:
            raise DlcliError(
                "--jobs is for --seeds; one training takes all processors",
                hint="leave out --jobs, or add --seeds N",
            )
        signals.watch()
        backend.silence()
        from dlcli.experiments import train as training

        with tracking(mlflow, loaded.name) as tracked:
            result = training.train(
                loaded,
                runs=out,
                sample=sample,
                format=format,
                devices=devices,
                checkpoint_every=checkpoint_every,
                resume=run,
                force=force_resume,
                extend=any(text.lstrip().startswith("fit") for text in changes),
                on_start=on_start,
                on_progress=tracked.on_progress(None if quiet else display),
                download_bar=sys.stderr.isatty(),
            )
            tracked.finish(result.path, result.model_path, result.signum)
    on_start.print_new_notes(result.notices)
    if json:
        terminal.print_document(_document(result))
    else:
        options = _kfold_options(changes, data, sampled=result.sampled)
        _print_result(result, f"{shlex.quote(config)}{options}", code_options(code))
    if result.signum is not None:
        raise typer.Exit(128 + result.signum)


def _kfold_options(changes: Sequence[str], data: Path | None, *, sampled: bool) -> str:
    """Return the options with which `dlcli kfold` cross-validates the same model."""
    repeated = [text for text in changes if not text.startswith("calibrate")]  # folds are not
    options = "".join(f" --set {shlex.quote(text)}" for text in repeated)
    options += " --sample" if sampled else ""
    return options + (f" --data {shlex.quote(str(data))}" if data is not None else "")


def _document(result: TrainResult) -> Document:
    from dlcli.cli.documents import TrainDocument, scores_part

    return TrainDocument(
        run=str(result.path),
        model=str(result.model_path) if result.model_path else None,
        status=result.status,
        sample=result.sampled,
        epochs=result.epochs,
        best_epoch=result.best_epoch or None,
        fit_seconds=result.seconds,
        scores={name: scores_part(scores) for name, scores in result.scores.items()},
        notes=list(result.notices),
    )


def _print_result(result: TrainResult, config: str, code: str) -> None:
    from dlcli.cli.tables import explained, score_rows, table
    from dlcli.cli.terminal import print_text
    from dlcli.number_text import number

    if result.signum is not None:
        best = f"; saved the best model so far (epoch {result.best_epoch})"
        moment = f"after {plural(result.epochs, 'epoch')}{best if result.best_epoch else ''}"
        print_stop(result.signum, moment, result.path)
    if result.model_path is None:
        return
    print_text(f"{result.config.name}: {_epochs(result)}{sample_mark(result.sampled)}\n")
    print_text(table(score_rows(result.scores)))
    if result.rounded_shares:
        print_text("\n" + "\n".join(result.rounded_shares))
    part = next(name for name in ("test", "validation", "train") if name in result.scores)
    metrics = result.scores[part].metrics
    metric = next((name for name in metrics if name != "loss"), "loss")
    if result.equation is not None and result.equation.weights.size <= MOST_WEIGHTS:
        from dlcli.cli.weights import equation_text

        print_text(f"\n{equation_text(result.equation)}")
    print_text(f"\n{part} {metric}: {number(metrics[metric])}")
    print_text(f"run: {result.path}\n")
    example, description = EXAMPLES[result.takes]
    run = shlex.quote(str(result.path))
    commands = [
        (f"dlcli evaluate {run}{code}", _measures(result.scores[part])),
        (f"dlcli predict {shlex.quote(str(result.model_path))} {example}", description),
        (f"dlcli kfold {config}{code}", "cross-validate the model"),
    ]
    print_text(f"Next:\n{explained(commands)}")


def _measures(scores: Scores) -> str:
    """Return what `dlcli evaluate` shows."""
    if scores.classes:
        return "metrics per class"
    return "metrics per label" if scores.labels else "all metrics"


def _epochs(result: TrainResult) -> str:
    """Describe how training ended: its epochs and duration, and the epoch of the weights."""
    from dlcli.cli.formatting import duration

    epochs = plural(result.epochs, "epoch")
    text = f"{epochs} in {duration(result.seconds)}"
    if result.status != "finished":
        return text
    stopped = result.epochs < result.config.fit.epochs
    stoppers = [item for item in result.config.callbacks if item.name == "EarlyStopping"]
    if stopped and len(stoppers) != 1:
        text = f"stopped early by a callback after {text}"
    elif stopped:
        arguments = stoppers[0].arguments
        monitor = arguments.get("monitor", "val_loss")
        # Keras stops at the first epoch without improvement if the patience is 0.
        patience = plural(max(1, arguments.get("patience", 0)), "epoch")
        text = f"stopped early after {text} ({monitor} did not improve for {patience})"
    if result.best_epoch not in (0, result.epochs):
        text += f"; best weights restored from epoch {result.best_epoch}"
    elif stopped and not result.best_epoch:
        text += "; the weights of the last epoch are kept"
    return text
