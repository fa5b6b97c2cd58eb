"""Columns that do not vary in the training rows, values far from all others, classes of one row."""

import numpy as np
import pytest

from dlcli.config.steps import MinMax, Standardize
from dlcli.preparation.report import TransformReport
from dlcli.preparation.steps.base import fit_step

NUMBER = "model: [Dense]\nloss: mse\nfit: {epochs: 1}\n"


def test_a_column_constant_in_training_becomes_zero():
    training = np.array([[2.0, 1.0], [2.0, 3.0]])
    later = np.array([[2024.0, 3.0], [np.nan, 1.0]])

    for step in (Standardize(), MinMax()):
        fitted = fit_step(step, iter([training]), ["a", "b"])
        values = fitted.apply(later, ["a", "b"], TransformReport())

        assert values[0, 0] == 0
        assert values[0, 1] == 1
        assert np.isnan(values[1, 0]), "a missing value is not hidden"


def test_a_model_does_not_depend_on_a_column_that_was_constant(write, dlcli):
    rows = "".join(
        f"{n / 10},{2024 if n % 4 == 0 else 2},{'test' if n % 4 == 0 else 'train'},{n * 0.3:.1f}\n"
        for n in range(1, 41)
    )
    write("data.csv", f"x,version,part,y\n{rows}")
    write(
        "exp.yaml", "dataset: {csv: {path: data.csv, target: y}}\nsplit: {column: part}\n" + NUMBER
    )

    code, _, err = dlcli("train", "exp.yaml")
    write("rows.csv", "x,version\n1.3,2\n1.3,2024\n")
    _, predicted, _ = dlcli("predict", "runs/exp/1", "rows.csv")

    assert code == 0, err
    assert (
        "column 'version' is 2 in every training row, but not in the others: "
        "nothing can be learned from it" in err
    )
    assert len(set(predicted.splitlines()[1:])) == 1


def test_many_columns_constant_in_training_are_counted(write, dlcli):
    names = ",".join(f"c{n}" for n in range(40))
    rows = "".join(
        f"{n},{','.join(['1' if n % 4 else '0'] * 40)},{'train' if n % 4 else 'test'},{n * 2}\n"
        for n in range(40)
    )
    write("data.csv", f"x,{names},part,y\n{rows}")
    write(
        "exp.yaml", "dataset: {csv: {path: data.csv, target: y}}\nsplit: {column: part}\n" + NUMBER
    )

    _, _, err = dlcli("check", "exp.yaml")

    assert err.count("nothing can be learned from it") == 5
    assert "note: 35 more columns have one value in every training row\n" in err


@pytest.mark.parametrize("values", [(37.5, -74.5267), (0.5, 99)])
def test_a_typing_error_is_named_with_its_line(write, dlcli, values):
    usual, wrong = values
    rows = (f"{wrong if n == 700 else usual + n % 100 / 1000},{n % 90 / 7}" for n in range(1000))
    write("data.csv", "lat,y\n" + "\n".join(rows) + "\n")
    write("exp.yaml", "dataset: {csv: {path: data.csv, target: y}}\nsplit: {test: 0}\n"
          "preprocess: {numeric: standardize}\n" + NUMBER)  # fmt: skip

    code, _, err = dlcli("check", "exp.yaml", "--build")

    assert code == 0, err
    assert f"data.csv:702: {wrong:g} in column 'lat' is 32 standard deviations from the mean" in err
    assert "unit scale" not in err


def test_the_only_row_of_a_class_is_a_training_row(write, dlcli):
    rows = "".join(f"{n * 7 % 10},{'xyz'[n % 2 if n else 2]}\n" for n in range(41))
    write("data.csv", f"a,label\n{rows}")
    write(
        "exp.yaml",
        "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: softmax}}]\n"
        "split: {test: 0.2, validation: 0.2}\nloss: sparse_categorical_crossentropy\nfit: {epochs: 1}\n",
    )

    code, _, err = dlcli("train", "exp.yaml")

    assert code == 0, err
    assert "class 'z' has a single row" in err
    assert "no training rows" not in err


def test_repeated_rows_of_a_large_table_are_counted():
    from dlcli.datasets.dataset import Column, Dataset, Target
    from dlcli.datasets.tables import to_frame
    from dlcli.preparation.leaks import repeated_rows
    from dlcli.preparation.split import Split

    rows = 120_000
    half = np.arange(rows // 2, dtype=float)
    values = {f"c{at}": np.concatenate([half, half]) for at in range(100)}
    columns = tuple(Column(name, "numeric", at) for at, name in enumerate(values))
    dataset = Dataset("big", to_frame(values), np.zeros(rows), Target("y", "regression"), columns)
    split = Split(np.arange(rows // 2), np.arange(0), np.arange(rows // 2, rows))

    (notice,) = repeated_rows(dataset, split)

    assert notice.startswith("60000 of 60000 test rows are among the training rows too")


@pytest.mark.parametrize(
    ("column", "sets", "notice"),
    [
        ("y", "", "data.csv:9: 1e+30 in the target 'y' is so large that float32 overflows"),
        ("y", "", "infinite; remove the row, or set `preprocess: {target: quantile}`"),
        ("y", "preprocess.target=standardize", "data.csv:9: 1e+30 in the target 'y' is so large"),
        ("y", "preprocess.target=quantile", ""),
        ("b", "", "data.csv:9: 1e+30 in column 'b' is so large that float32 overflows"),
        ("b", "", "alike; remove the row, or set `preprocess: {columns: {b: quantile}}`"),
        ("b", "preprocess.columns.b=quantile", ""),
    ],
)
def test_values_with_which_float32_overflows_are_named(write, dlcli, column, sets, notice):
    rows = [{"a": n / 10, "b": n * 0.7, "y": n % 9} for n in range(40)]
    rows[7][column] = 1e30
    lines = "".join(f"{row['a']},{row['b']},{row['y']}\n" for row in rows)
    write("data.csv", f"a,b,y\n{lines}")
    write("exp.yaml", "dataset: {csv: {path: data.csv, target: y}}\n" + NUMBER)

    _, _, err = dlcli("check", "exp.yaml", *(["--set", sets] if sets else []))

    if notice:
        assert notice in err
    assert err.count("1e+30") == bool(notice)
    assert "last digits" not in err


def test_a_value_far_beyond_the_others_is_no_identifier(write, dlcli):
    rows = "".join(f"{'1e17' if n == 7 else n},{n % 9}\n" for n in range(40))
    write("data.csv", f"a,y\n{rows}")
    write("exp.yaml", "dataset: {csv: {path: data.csv, target: y}}\n" + NUMBER)

    _, _, err = dlcli("check", "exp.yaml")

    assert "column 'a' has 1e+17, far from most of its values; is it a mistake?" in err


def test_a_training_whose_loss_is_infinite_stops_as_with_nan(write, dlcli):
    rows = "".join(f"{n / 10},{'1e30' if n == 7 else n % 9}\n" for n in range(40))
    write("data.csv", f"a,y\n{rows}")
    write("exp.yaml", "dataset: {csv: {path: data.csv, target: y}}\n" + NUMBER)

    code, _, err = dlcli("train", "exp.yaml", "--set", "split={test: 0}")

    assert code == 1
    assert "1e+30 in the target 'y' is so large" in err
    assert "training diverged in epoch 1: the loss is inf" in err
