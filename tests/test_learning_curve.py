"""Learning curves: nested subsets without leaks, the fitted curve, and what twice the rows give."""

import csv
import json
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import curve_fit

from dlcli import DatasetError, learning_curve, load_config
from dlcli.config.split_section import SplitConfig
from dlcli.datasets.loading import load_dataset
from dlcli.experiments.learning_curve.power_law import fit_power_law, forecast
from dlcli.preparation.split import split_rows
from dlcli.preparation.subsets import nested_subsets

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1)
ROWS = np.array([25.0, 50.0, 100.0, 200.0, 400.0])
FAST = ["fit.epochs=2", "fit.batch_size=16"]


def law(rows, floor, scale, exponent):
    return floor + scale * rows**-exponent


@pytest.mark.parametrize("truth", [(0.1, 1.0, 0.5), (0.0, 2.0, 0.35), (0.3, 5.0, 0.9)])
def test_the_curve_of_errors_without_noise_is_found(truth):
    fitted = fit_power_law(ROWS, np.tile(law(ROWS, *truth), (3, 1)))

    assert fitted(800.0) == pytest.approx(law(800.0, *truth), rel=0.02)
    assert fitted.exponent == pytest.approx(truth[2], rel=0.1)


def test_the_fit_is_as_near_as_that_of_scipy():
    errors = law(ROWS, 0.1, 1.0, 0.5) * np.random.default_rng(0).normal(1, 0.1, (5, 5))
    spread = errors.std(axis=0, ddof=1)

    mine = fit_power_law(ROWS, errors)(ROWS)
    theirs, _ = curve_fit(
        law, ROWS, errors.mean(axis=0), (0.1, 1, 0.5), spread, bounds=([0, 0, 0.02], [9, 99, 1])
    )

    def distance(values):
        return (((values - errors.mean(axis=0)) / spread) ** 2).sum()

    assert distance(mine) <= 1.01 * distance(law(ROWS, *theirs))


@pytest.mark.parametrize("errors", [ROWS / 400, np.full(5, 0.2), np.zeros(5)])
def test_errors_that_do_not_fall_give_no_gain(errors):
    result = forecast(ROWS, np.tile(errors, (4, 1)), 800.0, 0)

    assert (result.gain, result.gain_low, result.gain_high) == (0, 0, 0)
    assert result.error == pytest.approx(errors.mean() if errors[0] != errors[-1] else errors[0])


def test_the_interval_covers_the_error_of_twice_the_rows():
    generator = np.random.default_rng(1)
    truth, hits = law(800.0, 0.1, 1.0, 0.5), 0
    for _ in range(100):
        folds = generator.normal(0, 0.02, (5, 1))  # the test rows of a fold are the same
        noise = generator.normal(0, 0.1, (5, 5)) / np.sqrt(ROWS)
        result = forecast(ROWS, law(ROWS, 0.1, 1.0, 0.5) + folds + noise, 800.0, 0)
        hits += result.low <= truth <= result.high

    assert 90 <= hits <= 100


def table(write, count=64, task=""):
    rows = "".join(f"{n % 9},{n % 7},{'abb'[n % 3]},{n % 16}\n" for n in range(count))
    write("data.csv", f"x,z,label,person\n{rows}")
    text = "dataset: {csv: {path: data.csv, target: label}}\nloss: binary_crossentropy\n"
    text += "model: [{Dense: {activation: sigmoid}}]\nmetrics: [accuracy]\noptimizer: sgd\nfit: {epochs: 2}\n"
    return write("c.yaml", text + task)


@pytest.mark.parametrize("section", ["", "split: {group: person}", "split: {validation: 0.25}"])
def test_smaller_subsets_are_parts_of_larger_ones(write, section):
    config = load_config(table(write, 120, section))
    dataset = load_dataset(config)
    split = split_rows(dataset, config.split, 0)

    subsets = nested_subsets(dataset, split, SHARES, 0, stratify=True)

    for smaller, larger in pairwise(subsets):
        assert set(smaller.train) < set(larger.train)
        assert set(smaller.validation) <= set(larger.validation)
    assert np.array_equal(subsets[-1].train, split.train)
    assert np.array_equal(subsets[-1].validation, split.validation)
    assert [len(subset.train) for subset in subsets] == [
        round(share * len(split.train)) for share in SHARES
    ]
    assert all(np.array_equal(subset.test, split.test) for subset in subsets)
    if "group" in section:  # half of the rows are half of the people
        assert len(set(dataset.groups[subsets[3].train])) <= 8
    else:
        shares = [np.mean(dataset.y[subset.train] == 1) for subset in subsets[1:]]
        assert shares == pytest.approx([2 / 3] * 4, abs=0.1)


