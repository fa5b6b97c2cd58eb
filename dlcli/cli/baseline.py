"""``dlcli baseline``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.options import (
    ConfigName,
    EngineChoice,
    Json,
    Out,
    Overrides,
    Quiet,
    Sample,
)
from dlcli.cli.train import announce
from dlcli.errors import DlcliError, Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlcli.experiments.baseline.baseline import BaselineResult
    from dlcli.experiments.baseline.comparison import Comparison, ScoredModel


def baseline(
    config: ConfigName,
    folds: Annotated[
        int | None,
        typer.Option("--folds", min=2, help="Number of parts.", show_default="the config's"),
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="Compare on the test rows of `train`, without folds.")
    ] = False,
    overrides: Overrides = None,
    out: Out = Path("runs"),
    sample: Sample = False,
    engine: EngineChoice = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare the network with simpler models, on the same rows and inputs.

    Over the folds of `dlcli kfold`; data with official test rows are compared on those.

    \b
    dlcli baseline sonar
    dlcli baseline sonar --folds 5
    dlcli baseline breast_cancer --split
    """
    from dlcli import load_config
    from dlcli.cli import progress, terminal
    from dlcli.network import backend

    if split and folds is not None:
        raise DlcliError("--folds and --split exclude each other", hint="leave one of them out")
    checked = load_config(config, overrides or ())
    backend.silence()
    from dlcli.experiments.baseline import baseline as baselines

    display = progress.ProgressDisplay(every_epoch=False)

    def on_fold(name: str, number: int, total: int) -> None:
        display.prefix = f"{name}  fold {number}/{total}  " if total > 1 else f"{name}  "
        display.show(display.prefix)

    def on_model(model: ScoredModel) -> None:
        display.clear()
        terminal.note(f"{model.name:20}  {_spread(model)}")

    try:
        result = baselines.baseline(
            checked,
            folds=folds,
            split=split,
            runs=out,
            sample=sample,
            engine=engine,
            on_start=partial(announce, quiet=quiet),
            on_engine=None if quiet else lambda engine: terminal.note(str(engine)),
            on_fold=None if quiet else on_fold,
            on_model=None if quiet else on_model,
            on_progress=None if quiet else display,
            download_bar=sys.stderr.isatty(),
        )
    except Interrupted:
        display.clear()
        terminal.note("nothing was kept")
        raise
    finally:
        display.clear()  # what follows, be it an error, begins on a line of its own
    if json:
        terminal.say_json({"run": str(result.path), **result.to_json()})
    else:
        _print(result)


def _spread(model: ScoredModel) -> str:
    from dlcli.cli.terminal import number

    spread = f" ± {_as_exact(model.std, model.mean)}" if len(model.scores) > 1 else ""
    return f"{number(model.mean)}{spread}"


def _print(result: BaselineResult) -> None:
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import duration, notes, say

    where = f"{result.folds} folds" if result.folds > 1 else "the test rows of one split"
    mark = "  GENERATED SAMPLE: these figures mean nothing" if result.sampled else ""
    say(f"{result.config.name}: {_metric(result)} on {where}{mark}\n")
    say(table(_rows(result)))
    say()
    for sentence in sentences(result):
        say(sentence)
    say(f"\n{len(result.models) + 1} models in {duration(result.seconds)}; run: {result.path}")
    notes(f"{row.model.name}: {row.model.note}" for row in result.models if row.model.note)


def _metric(result: BaselineResult) -> str:
    if result.metric == "accuracy":
        return "accuracy"
    return f"RMSE in {result.unit}" if result.unit else "RMSE"


def _rows(result: BaselineResult) -> Iterator[list[str]]:
    """Yield the lines of the table: the network first, then the models, the best first."""
    from dlcli.cli.terminal import number

    several, tested = result.folds > 1, result.test is not None
    metric = "accuracy" if result.metric == "accuracy" else "RMSE"

    def line(name: str, score: str, std: str, difference: str, p: str, fit: str) -> list[str]:
        return [name, score, *[std] * several, difference, *[p] * tested, fit]

    def measured(model: ScoredModel) -> tuple[str, str]:
        return number(model.mean), _as_exact(model.std, model.mean)

    def fit(model: ScoredModel) -> str:
        seconds = sum(model.seconds)
        return f"{seconds:.2f} s" if seconds >= 0.01 else "<0.01 s"

    yield line("model", metric, "std", "network − model", "p", "fit")
    network = result.network
    yield line(network.name, *measured(network), "", "", fit(network))
    for row in result.models:
        yield line(
            row.model.name, *measured(row.model), _signed(row), _p_text(row.p), fit(row.model)
        )


def _signed(row: Comparison) -> str:
    sign = "−" if row.difference < 0 else "+" if row.difference >= 0 else ""
    return sign + _as_exact(abs(row.difference), row.model.mean)


def _as_exact(value: float, score: float) -> str:
    """Write a value with the decimals of a score."""
    from dlcli.cli.terminal import number

    written = number(score)
    if value != value or "e" in written:
        return number(value)
    return f"{value:.{len(written.partition('.')[2])}f}"


def _p_text(p: float) -> str:
    if p != p:
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def sentences(result: BaselineResult) -> Iterator[str]:
    """Say in words which differences there are, and which may be chance.

    Parameters
    ----------
    result : BaselineResult

    Yields
    ------
    str
        First, if it is so, that the network does not beat the majority class or the mean.
    """
    from dlcli.cli.terminal import number

    metric = "accuracy" if result.metric == "accuracy" else "RMSE"
    if result.unbeaten is not None:
        value = number(result.unbeaten.mean)
        if metric == "RMSE":
            value = f"RMSE {value} {result.unit}".rstrip()
        yield (
            f"The network does not beat the {result.unbeaten.name} ({value}): it has learned "
            f"nothing that helps {metric}."
        )
    if result.test is None:
        yield "One split of numbers has no p-values; --folds tells what is more than chance."
        return
    groups = {
        verdict: [row for row in result.models if row.verdict == verdict]
        for verdict in ("better", "worse", "chance")
    }
    if groups["better"]:
        yield f"The network beats {_enumerated(map(_in_detail, groups['better']), 'and')}."
    if groups["worse"]:
        yield f"The network is beaten by {_enumerated(map(_in_detail, groups['worse']), 'and')}."
    if chance := groups["chance"]:
        names = _enumerated(map(_named, chance), "or")
        values = sorted({_p_text(row.p) for row in chance})
        sign = "≥" if values[1:] else "="
        yield f"No difference to {names} is more than chance (p {sign} {values[0]})."


def _named(row: Comparison) -> str:
    return f"the {row.model.name}" if row.model.trivial else row.model.name


def _in_detail(row: Comparison) -> str:
    p = "p < 0.001" if row.p < 0.001 else f"p = {row.p:.3f}"
    p = f"p = {row.p:.4f}" if p == "p = 0.050" else p
    return f"{_named(row)} ({_signed(row)}, {p})"


def _enumerated(parts: Iterable[str], last: str) -> str:
    names = list(parts)
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
