"""Score a saved model on the held-out rows of its run, or on a table with the target column."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from dlcli.config.sections import Config
from dlcli.datasets.dataset import Target
from dlcli.datasets.row_hashes import sample_hashes
from dlcli.errors import DatasetError, ModelFileError, check_choice, plural
from dlcli.experiments.held_out import HeldOutRows, Part, held_out_outputs, load_held_out
from dlcli.experiments.predicted_rows import PredictedRows
from dlcli.experiments.true_values import labelled_rows, true_values
from dlcli.files import file_sha256
from dlcli.models.loading import Engine, LoadedModel, load_model
from dlcli.models.metadata import Metadata
from dlcli.models.own_code import check_own_components
from dlcli.network.building import compile_model
from dlcli.network.numpy_metrics import numpy_metrics
from dlcli.network.scores import ScoredOutputs, Scores, keras_metrics, score_outputs
from dlcli.network.target_metrics import assign_constants
from dlcli.prediction.predict import predict
from dlcli.preparation.targets import encode_target
from dlcli.runs.finding import RECORD, is_numbered
from dlcli.runs.scored_rows import count_scoring, rows_digest, scoring_notices
from dlcli.runs.training_rows import TRAINING_ROWS, training_row_notices
from dlcli.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from dlcli.datasets.dataset import Dataset


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
    rows : PredictedRows
        The rows with their true values and predictions.
    """

    model: Path
    source: str
    target: Target
    scores: Scores
    notices: tuple[str, ...]
    rows: PredictedRows = field(repr=False)

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
    on: Part | None = None,
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
    on : {"train", "validation", "test", "all"}, optional
        The rows of the data set that are scored, without `source`. Default: the test rows; if
        there are none, the validation rows, or else the training rows.
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
    if source is not None and on is not None:
        raise DatasetError("a table to score and `on` exclude each other")
    if on is not None:
        check_choice("on", on, get_args(Part))
    check_own_components(metadata, str(loaded.path))
    check_choice("engine", engine, ("auto", "onnx", "keras"))
    if source is None:
        held_out = load_held_out(loaded, metadata, data, on=on, download_bar=download_bar)
        return _evaluate_held_out(loaded, metadata, held_out.prepared.config, held_out, on)
    config = metadata.checked_config()
    return _evaluate_table(loaded, metadata, config, source, on_bad_file)


def _evaluate_held_out(
    loaded: LoadedModel,
    metadata: Metadata,
    config: Config,
    held_out: HeldOutRows,
    on: Part | None,
) -> Evaluation:
    """Score the rows that were held out in the training, or other ones of its data."""
    dataset, part, y = held_out.dataset, held_out.part, held_out.y
    outputs = held_out_outputs(loaded, metadata, held_out)
    scored = _scored(loaded, metadata, outputs, y, config)
    notices = [*loaded.notices, *dataset.notices, *_coverage_notices(metadata, outputs, y)]
    if part in ("test", "all") and "test" in held_out.split.parts():
        notices += _count_scoring(loaded.path, dataset, held_out.split.test)
    if on is None and part != "test":
        notices.append(f"the run has no test rows; these are its {part} rows")
    elif part in ("train", "all"):
        which = "these rows" if part == "train" else "a part of these rows"
        notices.append(f"the model was trained on {which}, so that their scores are too good")
    source = f"{part} rows of {dataset.name}"
    return _evaluation(loaded, metadata, source, scored, held_out.rows + 1, y, notices)


def _evaluation(
    loaded: LoadedModel,
    metadata: Metadata,
    source: str,
    scored: ScoredOutputs,
    numbers: Array,
    y: Array,
    notices: Sequence[str],
) -> Evaluation:
    target = metadata.target
    rows = PredictedRows(numbers, y, scored.outputs, target, metadata.output)
    return Evaluation(loaded.path, source, target, scored.scores, tuple(notices), rows)


def _count_scoring(model: Path, dataset: Dataset, rows: Array) -> list[str]:
    """Count that test rows were scored, for a model in a run directory; return a notice or none."""
    run = model.resolve().parent
    if dataset.sampled or not is_numbered(run) or not (run / RECORD).is_file():
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
    outputs, labels, hashes, numbers = [], [], [], []
    knows_rows = (loaded.path.parent / TRAINING_ROWS).is_file()
    dropped = total = 0
    for block, raw in predictions.with_raw():
        if raw.target is None:
            names = " and ".join(map(repr, target.columns or (target.name,)))
            raise DatasetError(
                f"{source}: no target column {names}", hint="`dlcli predict` needs none"
            )
        rows = labelled_rows(raw, target, metadata.dialect)
        dropped += len(block) - len(rows)
        numbers.append(total + rows + 1)
        total += len(block)
        labels.append(true_values(raw, rows, target, metadata.dialect, source))
        if knows_rows:
            x = _take(raw.values, rows)
            hashes.append(sample_hashes(x, metadata.columns, labels[-1]))
        outputs.append(block.outputs[rows])
    if not outputs:
        raise DatasetError(f"{source} has no rows")
    all_outputs, y = np.concatenate(outputs), np.concatenate(labels)
    scored = _scored(loaded, metadata, all_outputs, y, config)
    notices = [*predictions.notices(), *_training_notices(loaded, metadata, source, hashes)]
    notices += _coverage_notices(metadata, all_outputs, y)
    if dropped:
        notices.append(f"left out: {plural(dropped, 'row')} without {target.name!r}")
    return _evaluation(loaded, metadata, source, scored, np.concatenate(numbers), y, notices)


def _take(values: Mapping[str, Array] | Array, rows: Array) -> Mapping[str, Array] | Array:
    if isinstance(values, np.ndarray):
        return values[rows]
    return {name: column[rows] for name, column in values.items()}


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


def _scored(
    loaded: LoadedModel, metadata: Metadata, outputs: Array, y: Array, config: Config
) -> ScoredOutputs:
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
    outputs = preprocessor.invert(outputs)
    return ScoredOutputs(score_outputs(outputs, y, target, metadata.output, metrics), outputs)
