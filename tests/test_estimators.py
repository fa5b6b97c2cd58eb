"""scikit-learn estimators: what scikit-learn asks of them, and the answers of `predict`."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from dlcli import DlcliClassifier, DlcliRegressor, ModelFileError, predict

FIT = {"optimizer": {"Adam": {"learning_rate": 0.05}}, "fit": {"epochs": 20, "batch_size": 32}}
HIDDEN = {"Dense": {"units": 16, "activation": "relu"}}
CLASSES = {
    "model": [HIDDEN, {"Dense": {"activation": "softmax"}}],
    "loss": "sparse_categorical_crossentropy",
    **FIT,
}
NUMBERS = {
    "model": [HIDDEN, "Dense"],
    "loss": "mse",
    "preprocess": {"target": ["standardize"]},
    **FIT,
}
# Of the many fits of `check_estimator`: what is traced for a training step costs most of them.
CHECKED = {
    "model": [{"Dense": {"activation": "softmax"}}],
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"SGD": {"learning_rate": 0.5}},
    "fit": {"epochs": 10, "batch_size": 32},
}


def test_a_model_file_predicts_as_predict_does(trained):
    table = pd.read_csv("people.csv", sep=";", dtype=object, keep_default_na=False)

    model = DlcliClassifier.from_file(trained.path)

    expected = predict(trained.path, table).to_frame()
    assert model.predict(table).tolist() == expected["prediction"].tolist()
    np.testing.assert_array_equal(model.predict_proba(table), expected.filter(like="p_"))
    assert model.classes_.tolist() == ["a", "b"]
    assert model.feature_names_in_.tolist() == ["age", "city", "member", "height"]
    assert 0 <= model.score(table, table["label"]) <= 1
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))


def test_a_model_of_another_task_is_refused(trained):
    with pytest.raises(
        ModelFileError, match="of classification with 1 target; DlcliRegressor needs"
    ):
        DlcliRegressor.from_file(trained.path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn_accepts_the_classifier():
    check_estimator(DlcliClassifier(CHECKED))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_scikit_learn_accepts_the_regressor():
    """The checks that are about regressors; the others are those of the classifier."""
    names = []
    for estimator, check in estimator_checks_generator(DlcliRegressor(NUMBERS)):
        if "regressor" in check.func.__name__:
            check(estimator)
            names.append(check.func.__name__)

    assert len(names) >= 4


@pytest.mark.slow
def test_an_estimator_works_among_others():
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    pipeline = make_pipeline(StandardScaler(), DlcliClassifier(CLASSES, random_state=0))

    assert cross_val_score(pipeline, x, names, cv=3).mean() > 0.9

    first = clone(pipeline).set_params(dlcliclassifier__epochs=5).fit(x, names)
    second = clone(first).fit(x, names)
    np.testing.assert_array_equal(first.predict_proba(x), second.predict_proba(x))
    assert set(first.predict(x)) <= set(names)


@pytest.mark.slow
def test_a_table_has_categories_gaps_and_dates():
    generator = np.random.default_rng(0)
    kind = generator.choice(["red", "blue"], 120)
    table = pd.DataFrame(
        {
            "kind": kind,
            "size": np.where(generator.random(120) < 0.1, np.nan, generator.normal(size=120)),
            "day": pd.date_range("2020-01-01", periods=120),
            "new": generator.random(120) < 0.5,
        }
    )
    model = DlcliClassifier(CLASSES).fit(table, kind == "red")

    assert model.classes_.dtype == bool
    assert model.score(table, kind == "red") > 0.95


@pytest.mark.parametrize("validation", ["test", 0.2])
def test_configs_that_validate_can_be_fitted(validation):
    x, y = load_iris(return_X_y=True)
    y[0] = 3  # a class with a single row

    model = DlcliClassifier({**CLASSES, "split": {"validation": validation}}, epochs=1).fit(x, y)

    assert list(model.classes_) == [0, 1, 2, 3]


@pytest.mark.slow
def test_the_default_network_is_that_of_tables():
    x, y = load_iris(return_X_y=True)

    assert DlcliRegressor(epochs=10).fit(x, y).score(x, y) > 0.8
    assert DlcliClassifier("iris", epochs=30).fit(x, y).score(x, y) > 0.8
