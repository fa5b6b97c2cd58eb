"""Train the model of a config and save the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dlcli.config.sections import Config
from dlcli.errors import check_choice
from dlcli.experiments.inputs import ConfigLike, config_with_data
from dlcli.experiments.resume import open_run
from dlcli.experiments.train_result import TrainResult
from dlcli.experiments.training_run import open_training, run_training
from dlcli.experiments.unfinished import resumable_record
from dlcli.preparation.prepare import prepare
from dlcli.runs.description import describe_run
from dlcli.training.notebook import progress_or_notebook
from dlcli.training.training_state import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress


def train(
    config: ConfigLike,
    *,
    data: pd.DataFrame | str | os.PathLike[str] | None = None,
    runs: str | os.PathLike[str] = "runs",
    sample: bool = False,
    format: Literal["keras", "h5"] = "keras",  # noqa: A002 (the option's name)
    devices: str = "",
    checkpoint_every: float = 300.0,
    resume: str | os.PathLike[str] | None = None,
    force: bool = False,
    extend: bool = True,
    on_progress: OnProgress | None = None,
    on_start: Callable[[Config, Dataset, list[str]], None] | None = None,
    download_bar: bool = False,
) -> TrainResult:
    """Train the model of a config and save the run.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it.
    data : DataFrame or path, optional
        In place of the data that the config names. A DataFrame is saved below `runs`, without
        its index, and read like a CSV.
    runs : path
        Folder of all runs; the run is saved in ``runs/<name>/<number>``.
    sample : bool
        Whether to train on a small sample instead of the data set: generated rows, or the
        first rows of a series.
    format : {"keras", "h5"}
        Format of the model file.
    devices : str
        Number of GPUs that share each batch, or their names, as in ``"gpu:0,gpu:1"``.
    checkpoint_every : float
        Seconds between two checkpoints within an epoch.
    resume : path, optional
        Run directory of an unfinished training of this config, or of one to extend by more
        epochs. It continues with its own `sample`, `format` and `devices`, and ends with the
        bits of an uninterrupted run.
    force : bool
        Whether to resume even if data, versions or machine differ; the differences are recorded.
    extend : bool
        Whether a resumed run may have another number of epochs than before.
    on_progress : callable, optional
        Called with a `Progress` after each epoch and a few times per second within it. By default
        a Jupyter notebook shows it in a table.
    on_start : callable, optional
        Called once before the first epoch with the resolved config, the data set and notices.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    TrainResult

    Raises
    ------
    ConfigError, DatasetError, DlcliError
        Before anything is written.
    AlreadyFinished
        If the run to resume has finished.
    TrainingError
        If the training diverges; the best model so far is saved in the run directory.
    Interrupted
        If a second signal arrives; the run can be resumed. After the first signal, the training
        ends with its current step and returns.
    WriteError
        If the disk is full.
    """
    check_choice("format", format, ("keras", "h5"))
    on_progress = progress_or_notebook(on_progress)
    runs = Path(runs)
    config = config_with_data(config, data, runs)
    resume = Path(resume) if resume is not None else None
    if resume is not None:
        earlier = resumable_record(resume, "train", config)
        sample, format = earlier.sample, earlier.format  # noqa: A001
        devices = ",".join(earlier.devices)
    prepared = prepare(config, sample=sample, progress=download_bar)
    session = open_training(prepared, devices)
    config, dataset = prepared.config, prepared.dataset
    record = describe_run("train", config, dataset, format=format, devices=session.models.devices)
    opened = open_run(runs, config, record, resume, force=force, extend=extend)
    run = opened.run
    session.notices += opened.notices
    if on_start is not None:
        on_start(config, dataset, session.notices)
    checkpoint = Checkpoint(run.checkpoint, checkpoint_every, opened.state)
    with run.failing():
        return run_training(run, session, checkpoint, on_progress)
