"""The scikit-learn models that a network is compared with, and their inputs."""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np

from dlcli.config.known import Task
from dlcli.datasets.dataset import Dataset
from dlcli.datasets.storage import FLOAT_BYTES, check_fits
from dlcli.errors import DlcliError, first_line, unknown
from dlcli.experiments.baseline.one_per_target import OnePerTarget
from dlcli.preparation.preprocessor import Group, Preprocessor
from dlcli.preparation.report import TransformReport
from dlcli.preparation.rows import transform_rows
from dlcli.preparation.steps import FittedVectorize
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.types import Array

SPECTROGRAMS = ("MelSpectrogram", "STFTSpectrogram")


@dataclass(frozen=True)
class BaselineModel:
    """A scikit-learn model of the comparison.

    Parameters
    ----------
    key : str
        Short name, for `with_settings`.
    name : str
    task : {"classification", "regression"}
    estimator : str
        Module and class; imported when the model is fitted.
    arguments : mapping
        Arguments that differ from scikit-learn's defaults.
    trivial : bool
        Whether the model ignores the inputs.
    exact : bool
        Whether the model is fitted in float64. In float32, columns with small values would be
        lost beside columns with large ones.
    text : bool or None
        True: only for text. False: not for text. None: for both.
    dense : bool
        Whether the model takes no sparse matrices. Of text it then gets only the most frequent
        words.
    most_rows : int or None
        Number of training rows up to which the model is fitted.
    """

    key: str
    name: str
    task: Task
    estimator: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    trivial: bool = False
    exact: bool = False
    text: bool | None = None
    dense: bool = False
    most_rows: int | None = None


CLASSES: Task = "classification"
NUMBERS: Task = "regression"
# Number of training values up to which a model is fitted on one core.
SINGLE_CORE_VALUES = 5_000_000
FOREST = {"n_jobs": -1}
# Early stopping would split off training rows, and fail for classes with a single row.
BOOSTING = {"early_stopping": False}

# The time of a support vector machine grows with the square of the rows, or faster.
MOST_SVM_ROWS = 10_000

MODELS = (
    BaselineModel(
        "majority", "majority class", CLASSES, "sklearn.dummy.DummyClassifier",
        {"strategy": "most_frequent"}, trivial=True,
    ),
    BaselineModel(
        "knn", "k-nearest neighbours", CLASSES, "sklearn.neighbors.KNeighborsClassifier"
    ),
    BaselineModel(
        "bayes", "naive Bayes", CLASSES, "sklearn.naive_bayes.GaussianNB", exact=True, text=False
    ),
    BaselineModel(
        "bayes", "naive Bayes", CLASSES, "sklearn.naive_bayes.MultinomialNB", text=True
    ),
    BaselineModel(
        "logistic", "logistic regression", CLASSES, "sklearn.linear_model.LogisticRegression",
        {"max_iter": 2000},
    ),
    BaselineModel(
        "svm", "support vector machine", CLASSES, "sklearn.svm.SVC", most_rows=MOST_SVM_ROWS
    ),
    BaselineModel("tree", "decision tree", CLASSES, "sklearn.tree.DecisionTreeClassifier"),
    BaselineModel(
        "forest", "random forest", CLASSES, "sklearn.ensemble.RandomForestClassifier", FOREST
    ),
    BaselineModel(
        "boosting", "gradient boosting", CLASSES,
        "sklearn.ensemble.HistGradientBoostingClassifier", BOOSTING, dense=True,
    ),
    BaselineModel("mean", "mean", NUMBERS, "sklearn.dummy.DummyRegressor", trivial=True),
    BaselineModel("knn", "k-nearest neighbours", NUMBERS, "sklearn.neighbors.KNeighborsRegressor"),
    BaselineModel(
        "linear", "linear regression", NUMBERS, "sklearn.linear_model.LinearRegression", exact=True
    ),
    BaselineModel(
        "svm", "support vector machine", NUMBERS, "sklearn.svm.SVR", most_rows=MOST_SVM_ROWS
    ),
    BaselineModel("tree", "decision tree", NUMBERS, "sklearn.tree.DecisionTreeRegressor"),
    BaselineModel(
        "forest", "random forest", NUMBERS, "sklearn.ensemble.RandomForestRegressor", FOREST
    ),
    BaselineModel(
        "boosting", "gradient boosting", NUMBERS,
        "sklearn.ensemble.HistGradientBoostingRegressor", BOOSTING, dense=True,
    ),
)  # fmt: skip
NAIVE_FORECAST = BaselineModel("naive", "naive forecast (last value)", NUMBERS, "")
# Number of words that models without sparse inputs get.
DENSE_WORDS = 500


def models_for(dataset: Dataset) -> tuple[BaselineModel, ...]:
    """Return the models that suit a data set."""
    task: Task = NUMBERS if dataset.target.task == NUMBERS else CLASSES
    models = [
        model for model in MODELS if model.task == task and model.text in (None, dataset.is_text)
    ]
    if dataset.target.task == "multilabel":
        models[0] = replace(models[0], name="majority of each label")
    return (NAIVE_FORECAST, *models) if dataset.medium.kind == "series" else tuple(models)


