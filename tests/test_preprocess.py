"""Preprocessing: scikit-learn's numbers, fitted on training rows only, kept as JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from dlcli import DatasetError, ModelFileError, load_config
from dlcli.config.sections import PreprocessConfig
from dlcli.config.steps import Hash, Impute, MinMax, OneHot, Ordinal, Scale, Standardize
from dlcli.datasets.dataset import Column, Dataset, Target
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import to_frame
from dlcli.preparation.fitting import fit_preprocessor, resolve
from dlcli.preparation.prepare import scale_notice
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import fit_step, step_from_json, step_to_json


def numeric(values, **section):
    names = [f"c{index}" for index in range(values.shape[1])]
    x = to_frame({name: values[:, index] for index, name in enumerate(names)})
    columns = tuple(Column(name, "numeric", index) for index, name in enumerate(names))
    y = np.zeros(len(values))
    dataset = Dataset("data", x, y, Target("t", "regression"), columns)
    return dataset, resolve(dataset, PreprocessConfig(**section))


rows = st.lists(
    st.tuples(st.floats(-1e6, 1e6).map(lambda x: round(x, 6)), st.integers(-9, 9).map(float),
              st.just(7.0)),
    min_size=3, max_size=20,
)  # fmt: skip


@given(rows)
@pytest.mark.parametrize(
    ("step", "scaler"), [(Standardize(), StandardScaler), (MinMax(), MinMaxScaler)]
)
def test_scaling_is_that_of_scikit_learn_but_for_constant_columns(step, scaler, rows):
    values = np.array(rows)
    train = np.arange(len(values) - 1)
    dataset, section = numeric(values, numeric=(step,))

    found = fit_preprocessor(dataset, train, section).transform(dataset.x)

    expected = scaler().fit(values[train]).transform(values)
    expected[:, np.ptp(values[train], axis=0) == 0] = 0  # nothing can be learned from a constant
    assert np.allclose(found, expected.astype(np.float32), rtol=1e-5, atol=1e-6)


@given(rows)
def test_what_is_stored_transforms_to_the_same_bits(rows):
    dataset, section = numeric(np.array(rows))
    fitted = fit_preprocessor(dataset, np.arange(len(rows)), section)

    restored = Preprocessor.from_json(json.loads(json.dumps(fitted.to_json())))

    assert restored == fitted
    assert np.array_equal(restored.transform(dataset.x), fitted.transform(dataset.x))


def test_test_rows_leave_no_trace():
    values = np.random.default_rng(0).random((20, 3))
    dataset, section = numeric(values)
    changed = values.copy()
    changed[15:] = 1e6
    other, _ = numeric(changed)
    train = np.arange(15)

    assert fit_preprocessor(dataset, train, section) == fit_preprocessor(other, train, section)


def test_columns_are_chosen_by_their_type(people):
    config = load_config(people)
    dataset = load_dataset(config)
    section = resolve(dataset, config.preprocess)

    fitted = fit_preprocessor(dataset, np.arange(12), section)
    report = TransformReport()
    x = fitted.transform(dataset.x, report)

    assert fitted.feature_names == [
        "age", "height", "city=Busan", "city=Daegu", "city=Seoul", "member",
    ]  # fmt: skip
    assert x.shape == (12, 6)
    assert not np.isnan(x).any()
    assert dict(report.imputed) == {"age": 1, "height": 1, "city": 1}
    assert [type(step) for step in section.columns["age"]] == [Impute, Standardize]


def test_an_unseen_category_is_counted_not_a_crash(people):
    dataset = load_dataset(load_config(people))
    section = PreprocessConfig(
        numeric=(Impute(strategy="median", indicator=True), Standardize()),
        categorical=(Impute(), OneHot()),
    )
    fitted = fit_preprocessor(dataset, np.arange(12), section)
    new = dataset.x.iloc[:2].copy()
    new["city"] = ["Jeju", "Seoul"]
    report = TransformReport()

    x = fitted.transform(new, report)

    names = fitted.feature_names
    assert x[0, [names.index(f"city={c}") for c in ("Busan", "Daegu", "Seoul")]].tolist() == [
        0,
        0,
        0,
    ]
    assert dict(report.unseen) == {"city": 1}
    assert "age missing" in names
    ordinal = fit_preprocessor(
        dataset, np.arange(12), section.model_copy(update={"categorical": (Impute(), Ordinal())})
    )
    assert ordinal.transform(new, TransformReport())[0, ordinal.feature_names.index("city")] == -1


def test_a_missing_value_that_nothing_fills_in_is_named(people):
    dataset = load_dataset(load_config(people))
    section = PreprocessConfig(numeric=(Standardize(),), categorical=(Impute(), OneHot()))

    with pytest.raises(DatasetError, match="column 'age': 1 value is missing"):
        fit_preprocessor(dataset, np.arange(12), section).transform(dataset.x)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"categorical": ()}, "holds text, and no step encodes it as numbers"),
        ({"columns": {"city": (Standardize(),)}}, "categorical; standardize does not take it"),
        ({"columns": {"agee": (Standardize(),)}}, "Did you mean 'age'?"),
        ({"categorical": (Impute(strategy="mean"), OneHot())}, "impute it with most_frequent"),
    ],
)
def test_steps_that_do_not_fit_a_column(people, section, message):
    dataset = load_dataset(load_config(people))

    with pytest.raises(DatasetError) as error:
        fit_preprocessor(dataset, np.arange(12), resolve(dataset, PreprocessConfig(**section)))

    assert message in str(error.value)


def test_arrays_are_scaled_by_a_constant():
    x = np.full((4, 2, 2, 1), 51, np.uint8)
    dataset = Dataset("data", x, np.zeros(4), Target("t", "regression"))
    section = PreprocessConfig(numeric=(Scale(divisor=255),))

    out = fit_preprocessor(dataset, np.arange(4), section).transform(x)

    assert out.shape == x.shape
    assert out.dtype == np.float32
    assert np.allclose(out, 0.2)


def test_inputs_far_from_unit_scale_are_noticed():
    values = np.array([[1.0, 500.0], [2.0, 900.0]])
    dataset, section = numeric(values, numeric=())
    fitted = fit_preprocessor(dataset, np.arange(2), section)

    assert "'c1' reaches 900" in scale_notice(values, fitted)
    assert "preprocess" in scale_notice(values, fitted)
    assert scale_notice(values / 1000, fitted) is None


def test_values_beyond_the_network_are_refused():
    dataset, section = numeric(np.array([[1e300], [2.0]]), numeric=())

    with pytest.raises(DatasetError, match="'c0' has values too large"):
        fit_preprocessor(dataset, np.arange(2), section).transform(dataset.x)


def test_values_of_an_array_beyond_the_network_are_refused():
    values = np.ones((6, 2))
    values[3, 1] = 1e300
    dataset = Dataset("d", values, np.zeros(6), Target("t", "regression"))
    section = PreprocessConfig(numeric=(Standardize(),))

    with pytest.raises(DatasetError, match="'pixel_1' has values too large") as error:
        fit_preprocessor(dataset, np.arange(6), section)
    assert error.value.row == 3


@pytest.mark.parametrize(
    "document", [{}, {"shape": [], "groups": [{"columns": ["a"], "steps": [{"name": "os"}]}]}]
)
def test_damaged_state_is_refused(document):
    with pytest.raises(ModelFileError, match="damaged"):
        Preprocessor.from_json(document)


@pytest.mark.parametrize("step", [(), (Standardize(),), (MinMax(),), (OneHot(),)])
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_values_are_refused_in_tables(step, infinite):
    values = np.arange(12.0).reshape(6, 2)
    dataset, section = numeric(values, numeric=step)
    fitted = fit_preprocessor(dataset, np.arange(6), section)
    values = values.copy()
    values[4, 1] = infinite
    broken, _ = numeric(values)

    for refuse in (
        lambda: fit_preprocessor(broken, np.arange(1, 6), section),
        lambda: fitted.transform(broken.x.iloc[1:]),
    ):
        with pytest.raises(
            DatasetError, match=r"column 'c1': -?inf is not a finite number"
        ) as error:
            refuse()
        assert error.value.row == 3


@pytest.mark.parametrize("step", ["{scale: 2}", "standardize", "min_max"])
@pytest.mark.parametrize("bad", [("x_train", 7), ("x_test", 3)])
def test_infinite_values_of_arrays_are_refused_with_row_and_position(
    dlcli, tmp_path, write, step, bad
):
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.random((30, 4, 4)), "x_test": rng.random((10, 4, 4))}
    arrays[bad[0]][bad[1], 1, 2] = np.inf
    labels = {"y_train": np.arange(30) % 2, "y_test": np.arange(10) % 2}
    np.savez(tmp_path / "data.npz", **arrays, **labels)
    config = write(
        "c.yaml",
        f"dataset: {{npz: {{path: data.npz}}}}\npreprocess: {{numeric: {step}}}\n"
        "model: [Flatten, {Dense: {units: 1, activation: sigmoid}}]\nloss: mse\nfit: {epochs: 1}\n",
    )
    row = bad[1] + 1 + 30 * (bad[0] == "x_test")

    code, _, error = dlcli("train", config)

    assert code == 2
    assert f"column 'pixel_6': inf is not a finite number (row {row})" in error
    assert not (tmp_path / "runs").exists()


def test_a_column_of_many_categories_needs_little_more_memory_than_its_inputs(write):
    import tracemalloc

    rows, categories = 4000, 1000
    labels = np.array([f"c{n % categories:04}" for n in range(rows)], object)
    x = to_frame({"kind": labels, "size": np.arange(float(rows))})
    columns = (Column("kind", "categorical", 0), Column("size", "numeric", 1))
    dataset = Dataset("data", x, np.zeros(rows), Target("t", "regression"), columns)
    fitted = fit_preprocessor(dataset, np.arange(rows), resolve(dataset, PreprocessConfig()))

    tracemalloc.start()
    inputs = fitted.transform(dataset.x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert inputs.dtype == np.float32
    assert inputs.sum(axis=1)[:3].tolist() == pytest.approx((1 + inputs[:3, -1]).tolist())
    assert peak < 1.2 * inputs.nbytes


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ({"max_categories": 3}, ["a=x", "a=y", "a (rare)"]),
        ({"min_frequency": 2}, ["a=x", "a=y", "a=z", "a (rare)"]),
        ({"min_frequency": 0.3}, ["a=x", "a (rare)"]),
        ({"max_categories": 10}, ["a=u", "a=v", "a=x", "a=y", "a=z"]),
    ],
)
def test_rare_categories_share_a_column(limit, names):
    values = np.array([["x"]] * 5 + [["y"]] * 3 + [["z"]] * 2 + [["u"], ["v"]], object)

    fitted = fit_step(OneHot(**limit), iter([values]), ["a"])
    report = TransformReport()
    encoded = fitted.apply(np.array([["x"], ["v"], ["new"]], object), ["a"], report)

    assert fitted.names(["a"]) == names
    assert encoded[0].tolist() == [name == "a=x" for name in names]
    assert encoded[1].tolist() == [name in ("a (rare)", "a=v") for name in names]
    assert encoded[2].tolist() == [name == "a (rare)" for name in names]
    assert report.unseen == {"a": 1}
    assert step_from_json(step_to_json(fitted)) == fitted


def test_a_model_without_rare_categories_is_still_read():
    old = {"name": "one_hot", "categories": [["x", "y"]]}

    assert step_from_json(old).names(["a"]) == ["a=x", "a=y"]
    with pytest.raises(ValueError, match="1 rare for 2 columns"):
        step_from_json({**old, "categories": [["x"], ["y"]], "rare": [["z"]]}).check(2)


def test_thousands_of_categories_are_possible_with_a_limit(write, dlcli):
    rows = "".join(f"k{n if n % 2 else n % 40},{n % 7}\n" for n in range(4000))
    write("data.csv", f"a,y\n{rows}")
    config = (
        "dataset: {csv: {path: data.csv, target: y}}\nmodel: [Dense]\nloss: mse\nfit: {epochs: 1}\n"
    )
    write("exp.yaml", config)
    write("few.yaml", config + "preprocess: {columns: {a: {one_hot: {max_categories: 30}}}}\n")

    code, _, err = dlcli("check", "exp.yaml")
    with_limit, _, said = dlcli("check", "few.yaml")

    assert code == 2
    assert "data.csv: column 'a' has 2020 categories; at most 1000 are possible" in err
    assert "one_hot: {max_categories: 100}" in err
    assert "`preprocess: {columns: {a: {hash: 64}}}`" in err
    assert with_limit == 0, said


@given(st.lists(st.text(), min_size=1), st.integers(1, 300), st.booleans())
def test_hashing_is_that_of_scikit_learn(texts, buckets, alternate_sign):
    step = fit_step(
        Hash(buckets=buckets, alternate_sign=alternate_sign), iter([column(texts)]), ["a"]
    )
    hasher = FeatureHasher(buckets, input_type="string", alternate_sign=alternate_sign)
    expected = hasher.transform([[text] for text in texts]).toarray()

    np.testing.assert_array_equal(step.apply(column(texts), ["a"], TransformReport()), expected)


def test_hashed_words_are_counted_and_columns_have_their_own_buckets():
    texts = ["Call now, call now!", "", "see you"]
    words = fit_step(Hash(buckets=8, split="whitespace"), iter([column(texts)]), ["a"])
    two = fit_step(Hash(buckets=4), iter([np.array([texts, texts], object).T]), ["a", "b"])
    hasher = FeatureHasher(8, input_type="string")
    expected = hasher.transform([["call", "now", "call", "now"], [], ["see", "you"]]).toarray()

    first = two.apply(np.array([texts, texts], object).T, ["a", "b"], TransformReport())

    np.testing.assert_array_equal(words.apply(column(texts), ["a"], TransformReport()), expected)
    np.testing.assert_array_equal(first[:, :4], first[:, 4:])
    assert two.names(["a", "b"])[3:5] == ["a[3]", "b[0]"]


def column(texts):
    values = np.empty((len(texts), 1), object)
    values[:, 0] = texts
    return values


@pytest.mark.parametrize(
    "state", [{"buckets": 0}, {"buckets": 10**9}, {"split": "letters"}, {"seed": 1}]
)
def test_a_damaged_hash_is_refused(state):
    stored = {"name": "hash", "buckets": 8, "alternate_sign": True, "split": "none"}

    with pytest.raises(ValueError, match=r"hash|buckets|split|greater|less|input"):
        step_from_json({**stored, **state})


def test_hashed_identifiers_are_trained_and_predicted_alike(write, dlcli, weights_only):
    rows = "".join(f"id{n},word{n % 9} and more,{n % 2}\n" for n in range(1100))
    write("data.csv", f"who,what,y\n{rows}")
    write(
        "ids.yaml",
        "dataset: {csv: {path: data.csv, target: y, types: {what: text}}}\n"
        "preprocess: {text: {hash: {buckets: 16, split: whitespace}}, columns: {who: {hash: 32}}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n",
    )
    write("new.csv", "who,what\nnobody,other words\nid3,word3 and more\n")

    code, _, err = dlcli("train", "ids.yaml", "-q")
    predicted = dlcli("predict", "runs/ids/1", "new.csv")
    metadata = json.loads(dlcli("inspect", "runs/ids/1", "--json")[1])["metadata"]

    assert code == 0, err
    assert predicted[0] == 0, predicted[2]
    assert len(predicted[1].splitlines()) == 3
    assert [len(group["steps"]) for group in metadata["preprocess"]["groups"]] == [1, 1]


def test_missing_values_are_imputed_before_they_are_hashed(write, dlcli):
    write("data.csv", "a,y\n" + "red,1\nblue,2\n,3\n" * 10)
    config = (
        "dataset: {csv: {path: data.csv, target: y}}\nmodel: [Dense]\nloss: mse\nfit: {epochs: 1}\n"
    )
    write("bad.yaml", config + "preprocess: {columns: {a: hash}}\n")
    write("good.yaml", config + "preprocess: {columns: {a: [impute, {hash: 8}]}}\n")

    bad, good = dlcli("check", "bad.yaml"), dlcli("check", "good.yaml")

    assert "values missing" in bad[2]
    assert "put impute before hash" in bad[2]
    assert good[0] == 0, good[2]
