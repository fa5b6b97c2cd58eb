"""Steps for numbers besides scaling: scikit-learn's values, kept as JSON, and what is refused."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import (
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
)

from dlcli import DatasetError, ModelFileError
from dlcli.config.steps import (
    Clip,
    DateParts,
    Periodic,
    Polynomial,
    Power,
    Quantile,
    Robust,
)
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps import fit_step, step_from_json, step_to_json
from dlcli.preparation.steps.normal import normal_quantile, normal_share
from dlcli.preparation.steps.sampling import sampled

STEPS = [
    Robust(), Robust(smooth_clip=False), Quantile(), Quantile(output_distribution="uniform"),
    Quantile(n_quantiles=5), Power(), Power(method="box-cox"), Clip(min=1, max=2), Clip(max=3.5),
    Clip(quantiles=(0.1, 0.9)), Polynomial(), Polynomial(degree=3, interaction_only=True),
    Periodic(period=24), Periodic(period=(24, 12.5)),
]  # fmt: skip


def skewed(rows=200):
    """Return columns of several distributions, all above 0; the last but one has few values."""
    generator = np.random.default_rng(1)
    normal, large = generator.normal(20, 2, rows), generator.lognormal(9, 1, rows)
    return np.column_stack([normal, large, generator.integers(1, 4, rows), large[::-1] / 1e5])


def names_of(values):
    return list("abcdefgh"[: values.shape[1]])


def fit(step, values):
    half = len(values) // 2
    return fit_step(step, iter([values[:half], values[half:]]), names_of(values))


def apply(fitted, values):
    return fitted.apply(values, names_of(values), TransformReport())


@pytest.mark.parametrize(
    ("step", "transformer"),
    [
        (Robust(smooth_clip=False), RobustScaler()),
        (Quantile(), QuantileTransformer(n_quantiles=199, output_distribution="normal")),
        (Quantile(n_quantiles=20, output_distribution="uniform"), QuantileTransformer(n_quantiles=20)),
        (Power(), PowerTransformer()),
        (Power(method="box-cox"), PowerTransformer(method="box-cox")),
    ],
)  # fmt: skip
def test_the_values_are_those_of_scikit_learn(step, transformer):
    values = skewed(199)
    values[7, 1] = np.nan
    later = np.vstack([values, values * 1.2, values * 0.9])

    fitted = fit(step, values)

    expected = transformer.fit(values).transform(later)
    np.testing.assert_allclose(apply(fitted, later), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("interaction_only", [False, True])
def test_products_are_those_of_scikit_learn_in_its_order(degree, interaction_only):
    values = skewed(20)
    reference = PolynomialFeatures(degree, interaction_only=interaction_only, include_bias=False)

    fitted = fit(Polynomial(degree=degree, interaction_only=interaction_only), values)

    np.testing.assert_allclose(apply(fitted, values), reference.fit_transform(values))
    names = reference.get_feature_names_out(names_of(values))
    assert fitted.names(names_of(values)) == [name.replace(" ", " * ") for name in names]


def test_the_normal_distribution_is_that_of_scipy():
    shares = np.concatenate([np.linspace(0.001, 0.999, 998), 10.0 ** -np.arange(4, 300)])
    values = np.linspace(-6, 6, 101)

    np.testing.assert_allclose(normal_quantile(shares), stats.norm.ppf(shares), rtol=1e-14)
    np.testing.assert_allclose(normal_share(values, np), stats.norm.cdf(values), atol=1e-15)


def test_robust_bends_outliers_and_falls_back_on_the_range():
    values = np.column_stack([[*range(9), 1e300], [0.0] * 8 + [1.0, 4.0], [7.0] * 10])

    fitted = fit(Robust(), values)
    scaled = apply(fitted, values)

    assert fitted.scale[1] == 2  # half the range: the quartiles are equal
    assert scaled[9, 0] == 3
    ratio = (8 - 4.5) / fitted.scale[0]
    assert scaled[8, 0] == pytest.approx(ratio / np.sqrt(1 + (ratio / 3) ** 2))
    assert not scaled[:, 2].any()


def test_bounds_are_numbers_or_quantiles_of_the_training_rows():
    values = np.arange(101.0)[:, None]
    later = np.array([[-5.0], [50.0], [1e9], [np.nan]])

    fixed, one, quantiles = (
        fit(Clip(**bounds), values)
        for bounds in ({"min": 0, "max": 60}, {"min": 55}, {"quantiles": (0.1, 0.9)})
    )

    assert apply(fixed, later)[:3, 0].tolist() == [0, 50, 60]
    assert apply(one, later)[:3, 0].tolist() == [55, 55, 1e9]
    assert apply(quantiles, later)[:3, 0].tolist() == [10, 50, 90]
    assert np.isnan(apply(fixed, later)[3, 0])


def test_the_end_of_a_period_is_next_to_its_start():
    hours = np.array([[0.0], [6.0], [23.999], [24.0], [-6.0]])
    fitted, several = fit(Periodic(period=24), hours), fit(Periodic(period=(24, 12)), hours)

    expected = [[0, 1], [1, 0], [0, 1], [0, 1], [-1, 0]]
    np.testing.assert_allclose(apply(fitted, hours), expected, atol=1e-3)
    assert fitted.names(["hour"]) == ["hour sin", "hour cos"]
    assert several.names(["h"]) == ["h sin 24", "h cos 24", "h sin 12", "h cos 12"]


def test_parts_of_dates_may_be_cyclic():
    seconds = np.array(["2024-01-31", "2024-12-31", "2023-07-15"], "datetime64[s]")
    values = np.vstack([seconds.astype(float)[:, None], [[np.nan]]])

    fitted = fit(DateParts(parts=("year", "month"), cyclic=True), values)
    parts = apply(fitted, values)

    assert fitted.names(["day"]) == ["day year", "day month sin", "day month cos"]
    assert parts[:3, 0].tolist() == [2024, 2024, 2023]
    np.testing.assert_allclose(parts[:3, 2], [np.sqrt(0.75), 1, -np.sqrt(0.75)])
    assert np.isnan(parts[3]).all()
    old = {key: value for key, value in step_to_json(fitted).items() if key != "cyclic"}
    assert step_from_json(old).names(["day"]) == ["day year", "day month"]


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_odd_rows_and_what_is_stored(step):
    values = skewed()
    values[:, 2] = 2  # constant in training
    fitted = fit(step, values)
    later = np.array([[np.nan, 1e300, 3, 1e-300], [20, -1e300, 2, 0.2], [0.0, 0, 0, 0]])

    with np.errstate(over="ignore"):  # of the float32 that a network takes
        transformed = apply(fitted, later).astype(np.float32)
    restored = step_from_json(json.loads(json.dumps(step_to_json(fitted))))
    restored.check(4)

    assert restored == fitted
    assert len(fitted.names(names_of(later))) == fitted.width(4) == transformed.shape[1]
    assert np.isnan(transformed).any(axis=1).tolist() == [True, False, False]
    if isinstance(step, Robust | Quantile | Power):
        assert not transformed[:, 2].any()  # another value of a constant means nothing
    if not isinstance(step, Periodic):
        with pytest.raises(ValueError, match=r"4 .* for 3 columns|for 4 columns, not 3"):
            restored.check(3)


@pytest.mark.parametrize("step", [s for s in STEPS if not isinstance(s, Polynomial)], ids=repr)
def test_one_row_and_arrays_of_float32(step):
    row = np.array([[3.0, 0.5]], np.float32)

    fitted = fit_step(step, iter([row]), ["a", "b"])
    once = apply(fitted, row)

    assert np.isfinite(once).all()
    assert once.shape == (1, fitted.width(2))
    np.testing.assert_allclose(once, apply(fitted, row.astype(np.float64)), rtol=1e-6)


@pytest.mark.parametrize("step", [Quantile(), Quantile(output_distribution="uniform"), Power(),
                                  Power(method="box-cox"), Quantile(n_quantiles=3)])  # fmt: skip
def test_targets_are_inverted_exactly_also_beyond_the_training_rows(step):
    values = skewed()
    later = np.vstack([values, 1.5 * values.max(axis=0), values.min(axis=0) * 0.9])

    fitted = fit(step, values)
    inverted = fitted.invert(
        fitted.apply_to_target(later, names_of(later)), fitted.constants, np, step
    )
    far = fitted.invert(np.full((1, 4), 1e6), fitted.constants, np, step)

    np.testing.assert_allclose(inverted, later, rtol=1e-6)
    assert np.isfinite(far).all()


@pytest.mark.parametrize("method", ["yeo-johnson", "box-cox"])
@pytest.mark.parametrize(
    "values",
    [
        2000 + np.arange(300.0) ** 2 % 24,
        1e9 + np.arange(100.0) ** 2 % 37,
        1e6 * np.linspace(0.1, 1, 50) ** (1 / 20),
        np.linspace(1, 2, 50) * 1e-12,
        -2000 - np.arange(300.0) ** 2 % 24,
    ],
)
def test_powers_of_numbers_that_differ_in_few_digits_differ(method, values):
    step = Power(method=method if values[0] > 0 else "yeo-johnson")
    values = values[:, None]

    fitted = fit(step, values)
    powers = apply(fitted, values)

    assert powers.std() == pytest.approx(1)  # PowerTransformer's may be 0
    assert np.corrcoef(powers.ravel(), values.ravel())[0, 1] > 0.9
    constants = [constant.astype(np.float32) for constant in fitted.constants]
    inverted = fitted.invert(powers.astype(np.float32), constants, np, step)
    np.testing.assert_allclose(inverted, values, rtol=5e-6)


@pytest.mark.parametrize("step", [Robust(), Quantile(), Power(), Clip(quantiles=(0.1, 0.9))])
def test_a_column_without_values_is_refused(step):
    with pytest.raises(DatasetError, match="column 'b' has no value in the training rows"):
        fit(step, np.array([[1.0, np.nan], [2.0, np.nan]]))


@pytest.mark.parametrize(
    ("step", "values", "message"),
    [
        (Power(method="box-cox"), [[1.0], [0.0]], "'a' has the value 0; box-cox needs numbers above"),
        (Power(), [[1e300], [1e10], [5.0], [1.0]], "column 'a': no power makes its values symmetric"),
        (Quantile(), np.ones((500, 1000)), "500 quantiles of 1,000 columns are too many for a model"),
        (Polynomial(), [range(150)], "polynomial of degree 2 makes 11,475 columns of 150"),
        (Polynomial(degree=8), [range(12)], "makes 125,969 columns of 12"),
    ],
)  # fmt: skip
def test_data_that_a_step_cannot_take(step, values, message):
    names = ["a"] * np.shape(values)[1]

    with pytest.raises(DatasetError, match=message):
        fit_step(step, iter([np.array(values, float)]), names)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("robst", "Did you mean 'robust'?"),
        ("{robust: {smooth_clp: true}}", "Did you mean 'smooth_clip'?"),
        ("{quantile: {output_distribution: norml}}", "output_distribution"),
        ("{quantile: {n_quantiles: 1}}", "n_quantiles"),
        ("{power: yeo-jonson}", "yeo-johnson"),
        ("{power: {method: 3}}", "method"),
        ("clip", "name a bound: min, max or quantiles"),
        ("{clip: {min: 3, max: 1}}", "the lower bound 3 is not below the upper one, 1"),
        ("{clip: {min: 3, quantiles: [0.1, 0.9]}}", "use quantiles, or min and max, not both"),
        ("{clip: {quantiles: [0.1, 1.9]}}", "quantiles"),
        ("{clip: {quantiles: [0.1]}}", "quantiles"),
        ("{polynomial: 1}", "degree"),
        ("{polynomial: 9}", "degree"),
        ("periodic", "period"),
        ("{periodic: 0}", "period"),
        ("{periodic: []}", "period"),
        ("{periodic: {period: [24, -1]}}", "period"),
    ],
)
def test_arguments_that_do_not_fit_are_located(write, dlcli, steps, message):
    write("data.csv", "a,y\n" + "".join(f"{n},{n}\n" for n in range(20)))
    write(
        "wrong.yaml",
        "dataset: {csv: {path: data.csv, target: y}}\nmodel: [Dense]\nloss: mse\n"
        f"fit: {{epochs: 1}}\npreprocess:\n  numeric: {steps}\n",
    )

    code, _, error = dlcli("check", "wrong.yaml")

    assert code == 2
    assert "wrong.yaml:6: preprocess.numeric" in error
    assert message in error
    assert "pydantic" not in error


@pytest.mark.parametrize("step", ["one_hot", "polynomial", "{periodic: 3}"])
def test_arrays_keep_their_shape(write, dlcli, tmp_path, step):
    x = np.arange(80.0).reshape(20, 2, 2) / 80
    np.savez(tmp_path / "data.npz", x_train=x, y_train=np.arange(20.0) / 7)
    write(
        "arrays.yaml",
        f"dataset: {{npz: {{path: data.npz, task: regression}}}}\npreprocess: {{numeric: {step}}}\n"
        "model: [Flatten, Dense]\nloss: mse\nfit: {epochs: 1}\n",
    )

    code, _, error = dlcli("train", "arrays.yaml")

    assert code == 2
    assert "changes the number of values of a sample, and arrays keep their shape" in error


GROUP = {"columns": ["a", "b"]}


@pytest.mark.parametrize(
    "state",
    [
        {"name": "robust", "median": [1.0], "scale": [1.0, 1.0]},
        {"name": "robust", "median": [1.0, float("inf")], "scale": [1.0, 1.0]},
        {"name": "quantile", "quantiles": [[1.0, 0.0], [0.0, 1.0]], "n_quantiles": 9},
        {"name": "quantile", "quantiles": [[0.0, 1.0], [1.0]], "n_quantiles": 9},
        {"name": "quantile", "quantiles": [[], []], "n_quantiles": 9},
        {"name": "quantile", "quantiles": [[0.0, 1.0, 2.0]] * 2, "n_quantiles": 2},
        {"name": "quantile", "quantiles": [[0.0, 1.0]] * 2, "n_quantiles": 10**9},
        {"name": "clip", "low": [None, None], "high": [1.0]},
        {"name": "polynomial", "columns": 3, "degree": 2, "interaction_only": False},
        {"name": "polynomial", "columns": 2, "degree": 10**9, "interaction_only": False},
        {"name": "periodic", "period": []},
        {"name": "periodic", "period": [0.0]},
    ],
)
def test_damaged_steps_are_refused(state):
    defaults = {"quantile": {"output_distribution": "normal"}}.get(state["name"], {})
    group = {**GROUP, "steps": [{**defaults, **state}]}

    with pytest.raises(ModelFileError, match="the stored preprocessing is damaged"):
        Preprocessor.from_json({"shape": [], "groups": [group]})


def test_a_damaged_power_or_a_wider_array_is_refused():
    power = step_to_json(fit(Power(method="box-cox"), skewed()))
    widening = {"columns": [], "steps": [{"name": "periodic", "period": [2.0]}]}

    with pytest.raises(ValueError, match="not above 0"):
        step_from_json({**power, "low": [0.0, 1.0, 1.0, 1.0]}).check(4)
    with pytest.raises(ModelFileError, match="4 values instead of 2"):
        Preprocessor.from_json({"shape": [2], "groups": [widening]})


def test_steps_that_need_all_values_are_fitted_to_a_sample_of_large_data():
    rows = np.arange(1000.0)[:, None]

    whole = sampled(iter([rows[:600], rows[600:]]), 1000)
    sample = sampled(iter([rows[:600], rows[600:]]), 300)
    other = sampled(iter(np.array_split(rows, 11)), 300)

    assert np.array_equal(whole, rows)
    assert 200 < len(sample) <= 300
    assert np.array_equal(sample, other)  # whatever the size of the blocks


TABLE = """\
dataset: {csv: {path: data.csv, target: y}}
preprocess:
  numeric: [polynomial, robust]
  columns:
    hour: {periodic: 24}
    size: [impute, {clip: {quantiles: [0.05, 0.95]}}, quantile]
    price: [power, {clip: {min: -3, max: 3}}]