def with_settings(
    models: Sequence[BaselineModel], settings: Mapping[str, Mapping[str, Any]]
) -> tuple[BaselineModel, ...]:
    """Return models with other arguments, which their names show.

    Parameters
    ----------
    models : sequence of BaselineModel
    settings : mapping
        Arguments by the key of the model, as in ``{"knn": {"n_neighbors": 3}}``.

    Raises
    ------
    DlcliError
        If there is no such model or argument, or scikit-learn does not take the value.
    """
    keys = [model.key for model in models if model.estimator]
    for key in settings:
        if key not in keys:
            raise DlcliError(unknown("model", key, keys))
    return tuple(
        _with_arguments(model, settings[model.key]) if model.key in settings else model
        for model in models
    )


def _with_arguments(model: BaselineModel, arguments: Mapping[str, Any]) -> BaselineModel:
    from sklearn.utils._param_validation import InvalidParameterError

    shown = ", ".join(f"{name}={value}" for name, value in arguments.items())
    named = replace(
        model, name=f"{model.name} ({shown})", arguments={**model.arguments, **arguments}
    )
    parameters = build_estimator(model, 0, 1).get_params()
    for name in arguments:
        if name not in parameters:
            raise DlcliError(f"{model.key}: {unknown('argument', name, parameters)}")
    try:
        build_estimator(named, 0, sys.maxsize)._validate_params()  # noqa: SLF001 (no public name)
    except InvalidParameterError as error:
        raise DlcliError(f"{model.key}: {first_line(error)}") from None
    return named


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


def _vectorize(group: Group) -> FittedVectorize | None:
    """Return the step that encodes words as numbers, if the group begins with it."""
    first = group.steps[0] if group.steps else None
    return first if isinstance(first, FittedVectorize) else None


def _with_word_counts(preprocessor: Preprocessor, raw: Any) -> Any:
    """Return word counts for text columns, and the network's inputs for the others."""
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
    """The predictions of a model for one fold.

    Parameters
    ----------
    predictions : ndarray or None
        Class codes or numbers, shape (n,); None if the model could not be fitted.
    seconds : float
        Duration of the fit.
    note : str
        A warning or error of scikit-learn.
    """

    predictions: Array | None
    seconds: float
    note: str = ""

    def inverted(self, preprocessor: TargetPreprocessor) -> FitAttempt:
        """Return the attempt with predictions in the unit of the target."""
        if self.predictions is None or not preprocessor.steps:
            return self
        values = self.predictions.reshape(len(self.predictions), -1)
        return replace(
            self, predictions=preprocessor.invert(values).reshape(self.predictions.shape)
        )


def fit_and_predict(model: BaselineModel, x: Any, y: Array, x_test: Any, seed: int) -> FitAttempt:
    """Fit a model on the training rows and predict the test rows.

    Parameters
    ----------
    model : BaselineModel
    x, x_test : ndarray or sparse matrix, shape (n, features)
    y : ndarray, shape (n,) or (n, targets)
        Class codes or numbers; of labels 0 and 1.
    seed : int

    Returns
    -------
    FitAttempt
    """
    from sklearn.utils import get_tags

    estimator = build_estimator(model, seed, x.shape[0])
    if y.ndim > 1 and not get_tags(estimator).target_tags.multi_output:
        estimator = OnePerTarget(estimator)
    note = ""
    if model.most_rows is not None and x.shape[0] > model.most_rows:
        note = f"not fitted on more than {model.most_rows:,} rows"
        return FitAttempt(None, 0.0, note)
    if model.dense and not isinstance(x, np.ndarray):
        if x.shape[1] > DENSE_WORDS:
            note = f"on the {DENSE_WORDS} most frequent words"
        x, x_test = (part[:, :DENSE_WORDS].toarray() for part in (x, x_test))
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
        except Exception as error:  # noqa: BLE001 (the other models' scores count)
            note = f"cannot be fitted: {first_line(error)}"
            return FitAttempt(None, time.monotonic() - started, note)
    return FitAttempt(np.asarray(predictions), seconds, _note(caught) or note)


def _threads(values: int) -> AbstractContextManager[Any]:
    """Limit small fits to one core.

    For small data, synchronizing threads takes longer than it saves. On a machine that other
    processes use too, OpenMP's waiting threads can turn a second into minutes.
    """
    if values > SINGLE_CORE_VALUES:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


def build_estimator(model: BaselineModel, seed: int, rows: int) -> Any:
    """Create the scikit-learn estimator of a model.

    Parameters
    ----------
    model : BaselineModel
    seed : int
        The ``random_state`` of estimators that have one.
    rows : int
        Number of training rows, which limits ``n_neighbors``.
    """
    module, _, name = model.estimator.rpartition(".")
    estimator = getattr(import_module(module), name)(**model.arguments)
    parameters = estimator.get_params()
    if "random_state" in parameters:
        estimator.set_params(random_state=seed)
    if "n_neighbors" in parameters:
        estimator.set_params(n_neighbors=min(parameters["n_neighbors"], rows))
    return estimator


def _note(caught: list[warnings.WarningMessage]) -> str:
    """Return the most important warning of a fit in a few words."""
    from sklearn.exceptions import ConvergenceWarning

    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return "did not converge"
    first = caught[0].message if caught else None
    return first_line(first) if isinstance(first, Warning) else ""
