"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def complete_config(incomplete: str) -> list[str]:
    """Complete the name of a config."""
    from dlcli.config.load import config_names

    return [name for name in config_names() if name.startswith(incomplete)]


def complete_dataset(incomplete: str) -> list[str]:
    """Complete the name of a data set."""
    from dlcli.config.known import NAMED_DATASETS

    return [name for name in sorted(NAMED_DATASETS) if name.startswith(incomplete)]


ConfigName = Annotated[
    str,
    typer.Argument(
        metavar="CONFIG",
        help="A YAML file, or the name of a config (see `dlcli list`).",
        autocompletion=complete_config,
        show_default=False,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the config, e.g. fit.epochs=5; repeatable.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option("--epochs", min=1, help="Short for --set fit.epochs=…", show_default=False),
]
FoldEpochs = Annotated[
    int | None,
    typer.Option("--epochs", min=1, help="Short for --set kfold.epochs=…", show_default=False),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", min=1, help="Short for --set fit.batch_size=…", show_default=False
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--lr", min=0, help="Short for --set optimizer.learning_rate=…", show_default=False
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Short for --set seed=…", show_default=False)
]
Seeds = Annotated[
    str | None,
    typer.Option(
        "--seeds",
        metavar="N|SEEDS",
        help="Train with N seeds, or with these, as in 1,2,3; the rows stay those of the config.",
        show_default=False,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, help="Number of processes that train.", show_default="one"),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        help="Threads of each process that trains; the last bits depend on it.",
        show_default="the processors, divided by --jobs; 1 with --ray",
    ),
]
Ray = Annotated[
    bool,
    typer.Option(
        "--ray",
        help="Train on the Ray cluster of --ray-address or RAY_ADDRESS, or else on one that is "
        "started here.",
    ),
]
Shared = Annotated[
    bool,
    typer.Option(
        "--shared",
        help="Share the trainings with processes on any machine that sees the run directory, "
        "which join with --resume RUN --shared.",
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray-address",
        metavar="ADDRESS",
        help="Train on this Ray cluster; auto is the one of this machine.",
        show_default=False,
    ),
]
OnBadFile = Annotated[
    Literal["error", "skip"] | None,
    typer.Option(
        "--on-bad-file",
        help="What to do with files that cannot be read. Short for --set dataset.on_bad_file=…",
        show_default="from the config",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FILE|FOLDER",
        help="Where the data are now. A run takes the same data only.",
        show_default="where the config names them",
    ),
]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder in which runs are saved.")
]
RunsFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of runs.")]
Sample = Annotated[
    bool,
    typer.Option(
        "--sample",
        help="Use a small sample to try a config without its data; metrics are meaningless.",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option("--folds", min=2, help="Number of folds.", show_default="from the config"),
]
FoldEngine = Annotated[
    Literal["auto", "stacked", "serial"],
    typer.Option(
        "--engine",
        help="Train all folds in one TensorFlow program (stacked) or one after the other (serial); "
        "auto: stacked if the model allows it.",
    ),
]
PredictionEngine = Annotated[
    Literal["auto", "onnx", "keras"],
    typer.Option(
        "--engine",
        help="Library that runs the network: ONNX Runtime, with the graph in the model file, or "
        "Keras; auto: ONNX Runtime if possible.",
    ),
]
PredictionOnBadFile = Annotated[
    Literal["error", "skip"],
    typer.Option("--on-bad-file", help="What to do with files that cannot be read."),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Resume an interrupted run. CONFIG is its run directory, or a config or a name of "
        "runs, of which the newest is resumed. Data, model format and engine stay those of "
        "the run.",
    ),
]
ForceResume = Annotated[
    bool,
    typer.Option(
        "--force-resume",
        help="Resume although data or versions have changed; run.json records the changes.",
    ),
]
MaxSize = Annotated[
    str,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        help="Largest model file to open, e.g. 8GB; memory and compute limits grow with it.",
        show_default="2GB",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Do not show progress.")]
ModelPath = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        help="A .keras or .h5 file, a run directory, e.g. runs/sonar/1, or sonar for the latest "
        "run of that name in ./runs.",
        show_default=False,
    ),
]


RunPath = Annotated[
    Path,
    typer.Argument(
        metavar="RUN",
        help="A run directory, e.g. runs/sonar/1, or sonar for the latest run of that name in "
        "./runs.",
        show_default=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file.")]


def with_short_options(overrides: list[str] | None, **values: float | str | None) -> list[str]:
    """Return the overrides of ``--set``, then those of the short options.

    Parameters
    ----------
    overrides : list of str
    **values : number or str, optional
        Value of each option, by the key of the config with ``__`` for the dot.
    """
    short = [
        f"{key.replace('__', '.')}={value}" for key, value in values.items() if value is not None
    ]
    return [*(overrides or ()), *short]
