"""The scikit-learn models that a network is compared with."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from dlcli.config.known import Task
from dlcli.datasets.dataset import Dataset
from dlcli.errors import DlcliError, first_line, unknown


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
        Whether the model takes no sparse matrices.
    most_words : int or None
        Number of words, the most frequent ones, whose counts the model gets.
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
    most_words: int | None = None
    most_rows: int | None = None


CLASSES: Task = "classification"
NUMBERS: Task = "regression"
FOREST = {"n_jobs": -1}
# Early stopping would split off training rows, and fail for classes with a single row.
BOOSTING = {"early_stopping": False}

# Its time grows with the columns.
MOST_BOOSTING_WORDS = 500

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
        "bayes", "naive Bayes", CLASSES, "sklearn.naive_bayes.GaussianNB", exact=True, text=False,
        dense=True,
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
        most_words=MOST_BOOSTING_WORDS,
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
        most_words=MOST_BOOSTING_WORDS,
    ),
)  # fmt: skip
NAIVE_FORECAST = BaselineModel("naive", "naive forecast (last value)", NUMBERS, "")


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
