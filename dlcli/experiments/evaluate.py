"""Score a saved model on the held-out rows of its run, or on a table with the target column."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dlcli.config.sections import Config
from dlcli.datasets.dataset import Target
from dlcli.datasets.row_hashes import row_hashes
from dlcli.errors import DatasetError, ModelFileError, check_choice, plural
from dlcli.experiments.resume import run_config
from dlcli.experiments.true_values import labelled_rows, true_values
from dlcli.files import file_sha256
from dlcli.models.loading import Engine, LoadedModel, load_model
from dlcli.models.metadata import Metadata
from dlcli.models.own_code import check_own_components
from dlcli.network.building import compile_model
from dlcli.network.numpy_metrics import numpy_metrics
from dlcli.network.scores import Scores, keras_metrics, score_outputs
from dlcli.network.target_metrics import assign_constants
from dlcli.prediction.predict import predict
from dlcli.preparation.prepare import prepare
from dlcli.preparation.rows import transform_rows
from dlcli.preparation.split import split_rows
from dlcli.preparation.targets import encode_target
from dlcli.runs.description import data_path
from dlcli.runs.finding import RECORD
from dlcli.runs.scored_rows import count_scoring, rows_digest, scoring_notices
from dlcli.runs.training_rows import TRAINING_ROWS, training_row_notices
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset

# It did not stratify groups, so that it had other test rows.
UNSTRATIFIED = "0.1.0"


@dataclass(frozen=True)
class Evaluation:
    """The scores of a saved model.

    Parameters
    ----------
    model : Path
    source : str
        The scored rows: ``"test rows of sonar"``, or a file.
    target : Target
    scores : Scores
    notices : tuple of str
    """

    model: Path
    source: str
    target: Target
    scores: Scores
    notices: tuple[str, ...]

    def __repr__(self) -> str:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in self.scores.metrics.items())
        return f"Evaluation({self.source!r}, {self.scores.rows} rows, {metrics})"

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as plain data."""
        return {"model": str(self.model), "source": self.source, **self.scores.to_json()}


def evaluate(
    model: LoadedModel | str | os.PathLike[str],
    source: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
    engine: Engine = "auto",
    on_bad_file: Literal["error", "skip"] = "error",
    download_bar: bool = False,
) -> Evaluation:
    """Score a saved model.

    Parameters
    ----------
    model : path or LoadedModel
        A model file, a run directory, or the name of runs in ``./runs``, of which the latest is
        meant.
    source : path or DataFrame, optional
        A CSV or JSON Lines file with the target column, or ``"-"`` for standard input. Default:
        the held-out rows of the data set that the model was trained on, which is loaded and
        split again as in the training.
    data : path, optional
        Where the data set of the training is now, if it was moved. Default: where the run names it.
    engine : {"auto", "onnx", "keras"}
        Library that computes the outputs, as in `load_model`. Ignored for a `LoadedModel`.
    on_bad_file : {"error", "skip"}
        What to do with files of `source` that cannot be read. The data of the training are read
        as its config says.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelFileError
        If the model cannot be opened, or has no metadata.
    DatasetError
        If the data cannot be read, have no target column, or have changed since the training.
    """
    loaded = model if isinstance(model, LoadedModel) else load_model(model, engine)
    metadata = loaded.metadata
    if metadata is None:
        raise ModelFileError(
            f"{loaded.path} was written by plain Keras: its target is unknown",
            hint="`dlcli predict` works with it",
        )
    if source is not None and data is not None:
        raise DatasetError("a table to score and `data` exclude each other")
    check_own_components(metadata, str(loaded.path))
    check_choice("engine", engine, ("auto", "onnx", "keras"))
    config = metadata.checked_config()
    if source is None:
        config = _with_data_path(config, loaded.path.parent, data)
        return _evaluate_held_out(loaded, metadata, config, download_bar=download_bar)
    return _evaluate_table(loaded, metadata, config, source, on_bad_file)


def _with_data_path(config: Config, run: Path, data: str | os.PathLike[str] | None) -> Config:
    """Return the config of a model file with the full path of the data, if its run has it.

    The config in the run directory may have been edited, and another seed or split would score
    training rows as test rows; so nothing but the path is read from there.
    """
    if data is None and (config.dataset.known or not (run / RECORD).is_file()):
        return config
    if config.dataset.known:
        raise DatasetError(f"{config.dataset.name} is a named data set, which is at one place")
    path = str(data) if data is not None else data_path(run_config(run).plain())
    if path is None:
        return config
    loader = config.dataset.loader.model_copy(update={"path": path})
    dataset = config.dataset.model_copy(update={"loader": loader})
    return config.model_copy(update={"dataset": dataset})


