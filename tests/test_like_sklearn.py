"""What is computed without scikit-learn, because its import takes a second, has its values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import t
from sklearn import datasets, metrics, model_selection, preprocessing
from sklearn.impute import SimpleImputer

from dlcli.config.steps import Impute, MinMax, Ordinal, Quantile, Standardize
from dlcli.datasets import bundled
from dlcli.experiments.statistics import corrected_t_test, summarize_metric
from dlcli.network.scores import class_scores, confusion_matrix
from dlcli.preparation.random_splits import fold_numbers, train_test_split
from dlcli.preparation.steps import fit_step

seeds = st.integers(0, 2**32 - 1)
class_counts = st.lists(st.integers(2, 40), min_size=2, max_size=9)


def _labels(counts, seed):
    labels = np.repeat(np.arange(len(counts)) * 2, counts)
    return np.random.default_rng(seed).permutation(labels)


@given(st.integers(2, 200), st.floats(0, 1), seeds)
def test_random_split(rows, share, seed):
    size = min(max(1, round(share * rows)), rows - 1)

    parts = train_test_split(rows, size, seed, None)

    expected = model_selection.train_test_split(np.arange(rows), test_size=size, random_state=seed)
    for part, other in zip(parts, expected, strict=True):
        np.testing.assert_array_equal(part, np.sort(other))


@given(class_counts, st.floats(0, 1), seeds)
def test_stratified_split(counts, share, seed):
    labels = _labels(counts, seed)
    size = min(max(len(counts), round(share * len(labels))), len(labels) - len(counts))

    parts = train_test_split(len(labels), size, seed, labels)

    expected = model_selection.train_test_split(
        np.arange(len(labels)), test_size=size, random_state=seed, stratify=labels
    )
    for part, other in zip(parts, expected, strict=True):
        np.testing.assert_array_equal(part, np.sort(other))


@given(class_counts, st.integers(2, 12), seeds, st.booleans())
def test_folds(counts, folds, seed, stratify):
    labels = _labels(counts, seed) if stratify else None
    rows = sum(counts)
    folds = min(folds, min(counts) if stratify else rows)
    kind = model_selection.StratifiedKFold if stratify else model_selection.KFold

    numbers = fold_numbers(rows, folds, seed, labels)

    expected = kind(folds, shuffle=True, random_state=seed).split(np.zeros(rows), labels)
    for number, (_, test) in enumerate(expected):
        np.testing.assert_array_equal(np.flatnonzero(numbers == number), test)


VALUES = {
    "plain": np.random.default_rng(0).normal(5, 3, (50, 3)),
    "single": np.array([[1.0, 2.0, 3.0]]),
    "constant": np.column_stack([np.full(50, 0.1), np.full(50, 1e9), np.arange(50) * 1e-9 + 1e6]),
    "whole": np.random.default_rng(1).integers(0, 9, (50, 3)),
    "tiny range": np.array([[1.0, 0, 5], [1 + 4e-16, 1e-16, 5 + 1e-15]]),
}
VALUES["missing"] = np.where(
    np.random.default_rng(2).random((50, 3)) < 0.3, np.nan, VALUES["plain"]
)
NAMES = ("a", "b", "c")


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", VALUES)
def test_scaling(name, kind):
    values = VALUES[name]
    values = values if values.dtype.kind == "i" else values.astype(kind)
    blocks = np.array_split(values, 3 if len(values) > 3 else 1)
    scaler, min_max = preprocessing.StandardScaler(), preprocessing.MinMaxScaler()
    for block in blocks:
        scaler.partial_fit(block)
        min_max.partial_fit(block)

    fitted = fit_step(Standardize(), iter(blocks), NAMES)
    span = fit_step(MinMax(), iter(blocks), NAMES)

    np.testing.assert_array_equal(fitted.mean, scaler.mean_)
    np.testing.assert_array_equal(np.where(fitted.scale, fitted.scale, 1), scaler.scale_)
    np.testing.assert_array_equal(span.low, min_max.data_min_)
    constant = min_max.data_range_ == 0
    np.testing.assert_array_equal(span.span, np.where(constant, 0, 1 / min_max.scale_))


def test_columns_without_values_in_a_block():
    values = VALUES["missing"].copy()
    values[:20, 0] = values[30:, 1] = np.nan
    blocks = np.split(values, [10, 20, 30])

    fitted = fit_step(Standardize(), iter(blocks), NAMES)
    span = fit_step(MinMax(), iter(blocks), NAMES)

    np.testing.assert_allclose(fitted.mean, np.nanmean(values, axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted.scale, np.nanstd(values, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(span.low, np.nanmin(values, axis=0))


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_imputed_numbers(strategy, kind):
    values = np.round(VALUES["missing"]).astype(kind)

    fitted = fit_step(Impute(strategy=strategy), iter([values]), NAMES)

    np.testing.assert_array_equal(
        fitted.fill, SimpleImputer(strategy=strategy).fit(values).statistics_
    )


def test_imputed_texts_categories_and_quantiles():
    texts = np.array([["b", "x"], ["a", None], ["b", "y"], ["a", "y"], [None, "x"]], object)
    fitted = fit_step(Impute(), iter([texts]), ("a", "b"))
    assert fitted.fill == ("a", "x")

    whole = texts[1:4, :1]
    categories = fit_step(Ordinal(), iter([whole]), ("a",)).categories
    expected = preprocessing.OrdinalEncoder().fit(whole).categories_
    assert categories == tuple(tuple(column) for column in expected)

    quantiles = fit_step(Quantile(n_quantiles=17), iter([VALUES["missing"]]), NAMES).quantiles
    transformer = preprocessing.QuantileTransformer(n_quantiles=17).fit(VALUES["missing"])
    np.testing.assert_array_equal(np.transpose(quantiles), transformer.quantiles_)


@given(arrays.arrays(np.int32, (30, 2), elements=st.integers(0, 4)))
def test_class_scores(codes):
    y, predicted = codes.T
    labels = np.arange(6)

    matrix = confusion_matrix(y, predicted, 6)
    scores = class_scores(matrix, tuple("abcdef"))

    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(y, predicted, labels=labels))
    expected = metrics.precision_recall_fscore_support(
        y, predicted, labels=labels, zero_division=0.0
    )
    measured = [(s.precision, s.recall, s.f1, s.support) for s in scores]
    np.testing.assert_array_equal(np.transpose(measured), expected)


def test_students_t():
    values = [0.5, 0.25, 0.75, 0.6]
    summary = summarize_metric(values)
    half = t.ppf(0.975, 3) * np.std(values, ddof=1) / 2
    assert summary.high == summary.mean + half

    spread = (1 / 4 + 0.1) * np.var(values, ddof=1)
    assert corrected_t_test(values, 100, 10) == 2 * t.sf(np.mean(values) / np.sqrt(spread), 3)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_bundled_data_sets(name, elsewhere, monkeypatch):
    if elsewhere:  # a version of scikit-learn that has its files in another folder
        monkeypatch.setattr(bundled, "FILES", {name: "none.csv"})

    dataset = bundled.load_sklearn(name, name)

    bunch = getattr(datasets, f"load_{name}")()
    np.testing.assert_array_equal(np.reshape(dataset.x, bunch.data.shape), bunch.data)
    np.testing.assert_array_equal(dataset.y, bunch.target)
    if name != "digits":
        assert list(dataset.x.columns) == list(bunch.feature_names)
    if name != "diabetes":
        assert dataset.target.class_names == tuple(map(str, bunch.target_names))
