"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def complete_config(incomplete: str) -> list[str]:
    """Offer the configs that a bare name can mean."""
    from dlcli.config.load import config_names

    return [name for name in config_names() if name.startswith(incomplete)]


def complete_dataset(incomplete: str) -> list[str]:
    """Offer the named data sets."""
    from dlcli.config.known import KNOWN

    return [name for name in sorted(KNOWN) if name.startswith(incomplete)]


ConfigName = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG",
        help="A YAML file, or the bare name of a config (see `dlcli list`).",
        autocompletion=complete_config,
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change one key of the config, as in fit.epochs=5; repeatable.",
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder of all runs.")]
Sample = Annotated[
    bool,
    typer.Option(
        "--sample", help="Use a small generated sample: no download, and metrics without meaning."
    ),
]
Devices = Annotated[
    str,
    typer.Option(
        "--devices",
        metavar="COUNT|NAMES",
        help="How many GPUs share the batches, or which, as in gpu:0,gpu:1.",
        show_default="one",
    ),
]
EngineChoice = Annotated[
    Literal["auto", "stacked", "serial"],
    typer.Option(
        "--engine",
        help="Train all folds in one program (stacked) or fold by fold (serial); auto: stacked "
        "where the model allows it.",
    ),
]
Network = Annotated[
    Literal["auto", "onnx", "keras"],
    typer.Option(
        "--engine",
        help="What computes: ONNX Runtime on the graph in the model file, Keras, or auto: the "
        "first that is possible.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Go on with a run that was stopped: CONFIG is the run, or its newest one is taken. "
        "Data, format and engine are the run's.",
    ),
]
ForceResume = Annotated[
    bool,
    typer.Option(
        "--force-resume", help="Resume with other data or versions too; the run is marked."
    ),
]
MaxSize = Annotated[
    str,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        help="Open model files of up to so much, as in 8GB; what they may ask for grows alike.",
        show_default="2GB",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
ModelPath = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A .keras or .h5 file, or a run as in runs/sonar/latest.",
        show_default=False,
    ),
]
