"""``dlcli tune``."""

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
    Epochs,
    ForceResume,
    Jobs,
    Json,
    OnBadFile,
    Out,
    Overrides,
    Quiet,
    Ray,
    RayAddress,
    Resume,
    Sample,
    Seed,
    Shared,
    Threads,
    with_short_options,
)
from dlcli.cli.resume import find_config_and_run
from dlcli.cli.training_output import StartPrinter, sample_mark
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.cli.documents import Document
    from dlcli.experiments.search.trials import Measure, TrialResult
    from dlcli.experiments.search.tune_result import TuneResult

MOST_SHOWN = 10


def tune(
    config: ConfigName,
    trials: Annotated[
        int | None,
        typer.Option("--trials", min=2, help="Short for --set tune.trials=…", show_default=False),
    ] = None,
    nested: Annotated[
        bool,
        typer.Option(
            "--nested",
            help="Estimate the score of the whole search too, by a search in each of kfold.folds "
            "outer folds.",
        ),
    ] = False,
    overrides: Overrides = None,
    epochs: Epochs = None,
    seed: Seed = None,
    data: Data = None,
    on_bad_file: OnBadFile = None,
    code: Code = None,
    out: Out = Path("runs"),
    sample: Sample = False,
    jobs: Jobs = None,
    threads: Threads = None,
    ray: Ray = False,
    ray_address: RayAddress = None,
    shared: Shared = False,
    resume: Resume = False,
    force_resume: ForceResume = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search for better values of a config, by its section tune.

    The best trial is trained once more and scored on test rows that no trial has seen.

    \b
    dlcli tune my.yaml
    dlcli tune my.yaml --trials 500 --nested
    dlcli tune my.yaml --jobs 4                 train in four processes
    dlcli tune my.yaml --ray                    train on a Ray cluster
    dlcli tune my.yaml --shared                 let other processes join, as in Slurm jobs
    dlcli tune --resume runs/my/4               resume an interrupted search
    """
    display = SearchDisplay(quiet=quiet)
    on_start = StartPrinter(quiet=quiet, display=display.progress)
    changes = with_short_options(
        overrides,
        tune__trials=trials,
        fit__epochs=epochs,
        seed=seed,
        dataset__on_bad_file=on_bad_file,
    )
    with display.progress:
        display.progress.read(config)
        from dlcli.cli import signals, terminal
        from dlcli.network import backend

        load_code(code)
        loaded, run = find_config_and_run(
            config, changes, out, "tune", resume=resume or force_resume, data=data, shared=shared
        )
        signals.watch()
        backend.silence()
        from dlcli.experiments.search import tune as searching

        result = searching.tune(
            loaded,
            nested=nested,
            runs=out,
            sample=sample,
            jobs=jobs,
            threads=threads,
            ray=ray_address or ray,
            shared=shared,
            resume=run,
            force=force_resume,
            on_start=on_start,
            on_search=display.on_search,
            on_trials=None if quiet else display.on_trials,
            on_progress=None if quiet else display.progress,
            download_bar=sys.stderr.isatty(),
        )
    on_start.print_new_notes(result.notices)
    if json:
        terminal.print_document(_document(result))
    else:
        _print_result(result)


class SearchDisplay:
    """Show how many trials are done, and the best so far."""

    def __init__(self, *, quiet: bool) -> None:
        from dlcli.cli.progress import ProgressDisplay

        self.progress = ProgressDisplay(every_epoch=False, quiet=quiet)
        self.quiet, self.name, self.done, self.total = quiet, "", 0, 0
        self.best: TrialResult | None = None

    def on_search(self, name: str, trials: int) -> None:
        """Begin a search."""
        from dlcli.cli.terminal import print_status

        self.name, self.done, self.total, self.best = name, 0, trials, None
        if not self.quiet:
            self.progress.clear()
            print_status(f"{f'{name}: ' if name else ''}{trials} trials")
            self.progress.prefix = f"{self._start()}  "

    def on_trials(self, trials: list[TrialResult], measure: Measure) -> None:
        """Print the best trial so far, if it is new."""
        from dlcli.cli.terminal import print_status

        self.done += len(trials)
        candidates = [*([self.best] if self.best else ()), *trials]
        best = measure.best(candidates)
        self.progress.clear()
        if best is not None:
            is_new = best is not self.best
            self.best = best
            score = f"best {measure.metric} {number(best.mean(measure))}"
            if is_new or self.done == self.total:
                print_status(f"{self._start()}  {score}  {values_text(best)}")
            self.progress.prefix = f"{self._start()}  {score}  "

    def _start(self) -> str:
        name = f"{self.name}  " if self.name else ""
        return f"{name}{self.done:{len(str(self.total))}d}/{self.total}"


def values_text(trial: TrialResult) -> str:
    """Return the values of a trial on one line."""
    from dlcli.experiments.search.variants import short_keys, text_of

    keys = short_keys(list(trial.values))
    pairs = zip(keys, trial.values.values(), strict=True)
    return "  ".join(f"{key} {text_of(value)}" for key, value in pairs)


def _document(result: TuneResult) -> Document:
    from dlcli.cli.documents import TuneDocument

    values = {**result.to_json(), "run": str(result.path), "notes": list(result.notices)}
    return TuneDocument.model_validate(values)


def _print_result(result: TuneResult) -> None:
    from dlcli.cli.columns import prose
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import print_text
    from dlcli.experiments.search.over import shown_trials
    from dlcli.experiments.search.variants import short_keys, text_of

    measure, best = result.measure, result.best
    keys = list(result.trials[0].values)
    rows_name = f"{result.folds} folds" if result.folds > 1 else "validation rows"
    print_text(
        f"{result.config.name}: {measure.metric} of {rows_name}, {_counts(result)}"
        f"{sample_mark(result.sampled)}\n"
    )
    shown = shown_trials(result.trials, measure, 0, MOST_SHOWN)
    header = ["trial", *short_keys(keys), measure.metric, *(["±"] if result.folds > 1 else [])]
    rows = [header]
    for trial in shown:
        spread = [number(trial.std(measure))] if result.folds > 1 else []
        values = map(text_of, trial.values.values())
        rows.append([str(trial.number), *values, number(trial.mean(measure)), *spread])
    print_text(table(rows, left=0))
    if result.importances:
        names = dict(zip(keys, short_keys(keys), strict=True))
        shares = "  ".join(f"{names[key]} {share:.0%}" for key, share in result.importances.items())
        print_text(prose(f"\nwhat matters: {shares}"))
    for sentence in [*_sentences(result), *_nested_sentences(result)]:
        print_text(prose(f"\n{sentence}"))
    print_text(f"\n{len(result.trials)} trials in {duration(result.seconds)}; run: {result.path}")
    if best is not None:
        print_text(f"the best:  {result.path / 'best'}  (trained), {result.path / 'best.yaml'}")


def _counts(result: TuneResult) -> str:
    pruned = sum(trial.failure == "pruned" for trial in result.trials)
    failed = sum(bool(trial.failure) for trial in result.trials) - pruned
    parts = [f"{len(result.trials)} trials"]
    parts += [f"{pruned} given up early"] if pruned else []
    parts += [f"{failed} without a score"] if failed else []
    return ", ".join(parts)


def _sentences(result: TuneResult) -> list[str]:
    """Say how good the best trial is, honestly."""
    best, measure = result.best, result.measure
    if best is None:
        reasons = dict.fromkeys(trial.failure for trial in result.trials)
        return [f"no trial has a score: {'; '.join(list(reasons)[:3])}"]
    own = number(best.mean(measure))
    score = result.test_score
    if score is None:
        which = f"trial {best.number} is the best of {len(result.trials)}"
        honest = "without test rows there is no honest score"
        return [f"{which}, so its {measure.metric} of {own} is too good; {honest}"]
    rows = result.final.scores["test"].rows if result.final is not None else 0
    difference = best.mean(measure) - score
    optimism = difference if measure.larger_is_better else -difference
    verdict = (
        f"the search's own {own} was too good by {number(optimism)}"
        if optimism > 0
        else f"the search's own {own} was not too good"
    )
    return [
        f"test {measure.metric}: {number(score)}  on {rows} rows that no trial has seen; {verdict}"
    ]


def _nested_sentences(result: TuneResult) -> list[str]:
    import numpy as np

    if not result.nested:
        return []
    scores = [fold.score for fold in result.nested]
    searched = float(np.mean([fold.searched for fold in result.nested]))
    mean, std = number(float(np.mean(scores))), number(float(np.std(scores, ddof=1)))
    folds = f"{len(scores)} folds, each with a search of its own"
    found = f"whose best scored {number(searched)} on average"
    return [f"nested {result.measure.metric}: {mean} ± {std} over {folds}, {found}"]
