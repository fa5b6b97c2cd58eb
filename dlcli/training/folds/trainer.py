"""Split after fold with one compiled model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.errors import Interrupted
from dlcli.network.backend import seed_everything
from dlcli.network.building import build_model, compile_model, make_callbacks
from dlcli.network.cost import choose_steps_per_execution
from dlcli.network.hardware import set_memory_growth
from dlcli.network.outputs import Predictor
from dlcli.network.scores import Scored, score
from dlcli.preparation import Preprocessor, fit_preprocessor
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.split import Split
from dlcli.preparation.targets import class_weights, encode_target
from dlcli.training.batches import FitData, steps_per_epoch
from dlcli.training.checkpoint import Checkpoint, State, read_state, write_state
from dlcli.training.fit import FitResult, fit
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress

DONE = "done"


@dataclass(frozen=True)
class FoldOutcome:
    """What the training of a fold gave.

    Parameters
    ----------
    epochs : int
    seconds : float
        Of the fit; an equal share if the folds were trained together.
    metrics : dict
        On the test rows of the fold.
    outputs : ndarray of float32, shape (n, units)
        Of the test rows.
    """

    epochs: int
    seconds: float
    metrics: dict[str, float]
    outputs: Array

    @classmethod
    def of(cls, fitted: FitResult, scored: Scored) -> FoldOutcome:
        """Return the outcome of a fit."""
        metrics = {name: float(value) for name, value in scored.scores.metrics.items()}
        return cls(fitted.epochs, fitted.seconds, metrics, scored.outputs)

    def state(self) -> State:
        """Return what is kept of it."""
        plain = {"epochs": self.epochs, "seconds": self.seconds, "metrics": self.metrics}
        return State({DONE: plain}, {"outputs": [self.outputs]})

    @classmethod
    def from_state(cls, state: State) -> FoldOutcome:
        """Return the outcome that was kept."""
        return cls(**state.values[DONE], outputs=state.arrays["outputs"][0])


class FoldTrainer:
    """Train fold after fold with one compiled model, put back to its first state before each.

    Building a model costs three times as much as putting its variables back, seed generators
    and optimizer included, which gives the same bits. Only where a fold's preprocessing has
    another width is the model built anew.
    """

    def __init__(self, prepared: Prepared) -> None:
        self.config, self.dataset = prepared.config, prepared.dataset
        self.model: Any = None
        self.first_state: list[Array] = []
        self.steps = 0
        self.notices: list[str] = []

    def prepare(self, fold: Split) -> tuple[Any, Any]:
        """Fit the preprocessing of a fold and have a fresh model of its width."""
        preprocessor = fit_preprocessor(self.dataset, fold.train, self.config.preprocess)
        shape = preprocessor.input_shape
        if self.model is None or tuple(self.model.input_shape[1:]) != shape:
            self._build(shape)
        for variable, value in zip(self._variables(), self.first_state, strict=True):
            variable.assign(value)
        return preprocessor, self.model

    def run(
        self, fold: Split, on_progress: OnProgress | None = None, checkpoint: Path | None = None
    ) -> FoldOutcome:
        """Train on one fold and score its test rows.

        Parameters
        ----------
        fold : Split
        on_progress : callable, optional
        checkpoint : Path, optional
            Folder of the fold's own, where its state is kept and looked for.

        Raises
        ------
        Interrupted
            If SIGINT or SIGTERM came.
        """
        if checkpoint is None:
            return self._run(fold, on_progress, None)
        state, damages = read_state(checkpoint)
        self.notices += damages
        if state is not None and DONE in state.values:
            return FoldOutcome.from_state(state)
        outcome = self._run(fold, on_progress, Checkpoint(checkpoint, state=state))
        write_state(checkpoint, outcome.state())
        return outcome

    def _run(
        self, fold: Split, on_progress: OnProgress | None, checkpoint: Checkpoint | None
    ) -> FoldOutcome:
        preprocessor, model = self.prepare(fold)
        config = self.config
        steps = steps_per_epoch(len(fold.train), config.fit.batch_size)
        if steps != self.steps:
            self._set_steps(steps)
        fitted = fit(
            model,
            self.data(fold, preprocessor),
            config.fit,
            seed=config.seed,
            callbacks=make_callbacks(config, None),
            checkpoint=checkpoint,
            on_progress=on_progress,
        )
        if fitted.signum is not None:
            raise Interrupted(fitted.signum)
        return FoldOutcome.of(fitted, self.score(fold, preprocessor))

    def data(self, fold: Split, preprocessor: Preprocessor) -> FitData:
        """Return the training and validation rows of a fold, preprocessed and encoded."""
        dataset, config = self.dataset, self.config
        units = self.model.output_shape[-1]

        def encoded(rows: Array) -> tuple[Array, Array]:
            y = encode_target(dataset.y[rows], dataset.target, config.loss, units)
            return preprocessor.transform(dataset.take(rows).x), y

        weights = class_weights(dataset.y[fold.train], dataset.target, config.fit.class_weight)
        watch = encoded(fold.validation) if len(fold.validation) else None
        return FitData(*encoded(fold.train), weights, watch)

    def score(self, fold: Split, preprocessor: Preprocessor) -> Scored:
        """Score the model, as it is now, on the test rows of a fold."""
        dataset = self.dataset
        x = preprocessor.transform(dataset.take(fold.test).x)
        y = dataset.y[fold.test]
        return score(self.model, self.predictor, x, y, dataset.target, self.config.loss)

    def _build(self, shape: tuple[int, ...]) -> None:
        set_memory_growth(self.config.hardware)
        seed_everything(self.config.seed)
        self.model = build_model(self.config, shape, self.dataset.facts)
        compile_model(self.model, self.config)
        self.first_state = [variable.numpy() for variable in self._variables()]
        self.predictor = Predictor(self.model)
        self.steps = 0

    def _set_steps(self, steps: int) -> None:
        """Have as many steps per call as `train` would choose; the function is traced anew."""
        batch_size = self.config.fit.batch_size
        self.model.steps_per_execution = choose_steps_per_execution(self.model, steps, batch_size)
        self.model.train_function = self.model.test_function = None
        self.steps = steps

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables]
