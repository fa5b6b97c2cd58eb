"""``dlcli sweep``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.code import Code, load_code
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
    Seeds,
    Shared,
    Threads,
    with_short_options,
)
from dlcli.cli.resume import find_config_and_run
from dlcli.cli.sweep_output import print_result
from dlcli.cli.training_output import StartPrinter
from dlcli.errors import DlcliError

if TYPE_CHECKING:
    from dlcli.cli.documents import Document
    from dlcli.config.sections import Config
    from dlcli.experiments.search.plan import Plan
    from dlcli.experiments.search.result import SweepResult


def sweep(
    config: ConfigName,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=V1,V2,…",
            help="Values of a key, combined with those of the others; repeatable. A layer with "
            "units=0 is left out.",
        ),
    ] = None,
    seeds: Seeds = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds", min=2, help="Cross-validate each trial.", show_default="the config's split"
        ),
    ] = None,
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
    """Train a config with every combination of some values, each with several seeds.

    \b
    dlcli sweep iris --over optimizer.learning_rate=0.001,0.01,0.1
    dlcli sweep sonar --over "model[0].Dense.units=0,2,6,24" --seeds 10 --folds 13
    dlcli sweep iris --seeds 30                 was it luck?
    dlcli sweep sonar --seeds 8 --jobs 4        train in four processes
    dlcli sweep --resume runs/sonar/3           resume an interrupted sweep
    """
    from dlcli.experiments.search.over import parse_over

    values = parse_over(over or ())
    if not values and seeds is None and not (resume or force_resume):
        raise DlcliError(
            "nothing to sweep over", hint="--over KEY=V1,V2 names values, --seeds N seeds"
        )
    changes = with_short_options(
        overrides, fit__epochs=epochs, seed=seed, dataset__on_bad_file=on_bad_file
    )
    display = TrialDisplay(quiet=quiet)
    with display.progress:
        display.progress.read(config)
        load_code(code)
        loaded, run = find_config_and_run(
            config, changes, out, "sweep", resume=resume or force_resume, data=data, shared=shared
        )
        run_sweep(
            display, loaded, values, seeds=seeds, folds=folds, out=out, sample=sample,
            jobs=jobs, threads=threads, ray=ray_address or ray, shared=shared, resume=run,
            force=force_resume, json=json, quiet=quiet,
        )  # fmt: skip


def run_sweep(
    display: TrialDisplay,
    config: Config,
    over: dict[str, list[object]],
    *,
    seeds: str | None,
    folds: int | None,
    out: Path,
    sample: bool,
    json: bool,
    quiet: bool,
    jobs: int | None = None,
    threads: int | None = None,
    ray: bool | str = False,
    shared: bool = False,
    resume: Path | None = None,
    force: bool = False,
) -> None:
    """Run a sweep and print its result."""
    from dlcli.cli import signals, terminal
    from dlcli.experiments.search.over import parse_seeds
    from dlcli.network import backend

    on_start = StartPrinter(quiet=quiet, display=display.progress)
    with display.progress:
        signals.watch()
        backend.silence()
        from dlcli.experiments.search import sweep as sweeping

        result = sweeping.sweep(
            config,
            over,
            seeds=parse_seeds(seeds),
            folds=folds,
            runs=out,
            sample=sample,
            jobs=jobs,
            threads=threads,
            ray=ray,
            shared=shared,
            resume=resume,
            force=force,
            on_start=on_start,
            on_plan=display.on_plan,
            on_trained=None if quiet else display.on_trained,
            on_progress=None if quiet else display.progress,
            download_bar=sys.stderr.isatty(),
        )
    on_start.print_new_notes(result.notices)
    if json:
        terminal.print_document(_document(result))
    else:
        print_result(result)


def refuse_with_seeds(options: dict[str, object]) -> None:
    """Refuse options that trainings with several seeds do not have.

    Parameters
    ----------
    options : dict
        Whether each option is given, by its name.
    """
    for option, is_given in options.items():
        if is_given:
            hint = "`dlcli sweep --resume RUN` resumes" if option == "--resume" else None
            raise DlcliError(f"--seeds and {option} exclude each other", hint=hint)


class TrialDisplay:
    """Show how many trainings are done."""

    def __init__(self, *, quiet: bool) -> None:
        from dlcli.cli.progress import ProgressDisplay

        self.progress = ProgressDisplay(every_epoch=False, quiet=quiet)
        self.quiet, self.done, self.total = quiet, 0, 0

    def on_plan(self, plan: Plan) -> None:
        """Print what is trained."""
        from dlcli.cli.terminal import print_status

        self.total = plan.trainings
        if not self.quiet:
            self.progress.clear()
            print_status(str(plan))
            self._show()

    def on_trained(self, count: int) -> None:
        """Count trainings that are done."""
        self.done += count
        self._show()
        self.progress.show(self.progress.prefix)  # a cluster reports nothing in between

    def _show(self) -> None:
        self.progress.prefix = f"{self.done}/{self.total} done  "


def _document(result: SweepResult) -> Document:
    from dlcli.cli.documents import SweepDocument

    values = {**result.to_json(), "run": str(result.path), "notes": list(result.notices)}
    return SweepDocument.model_validate(values)