split: {test: 0.2}
model: [Dense]
loss: mse
fit: {epochs: 1}
"""


def test_training_and_both_engines_of_prediction_see_the_same(write, dlcli):
    generator = np.random.default_rng(0)
    rows = generator.random((60, 5)) * [24, 90, 1e5, 1, 1]
    lines = [",".join(f"{value:.3f}" for value in row) for row in rows]
    lines[4] = lines[4].replace(f"{rows[4, 1]:.3f}", "")
    write("data.csv", "\n".join(["hour,size,price,a,y", *lines]) + "\n")
    write("table.yaml", TABLE)

    code, _, error = dlcli("train", "table.yaml", "-q")
    shown = dlcli("show", "table.yaml")[1]
    onnx = dlcli("predict", "runs/table/1", "data.csv", "--engine", "onnx")
    keras = dlcli("predict", "runs/table/1", "data.csv", "--engine", "keras")

    assert code == 0, error
    assert onnx[0] == keras[0] == 0, onnx[2] + keras[2]
    numbers = [np.array(text.split()[1:], float) for text in (onnx[1], keras[1])]
    np.testing.assert_allclose(*numbers, rtol=1e-4)
    assert len(numbers[0]) == 60
    assert "quantile" in shown


@pytest.mark.parametrize("step", ["robust", "quantile", "power", "[clip: {max: 9}, robust]"])
def test_inputs_that_are_scaled_twice_are_noticed(write, dlcli, step):
    write("data.csv", "a,y\n" + "".join(f"{n},{n % 7}\n" for n in range(20)))
    write(
        "twice.yaml",
        "dataset: {csv: {path: data.csv, target: y}}\nloss: mse\nfit: {epochs: 1}\n"
        f"preprocess: {{numeric: {step}}}\nmodel: [{{Rescaling: {{scale: 0.01}}}}, Dense]\n",
    )

    assert "the inputs are scaled twice" in dlcli("check", "twice.yaml")[2]
