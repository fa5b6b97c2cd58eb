"""Loaders of one's own: functions that return arrays or a table."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import own_components_forgotten

from dlcli import ConfigError, DatasetError, DlcliError, load_config, register, train
from dlcli.config.schema import config_schema
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import load_csv
from dlcli.network.code_files import load_code, origins

CODE = """
from pathlib import Path

import numpy as np
import pandas as pd

import dlcli

@dlcli.register("loader")
def waves(path: Path, length: int = 8, *, noise=0.25, kind: "str" = "sine", official: bool = False):
    assert isinstance(path, Path)
    if kind == "none":
        raise ValueError("no such kind")
    frequencies = np.loadtxt(path)
    x = np.sin(frequencies[:, None] * np.arange(length)) + noise
    y = np.where(frequencies > 1, "high", "low")
    x = x.astype(np.float32)
    return (x[:30], y[:30], x[30:], y[30:]) if official else (x, y)

@dlcli.register("loader")
def shop(rows: int = 40):
    row = np.arange(rows)
    return pd.DataFrame({
        "price": np.where(row == 3, np.nan, row / 7),
        "count": row % 5,
        "city": np.where(row % 2, "Seoul", "Busan"),
        "member": row % 3 == 0,
        "day": pd.date_range("2024-01-01", periods=rows),
        "bought": np.where(row % 4 > 1, "yes", "no"),
    })
"""
MODEL = {
    "model": [{"Dense": {"units": 4, "activation": "relu"}}, {"Dense": {"activation": "sigmoid"}}],
    "loss": "binary_crossentropy",
    "metrics": ["accuracy"],
    "split": {"test": 0.25},
    "fit": {"epochs": 1},
}
STEPS = {
    "numeric": [{"impute": {"strategy": "median"}}, "standardize"],
    "categorical": "one_hot",
    "date": ["date_parts", "standardize"],
}


@pytest.fixture
def my(tmp_path, monkeypatch):
    """Write a Python file with loaders, and a function that writes configs with them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "data").mkdir()
    np.savetxt(tmp_path / "data/f.txt", np.linspace(0.1, 2, 40))

    def write(dataset, **keys):
        path = tmp_path / "my.yaml"
        path.write_text(json.dumps({"dataset": dataset, **MODEL, **keys}, indent=1))
        return path

    return write


def test_arrays_are_trained_on_and_predicted_without_the_code(dlcli, my, tmp_path):
    config = my({"waves": {"path": "data/f.txt", "length": 12}})
    without = dlcli("check", config)
    with own_components_forgotten():
        assert dlcli("train", config, "--code", "my.py", "-q")[0] == 0
    np.save(tmp_path / "new.npy", np.zeros((3, 12), np.float32))

    predicted = dlcli("predict", "my", "new.npy")
    refused = dlcli("evaluate", "my")
    evaluated = dlcli("evaluate", "my", "--code", "my.py")

    assert without[0] == 2
    assert "unknown data set or loader 'waves'. One of your own needs --code" in without[2]
    assert predicted[0] == 0, predicted[2]
    assert predicted[1].startswith("prediction,p_high,p_low\n")
    assert "uses waves" in refused[2]
    assert "--code my.py" in refused[2]
    assert evaluated[0] == 0, evaluated[2]
    record = json.loads((tmp_path / "runs/my/1/run.json").read_text())
    assert record["own_components"] == ["waves"]
    assert record["code"][0]["path"].endswith("my.py")


def test_arguments_reach_the_function_by_their_names(my, tmp_path):
    load_code(["my.py"])
    loader = {"path": "data/f.txt", "length": 12, "noise": 1, "official": True, "limit": None}
    config = load_config(my({"waves": loader}, split={}))

    dataset = load_dataset(config)

    assert dataset.x.shape == (40, 12)
    assert dataset.x[0, 0] == 1
    assert dataset.parts.tolist() == [0] * 30 + [2] * 10
    assert dataset.target.class_names == ("high", "low")
    assert [origin.name for origin in origins(config)] == ["waves"]
    assert "waves" in json.dumps(config_schema())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "f", "lenght": 3}, "Did you mean 'length'?"),
        ({"length": 3}, "dataset.waves: needs 'path'"),
        ({"path": "f", "length": "long"}, 'dataset.waves.length: expected an integer, got "long"'),
        ({"path": "f", "noise": "much"}, 'dataset.waves.noise: expected a number, got "much"'),
        ({"path": "f", "official": 1}, "dataset.waves.official"),
        ({"path": "f", "kind": 2}, "dataset.waves.kind"),
    ],
)
def test_arguments_are_checked_by_the_signature(my, arguments, message):
    load_code(["my.py"])

    with pytest.raises(ConfigError) as error:
        load_config(my({"waves": arguments}))

    assert message in str(error.value)


