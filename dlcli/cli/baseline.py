"""``dlcli baseline``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.baseline_sentences import (
    p_value,
    sentences,
    signed_difference,
    with_decimals_of,
)
from dlcli.cli.code import Code, load_code
from dlcli.cli.formatting import duration
from dlcli.cli.options import (
    ConfigName,
    FoldEngine,
    Folds,
    Jobs,
    Json,
    Out,
    Overrides,
    Quiet,
    Ray,
    RayAddress,
    Sample,
    Seeds,
)
from dlcli.cli.training_output import StartPrinter, sample_mark, saved_at_the_end
from dlcli.errors import DlcliError
from dlcli.number_text import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlcli.experiments.baseline.comparison import ScoredModel
    from dlcli.experiments.baseline.result import BaselineResult


def baseline(
    config: ConfigName,
    folds: Folds = None,
    split: Annotated[
        bool,
        typer.Option("--split", help="Compare on the test rows of `dlcli train`, without folds."),
    ] = False,
    overrides: Overrides = None,
    seeds: Seeds = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="MODEL.KEY=VALUE", show_default=False,
            help="Argument of a model: knn, bayes, logistic, linear, svm, tree, forest "
            "or boosting.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep", metavar="MODEL", show_default=False,
            help="Also fit this model on the training rows of `dlcli train`, and save it.",
        ),
    ] = None,
    code: Code = None,
    out: Out = Path("runs"),
    sample: Sample = False,
    engine: FoldEngine = "auto",
    jobs: Jobs = None,
    ray: Ray = False,
    ray_address: RayAddress = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Compare the network with simpler models on the same rows.

    The folds are those of `dlcli kfold`. Data with official test rows are compared on these.

    \b
    dlcli baseline sonar
    dlcli baseline sonar --folds 5 --seeds 5    the mean of five seeds in each fold
    dlcli baseline breast_cancer --split
    dlcli baseline iris --with knn.n_neighbors=3 --with tree.max_depth=4
    dlcli baseline iris --split --keep tree     keep a decision tree, to predict with it
    """
    from dlcli import load_config
    from dlcli.cli import signals, terminal
    from dlcli.network import backend
    from dlcli.runs.directory import check_writable

    if split and folds is not None:
        raise DlcliError("--folds and --split exclude each other", hint="leave one of them out")
    load_code(code)
    loaded = load_config(config, overrides or ())
    check_writable(out)
    signals.watch()
    backend.silence()
    from dlcli.experiments.baseline import baseline as comparison
    from dlcli.experiments.search.over import parse_seeds

    display = ModelDisplay(quiet=quiet)
    on_start = StartPrinter(quiet=quiet, display=display.progress)
    with saved_at_the_end(display.progress):
        display.progress.read(config)
        result = comparison.baseline(
            loaded,
            folds=folds,
            split=split,
            seeds=parse_seeds(seeds),
            settings=_settings(settings or ()),
            keep=keep,
            runs=out,
            sample=sample,
            engine=engine,
            jobs=jobs or 1,
            ray=ray_address or ray,
            on_start=on_start,
            on_engine=None if quiet else lambda engine: terminal.print_status(str(engine)),
            on_fold=None if quiet else display.on_fold,
            on_model=None if quiet else display.on_model,
            on_progress=None if quiet else display.progress,
            download_bar=sys.stderr.isatty(),
        )
    on_start.print_new_notes(result.notices)
    if json:
        from dlcli.cli.documents import BaselineDocument

        values = {"run": str(result.path), **result.to_json(), "notes": list(result.notices)}
        terminal.print_document(BaselineDocument.model_validate(values))
    else:
        _print_result(result)


def _settings(texts: Iterable[str]) -> dict[str, dict[str, object]]:
    """Return the arguments of ``--with`` by model."""
    from dlcli.config.yaml_text import scalar

    settings: dict[str, dict[str, object]] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        model, dot, name = place.strip().partition(".")
        if not (equals and dot and name):
            raise DlcliError(f"--with {text}: expected MODEL.KEY=VALUE, as in knn.n_neighbors=3")
        settings.setdefault(model, {})[name.strip()] = scalar(value.strip())
    return settings


class ModelDisplay:
    """Show the progress of the models, and the score of each finished model."""

    def __init__(self, *, quiet: bool) -> None:
        from dlcli.cli.progress import ProgressDisplay

        self.progress = ProgressDisplay(every_epoch=False, quiet=quiet)

    def on_fold(self, model: str, fold: int, folds: int) -> None:
        """Show the model and the fold in training."""
        self.progress.prefix = f"{model}  fold {fold}/{folds}  " if folds > 1 else f"{model}  "
        self.progress.show(self.progress.prefix)

    def on_model(self, model: ScoredModel) -> None:
        """Print the score of a finished model."""
        from dlcli.cli.terminal import print_status

        self.progress.clear()
        print_status(f"{model.name:20}  {_mean_and_std(model)}")


def _print_result(result: BaselineResult) -> None:
    from dlcli.cli.columns import prose
    from dlcli.cli.tables import table
    from dlcli.cli.terminal import print_notes, print_text

    rows = f"{result.folds} folds" if result.folds > 1 else "the test rows of one split"
    mark = sample_mark(result.sampled)
    print_text(f"{result.config.name}: {result.metric_with_unit} on {rows}{mark}\n")
    print_text(f"{table(_table_rows(result))}\n")
    for sentence in sentences(result):
        print_text(prose(sentence))
    for row in result.models:
        if row.model.words:
            print_text(f"\n{_words_text(row.model)}")
    models = len(result.models) + 1
    print_text(f"\n{models} models in {duration(result.seconds)}; run: {result.path}")
    if result.kept is not None:
        print_text(f"kept for `dlcli predict` and `dlcli evaluate`: {result.kept}")
    print_notes(f"{row.model.name}: {row.model.note}" for row in result.models if row.model.note)


def _words_text(model: ScoredModel) -> str:
    """Return the words by which a model decides, a line for each class."""
    from dlcli.cli.tables import table

    rows = [
        [item.name, ", ".join(f"{word} {ratio:.3g}×" for word, ratio in item.words.items())]
        for item in model.words
    ]
    title = f"words by which {model.name} decides, so many times more frequent in their class"
    return f"{title}:\n{table(rows, left=2, indent='  ')}"


def _table_rows(result: BaselineResult) -> Iterator[list[str]]:
    """Yield the header, the network, and the simpler models from best to worst."""
    has_std, has_p = result.folds > 1, result.test is not None

    def line(name: str, score: str, std: str, difference: str, p: str, fit: str) -> list[str]:
        return [name, score, *([std] if has_std else []), difference, *([p] if has_p else []), fit]

    def model_line(model: ScoredModel, difference: str, p: str) -> list[str]:
        seconds = sum(model.seconds)
        fit = f"{seconds:.2f} s" if seconds >= 0.01 else "<0.01 s"
        std = with_decimals_of(model.mean, model.std)
        return line(model.name, number(model.mean), std, difference, p, fit)

    yield line("model", result.metric_name, "std", "network − model", "p", "fit")
    yield model_line(result.network, "", "")
    for row in result.models:
        yield model_line(row.model, signed_difference(row), p_value(row.p))


def _mean_and_std(model: ScoredModel) -> str:
    std = f" ± {with_decimals_of(model.mean, model.std)}" if len(model.scores) > 1 else ""
    return f"{number(model.mean)}{std}"
