"""``dlcli check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dlcli.cli.code import Code, load_code
from dlcli.cli.options import Json, Overrides, complete_config
from dlcli.errors import DlcliError, plural

if TYPE_CHECKING:
    from dlcli.cli.documents import Document
    from dlcli.experiments.check import CheckResult

ConfigNames = Annotated[
    list[str],
    typer.Argument(
        metavar="CONFIG",
        help="YAML files, or names of configs (see `dlcli list`).",
        autocompletion=complete_config,
        show_default=False,
    ),
]


def check(
    configs: ConfigNames,
    overrides: Overrides = None,
    code: Code = None,
    build: Annotated[
        bool | None,
        typer.Option(
            "--build/--no-build",
            help="Build the model with Keras, or check no shapes; default: infer the shapes of "
            "the layers, with Keras only where it must be asked.",
        ),
    ] = None,
    data: Annotated[
        bool,
        typer.Option(
            "--data/--no-data",
            help="Read the data, if no download is needed, and check the config against them.",
        ),
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Treat notes as errors.")] = False,
    json: Json = False,
) -> None:
    """Report all problems of one or more configs, each with its line.

    \b
    dlcli check my.yaml
    dlcli check my.yaml --no-build
    dlcli check configs/*.yaml
    """
    from dlcli import load_config
    from dlcli.cli import terminal
    from dlcli.experiments import check as checking

    load_code(code)
    outcomes: list[tuple[str, CheckResult | DlcliError]] = []
    for config in configs:
        try:
            loaded = load_config(config, overrides or ())
            outcome: CheckResult | DlcliError = checking.check(loaded, build=build, data=data)
        except DlcliError as error:
            if len(configs) == 1 and not json:
                raise
            outcome = error
        outcomes.append((config, outcome))
        if not json:
            _print_outcome(config, outcome, strict=strict)
    if json:
        terminal.print_document(_document(outcomes, strict=strict))
    wrong = sum(not _is_valid(outcome, strict=strict) for _, outcome in outcomes)
    if wrong and len(configs) == 1 and not json:
        ((_, only),) = outcomes
        notes = plural(len(getattr(only, "notices", ())), "note")
        raise DlcliError(f"{notes}, which --strict does not allow")
    if wrong:
        count = plural(len(configs), "config")
        terminal.print_status(f"dlcli: error: {wrong} of {count} with problems")
        raise typer.Exit(DlcliError.exit_code)


def _is_valid(outcome: CheckResult | DlcliError, *, strict: bool) -> bool:
    return not isinstance(outcome, DlcliError) and not (strict and outcome.notices)


def _print_outcome(config: str, outcome: CheckResult | DlcliError, *, strict: bool) -> None:
    from dlcli.cli import terminal
    from dlcli.cli.formatting import enumeration

    if isinstance(outcome, DlcliError):
        terminal.print_error(outcome)
        return
    terminal.print_notes(outcome.notices)
    if strict and outcome.notices:
        return
    checked = enumeration(outcome.checked)
    unchecked = not {"layers", "model"} & set(outcome.checked)
    shapes = "; layer shapes were not checked (--build)" if unchecked else ""
    terminal.print_text(f"{config}: no problems found in {checked}{shapes}")
    for sentence in outcome.rounded_shares:
        terminal.print_text(f"  {sentence}")


def _document(outcomes: list[tuple[str, CheckResult | DlcliError]], *, strict: bool) -> Document:
    from dlcli.cli import terminal
    from dlcli.cli.documents import CheckDocument, CheckedConfig

    checked = []
    for config, outcome in outcomes:
        error = outcome if isinstance(outcome, DlcliError) else None
        entry = CheckedConfig(
            config=config,
            valid=_is_valid(outcome, strict=strict),
            checked=list(getattr(outcome, "checked", ())),
            problems=terminal.problems_of(error) if error else [],
            error=str(error) if error else None,
            hint=error.hint if error else None,
            notes=list(getattr(outcome, "notices", ())),
        )
        checked.append(entry)
    return CheckDocument(configs=checked)
