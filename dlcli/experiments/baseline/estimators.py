"""The scikit-learn models that a network is compared with, and what they are given."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from dlcli.config.known import Task
from dlcli.datasets import Dataset
from dlcli.errors import first_line
from dlcli.preparation import Group, Preprocessor
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import FittedVectorize
from dlcli.types import Array

SPECTROGRAMS = ("MelSpectrogram", "STFTSpectrogram")


@dataclass(frozen=True)
class BaselineModel:
    """A row of the comparison.

    Parameters
    ----------
    name : str
    task : {"classification", "regression"}
    estimator : str
        Module and class; imported when it is needed.
    arguments : mapping
        Where they differ from scikit-learn's defaults.
    trivial : bool
        Whether it looks at the target alone.
    exact : bool
        Whether it is fitted in float64, since float32 loses small columns beside large ones.
    text : bool or None
        Whether it is for text alone, or for anything else alone; None: for both.
    dense : bool
        Whether it takes no sparse matrices, so that of text it is given the commonest words.
    """

    name: str
    task: Task
    estimator: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    trivial: bool = False
    exact: bool = False
    text: bool | None = None
    dense: bool = False


CLASSES: Task = "classification"
NUMBERS: Task = "regression"
SMALL = 5_000_000  # values of the training rows
FOREST = {"n_jobs": -1}
# Its own stopping would set training rows apart, and fail over classes with a single one.
BOOSTING = {"early_stopping": False}

MODELS = (
    BaselineModel(
        "majority class",
        CLASSES,
        "sklearn.dummy.DummyClassifier",
        {"strategy": "most_frequent"},
        trivial=True,
    ),
    BaselineModel("k-nearest neighbours", CLASSES, "sklearn.neighbors.KNeighborsClassifier"),
    BaselineModel("naive Bayes", CLASSES, "sklearn.naive_bayes.GaussianNB", exact=True, text=False),
    BaselineModel("naive Bayes", CLASSES, "sklearn.naive_bayes.MultinomialNB", text=True),
    BaselineModel(
        "logistic regression",
        CLASSES,
        "sklearn.linear_model.LogisticRegression",
        {"max_iter": 2000},
    ),
    BaselineModel("random forest", CLASSES, "sklearn.ensemble.RandomForestClassifier", FOREST),
    BaselineModel(
        "gradient boosting",
        CLASSES,
        "sklearn.ensemble.HistGradientBoostingClassifier",
        BOOSTING,
        dense=True,
    ),
    BaselineModel("mean", NUMBERS, "sklearn.dummy.DummyRegressor", trivial=True),
    BaselineModel("k-nearest neighbours", NUMBERS, "sklearn.neighbors.KNeighborsRegressor"),
    BaselineModel(
        "linear regression", NUMBERS, "sklearn.linear_model.LinearRegression", exact=True
    ),
    BaselineModel("random forest", NUMBERS, "sklearn.ensemble.RandomForestRegressor", FOREST),
    BaselineModel(
        "gradient boosting",
        NUMBERS,
        "sklearn.ensemble.HistGradientBoostingRegressor",
        BOOSTING,
        dense=True,
    ),
)
NAIVE_FORECAST = BaselineModel("naive forecast (last value)", NUMBERS, "")
COMMONEST = 500


def models_for(dataset: Dataset) -> tuple[BaselineModel, ...]:
    """Return the models that fit a data set."""
    fitting = [
        model
        for model in MODELS
        if model.task == dataset.target.task and model.text in (None, dataset.is_text)
    ]
    return (NAIVE_FORECAST, *fitting) if dataset.medium.kind == "series" else tuple(fitting)


def model_inputs(preprocessor: Preprocessor, dataset: Dataset, rows: Array, network: Any) -> Any:
    """Return what the models are given: the network's inputs, a flat row per sample.

    The order of words means nothing to these models: of text they get how often each word of
    the network's vocabulary occurs. Of recordings they get the spectrogram, where the network
    begins with one.

    Parameters
    ----------
    preprocessor : Preprocessor
        Fitted on the training rows.
    dataset : Dataset
    rows : ndarray of int
    network : keras.Sequential

    Returns
    -------
    ndarray or scipy.sparse.csr_matrix of float32, shape (n, features)
    """
    raw = dataset.take(rows).x
    if any(_vectorize(group) for group in preprocessor.groups):
        return _with_words(preprocessor, raw)
    x = preprocessor.transform(raw)
    if type(network.layers[0]).__name__ in SPECTROGRAMS:
        blocks = np.array_split(x, max(1, len(x) // 256))
        x = np.concatenate([np.asarray(network.layers[0](block)) for block in blocks])
    return np.asarray(x, np.float32).reshape(len(rows), -1)


def _vectorize(group: Group) -> FittedVectorize | None:
    first = group.steps[0] if group.steps else None
    return first if isinstance(first, FittedVectorize) else None


def _with_words(preprocessor: Preprocessor, raw: Any) -> Any:
    """Return texts as counts of their words, beside the other columns as the network has them."""
    from scipy.sparse import csr_matrix, hstack

    parts = []
    for group in preprocessor.groups:
        step = _vectorize(group)
        if step is None:
            parts.append(csr_matrix(group.transform(raw, TransformReport())))
        else:
            parts.append(step.counts(np.asarray(raw[group.columns[0]])[:, np.newaxis]))
    return parts[0] if len(parts) == 1 else hstack(parts, format="csr")


@dataclass(frozen=True)
class FitAttempt:
    """A model that was fitted and asked once.

    Parameters
    ----------
    predictions : ndarray or None
        Codes or numbers, shape (n,); None if the model cannot be fitted to these rows.
    seconds : float
        Of the fit alone.
    note : str
        What scikit-learn had to say.
    """

    predictions: Array | None
    seconds: float
    note: str = ""


def fit_and_predict(model: BaselineModel, x: Any, y: Array, x_test: Any, seed: int) -> FitAttempt:
    """Fit a model and predict rows that it has not seen.

    Parameters
    ----------
    model : BaselineModel
    x, x_test : ndarray or sparse matrix, shape (n, features)
    y : ndarray, shape (n,)
        Codes or numbers.
    seed : int
    """
    estimator = build_estimator(model, seed, x.shape[0])
    note = ""
    if model.dense and not isinstance(x, np.ndarray):
        note = f"on the {COMMONEST} commonest words" if x.shape[1] > COMMONEST else ""
        x, x_test = x[:, :COMMONEST].toarray(), x_test[:, :COMMONEST].toarray()
    if model.exact:
        x, x_test = x.astype(np.float64), x_test.astype(np.float64)
    with _threads(x.size), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        started = time.monotonic()
        try:
            estimator.fit(x, y)
            seconds = time.monotonic() - started
            predictions = estimator.predict(x_test)
        except Exception as error:  # noqa: BLE001 (one model must not cost the others' scores)
            note = f"cannot be fitted: {first_line(error)}"
            return FitAttempt(None, time.monotonic() - started, note)
    return FitAttempt(np.asarray(predictions), seconds, _note(caught) or note)


def _threads(values: int) -> AbstractContextManager[Any]:
    """Fit small data on one core: threads that wait for each other cost more than they bring.

    Where other processes use the machine, OpenMP's threads spin, and a second becomes minutes.
    """
    if values > SMALL:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def build_estimator(model: BaselineModel, seed: int, rows: int) -> Any:
    """Make the estimator of a model for so many training rows.

    Parameters
    ----------
    model : BaselineModel
    seed : int
        For what the estimator draws at random.
    rows : int
        It has no more neighbours than there are rows.
    """
    module, _, name = model.estimator.rpartition(".")
    estimator = getattr(import_module(module), name)(**model.arguments)
    known = estimator.get_params()
    if "random_state" in known:
        estimator.set_params(random_state=seed)
    if "n_neighbors" in known:
        estimator.set_params(n_neighbors=min(known["n_neighbors"], rows))
    return estimator


def _note(caught: list[warnings.WarningMessage]) -> str:
    """Say what went wrong in few words."""
    from sklearn.exceptions import ConvergenceWarning

    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return "did not converge"
    return (
        first_line(caught[0].message) if caught and isinstance(caught[0].message, Warning) else ""
    )