def test_a_series_keeps_its_last_rows():
    config = load_config("tide_lstm")
    dataset = load_dataset(config, sample=True)
    split = split_rows(dataset, SplitConfig(test=0.2), 0)

    (half,) = nested_subsets(dataset, split, [0.5], 0, stratify=False)

    assert np.array_equal(half.train, split.train[-len(half.train) :])


def test_preprocessing_is_fitted_on_each_subset_alone(fits, tmp_path):
    learning_curve(load_config("iris", FAST), folds=2, runs=tmp_path)

    assert sorted(fits) == sorted([round(75 * share) for share in SHARES] * 2)


def test_a_subset_is_trained_as_if_there_were_no_other_rows(write, tmp_path):
    config = load_config(table(write), ["dataset.csv.drop=[person]"])
    before = learning_curve(config, folds=2, runs=tmp_path)
    lines = (tmp_path / "data.csv").read_text().splitlines()
    dataset = load_dataset(config)
    from dlcli.preparation.folds import make_folds

    folds = make_folds(dataset, config.split, 2, config.seed)
    for fold in folds[:1]:
        quarter = nested_subsets(dataset, fold, [0.25], config.seed, stratify=True)[0]
        for row in set(fold.train) - set(quarter.train):
            cells = lines[row + 1].split(",")
            lines[row + 1] = ",".join(["900", "-900", *cells[2:]])
    write("data.csv", "\n".join(lines) + "\n")

    after = learning_curve(
        load_config(tmp_path / "c.yaml", ["dataset.csv.drop=[person]"]), folds=2, runs=tmp_path
    )

    first = [(size.rows, size.scores[0]) for size in before.sizes]
    second = [(size.rows, size.scores[0]) for size in after.sizes]
    assert first[0] == second[0]
    assert first[-1] != second[-1] or before.sizes[-1].scores[1] != after.sizes[-1].scores[1]


def test_the_run_the_table_and_the_picture(dlcli, with_pictures, tmp_path):
    code, out, err = dlcli("learning-curve", "iris", "--epochs", "2", "--folds", "3")

    assert code == 0, err
    assert "15 trainings together in one program" in err
    assert "with 2 × the rows, the accuracy would be about" in out
    run = tmp_path / "runs" / "iris" / "1"
    with (run / "learning_curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["rows"] for row in rows[::3]] == ["6.0", "12.0", "25.0", "50.0", "100.0"]
    assert (run / "learning_curve.png").stat().st_size > 1000
    assert not (run / "model.keras").exists()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["twice"]["rows"] == 200
    code, out, _ = dlcli("runs")
    assert "learning-curve" in out
    assert "with 2 × the rows" in out
    assert dlcli("plot", run, "-o", "again.svg")[0] == 0
    assert "training rows" in (tmp_path / "again.svg").read_text()
    assert "is a run of `dlcli learning-curve`" in dlcli("reproduce", run)[2]


def test_trainings_one_by_one_give_what_they_give_together(tmp_path):
    config = load_config("iris", FAST)

    together, alone = (
        learning_curve(config, folds=2, runs=tmp_path, engine=engine)
        for engine in ("stacked", "serial")
    )

    for one, other in zip(together.sizes, alone.sizes, strict=True):
        assert one.rows == other.rows
        assert one.scores == pytest.approx(other.scores, abs=0.03)


def test_numbers_and_subsets_without_a_category(write, tmp_path):
    rows = "".join(
        f"{n % 9},{'rare' if n == 1 else 'ab'[n % 2]},{n % 9 + n % 2}\n" for n in range(60)
    )
    write("data.csv", f"x,kind,y\n{rows}")
    text = "dataset: {csv: {path: data.csv, target: y, task: regression}}\nmodel: [Dense]\n"
    config = write("c.yaml", text + "loss: mse\nfit: {epochs: 2}\n")

    result = learning_curve(config, folds=2, runs=tmp_path)

    assert result.metric == "rmse"
    assert [len(size.scores) for size in result.sizes] == [2] * len(result.sizes)
    assert result.twice["low"] <= result.twice["score"] <= result.twice["high"]
    assert result.more_rows in ("help", "hardly help", "uncertain")


def test_too_few_rows_leave_nothing_behind(dlcli, people, tmp_path):
    with pytest.raises(DatasetError, match="6 training rows in a fold are too few for a learning"):
        learning_curve(people, folds=2, runs=tmp_path / "runs")

    assert not (tmp_path / "runs").exists()
