"""Fit the scikit-learn models that a network is compared with, on its inputs."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.datasets.storage import FLOAT_BYTES, check_fits
from dlcli.errors import DatasetError, first_line
from dlcli.experiments.baseline.models import BaselineModel, build_estimator
from dlcli.experiments.baseline.one_per_target import OnePerTarget
from dlcli.preparation.preprocessor import Group, Preprocessor
from dlcli.preparation.report import TransformReport
from dlcli.preparation.rows import transform_rows
from dlcli.preparation.steps import FittedVectorize
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.types import Array

SPECTROGRAMS = ("MelSpectrogram", "STFTSpectrogram")
# Number of training values up to which a model is fitted on one core.
SINGLE_CORE_VALUES = 5_000_000
# Dense inputs are converted to float64, of which scikit-learn makes a copy; in sizes of float32.
DENSE_COPIES = 5


def model_inputs(
    preprocessor: Preprocessor, dataset: Dataset, rows: Array, network: Any = None
) -> Any:
    """Return the inputs of the network as one flat row per sample.

    For text, the rows hold how often each word of the network's vocabulary occurs, because these
    models cannot use the order of words. For recordings, they hold the spectrogram, if it is the
    first layer of the network.

    Parameters
    ----------
    preprocessor : Preprocessor
        Fitted on the training rows.
    dataset : Dataset
    rows : ndarray of int
    network : keras.Sequential, optional
        Not needed for tables and texts.

    Returns
    -------
    ndarray or scipy.sparse.csr_matrix of float32, shape (n, features)
    """
    if any(_vectorize(group) for group in preprocessor.groups):
        return _with_word_counts(preprocessor, dataset.take(rows).x)
    size = FLOAT_BYTES * len(rows) * math.prod(preprocessor.input_shape)
    check_fits(
        2 * size, "the inputs of the baselines", "use fewer rows (`limit`), or smaller images"
    )
    x = np.asarray(transform_rows(preprocessor, dataset.x, rows))
    if network is not None and type(network.layers[0]).__name__ in SPECTROGRAMS:
        blocks = np.array_split(x, max(1, len(x) // 256))
        x = np.concatenate([np.asarray(network.layers[0](block)) for block in blocks])
    return np.asarray(x, np.float32).reshape(len(rows), -1)


def words_of_inputs(preprocessor: Preprocessor) -> tuple[str, ...]:
    """Return the word, or the name, of each column of `model_inputs` of texts."""
    names: list[str] = []
    for group in _words_last(preprocessor):
        step = _vectorize(group)
        names += group.feature_names if step is None else step.vocabulary
    return tuple(names)


def vocabulary_sizes(preprocessor: Preprocessor) -> tuple[int, ...]:
    """Return how many words of each text are the last columns of `model_inputs`."""
    steps = map(_vectorize, _words_last(preprocessor))
    return tuple(len(step.vocabulary) for step in steps if step is not None)


def _vectorize(group: Group) -> FittedVectorize | None:
    """Return the step that encodes words as numbers, if the group begins with it."""
    first = group.steps[0] if group.steps else None
    return first if isinstance(first, FittedVectorize) else None


def _words_last(preprocessor: Preprocessor) -> list[Group]:
    """Return the groups in the order in which `model_inputs` has their columns."""
    return sorted(preprocessor.groups, key=lambda group: _vectorize(group) is not None)


def _with_word_counts(preprocessor: Preprocessor, raw: Any) -> Any:
    """Return word counts for text columns, and before them the network's inputs for the others."""
    from scipy.sparse import csr_matrix, hstack

    parts = []
    for group in _words_last(preprocessor):
        step = _vectorize(group)
        if step is None:
            parts.append(csr_matrix(group.transform(raw, TransformReport())))
        else:
            parts.append(step.counts(np.asarray(raw[group.columns[0]])[:, np.newaxis]))
    return parts[0] if len(parts) == 1 else hstack(parts, format="csr")


@dataclass(frozen=True)
class FitAttempt:
    """The predictions of a model for one fold.

    Parameters
    ----------
    predictions : ndarray or None
        Class codes or numbers, shape (n,); None if the model could not be fitted.
    seconds : float
        Duration of the fit.
    note : str
        A warning or error of scikit-learn.
    word_counts : ndarray, optional
        Of naive Bayes: how often each word occurs in each class, shape (classes, words).
    """

    predictions: Array | None
    seconds: float
    note: str = ""
    word_counts: Array | None = None

    def inverted(self, preprocessor: TargetPreprocessor) -> FitAttempt:
        """Return the attempt with predictions in the unit of the target."""
        if self.predictions is None or not preprocessor.steps:
            return self
        values = self.predictions.reshape(len(self.predictions), -1)
        return replace(
            self, predictions=preprocessor.invert(values).reshape(self.predictions.shape)
        )


