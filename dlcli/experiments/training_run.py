"""Train in a run directory: fit, save, score, draw."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dlcli.errors import DlcliError, Interrupted, TrainingError, first_line
from dlcli.experiments.equation import Equation, equation_of
from dlcli.experiments.prediction_files import write_predictions
from dlcli.experiments.train_result import TrainResult
from dlcli.experiments.weak_scores import weak_score_notice
from dlcli.experiments.weight_history import (
    check_weight_history,
    draw_weight_history,
    recorders,
)
from dlcli.files import write_json
from dlcli.models.checkpoint_files import embed_checkpoints
from dlcli.models.file import save_model, weights_sha256
from dlcli.models.metadata import Metadata
from dlcli.models.onnx_graph import convert_to_onnx, is_converted_quickly
from dlcli.models.trained_metadata import make_metadata
from dlcli.network.building import make_callbacks
from dlcli.network.hardware import prepare_devices
from dlcli.network.scores import ScoredOutputs, Scores
from dlcli.plots.fonts import font_notices
from dlcli.plots.learned import TrainedModel, draw_learned
from dlcli.plots.several import draw_several
from dlcli.plots.summary import HeldOut, draw_results
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split_sizes import rounded_shares
from dlcli.preparation.targets import output_kind
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.runs.scored_rows import record_scoring
from dlcli.runs.training_rows import write_training_rows
from dlcli.training.calibrate import calibrate, check_calibration, tune_thresholds
from dlcli.training.callback_state import check_resumable
from dlcli.training.data_notices import data_notices
from dlcli.training.fit import FitResult
from dlcli.training.network_check import check_network
from dlcli.training.session import Session, open_session
from dlcli.training.training_state import Checkpoint

if TYPE_CHECKING:
    from dlcli.datasets.dataset import Dataset
    from dlcli.training.progress import OnProgress


def train_inside(outer: RunDirectory, name: str, prepared: Prepared) -> TrainResult:
    """Train a config whose data are loaded, in a directory of another run.

    Parameters
    ----------
    outer : RunDirectory
    name : str
        Of the new directory.
    prepared : Prepared

    Raises
    ------
    Interrupted
        If SIGINT or SIGTERM arrived.
    TrainingError
        If the training diverges.
    """
    session = open_training(prepared, "")
    record = describe_run("train", prepared.config, prepared.dataset, format="keras")
    run = outer.create_inside(name, prepared.config, record)
    with run.failing():
        result = run_training(run, session, Checkpoint(run.checkpoint), None)
    if result.signum is not None:
        raise Interrupted(result.signum)
    return result


def open_training(prepared: Prepared, devices: str) -> Session:
    """Return the session of a training, checked, with its model."""
    session = open_session(prepared)
    session.transform_parts()
    check_calibration(session)
    check_network(session)
    session.models.devices = prepare_devices(prepared.config.hardware, devices)
    session.notices += data_notices([session])
    session.prepare_model()
    check_resumable(make_callbacks(prepared.config, Path()))
    check_weight_history(session)
    return session


def run_training(
    run: RunDirectory, session: Session, checkpoint: Checkpoint, on_progress: OnProgress | None
) -> TrainResult:
    """Fit, save and score the model, and draw the pictures."""
    model_path = run.path / f"model.{run.record.format}"
    try:
        result = session.fit(
            run.path,
            checkpoint=checkpoint,
            on_progress=on_progress,
            recorders=recorders(session, run.path),
        )
    except TrainingError as error:
        if error.best_epoch:
            try:
                _save(run, model_path, session)
            except (DlcliError, OSError) as failure:  # a full disk must not hide why it failed
                lost = f"the model of epoch {error.best_epoch} could not be saved: {failure}"
                error.hint = f"{error.hint}; {lost}" if error.hint else lost
        raise
    fit_seconds = round(result.seconds, 3)
    if result.signum is not None and not result.best_epoch:
        run.finish("interrupted", epochs=result.epochs, fit_seconds=fit_seconds)
        return _result(run.path, None, session, result, {})
    calibrate(session)
    tune_thresholds(session)
    metadata = _save(run, model_path, session)
    scores = _score_and_draw(run.path, model_path, metadata, session, result)
    session.notices += record_scoring(run, [session.split.test])
    write_training_rows(run.path, session.prepared.dataset, session.split.train)
    run.finish(
        "finished" if result.signum is None else "interrupted",
        epochs=result.epochs,
        fit_seconds=fit_seconds,
        best_epoch=result.best_epoch or None,
    )
    return _result(run.path, model_path, session, result, scores)


def _save(run: RunDirectory, model_path: Path, session: Session) -> Metadata:
    """Save the model, and add its metadata to the files of ``ModelCheckpoint``."""
    digest = weights_sha256(session.model)
    data = run.record.data.model_dump(exclude_unset=True)
    metadata = make_metadata(
        session.prepared, session.preprocessor, session.target_preprocessor, data, digest,
        session.calibration, session.split.train,
    )  # fmt: skip
    # Their weights are those of other epochs.
    embed_checkpoints(run.path, metadata.model_copy(update={"calibration": None}))
    save_model(session.model, model_path, metadata)
    return metadata


def _score_and_draw(
    folder: Path, model_path: Path, metadata: Metadata, session: Session, result: FitResult
) -> dict[str, Scores]:
    """Write metrics and pictures, and add the ONNX graph to the model file."""
    session.subsample_training_rows()
    scored = session.score(session.split.scored_parts())
    scores = {name: part.scores for name, part in scored.items()}
    plain = {name: part.to_json() for name, part in scores.items()}
    part = _held_out_part(scored)
    # A training that a callback has ended needs no more epochs.
    history = result.history if result.epochs == session.prepared.config.fit.epochs else None
    weak = weak_score_notice(scores[part], f"{part} rows", history)
    if weak is not None and not session.prepared.dataset.sampled:
        session.notices.append(weak)
    write_json(folder / "metrics.json", {"sample": session.prepared.dataset.sampled, **plain})
    if part != "train":  # predictions of training rows say little
        dataset, loss = session.prepared.dataset, session.prepared.config.loss
        write_predictions(folder, dataset, session.rows[part], scored[part].outputs, loss)
    # The first prediction converts the others, but for layers of one's own it may lack the code.
    if is_converted_quickly(session.model) or metadata.own_components:
        try:
            graph = convert_to_onnx(session.model, session.x("train"))
            save_model(session.model, model_path, metadata, graph)
        except (OSError, DlcliError) as error:
            session.notices.append(f"the model file has no ONNX graph: {first_line(error)}")
    try:
        _draw(folder, session, result, scored)
    except Exception as error:  # noqa: BLE001 (a picture must not cost the trained model)
        session.notices.append(f"some pictures are missing: {first_line(error)}")
    session.notices += font_notices()
    return scores


def _held_out_part(parts: Container[str]) -> str:
    """Return the part whose scores say most about new rows."""
    return next(part for part in ("test", "validation", "train") if part in parts)


def _draw(
    folder: Path, session: Session, result: FitResult, scored: Mapping[str, ScoredOutputs]
) -> None:
    """Draw the learning curves, the predictions for held-out rows, and the learned function."""
    dataset = session.prepared.dataset
    name = session.prepared.config.name + (" (sample)" if dataset.sampled else "")
    part = _held_out_part(scored)
    outputs, scores = scored[part].outputs, scored[part].scores
    y, target = dataset.y[session.rows[part]], dataset.target
    kind = output_kind(target, session.prepared.config.loss)
    is_series = dataset.medium.kind == "series"
    held_out = HeldOut(part, y, outputs, scores, target, kind, is_series)
    draw_results(folder / "results.png", result.history, result.best_epoch, held_out, name)
    draw_weight_history(session, folder, name)
    if target.is_several:
        draw_several(folder, y, outputs, scores, target, f"{name}, {part} rows")
        return
    trained = TrainedModel(
        dataset,
        session.split.scored_parts(),
        session.preprocessor,
        lambda x: session.target_preprocessor.invert(session.outputs(x)),
        session.prepared.config.loss,
    )
    draw_learned(folder, trained, name)


def _equation(session: Session) -> Equation | None:
    target = session.prepared.dataset.target
    return equation_of(session.model, session.preprocessor, session.target_preprocessor, target)


def _takes(dataset: Dataset) -> Literal["rows", "arrays", "text", "image", "audio", "series"]:
    if dataset.is_text:
        return "text"
    is_array = not dataset.is_table and dataset.medium.kind == "rows"
    return "arrays" if is_array else dataset.medium.kind


def _result(
    path: Path,
    model_path: Path | None,
    session: Session,
    result: FitResult,
    scores: Mapping[str, Scores],
) -> TrainResult:
    config, dataset = session.prepared.config, session.prepared.dataset
    return TrainResult(
        path=path,
        status="finished" if result.signum is None else "interrupted",
        model_path=model_path,
        scores=scores,
        history=result.history,
        epochs=result.epochs,
        seconds=result.seconds,
        best_epoch=result.best_epoch,
        signum=result.signum,
        notices=tuple(session.notices),
        config=config,
        sampled=dataset.sampled,
        takes=_takes(dataset),
        equation=None if model_path is None else _equation(session),
        rounded_shares=rounded_shares(dataset, config.split, session.split),
    )
