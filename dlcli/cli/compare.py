"""``dlcli compare``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.options import Json
from dlcli.cli.paper_tables import TableFormat

if TYPE_CHECKING:
    from dlcli.experiments.compare import PairedTest, RunComparison
    from dlcli.runs.listing import RunSummary


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="Two or more run directories; each is compared with the first.",
            show_default=False,
        ),
    ],
    table_format: Annotated[
        TableFormat,
        typer.Option("--format", help="Of the table. LaTeX needs the package booktabs."),
    ] = "text",
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw the learning curves of all runs into this .png, .svg or .pdf file.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Compare runs: what differs, their metrics, and whether the differences are significant.

    Runs that were scored on the same rows have a p-value: of McNemar's exact test for classes, of
    a paired t-test of the errors for numbers, of the corrected resampled t-test for folds.

    \b
    dlcli compare runs/sonar/1 runs/sonar/2
    dlcli compare runs/sonar/1 runs/sonar/2 --format latex
    dlcli compare runs/sonar/1 runs/sonar/2 --plot curves.png
    """
    from dlcli.cli import terminal
    from dlcli.cli.columns import prose
    from dlcli.cli.paper_tables import formatted
    from dlcli.experiments import compare as experiment
    from dlcli.plots.canvas import check_plot_path

    if plot is not None:
        check_plot_path(plot)
    result = experiment.compare(runs)
    if plot is not None:
        from dlcli.plots.curves import draw_curves, read_curves

        draw_curves(plot, read_curves([run.path for run in result.runs]))
    reasons = [
        f"{run.path}: no test: {test.reason}"
        for run, test in zip(result.runs[1:], result.tests, strict=True)
        if test.reason
    ]
    notices = [*result.notices, *reasons]
    terminal.print_notes(notices)
    if json:
        _print_json(result, plot, notices)
        return
    terminal.print_text(formatted(_rows(result), table_format, 1 + len(result.changed)))
    if table_format == "text":
        for sentence in _sentences(result):
            terminal.print_text(prose(sentence))
    if plot is not None:
        terminal.print_picture(plot, "learning curves")


def _print_json(result: RunComparison, plot: Path | None, notices: list[str]) -> None:
    from dlcli.cli import terminal
    from dlcli.cli.documents import CompareDocument, Run, RunTest

    runs = []
    for at, run in enumerate(result.runs):
        changed = {key: values[at] for key, values in result.changed.items()}
        runs.append(Run.model_validate({**run.to_json(), "changed": changed}))
    document = CompareDocument(
        runs=runs,
        labels=list(result.labels),
        tests=[None, *(RunTest.model_validate(vars(test)) for test in result.tests)],
        plot=str(plot) if plot is not None else None,
        notes=notices,
    )
    terminal.print_document(document)


def _rows(result: RunComparison) -> list[list[str]]:
    """Return the cells of the table."""
    from dlcli.runs.changed_keys import short_value

    metrics, has_test = result.metrics, any(test.test for test in result.tests)
    header = ["run", *result.changed, *metrics, *(["− first", "p"] if has_test else [])]
    rows = [header]
    for at, run in enumerate(result.runs):
        changed = [short_value(values[at]) or "–" for values in result.changed.values()]
        row = [str(run.path), *changed, *(_metric(run, name) for name in metrics)]
        if has_test:
            row += _test_cells(result.tests[at - 1]) if at else ["", ""]
        rows.append(row)
    return rows


def _metric(run: RunSummary, name: str) -> str:
    from dlcli.number_text import number

    value, score = run.metrics.get(name), run.score
    if value is None:
        return "–"
    has_std = score is not None and score.name == name and score.std is not None
    return f"{number(value)} ± {number(score.std or 0.0)}" if score and has_std else number(value)


def _test_cells(test: PairedTest) -> list[str]:
    if not test.test:
        return ["–", "–"]
    return [f"{test.difference:+.4f}".replace("-", "−"), _p(test.p)]


def _p(p: float) -> str:
    if math.isnan(p):
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _sentences(result: RunComparison) -> list[str]:
    """Say of each run that was tested how it compares with the first."""
    from dlcli.experiments.compare import SIGNIFICANCE

    sentences = []
    for run, test in zip(result.runs[1:], result.tests, strict=True):
        if not test.test or test.run_is == "untested":
            continue
        words = {
            "better": "is better than", "worse": "is worse than",
            "chance": "is not significantly different from",
        }[test.run_is]  # fmt: skip
        sign = "p " if test.p < 0.001 else "p = "
        sentences.append(
            f"{run.path} {words} {result.runs[0].path}: {test.metric} {_test_cells(test)[0]}, "
            f"{sign}{_p(test.p)} ({SIGNIFICANCE[test.test]})."
        )
    return ["", *sentences] if sentences else []