def fit_and_predict(
    model: BaselineModel,
    x: Any,
    y: Array,
    x_test: Any,
    seed: int,
    words: Sequence[int] = (),
    threads: int | None = None,
) -> FitAttempt:
    """Fit a model on the training rows and predict the test rows.

    Parameters
    ----------
    model : BaselineModel
    x, x_test : ndarray or sparse matrix, shape (n, features)
    y : ndarray, shape (n,) or (n, targets)
        Class codes or numbers; of labels 0 and 1.
    seed : int
    words : sequence of int
        From `vocabulary_sizes`.
    threads : int, optional
        Default: all processors for large data.

    Returns
    -------
    FitAttempt
    """
    from sklearn.utils import get_tags

    estimator = build_estimator(model, seed, x.shape[0])
    if threads is not None and estimator.get_params().get("n_jobs") == -1:
        estimator.set_params(n_jobs=threads)
    if y.ndim > 1 and not get_tags(estimator).target_tags.multi_output:
        estimator = OnePerTarget(estimator)
    note = ""
    if model.most_rows is not None and x.shape[0] > model.most_rows:
        note = f"not fitted on more than {model.most_rows:,} rows"
        return FitAttempt(None, 0.0, note)
    if model.dense and not isinstance(x, np.ndarray):
        if model.most_words is not None and sum(words) > model.most_words:
            columns, note = _frequent_words(x.shape[1], words, model.most_words)
            x, x_test = x[:, columns], x_test[:, columns]
        try:
            x, x_test = _dense(x, x_test)
        except DatasetError as error:
            return FitAttempt(None, 0.0, f"not fitted: {error}")
    if model.exact:
        x, x_test = x.astype(np.float64), x_test.astype(np.float64)
    with limited_threads(x.size, threads), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        started = time.monotonic()
        try:
            estimator.fit(x, y)
            seconds = time.monotonic() - started
            predictions = estimator.predict(x_test)
        except Exception as error:  # noqa: BLE001 (the other models' scores count)
            note = f"cannot be fitted: {first_line(error)}"
            return FitAttempt(None, time.monotonic() - started, note)
    counts = getattr(estimator, "feature_count_", None)
    return FitAttempt(np.asarray(predictions), seconds, _note(caught) or note, counts)


def _frequent_words(width: int, words: Sequence[int], most: int) -> tuple[Array, str]:
    """Return the columns with the most frequent words, as many of each text, and a note.

    A vocabulary is in the order of frequency, and all columns that are no words are kept.
    """
    share = max(1, most // len(words))
    start = width - sum(words)
    kept = [np.arange(start)]
    for size in words:
        kept.append(np.arange(start, start + min(size, share)))
        start += size
    note = f"on the {share} most frequent words" + " of each text" * (len(words) > 1)
    return np.concatenate(kept), note + ", beside the other columns" * (len(kept[0]) > 0)


def _dense(x: Any, x_test: Any) -> tuple[Array, Array]:
    """Return sparse inputs as arrays.

    Raises
    ------
    DatasetError
        If there is not enough memory.
    """
    size = DENSE_COPIES * FLOAT_BYTES * (x.shape[0] + x_test.shape[0]) * x.shape[1]
    check_fits(size, "inputs that are not sparse", "use fewer rows (`limit`), or fewer words")
    return x.toarray(), x_test.toarray()


def limited_threads(values: int, threads: int | None = None) -> AbstractContextManager[Any]:
    """Limit small fits to one core, and others to `threads`.

    For small data, synchronizing threads takes longer than it saves. On a machine that other
    processes use too, OpenMP's waiting threads can turn a second into minutes.
    """
    most = threads if values > SINGLE_CORE_VALUES else 1
    if most is None:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=most)
    return limits


def _note(caught: list[warnings.WarningMessage]) -> str:
    """Return the most important warning of a fit in a few words."""
    from sklearn.exceptions import ConvergenceWarning

    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return "did not converge"
    first = caught[0].message if caught else None
    return first_line(first) if isinstance(first, Warning) else ""