def test_a_table_is_read_as_from_a_file(dlcli, my, tmp_path):
    load_code(["my.py"])
    config = load_config(my({"shop": {"rows": 30, "target": "bought"}}, preprocess=STEPS))
    dataset = load_dataset(config)
    config.dataset.loader.function(30).to_csv(tmp_path / "shop.csv", index=False)
    loader = CsvLoader(path="shop.csv", target="bought", dates=["day"])
    same = load_csv(loader, tmp_path / "shop.csv", "shop")

    assert dataset.columns == same.columns
    assert dataset.target == same.target
    pd.testing.assert_frame_equal(dataset.x, same.x)
    np.testing.assert_array_equal(dataset.y, same.y)

    run = train(config, runs=tmp_path / "runs").path
    (tmp_path / "new.csv").write_text("city,day,member,count,price\nBusan,2024-02-01,true,3,\n")
    with own_components_forgotten():
        code, out, error = dlcli("predict", run, "new.csv")
    assert code == 0, error
    assert out.startswith("prediction,p_no,p_yes\n")


def test_what_fails_in_a_loader_is_told_with_its_line(my):
    load_code(["my.py"])
    config = load_config(my({"waves": {"path": "data/f.txt", "kind": "none"}}))

    with pytest.raises(DatasetError, match=r"loader waves: my\.py:13: ValueError: no such kind"):
        load_dataset(config)


@pytest.mark.parametrize(
    ("returned", "dataset", "message"),
    [
        (None, {}, "loader mine returns a NoneType; expected the arrays"),
        (([1], [2], [3]), {}, "loader mine returns a tuple of 3; expected"),
        ((np.zeros(3), np.zeros(3)), {}, r"x has shape \(3,\)"),
        ((np.zeros((3, 2)), np.zeros(2)), {}, "y has shape"),
        ((np.zeros((3, 2)), ["a", None, "b"]), {}, r"mine: 1 label is missing \(row 2\)"),
        ((np.zeros((3, 2)), ["a", "b", np.nan]), {}, r"mine: 1 label is missing \(row 3\)"),
        (
            (np.zeros((3, 2)), pd.Series(["a", pd.NA, "b"], dtype="string")),
            {},
            "1 label is missing",
        ),
        (
            (np.zeros((3, 2)), np.array([[0, 1], [0, np.inf], [1, 0]])),
            {},
            "inf.* in row 2; expected",
        ),
        ((np.zeros((3, 2)), [0.5, np.nan, np.nan]), {}, r"2 labels are missing \(row 2\)"),
        ((np.zeros((3, 2)), 1), {}, "y has shape"),
        (([[1], [2, 3]], [0, 1]), {}, "loader mine returns rows of different lengths"),
        ((np.zeros((3, 2)), np.arange(3)), {"target": "a"}, "returns no table; remove `target`"),
        (pd.DataFrame({"a": [1]}), {}, "which column is the target"),
        (pd.DataFrame({"a": [1], "b": [1]}), {"target": "c"}, "no target column 'c'"),
        (pd.DataFrame({"a": []}), {"target": "a"}, "a table without rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {"target": "a"}, "'a' appears twice"),
    ],
)
def test_what_a_loader_cannot_return_is_refused(my, returned, dataset, message):
    register("loader", lambda: returned, name="mine")

    with pytest.raises(DatasetError, match=message):
        load_dataset(load_config(my({"mine": dataset})))


def test_hints_name_no_option_that_a_loader_of_ones_own_does_not_have(my):
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "y"]})
    register("loader", lambda: table, name="mine")

    with pytest.raises(DatasetError, match="no 'b' in 1 row") as error:
        load_dataset(load_config(my({"mine": {"target": "b"}})))

    assert error.value.hint == "correct the table in the function"


def test_data_in_memory_cannot_replace_those_of_a_loader(my):
    load_code(["my.py"])

    with pytest.raises(DlcliError, match="shop is a loader of your own"):
        train(load_config(my({"shop": {"target": "bought"}})), data=pd.DataFrame({"a": [1]}))


def test_functions_that_configs_cannot_name_are_refused():
    def many(*paths):
        return paths

    def limited(limit=3):
        return limit

    def copying(copy=1):
        return copy

    for function, name, message in (
        (many, None, "takes \\*paths"),
        (limited, None, "has an argument 'limit'"),
        (copying, None, "has an argument 'copy'"),
        (dict, None, "takes a function that returns data, got dict"),
        (lambda: 0, "csv", "dlcli has a loader 'csv' already"),
        (lambda: 0, "iris", "dlcli has a data set 'iris' already"),
    ):
        with pytest.raises(DlcliError, match=message):
            register("loader", function, name=name)
