"""Wrong command lines: messages that name what was typed, and hints with what to type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from dlcli.errors import DlcliError, did_you_mean

# Words that people try as a command, and the command that does it.
VERBS = {
    "fit": "train", "run": "train", "learn": "train", "start": "train",
    "resume": "train --resume", "continue": "train --resume",
    "test": "evaluate", "eval": "evaluate", "score": "evaluate", "metrics": "evaluate",
    "validate": "check", "verify": "check", "lint": "check",
    "infer": "predict", "classify": "predict", "forecast": "predict",
    "new": "init", "create": "init", "generate": "init",
    "cv": "kfold", "crossval": "kfold", "cross-validate": "kfold", "cross_validate": "kfold",
    "learning_curve": "learning-curve", "learningcurve": "learning-curve",
    "benchmark": "baseline", "repeat": "reproduce",
    "ls": "list", "configs": "list", "models": "list", "history": "runs", "results": "runs",
    "summary": "show", "print": "show", "info": "inspect", "describe": "data show",
    "download": "data get", "datasets": "data list", "dataset": "data list",
    "draw": "plot", "visualize": "plot", "tensorboard": "board",
    "version": "--version", "usage": "help",
}  # fmt: skip
# Options of other programs, and what to use here.
OPTIONS = {
    "--gpu": "--devices", "--gpus": "--devices", "--device": "--devices",
    "--learning-rate": "--lr", "--batch": "--batch-size", "--config": "", "-c": "",
    "--workers": "--jobs", "--num-workers": "--jobs", "-j": "--jobs", "-k": "--folds",
    "--output-dir": "--out", "--save-dir": "--out", "--logdir": "--out",
    "-v": "--version", "--verbose": "", "--silent": "--quiet", "--force": "--force-resume",
    "--continue": "--resume",
}  # fmt: skip
# What is expected, by pydantic's error type; its own messages use words of Python.
EXPECTED = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
}


def usage_error(error: typer.TyperException, arguments: Sequence[str]) -> DlcliError:
    """Return the error for a command line that Typer refuses.

    Parameters
    ----------
    error : TyperException
    arguments : sequence of str
        The command line.
    """
    # The types of Typer's exceptions are private; their attributes tell them apart.
    context: Any = getattr(error, "ctx", None)
    command: Any = context.command if context is not None else None
    text = error.format_message()
    if match := re.fullmatch(r"No such command '(.*)'\..*", text, re.DOTALL):
        return _unknown_command(match[1], command.commands, context.command_path)
    if hasattr(error, "possibilities"):
        return _unknown_option(str(getattr(error, "option_name", "")), command)
    if match := re.match(r"Got unexpected extra argument\S* \((.*)\)", text):
        return DlcliError(f"unexpected argument {match[1]!r}", hint=_extra_hint(command, arguments))
    if isinstance(error, typer.BadParameter):
        return _bad_parameter(error, command)
    if match := re.match(r"Option '(.*)' requires an argument", text):
        return DlcliError(f"{match[1]} needs a value", hint=example_hint(command))
    return DlcliError(text[:1].lower() + text[1:].rstrip("."), hint=example_hint(command))


def example_hint(command: Any) -> str | None:
    """Return a hint with the first example in the help of a command."""
    examples = re.findall(
        r"^ *(dlcli .*?)(?:  .*)?$", getattr(command, "help", None) or "", re.MULTILINE
    )
    return f"for example `{examples[0]}`; --help shows all options" if examples else None


def _unknown_command(name: str, commands: Mapping[str, Any], path: str) -> DlcliError:
    message = f"no command {name!r}"
    suggestion = VERBS.get(name.lower(), "") if path == "dlcli" else ""
    first = suggestion.partition(" ")[0]
    if suggestion and (first in commands or first.startswith("--")):
        return DlcliError(message, hint=f"use `dlcli {suggestion}`")
    if near := did_you_mean(name, commands):
        return DlcliError(message, hint=near)
    if path == "dlcli" and (use := _use_of(name)):
        return DlcliError(message, hint=use)
    return DlcliError(message, hint=f"`{path} --help` lists the commands")


def _use_of(name: str) -> str:
    """Return a hint with the command for a file or config that was named without one."""
    from dlcli.config.load import TABLE_ENDINGS, config_names

    if name.lower().endswith(TABLE_ENDINGS) and Path(name).exists():
        return f"`dlcli init {name}` writes a config for this table"
    if name in config_names() or Path(name).suffix in (".yaml", ".yml"):
        return f"`dlcli train {name}` trains it"
    return ""


def _unknown_option(option: str, command: Any) -> DlcliError:
    from dlcli.config.keys import full_key

    known = [name for parameter in command.params for name in parameter.opts if name[:1] == "-"]
    message = f"no option {option!r}"
    substitute = OPTIONS.get(option)
    if substitute and (substitute in known or substitute == "--version"):
        return DlcliError(message, hint=f"use `{substitute}`")
    key = full_key(option.lstrip("-")) if option.startswith("--") else ""
    for name in known:  # --epoch, --batch_size
        if name.replace("-", "_") == option.replace("-", "_") or (
            key and full_key(name.lstrip("-")) == key
        ):
            return DlcliError(message, hint=f"use `{name}`")
    if key and "--set" in known:
        return DlcliError(message, hint=f"use `--set {key}=…`")
    near = did_you_mean(option.lstrip("-"), [name.lstrip("-") for name in known])
    hint = re.sub("'(.*)'", r"'--\1'", near) if near else None
    return DlcliError(message, hint=hint or f"`dlcli {command.name} --help` lists the options")


def _extra_hint(command: Any, arguments: Sequence[str]) -> str | None:
    """Return a hint for a value that was separated from its key, or for one file too many."""
    for at, argument in enumerate(arguments[:-2]):
        if argument == "--set" and "=" not in arguments[at + 1]:
            return (
                f"write the key and its value as one: --set {'='.join(arguments[at + 1 : at + 3])}"
            )
    return example_hint(command)


def _bad_parameter(error: typer.BadParameter, command: Any) -> DlcliError:
    parameter: Any = error.param
    is_option = parameter is not None and parameter.opts[0].startswith("-")
    name = (max(parameter.opts, key=len) if is_option else parameter.metavar) if parameter else ""
    if not error.message:
        noun = "option" if is_option else "argument"
        return DlcliError(f"missing {noun} {name}", hint=example_hint(command))
    cause: Any = error.__cause__
    details = cause.errors()[0] if hasattr(cause, "errors") else {}
    message = error.message.removeprefix("Value error, ").rstrip(".")
    if expected := EXPECTED.get(details.get("type", "")):
        expected = expected.format(**details.get("ctx", {}))
        message = f"expected {expected}, got {details['input']}"
    return DlcliError(f"{name}: {message}" if name else message)