def _evaluate_held_out(
    loaded: LoadedModel, metadata: Metadata, config: Config, *, download_bar: bool
) -> Evaluation:
    """Score the test rows of the training; without any, its validation or training rows."""
    try:
        prepared = prepare(config, sample=metadata.sampled, progress=download_bar)
    except DatasetError as error:
        raise DatasetError(
            str(error), hint=error.hint or "name a CSV with the target to score"
        ) from None
    dataset = prepared.dataset
    if dataset.fingerprint() != metadata.data.get("fingerprint"):
        raise DatasetError(
            f"the data of {dataset.name} have changed since {loaded.path} was trained",
            hint="name a CSV with the target to score, or train again",
        )
    parts = split_rows(dataset, config.split, config.split_seed).parts()
    part = next(name for name in ("test", "validation", "train") if name in parts)
    is_official = dataset.parts is not None and part == "test"
    is_stratified = config.split.stratify and metadata.target.task == "classification"
    if (
        dataset.groups is not None
        and is_stratified
        and not is_official
        and metadata.versions.get("dlcli") == UNSTRATIFIED
    ):
        raise DatasetError(
            f"{loaded.path} was trained by dlcli {UNSTRATIFIED}, which split groups otherwise: "
            "training rows would be scored as test rows",
            hint="name a CSV with the target to score, or train again",
        )
    rows = parts[part]
    x = transform_rows(metadata.preprocessor(), dataset.x, rows)
    outputs = loaded.network(x)
    scores = _scores(loaded, metadata, outputs, dataset.y[rows], config)
    notices = [*loaded.notices, *dataset.notices]
    notices += _coverage_notices(metadata, outputs, dataset.y[rows])
    if part == "test":
        notices += _count_scoring(loaded.path, dataset, rows)
    else:
        notices.append(f"the run has no test rows; these are its {part} rows")
    source = f"{part} rows of {dataset.name}"
    return Evaluation(loaded.path, source, metadata.target, scores, tuple(notices))


def _count_scoring(model: Path, dataset: Dataset, rows: Array) -> list[str]:
    """Count that test rows were scored, for a model in a run directory; return a notice or none."""
    run = model.resolve().parent
    if dataset.sampled or not run.name.isdigit() or not (run / RECORD).is_file():
        return []
    digest = rows_digest(dataset.fingerprint(), [rows])
    name = run.relative_to(run.parent.parent).as_posix()
    return scoring_notices(count_scoring(run.parent.parent, digest, f"evaluate {name}"))


def _evaluate_table(
    loaded: LoadedModel,
    metadata: Metadata,
    config: Config,
    table: str | os.PathLike[str] | pd.DataFrame,
    on_bad_file: Literal["error", "skip"],
) -> Evaluation:
    """Score the rows of a table."""
    target = metadata.target
    source = os.fspath(table) if isinstance(table, str | os.PathLike) else "the table"
    predictions = predict(loaded, table, labelled=True, on_bad_file=on_bad_file)
    outputs, labels, hashes = [], [], []
    is_table = metadata.medium.kind == "rows"
    knows_rows = is_table and (loaded.path.parent / TRAINING_ROWS).is_file()
    dropped = 0
    for block, raw in predictions.with_raw():
        if raw.target is None:
            names = " and ".join(map(repr, target.columns or (target.name,)))
            raise DatasetError(
                f"{source}: no target column {names}", hint="`dlcli predict` needs none"
            )
        rows = labelled_rows(raw, target, metadata.dialect)
        dropped += len(block) - len(rows)
        labels.append(true_values(raw, rows, target, metadata.dialect, source))
        if knows_rows and isinstance(raw.values, Mapping):
            columns = [raw.values[column.name][rows] for column in metadata.columns]
            columns += list(labels[-1].reshape(len(rows), -1).T)
            hashes.append(row_hashes(columns, len(rows)))
        outputs.append(block.outputs[rows])
    if not outputs:
        raise DatasetError(f"{source} has no rows")
    all_outputs, y = np.concatenate(outputs), np.concatenate(labels)
    scores = _scores(loaded, metadata, all_outputs, y, config)
    notices = [*predictions.notices(), *_training_notices(loaded, metadata, source, hashes)]
    notices += _coverage_notices(metadata, all_outputs, y)
    if dropped:
        notices.append(f"left out: {plural(dropped, 'row')} without {target.name!r}")
    return Evaluation(loaded.path, source, target, scores, tuple(notices))


def _training_notices(
    loaded: LoadedModel, metadata: Metadata, source: str, hashes: Sequence[Array]
) -> list[str]:
    """Return a notice if the file or some of its rows are what the model was trained on."""
    path = Path(source)
    if path.is_file() and file_sha256(path) in metadata.data.get("files", {}).values():
        notice = f"the model was trained on rows of {path}, so that these scores are too good"
        return [f"{notice}; without the file, the test rows alone are scored"]
    return training_row_notices(loaded.path.parent, np.concatenate(hashes)) if hashes else []


def _coverage_notices(metadata: Metadata, outputs: Array, y: Array) -> list[str]:
    """Say which share of the rows is in the intervals, if the model has any."""
    calibration = metadata.calibration
    if calibration is None or not calibration.half_widths:
        return []
    lower, upper = calibration.interval(outputs, metadata.target_preprocessor())
    values = y.reshape(lower.shape)
    share = float(np.mean((lower <= values) & (values <= upper)))
    return [
        f"the {100 * calibration.coverage:g} % intervals contain {100 * share:.1f} % of the rows"
    ]


def _scores(
    loaded: LoadedModel, metadata: Metadata, outputs: Array, y: Array, config: Config
) -> Scores:
    """Score outputs; outputs of ONNX Runtime without Keras, if it is not needed for a metric."""
    target, preprocessor = metadata.target, metadata.target_preprocessor()
    if metadata.calibration is not None:
        outputs = metadata.calibration.calibrate(outputs, metadata.output)
    encoded = encode_target(
        preprocessor.transform(y, target), target, config.loss, outputs.shape[1]
    )
    metrics = None
    if loaded.network.engine == "onnx":
        metrics = numpy_metrics(outputs, encoded, config, preprocessor.invert)
    if metrics is None:
        compile_model(loaded.model, config)
        assign_constants(loaded.model, preprocessor.constants)
        metrics = keras_metrics(loaded.model, outputs, encoded)
    return score_outputs(preprocessor.invert(outputs), y, target, metadata.output, metrics)
