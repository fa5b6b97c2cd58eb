"""Training and scoring of one split: preprocessor, preprocessed rows, model and notices."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.config.callbacks import check_monitors
from dlcli.errors import DatasetError
from dlcli.network.building import make_callbacks
from dlcli.network.scores import ScoredOutputs, score
from dlcli.network.target_metrics import assign_constants
from dlcli.preparation.calibration import Calibration
from dlcli.preparation.fitting import fit_preprocessor
from dlcli.preparation.prepare import Prepared
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.rows import LazyRows, transform_rows
from dlcli.preparation.split import Split, split_rows
from dlcli.preparation.target_preprocessing import TargetPreprocessor, fit_target_preprocessor
from dlcli.preparation.targets import class_weights, encode_target, output_kind
from dlcli.training.batches import FitData, as_tensor
from dlcli.training.fit import FitResult, fit
from dlcli.training.reusable_model import ReusableModel
from dlcli.types import Array, Rows

if TYPE_CHECKING:
    from dlcli.training.progress import OnProgress
    from dlcli.training.training_state import Checkpoint

# A sample of the training rows is enough to compare their scores with the other parts'.
SCORED_TRAINING_ROWS = 1_000


@dataclass
class Session:
    """Training and scoring of one split.

    The preprocessor is fitted once, when it is first needed. The preprocessed rows of a part are
    kept from their first use until `release`.

    Parameters
    ----------
    prepared : Prepared
    split : Split
    models : ReusableModel
        Shared by the sessions of all folds.
    notices : list of str
    calibration : Calibration, optional
        Of the trained model; set by `dlcli.training.calibrate`.

    Attributes
    ----------
    rows : dict
        Row numbers of the parts that have rows; `subsample_training_rows` and
        `repeat_training_rows` replace those of ``"train"``.
    """

    prepared: Prepared
    split: Split
    models: ReusableModel
    notices: list[str] = field(default_factory=list)
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        self.rows = self.split.parts()
        self._x: dict[str, Array | LazyRows] = {}

    @cached_property
    def preprocessor(self) -> Preprocessor:
        """Preprocessor fitted on the training rows."""
        section = self.prepared.config.preprocess
        with self._row_numbers("train"):
            return fit_preprocessor(self.prepared.dataset, self.split.train, section)

    @cached_property
    def target_preprocessor(self) -> TargetPreprocessor:
        """Preprocessor of the target, fitted on the training rows."""
        steps = self.prepared.config.preprocess.target or ()
        y = self.prepared.dataset.y[self.split.train]
        return fit_target_preprocessor(y, self.prepared.dataset.target, steps)

    def share_rows(self, other: Session) -> None:
        """Use the preprocessors and preprocessed rows of another session, of the same split."""
        self.preprocessor, self.target_preprocessor = other.preprocessor, other.target_preprocessor
        self._x = other._x

    @property
    def model(self) -> Any:
        """The compiled ``keras.Sequential``; None before `prepare_model`."""
        return self.models.model

    @property
    def predictor(self) -> Any:
        """`dlcli.network.outputs.Predictor` of the model."""
        return self.models.predictor

    def x(self, part: str) -> Array | LazyRows:
        """Return the preprocessed rows of a part: float32, shape (n, …)."""
        if part not in self._x:
            with self._row_numbers(part):
                self._x[part] = transform_rows(
                    self.preprocessor, self.prepared.dataset.x, self.rows[part]
                )
        return self._x[part]

    def transform_parts(self) -> None:
        """Preprocess the rows of all parts, so that invalid values are reported at once."""
        for part in self.rows:
            self.x(part)

    def fit_preprocessors(self) -> None:
        """Fit both preprocessors, so that values that they cannot take are found."""
        _ = self.preprocessor, self.target_preprocessor

    def y(self, part: str) -> Array:
        """Return the targets of a part: codes or numbers, shape (n,)."""
        return self.prepared.dataset.y[self.rows[part]]

    @contextmanager
    def _row_numbers(self, part: str) -> Iterator[None]:
        """Add the number of the row to an error about a row of a part."""
        try:
            yield
        except DatasetError as error:
            if error.row is None:
                raise
            number = int(self.rows[part][error.row]) + 1
            raise DatasetError(f"{error} (row {number})", hint=error.hint) from None

    def release(self) -> None:
        """Free the preprocessed rows."""
        self._x.clear()

    def prepare_model(self) -> None:
        """Build the model, or reset it to its initial values."""
        self.models.prepare(self.preprocessor.input_shape, len(self.rows["train"]))
        assign_constants(self.model, self.target_preprocessor.constants)

    def fit_data(self) -> FitData:
        """Return the training and validation rows, preprocessed and encoded."""
        config, dataset = self.prepared.config, self.prepared.dataset
        units = self.model.output_shape[-1]

        def encoded(part: str) -> tuple[Array | LazyRows, Array]:
            y = self.target_preprocessor.transform(self.y(part), dataset.target)
            return self.x(part), encode_target(y, dataset.target, config.loss, units)

        weights = class_weights(self.y("train"), dataset.target, config.fit.class_weight)
        validation = encoded("validation") if "validation" in self.rows else None
        return FitData(*encoded("train"), weights, validation)

    def fit(
        self,
        folder: Path | None = None,
        *,
        epochs: int | None = None,
        checkpoint: Checkpoint | None = None,
        on_progress: OnProgress | None = None,
        recorders: Sequence[Any] = (),
    ) -> FitResult:
        """Fit the model; memory holds the training rows once.

        Parameters
        ----------
        folder : Path, optional
            Where the history and the files of callbacks are written; None: nowhere.
        epochs : int, optional
            Epochs after which the training ends, with the learning rates of the whole training;
            default: those of the config.
        checkpoint, on_progress
            See `dlcli.training.fit.fit`, also for what is raised.
        recorders : sequence of keras.callbacks.Callback
            Called after the callbacks of the config.
        """
        x = self.x("train")
        if not isinstance(x, LazyRows):
            x = as_tensor(x)
            self._x["train"] = np.asarray(memoryview(x))
        config = self.prepared.config
        section = config.fit
        if epochs is not None:
            section = section.model_copy(update={"epochs": min(epochs, section.epochs)})
        return fit(
            self.model,
            replace(self.fit_data(), x=x),
            section,
            seed=config.seed,
            callbacks=[*make_callbacks(config, folder), *recorders],
            history_file=folder and folder / "history.csv",
            checkpoint=checkpoint,
            on_progress=on_progress,
        )

    def repeat_training_rows(self, count: int) -> None:
        """Take the training rows again and again until there are `count` in an epoch.

        The preprocessors are fitted on the rows themselves, each once.
        """
        self.rows["train"] = np.resize(self.split.train, count)

    def subsample_training_rows(self) -> None:
        """Keep only as many training rows as are scored, drawn with the seed."""
        count = len(self.rows["train"])
        if count <= SCORED_TRAINING_ROWS:
            return
        generator = np.random.default_rng(self.prepared.config.seed)
        sample = np.sort(generator.choice(count, SCORED_TRAINING_ROWS, replace=False))
        x = self.x("train")
        self._x["train"] = x.take(sample) if isinstance(x, LazyRows) else x[sample]
        self.rows["train"] = self.rows["train"][sample]
        self.notices.append(
            f"training metrics are computed on {len(sample):,} of the {count:,} training rows"
        )
        gc.collect()  # the pipeline of the fit holds all rows and is part of a reference cycle

    def outputs(self, x: Rows) -> Array:
        """Return the outputs of the model for preprocessed rows, calibrated if it is."""
        outputs: Array = self.predictor(x)
        if self.calibration is None:
            return outputs
        kind = output_kind(self.prepared.dataset.target, self.prepared.config.loss)
        return self.calibration.calibrate(outputs, kind)

    def score(self, parts: Iterable[str]) -> dict[str, ScoredOutputs]:
        """Score the model on the rows of some parts."""
        target, loss = self.prepared.dataset.target, self.prepared.config.loss
        assign_constants(self.model, self.target_preprocessor.constants)
        return {
            part: score(
                self.model, self.outputs, self.x(part), self.y(part), target, loss,
                self.target_preprocessor,
            )
            for part in parts
        }  # fmt: skip


def open_session(prepared: Prepared) -> Session:
    """Return the session of the one split of a config; nothing is fitted or built yet.

    Parameters
    ----------
    prepared : Prepared

    Raises
    ------
    ConfigError
        If a callback monitors a metric that will not exist.
    DatasetError
        If the rows cannot be split.
    """
    config, dataset = prepared.config, prepared.dataset
    with dataset.with_notices():
        split = split_rows(dataset, config.split, config.split_seed)
    check_monitors(config, validation=len(split.validation) > 0)
    return Session(prepared, split, ReusableModel(config, dataset.facts, reset=False))


def open_sessions(prepared: Prepared, splits: Sequence[Split]) -> list[Session]:
    """Return a session for each split; they share one model."""
    models = ReusableModel(prepared.config, prepared.dataset.facts)
    return [Session(prepared, split, models) for split in splits]
