"""What a report is written from: a run, its data and its model, as far as they can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.datasets.card import Card, describe
from dlcli.datasets.dataset import Dataset, Target
from dlcli.errors import DlcliError, first_line
from dlcli.experiments.baseline.saved import SavedComparison, compare_saved, training_values
from dlcli.experiments.held_out import HeldOutRows, held_out_outputs, load_held_out
from dlcli.experiments.importance import MAX_COLUMNS, Importance, permutation_importance
from dlcli.experiments.resume import run_config
from dlcli.experiments.scored_predictions import ScoredPredictions, read_predictions
from dlcli.models.loading import LoadedModel
from dlcli.models.metadata import Metadata
from dlcli.network.scores import class_scores, confusion_matrix
from dlcli.network.several_scores import regression_scores
from dlcli.preparation.folds import prepare_folds
from dlcli.preparation.prepare import Prepared, prepare
from dlcli.preparation.split import Split, split_rows
from dlcli.reports.results import ClassResult, PartResult, TrainResults, read_results
from dlcli.reports.run_facts import RunFacts, read_run_facts
from dlcli.reports.texts import Texts
from dlcli.runs.metrics import METRICS, RunMetrics, read_metrics
from dlcli.training.data_notices import split_notices
from dlcli.training.session import open_sessions
from dlcli.types import Array

# Training values up to which the simpler models are fitted without being asked for: seconds.
CHEAP_VALUES = 2_000_000
OnStatus = Callable[[str], None]


@dataclass(frozen=True)
class Material:
    """A run with what can be known about it.

    Parameters
    ----------
    facts : RunFacts
    say : Texts
    metrics : RunMetrics or None
        The scores, by the kind of the run.
    results : TrainResults or None
        Of a training.
    predictions : ScoredPredictions or None
        Of rows that were held out.
    dataset : Dataset or None
        None if the data cannot be read, or have changed.
    splits : tuple of Split
        That of the training, or the folds.
    problem : str
        Why there are no data, or why something of them could not be computed.
    card : Card or None
        Summary of the data.
    notes : tuple of str
        What the checks of the data and of the split say.
    metadata : Metadata or None
        Of the model.
    baselines : SavedComparison or None
    importance : Importance or None
    final : Material or None
        The best trial of a search, trained once more.
    """

    facts: RunFacts
    say: Texts
    metrics: RunMetrics | None = None
    results: TrainResults | None = None
    predictions: ScoredPredictions | None = None
    dataset: Dataset | None = None
    splits: tuple[Split, ...] = ()
    problem: str = ""
    card: Card | None = None
    notes: tuple[str, ...] = ()
    metadata: Metadata | None = None
    baselines: SavedComparison | None = None
    importance: Importance | None = None
    final: Material | None = field(default=None, repr=False)

    @property
    def target(self) -> Target | None:
        """The target, if model or data are known."""
        if self.metadata is not None:
            return self.metadata.target
        return self.dataset.target if self.dataset is not None else None

    @property
    def part(self) -> str:
        """The rows whose scores say most about new rows."""
        return self.results.held_out if self.results is not None else "out_of_fold"

    @property
    def scores(self) -> PartResult | None:
        """The scores of these rows: of folds, what their predictions give together."""
        if self.results is not None:
            return self.results.parts.get(self.part)
        return _pooled(self.predictions)

    @property
    def places(self) -> Array:
        """Positions in the data of the rows that have predictions."""
        rows = self.predictions.rows if self.predictions is not None else []
        try:
            return np.array([int(row[0]) - 1 for row in rows], np.int64)
        except (ValueError, OverflowError):
            raise DlcliError(
                f"the predictions of {self.facts.path} are damaged: a row number is none"
            ) from None


def gather(
    run: Path,
    say: Texts,
    model: LoadedModel | None,
    *,
    data: str | os.PathLike[str] | None,
    baselines: bool | None,
    importance: bool | None,
    on_status: OnStatus,
) -> Material:
    """Read a run, its data and its model, and compute what the run has not recorded."""
    facts = read_run_facts(run)
    kind = facts.record.kind
    is_scored = kind == "train" and (facts.path / METRICS).is_file()
    material = Material(
        facts,
        say,
        read_metrics(facts.path, kind),
        results=read_results(facts.path, TrainResults) if is_scored else None,
        predictions=read_predictions(facts.path),
        metadata=model.metadata if model is not None else None,
    )
    if model is None and (baselines or importance):
        raise DlcliError(
            f"{facts.path} has no model, for which simpler models and importance are computed",
            hint=f"`dlcli baseline {facts.name}` compares over folds; leave out the option here",
        )
    try:
        if model is None or model.metadata is None:
            return _with_data(material, *_load(facts, data))
        held_out = load_held_out(model, model.metadata, data)
        material = _with_data(material, held_out.prepared, [held_out.split])
    except DlcliError as error:
        if data is not None:  # what was asked for by name must not be left out
            raise
        return replace(material, problem=first_line(error))
    return _computed(material, model, held_out, baselines, importance, on_status)


def _load(facts: RunFacts, data: str | os.PathLike[str] | None) -> tuple[Prepared, list[Split]]:
    """Load the data of a run without a model, and its folds or its split."""
    record = facts.record
    prepared = prepare(run_config(facts.path, data=data), sample=record.sample)
    if record.data.fingerprint and prepared.dataset.fingerprint() != record.data.fingerprint:
        raise DlcliError(f"the data of {prepared.dataset.name} have changed since the run")
    if record.folds is not None and record.folds > 1:
        return prepare_folds(prepared, record.folds)
    config = prepared.config
    return prepared, [split_rows(prepared.dataset, config.split, config.split_seed)]


def _with_data(material: Material, prepared: Prepared, splits: list[Split]) -> Material:
    dataset = prepared.dataset
    notices = split_notices(open_sessions(prepared, splits))
    notes = dict.fromkeys((*prepared.notices, *notices))
    return replace(
        material, dataset=dataset, splits=tuple(splits), card=describe(dataset), notes=tuple(notes)
    )


def _computed(
    material: Material,
    model: LoadedModel,
    held_out: HeldOutRows,
    baselines: bool | None,
    importance: bool | None,
    on_status: OnStatus,
) -> Material:
    """Add simpler models and the importance of the columns, where they are asked for or cheap."""
    metadata = model.metadata
    if metadata is None or held_out.part == "train" or held_out.dataset.sampled:
        if baselines or importance:
            raise DlcliError(f"{material.facts.path} has no held-out rows of real data to score on")
        return material
    is_table, has_columns = _check_requests(material, held_out, baselines, importance)
    is_cheap = is_table and training_values(held_out, metadata) <= CHEAP_VALUES
    try:
        if is_cheap if baselines is None else baselines:
            on_status("fitting simpler models on the same rows")
            outputs = _final_outputs(model, metadata, held_out)
            material = replace(material, baselines=compare_saved(held_out, metadata, outputs))
        is_cheap = has_columns and len(metadata.columns) <= MAX_COLUMNS
        if is_cheap if importance is None else importance:
            on_status("shuffling the columns")
            seed = held_out.prepared.config.seed
            columns = permutation_importance(model, metadata, held_out, seed=seed)
            material = replace(material, importance=columns)
    except DlcliError as error:
        if baselines or importance:
            raise
        return replace(material, problem=first_line(error))
    return material


def _check_requests(
    material: Material, held_out: HeldOutRows, baselines: bool | None, importance: bool | None
) -> tuple[bool, bool]:
    """Return whether the rows are those of a table, and whether it has columns to shuffle."""
    dataset = held_out.dataset
    medium = dataset.medium.kind
    is_table = dataset.is_table and medium == "rows"
    if baselines and medium in ("audio", "series"):
        raise DlcliError(
            "a report compares models of tables, texts and pictures with simpler ones",
            hint=f"`dlcli baseline {material.facts.name}` does so for recordings and series",
        )
    has_columns = is_table and not dataset.is_text and len(dataset.columns) > 1
    if importance and not has_columns:
        raise DlcliError("importance is computed for tables with several columns")
    return is_table, has_columns


def _final_outputs(model: LoadedModel, metadata: Metadata, held_out: HeldOutRows) -> Array:
    """Return the outputs for the held-out rows, calibrated and in the unit of the target."""
    outputs = held_out_outputs(model, metadata, held_out)
    if metadata.calibration is not None:
        outputs = metadata.calibration.calibrate(outputs, metadata.output)
    return metadata.target_preprocessor().invert(outputs)


def _pooled(predictions: ScoredPredictions | None) -> PartResult | None:
    """Return the scores of all predictions together."""
    if predictions is None or not len(predictions.rows):
        return None
    rows = len(predictions.rows)
    if predictions.true.shape[1] != 1:
        return PartResult(rows=rows, metrics={})
    if predictions.is_numeric:
        with np.errstate(over="ignore", invalid="ignore"):
            values = regression_scores(predictions.true[:, 0], predictions.predicted[:, 0])
        return PartResult(rows=rows, metrics=dict(values))
    true, predicted = predictions.true[:, 0], predictions.predicted[:, 0]
    names = predictions.classes or tuple(sorted({*true.tolist(), *predicted.tolist()}))
    codes: dict[Any, int] = {name: code for code, name in enumerate(names)}
    if not {*true.tolist(), *predicted.tolist()} <= {*codes}:
        return PartResult(rows=rows, metrics={})
    y, answers = (np.array([codes[name] for name in part]) for part in (true, predicted))
    matrix = confusion_matrix(y, answers, len(names))
    classes = {
        scores.name: ClassResult(
            precision=scores.precision, recall=scores.recall, f1=scores.f1, support=scores.support
        )
        for scores in class_scores(matrix, names)
    }
    accuracy = float(np.mean(true == predicted))
    return PartResult(
        rows=rows,
        metrics={"accuracy": accuracy},
        classes=classes,
        confusion_matrix=matrix.tolist(),
    )
