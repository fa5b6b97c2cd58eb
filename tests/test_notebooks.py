"""The library in a notebook: configs as dicts and names, data in memory, short representations."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import slow

import dlcli
from dlcli import ConfigError, DlcliError, load_config
from dlcli.datasets.loading import load_dataset
from dlcli.experiments.inputs import config_with_data

MODEL = {
    "model": [{"Dense": {"units": 4, "activation": "relu"}}, {"Dense": {"activation": "sigmoid"}}],
    "loss": "binary_crossentropy",
    "metrics": ["accuracy"],
    "fit": {"epochs": 1, "batch_size": 4},
    "split": {"test": 0.25},
}


def table():
    return pd.DataFrame(
        {
            "size": np.arange(24) / 10,
            "place": ["Seoul", "Busan", "Daegu"] * 8,
            "label": ["a", "b"] * 12,
        }
    )


def test_a_config_is_a_dict():
    config = load_config({"dataset": "iris", **MODEL, "loss": "mse"}, ["fit.epochs=3"], name="mine")

    assert (config.name, config.fit.epochs, config.dataset.name) == ("mine", 3, "iris")


def test_numpy_numbers_and_paths_are_allowed_in_a_dict(people):
    loader = {"csv": {"path": str(people.with_suffix(".csv")), "target": "label"}}
    config = load_config({"dataset": loader, **MODEL, "fit": {"epochs": np.int64(2)}})

    assert config.fit.epochs == 2


def test_the_problems_of_a_dict_have_keys_and_no_lines():
    with pytest.raises(ConfigError) as error:
        load_config({"dataset": "iris", **MODEL, "fit": {"epoch": 1}}, ["seed=-1"])

    assert {(item.where, item.line, item.key) for item in error.value.problems} >= {
        ("config", 0, "fit.epoch"),
        ("--set seed", 0, "seed"),
    }


def test_values_that_yaml_does_not_have_are_refused():
    with pytest.raises(DlcliError, match=r"config: model\[0\]: expected a text, a number, a list"):
        load_config({"dataset": "iris", "model": [object()], "loss": "mse", "fit": {"epochs": 1}})


def test_a_name_or_dict_is_trained_and_cross_validated(tmp_path):
    config = {"dataset": "iris", **MODEL, "model": ["Dense"], "loss": "mse"}

    assert dlcli.train(config, runs=str(tmp_path / "r")).path == tmp_path / "r/config/1"
    folds = dlcli.kfold({**config, "kfold": {"folds": 2, "epochs": 1}}, runs=str(tmp_path / "r"))
    assert len(folds.folds) == 2


@pytest.mark.parametrize("loaded", [False, slow(True)])
def test_a_data_frame_is_trained_on_and_kept_with_the_runs(tmp_path, loaded):
    plain = {"dataset": {"csv": {"path": "elsewhere.csv", "target": "label"}}, **MODEL}
    config = load_config(plain) if loaded else plain

    result = dlcli.train(config, data=table())

    (kept,) = Path("runs/config").glob("data-*.csv")
    assert pd.read_csv(kept).equals(table())
    assert dlcli.evaluate(result.path).scores.rows == 6
    assert dlcli.reproduce(str(result.path)).is_identical
    longer = load_config(result.path / "config.yaml", ["fit.epochs=2"])
    assert dlcli.train(longer, resume=str(result.path)).epochs == 2
    predictions = dlcli.predict(str(result.path), table(), keep="all").to_frame()
    assert predictions["place"].tolist() == table()["place"].tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"index": True}, {"comment": "-"}, {"skip_rows": 1}, {"names": ["size", "place", "label"]},
        {"delimiter": "tab"}, {"delimiter": ";", "decimal": ","}, {"quotechar": "'"},
        {"encoding": "cp949"}, {"header": False}, {"widths": [5, 5, 5]},
    ],
)  # fmt: skip
def test_a_data_frame_is_read_whatever_the_file_of_the_config_is_like(options, tmp_path):
    frame = table().assign(size=lambda frame: frame["size"] - 1.25, label=lambda frame: frame.place)
    frame["place"] = [f"김 '{name}'" for name in frame["place"]]
    loader = {"csv": {"path": "elsewhere.csv", "target": "label", **options}}

    config = config_with_data({"dataset": loader, **MODEL}, frame, tmp_path)
    dataset = load_dataset(config)

    assert dataset.x.to_dict("list") == frame[["size", "place"]].to_dict("list")
    again = load_dataset(load_config(config.plain()))
    assert again.fingerprint() == dataset.fingerprint()


def test_a_dict_needs_no_path_if_there_are_data():
    config = {"dataset": {"csv": {"target": "label"}}, **MODEL}

    assert len(dlcli.kfold(config, data=table(), folds=2).folds) == 2


def test_data_of_another_kind_are_refused():
    config = {"dataset": {"csv": {"target": "label"}}, **MODEL}

    with pytest.raises(DlcliError, match="expected a DataFrame or a path, got list"):
        dlcli.train(config, data=[1, 2])
    with pytest.raises(DlcliError, match="iris is a named data set"):
        dlcli.train(load_config("iris"), data=table())


def test_results_have_short_representations(trained, people):
    config = load_config(people)
    folds = dlcli.kfold(config, folds=2)
    results = [
        config,
        trained,
        folds,
        dlcli.evaluate(trained.path),
        dlcli.load_model(trained.path),
        dlcli.predict(trained.path, "people.csv"),
    ]

    for result in results:
        assert len(repr(result)) < 200
        assert repr(result).startswith(f"{type(result).__name__}(")
    assert repr(config) == "Config('people')"
    assert "accuracy" in repr(folds)


def values(**keys):
    return {"dataset": {"csv": {"path": "x.csv", "target": "label"}}, **MODEL, **keys}


@pytest.mark.parametrize(
    ("call", "message", "hint"),
    [
        (lambda: load_config(table()), "not a DataFrame", "data=…"),
        (
            lambda: load_config(None),
            "a config is a path, a name or a mapping, not a NoneType",
            None,
        ),
        (lambda: load_config("dataset: iris\nloss: mse\n"), "not a text of YAML", "safe_load"),
        (lambda: load_config(values(dataset=table())), "config: dataset: expected", "data=…"),
        (lambda: load_config(values(dataset={"csv": table()})), "config: dataset.csv: ", "data=…"),
        (lambda: dlcli.train("iris", data=table()), "iris is a named data set", None),
        (lambda: dlcli.train("iris", format="onnx"), "format: expected 'keras' or 'h5'", None),
        (lambda: dlcli.kfold("iris", folds="3"), "folds: expected an integer", None),
        (lambda: dlcli.kfold("iris", folds=1), "folds: expected an integer", None),
        (lambda: dlcli.kfold("iris", engine="fast"), "engine: expected 'auto' or 'stacked'", None),
        (lambda: dlcli.baseline("iris", engine="fast"), "engine: expected 'auto'", None),
        (lambda: dlcli.load_model(None), "a model is a path, not a NoneType", None),
        (lambda: dlcli.load_model("x", "torch"), "engine: expected 'auto' or 'onnx'", None),
        (lambda: dlcli.evaluate("x", engine="torch"), "engine: expected 'auto' or 'onnx'", None),
    ],
)
def test_a_wrong_argument_is_one_sentence(call, message, hint):
    with pytest.raises(DlcliError) as error:
        call()

    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 120
    assert (hint or "") in (error.value.hint or "")


def test_overrides_are_a_text_or_a_mapping_too():
    path = Path("x.csv").absolute()
    config = load_config(values(dataset={"csv": {"path": path, "target": "label"}}), {"seed": 7})

    assert config.dataset.loader.path == str(path)
    assert config.seed == 7
    assert load_config("iris", "fit.epochs=3").fit.epochs == 3
    assert load_config("iris", {"fit.epochs": np.int64(4)}).fit.epochs == 4


def test_a_result_is_a_model_and_rows_are_mappings(weights_only, caplog):
    config = {**values(dataset={"csv": {"target": "label"}}), "split": {"test": 0}}
    result = dlcli.train(config, data=table())
    rows = [{"size": 1.0, "place": "Seoul"}, {"size": 2.0, "place": "Busan"}]
    columns = {"size": [1.0, 2.0], "place": ["Seoul", "Busan"]}

    frame = dlcli.predict(result, rows).to_frame()
    scored = dlcli.evaluate(result, table())

    pd.testing.assert_frame_equal(frame, dlcli.predict(result, columns).to_frame())
    assert scored.source == "the table"
    assert scored.scores.rows == 24
    assert len(repr(dlcli.load_model(result).metadata)) < 100
    assert len(repr(dlcli.inspect(result))) < 200
    for source, message in (
        (None, "got None"),
        (table().iloc[0], "got a Series"),
        ([1, 2], "got a list of int"),
        ({"size": [1, 2], "place": ["Seoul"]}, "the rows make no table"),
    ):
        with pytest.raises(DlcliError, match=message):
            dlcli.predict(result, source)
