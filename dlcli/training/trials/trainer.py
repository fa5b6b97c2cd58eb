"""Train trials: those of one structure together in one program, the others one after the other."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dlcli.errors import ConfigError, DatasetError, Interrupted, TrainingError, first_line
from dlcli.network.building import make_callbacks
from dlcli.network.cost import batch_seconds
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import Split
from dlcli.training.batches import FitData
from dlcli.training.progress import OnProgress
from dlcli.training.reusable_model import ReusableModel
from dlcli.training.session import Session
from dlcli.training.stacked import (
    ROWS_BYTES,
    Copy,
    CopyResult,
    KeptStacks,
    NotStackable,
    StackedFit,
    numbers_in,
    stacking_obstacle,
)
from dlcli.training.trials.halving import Halving
from dlcli.training.trials.structure import differing
from dlcli.training.trials.trial import Training, TrainingOutcome
from dlcli.training.trials.widths import common_widths, embed, with_widths
from dlcli.types import Array

# A step that computes longer than this is no faster in one program.
LONG_STEP = 1e-3
FLOAT_BYTES = 4
# More copies save nothing: what a step costs beside its computations is small by then. The number
# must not depend on the machine, since it changes the last bits.
MOST_COPIES = 256
# Estimated duration of the computations of a piece, at most: a piece is lost with its process, and
# several processes take several pieces. It is much longer than a program takes to be traced.
PIECE_SECONDS = 60.0
# Layers that draw random numbers have an operation for each copy.
MOST_RANDOM_COPIES = 64
# Programs and models that are kept for the next batch of trials.
KEPT = 8


@dataclass(frozen=True)
class Piece:
    """Trainings that are trained by one call.

    Parameters
    ----------
    indices : list of int
        Numbers of the trainings.
    trainings : list of Training
    """

    indices: list[int]
    trainings: list[Training]


@dataclass
class TrialTrainer:
    """Train and score trainings on splits of one data set.

    Parameters
    ----------
    prepared : Prepared
    splits : sequence of Split
    parts : sequence of str
        Parts of the rows that are scored: ``"train"``, ``"validation"``, ``"test"``.
    together : bool
        Whether copies may be trained in one program.
    halving : Halving, optional
        Pruning of the trials in one program; those that are trained one by one are not pruned.
    on_progress : callable, optional
    """

    prepared: Prepared
    splits: Sequence[Split]
    parts: Sequence[str] = ("test",)
    together: bool = True
    halving: Halving | None = None
    on_progress: OnProgress | None = None

    def __post_init__(self) -> None:
        self._rows: dict[tuple[str, int], Session] = {}
        self._initial_values: dict[tuple[Any, ...], list[Array]] = {}
        self._serial_model: tuple[str, ReusableModel] | None = None
        # Batches of a search have the same structure and rows: they train in the same program.
        self._stacks = KeptStacks(KEPT)
        self._wide_models: dict[tuple[Any, ...], ReusableModel] = {}
        self._data: dict[tuple[Any, ...], FitData] = {}

    def pieces(self, trainings: Sequence[Training]) -> list[Piece]:
        """Divide trainings into pieces of work, which do not depend on the machine.

        Trainings of one structure are copies of one model, and trained together if that is
        possible and saves time.
        """
        groups: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for index, training in enumerate(trainings):
            shape: tuple[int, ...] = ()
            with suppress(DatasetError):  # raised again when the training runs
                shape = self._rows_of(training).preprocessor.input_shape
            groups.setdefault((training.structure.key, shape), []).append(index)
        pieces = []
        for indices in groups.values():
            most = self._most_copies([trainings[index] for index in indices])
            for start in range(0, len(indices), most):
                chunk = indices[start : start + most]
                pieces.append(Piece(chunk, [trainings[index] for index in chunk]))
        return pieces

    def run(self, piece: Piece) -> list[TrainingOutcome]:
        """Train and score the trainings of a piece.

        Raises
        ------
        Interrupted
            If SIGINT or SIGTERM arrived.
        """
        if len(piece.trainings) > 1:
            # Rows that cannot be preprocessed are the failure of a training, not of all.
            with suppress(NotStackable, DatasetError):
                return self._run_stack(piece.trainings)
        return [self._run_alone(training) for training in piece.trainings]

    def _most_copies(self, trainings: Sequence[Training]) -> int:
        """Return how many of some trainings are copies in one program; 1 if it saves nothing."""
        if not self.together or len(trainings) == 1:
            return 1
        with suppress(ConfigError, DatasetError):  # raised again when the trainings run
            return self._copies_in_program(trainings)
        return 1

    def _copies_in_program(self, trainings: Sequence[Training]) -> int:
        models = self._wide_model(trainings)
        first = self._session(trainings[0], models)
        first.prepare_model()
        model, config = models.model, trainings[0].config
        if stacking_obstacle(model, make_callbacks(config, None)) is not None:
            return 1
        is_random = any("seed" in variable.path for variable in model.non_trainable_variables)
        most = MOST_RANDOM_COPIES if is_random else MOST_COPIES
        seconds = batch_seconds(model, config.fit.batch_size)
        if seconds > LONG_STEP:
            return 1
        if self.halving is None:  # which compares the trials of a piece
            rows = max(len(split.train) for split in self.splits)
            seconds *= config.fit.epochs * math.ceil(rows / config.fit.batch_size)
            most = max(1, int(min(most, PIECE_SECONDS / max(seconds, 1e-9))))
        rows = max(len(split.train) + len(split.validation) for split in self.splits)
        values: int = rows * math.prod(model.input_shape[1:])
        most = max(1, min(most, ROWS_BYTES // (FLOAT_BYTES * values)))
        folds = len(self.splits)
        # A trial is pruned by all of its folds.
        return most - most % folds if self.halving is not None and most > folds else most

    def _wide_model(self, trainings: Sequence[Training]) -> ReusableModel:
        """Return the model whose copies are the models of some trainings."""
        first = trainings[0]
        widths = common_widths([training.structure.units for training in trainings])
        shape = self._rows_of(first).preprocessor.input_shape
        key = first.structure.key, widths, shape
        if key not in self._wide_models:
            if len(self._wide_models) == KEPT:
                del self._wide_models[next(iter(self._wide_models))]
            models = ReusableModel(with_widths(first.config, widths), self.prepared.dataset.facts)
            self._wide_models[key] = models
        return self._wide_models[key]

    def _run_stack(self, trainings: Sequence[Training]) -> list[TrainingOutcome]:
        """Train copies in one program, and score them one after the other.

        Raises
        ------
        NotStackable
            Before anything is trained.
        """
        models = self._wide_model(trainings)
        numbers = differing([training.structure for training in trainings])
        sessions = [self._session(training, models) for training in trainings]
        sessions[0].prepare_model()
        model = models.model
        shapes = [tuple(variable.shape) for variable in model.variables]
        copies = [
            Copy(
                f"trial {training.trial}", self._fit_data(training, session), training.seed,
                embed(self._values(training, session), shapes),
                make_callbacks(training.config, None), session.target_preprocessor.constants, own,
            )
            for training, session, own in zip(trainings, sessions, numbers, strict=True)
        ]  # fmt: skip
        config = trainings[0].config
        stacked = StackedFit(model, copies, config.fit, self._stacks)
        trials = [training.trial for training in trainings]
        prune = self.halving.of(trials, config) if self.halving else None
        results = stacked.run(self.on_progress, keep_going=True, prune=prune)
        return [
            self._outcome(session, result, own)
            for session, result, own in zip(sessions, results, numbers, strict=True)
        ]

    def _fit_data(self, training: Training, session: Session) -> FitData:
        key = training.structure.key, training.preprocessing, training.split
        if key not in self._data:
            self._data[key] = session.fit_data()
        return self._data[key]

    def _outcome(
        self, session: Session, result: CopyResult, numbers: dict[str, float]
    ) -> TrainingOutcome:
        fitted = result.fitted
        if result.failure:
            return TrainingOutcome(fitted.epochs, fitted.seconds, {}, result.failure)
        session.model.set_weights(result.weights)
        with numbers_in(session.model, numbers):
            metrics = self._score(session)
        return TrainingOutcome(fitted.epochs, fitted.seconds, metrics)

    def _score(self, session: Session) -> dict[str, dict[str, float]]:
        parts = [part for part in self.parts if part in session.rows]
        return {
            part: {name: float(value) for name, value in scored.scores.metrics.items()}
            for part, scored in session.score(parts).items()
        }

    def _run_alone(self, training: Training) -> TrainingOutcome:
        """Train one model by Keras's ``fit``."""
        key = json.dumps([training.config.plain(), training.seed], sort_keys=True, default=str)
        if self._serial_model is None or self._serial_model[0] != key:
            models = ReusableModel(training.config, self.prepared.dataset.facts)
            self._serial_model = key, models
        try:
            session = self._session(training, self._serial_model[1])
            session.prepare_model()
            fitted = session.fit(on_progress=self.on_progress)
            if fitted.signum is not None:
                raise Interrupted(fitted.signum)
            return TrainingOutcome(fitted.epochs, fitted.seconds, self._score(session))
        except (TrainingError, ConfigError, DatasetError) as error:
            return TrainingOutcome(0, 0.0, {}, first_line(error))

    def _values(self, training: Training, session: Session) -> list[Array]:
        """Return the initial values of the variables of a training's own, unpadded model."""
        config, structure = training.config, training.structure
        # Rates and factors change no initial value.
        key = structure.key, structure.units, config.seed, session.preprocessor.input_shape
        if key not in self._initial_values:
            models = ReusableModel(config, self.prepared.dataset.facts)
            models.prepare(session.preprocessor.input_shape, len(session.rows["train"]))
            self._initial_values[key] = models.initial_values[: len(models.model.variables)]
        return self._initial_values[key]

    def _rows_of(self, training: Training) -> Session:
        """Return the session that holds the preprocessed rows of a training's split."""
        key = training.preprocessing, training.split
        if key not in self._rows:
            prepared = self._prepared(training)
            models = ReusableModel(training.config, prepared.dataset.facts)
            self._rows[key] = Session(prepared, self.splits[training.split], models)
        return self._rows[key]

    def _session(self, training: Training, models: ReusableModel) -> Session:
        session = Session(self._prepared(training), self.splits[training.split], models)
        session.share_rows(self._rows_of(training))
        return session

    def _prepared(self, training: Training) -> Prepared:
        return Prepared(training.config, self.prepared.dataset, ())
