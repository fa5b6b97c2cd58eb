"""Exports: what other programs compute with them, beside `dlcli predict`."""

import base64
import json
from importlib.util import find_spec

import joblib
import numpy as np
import onnxruntime
import pandas as pd
import pytest
from scipy.io import wavfile

from dlcli import DatasetError, DlcliError, export, load_config, load_model, predict, train
from dlcli.exports.mlflow_model import PythonModel
from dlcli.exports.onnx.steps import GRAPHS
from dlcli.preparation.steps import FITTED

NETWORK = [{"Dense": {"units": 4, "activation": "relu"}}, {"Dense": {"activation": "softmax"}}]
LABELS = {"model": NETWORK, "loss": "sparse_categorical_crossentropy"}
NUMBERS = {"model": [*NETWORK[:1], "Dense"], "loss": "mse", "split": {"validation": 0.2}}
GAPS = {"size": ["impute", "standardize"], "kind": ["impute", "one_hot"]}
# Every step of the features and of a target is in one of them.
STEPS = {
    "powers": (
        NUMBERS,
        {
            "size": ["impute", "power"], "price": {"power": {"method": "box-cox"}},
            "count": ["min_max", {"polynomial": {"degree": 3}}],
            "shift": {"robust": {"smooth_clip": True}}, "kind": ["impute", "ordinal"],
            "day": {"date_parts": {"cyclic": True}},
        },
        ["power"],
    ),
    "ranks": (
        NUMBERS | {"calibrate": True},
        {
            "size": [{"impute": {"indicator": True}}, {"quantile": {"output_distribution": "uniform"}}],
            "price": "quantile", "count": ["log", "robust"],
            "shift": [{"clip": {"min": -4}}, {"periodic": {"period": [3, 7.5]}}],
            "kind": ["impute", {"one_hot": {"max_categories": 3}}],
            "day": [{"date_parts": {"parts": ["year", "month", "day", "weekday", "hour", "minute", "elapsed"]}}, "standardize"],
        },
        ["quantile"],
    ),
    "hashes": (
        LABELS | {"calibrate": True, "split": {"validation": 0.2}},
        {
            "size": [{"impute": {"strategy": "median"}}, {"scale": 10}], "count": "one_hot",
            "kind": ["impute", {"hash": 8}], "note": {"hash": {"buckets": 16, "split": "whitespace"}},
        },
        None,
    ),
    "bags": (LABELS, {**GAPS, "note": {"vectorize": {"output_mode": "tf_idf", "ngrams": 3}}}, None),
    "words": (
        NUMBERS,
        {**GAPS, "note": {"vectorize": {"output_mode": "int", "output_sequence_length": 9, "padding": "pre"}}},
        ["log"],
    ),
}  # fmt: skip


def table(rows=160):
    """Return rows with numbers, gaps, categories, dates and texts."""
    generator = np.random.default_rng(1)
    words = ["good", "BAD", "don’t", "the", "a", "great's", "film,", "very!", "Ünder", "\u3000x"]
    frame = pd.DataFrame(
        {
            "size": generator.normal(50, 9, rows),
            "price": generator.lognormal(0, 1, rows),
            "count": generator.integers(0, 9, rows),
            "shift": generator.normal(size=rows) - 3,
            "kind": generator.choice(["red", "it's", "grün", "few"], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "day": pd.date_range("1999-02-03 04:05", periods=rows, freq="37h").strftime("%Y-%m-%d %H:%M"),
            "note": [" ".join(generator.choice(words, generator.integers(1, 12))) for _ in range(rows)],
        }
    )  # fmt: skip
    frame.loc[::17, "size"] = np.nan
    frame.loc[::13, "kind"] = "?"
    frame["value"] = np.exp(frame["shift"]) + frame["price"]
    frame["label"] = np.where(frame["price"] > 1, "high", "low")
    return frame


def trained_on_table(name):
    sections, columns, target = STEPS[name]
    wanted, other = ("label", "value") if sections["model"] is NETWORK else ("value", "label")
    loader = {"path": "table.csv", "target": wanted, "drop": [other], "types": {"note": "text"}}
    loader |= {"missing": ["", "?"], "dates": ["day"]}
    preprocess = {"columns": columns} | ({"target": target} if target else {})
    config = {
        "dataset": {"csv": loader},
        "preprocess": preprocess,
        "fit": {"epochs": 1},
        **sections,
    }
    return train(load_config(config, name=name), data=table())


def run(path, feeds):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return dict(
        zip([end.name for end in session.get_outputs()], session.run(None, feeds), strict=True)
    )


def feeds_of(path, frame):
    """Return rows of a table as another program passes them."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    types = {"tensor(string)": object, "tensor(double)": np.float64}
    return {
        end.name: frame[end.name].to_numpy(types[end.type])[:, None] for end in session.get_inputs()
    }


def people_frame():
    frame = pd.read_csv("people.csv", sep=";")
    frame["member"] = frame["member"].map({"yes": 1.0, "no": 0.0})
    return frame.fillna({"city": ""})


def test_every_step_has_a_graph():
    assert set(GRAPHS) == set(FITTED)


def test_a_graph_takes_columns_and_answers_with_names(trained):
    result = export(trained.path, "onnx", "people.onnx")
    frame = people_frame()

    outputs = run("people.onnx", feeds_of("people.onnx", frame))

    expected = predict(trained.path, "people.csv").to_frame()
    assert outputs["label"].tolist() == expected["prediction"].tolist()
    np.testing.assert_allclose(outputs["probabilities"], expected.filter(like="p_"), atol=1e-6)
    assert result.comparison.difference <= 1e-6
    assert result.comparison.rows > len(frame)


def test_a_row_that_predict_refuses_has_no_answer(trained):
    export(trained.path, "onnx", "people.onnx")
    frame = people_frame().head(2)
    frame.loc[1, "age"] = np.inf

    outputs = run("people.onnx", feeds_of("people.onnx", frame))

    assert outputs["label"][1] == ""
    assert np.isnan(outputs["probabilities"]).any(axis=1).tolist() == [False, True]


def test_an_existing_file_is_replaced_on_request_only(dlcli, trained, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("mine")

    code, _, err = dlcli("export", trained.path, "--to", "onnx", "-o", path)
    assert code == 2
    assert "model.onnx exists" in err
    assert "--force" in err
    assert path.read_text() == "mine"

    code, out, _ = dlcli("export", trained.path, "--to", "onnx", "-o", path, "--force")
    assert code == 0
    assert f"written: {path}" in out
    assert path.read_bytes()[:1] != b"m"


def test_a_missing_package_is_named_with_its_extra(trained, monkeypatch):
    monkeypatch.setattr("dlcli.exports.keras_formats.find_spec", lambda _: None)

    with pytest.raises(DlcliError, match="openvino, which is not installed") as error:
        export(trained.path, "openvino", "people")

    assert error.value.hint == '`pip install "dlcli[openvino]"`'


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_computed_as_in_predict(name):
    result = trained_on_table(name)

    comparison = export(result.path, "onnx").comparison

    assert comparison.rows == 64 + 160
    assert comparison.refused < 30
    assert comparison.difference <= 1e-5


OUTPUTS = {
    "labels": (
        ["first", "second"], ["labels", "probabilities"],
        {"model": [*NETWORK[:1], {"Dense": {"activation": "sigmoid"}}],
         "loss": "binary_crossentropy", "thresholds": {"first": 0.4}},
    ),
    "logits": (
        "label", ["label", "probabilities"],
        {"model": [*NETWORK[:1], {"Dense": 1}], "calibrate": True, "split": {"validation": 0.2},
         "loss": {"BinaryCrossentropy": {"from_logits": True}}},
    ),
    "values": (
        ["price", "value"], ["prediction", "lower", "upper"],
        NUMBERS | {"calibrate": True, "preprocess": {"target": ["standardize"]}},
    ),
    "scores": ("label", ["label", "scores"], {"model": [*NETWORK[:1], {"Dense": 1}], "loss": "hinge"}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
def test_every_kind_of_answer_is_computed_as_in_predict(name):
    target, outputs, sections = OUTPUTS[name]
    frame = table()[["count", "shift", "price", "value", "label"]]
    frame["first"], frame["second"] = frame["count"] % 2, (frame["shift"] > -3).astype(int)
    wanted = target if isinstance(target, list) else [target]
    frame = frame[["count", "shift", *wanted]]
    config = {
        "dataset": {"csv": {"path": "t.csv", "target": target}},
        "fit": {"epochs": 1},
        **sections,
    }
    result = train(load_config(config, name=name), data=frame)

    exported = export(result.path, "onnx")

    assert exported.comparison.difference <= 1e-6
    session = onnxruntime.InferenceSession(str(exported.path), providers=["CPUExecutionProvider"])
    assert [end.name for end in session.get_outputs()] == outputs


@pytest.mark.slow
def test_characters_are_refused_with_the_reason(tmp_path):
    config = {
        "dataset": {"csv": {"path": "t.csv", "target": "label", "types": {"note": "text"}}},
        "preprocess": {"text": {"vectorize": {"split": "character"}}},
        "fit": {"epochs": 1},
        **LABELS,
    }
    result = train(load_config(config, name="characters"), data=table()[["note", "label"]])

    with pytest.raises(DlcliError, match="cannot cut texts into characters"):
        export(result.path, "onnx", "characters.onnx")

    assert not (tmp_path / "characters.onnx").exists()


# Every kind of data, and every format with each kind that it can have; onnx and mlflow with all.
KINDS = {
    "sonar": ["sklearn", "savedmodel"],
    "thoracic_surgery": ["sklearn"],
    "zoo": ["litert"],
    "diabetes": ["sklearn", "openvino"],
    "digits_cnn": ["litert"],
    "mnist_cnn": ["openvino"],
    "spam_filter": ["sklearn"],
    "imdb_text": ["litert"],
    "spoken_digits": ["savedmodel"],
    "tide_lstm": ["litert"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_data_is_exported(name):
    result = train(load_config(name, ["fit.epochs=1"]), sample=True)
    loaded = load_model(result.path)

    for to in ["onnx", "mlflow", *KINDS[name]]:
        if to == "openvino" and find_spec("openvino") is None:
            continue
        exported = export(loaded, to)
        assert exported.comparison.difference <= 1e-4
        assert exported.comparison.rows > 2 * exported.comparison.refused
        if to == "litert":
            description = json.loads(exported.path.with_suffix(".json").read_text())
            assert description["input"]["shape"][1:] == list(loaded.network.input_shape)


# MLflow warns about hints in its own code.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")
def test_mlflow_passes_recordings(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="needs dlcli[mlflow]")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow.pyfunc
    from mlflow.utils.proto_json_utils import dataframe_from_parsed_json

    paths = [tmp_path / "said" / f"{word}_{at}.wav" for word in ("yes", "no") for at in range(6)]
    paths[0].parent.mkdir()
    for number, path in enumerate(paths):
        samples = np.random.default_rng(number).integers(-9000, 9000, 90 + number)
        wavfile.write(path, 1000, samples.astype(np.int16))
    loader = {"audio": {"path": "said", "pattern": "{class}_{take}"}}
    config = {"dataset": loader, "fit": {"epochs": 1}, **LABELS}
    run = train(load_config(config, name="said")).path

    exported = export(run, "mlflow")
    model = mlflow.pyfunc.load_model(str(exported.path), suppress_warnings=True)

    (column,) = model.metadata.signature.inputs.inputs
    assert column.type.name == "binary"
    table = pd.DataFrame({column.name: [path.read_bytes() for path in paths]})
    expected = predict(run, paths).to_frame().drop(columns="file")
    pd.testing.assert_frame_equal(model.predict(table), expected)
    assert model.metadata.signature.outputs.input_names() == list(expected.columns)
    rows = [[base64.b64encode(path.read_bytes()).decode()] for path in paths]
    sent = {"columns": [column.name], "data": rows}  # as `mlflow models serve` reads it
    table = dataframe_from_parsed_json(sent, "split", model.metadata.get_input_schema())
    pd.testing.assert_frame_equal(model.predict(table), expected)
    with pytest.raises(DatasetError, match="row 2: 'recording': expected the bytes of a WAV file"):
        PythonModel(str(exported.path / "model.keras")).predict({column.name: [b"", 5]})


# MLflow warns about hints in its own code.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")
def test_mlflow_loads_a_folder(trained, monkeypatch):
    pytest.importorskip("mlflow", reason="needs dlcli[mlflow]")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow.pyfunc

    result = export(trained.path, "mlflow", "people-mlflow")
    model = mlflow.pyfunc.load_model(str(result.path), suppress_warnings=True)

    frame = pd.read_csv("people.csv", sep=";", keep_default_na=False, dtype={"age": object})
    table = frame.replace("", None).astype({"age": float, "height": float})
    expected = predict(trained.path, table).to_frame()
    pd.testing.assert_frame_equal(model.predict(table), expected)
    inputs = model.metadata.signature.inputs
    assert [
        (column.name, column.type.name if hasattr(column.type, "name") else "any")
        for column in inputs
    ] == [
        ("age", "double"),
        ("city", "string"),
        ("member", "any"),
        ("height", "double"),
    ]
    assert model.metadata.signature.outputs.input_names() == list(expected.columns)


def test_an_estimator_is_read_again(trained):
    result = export(trained.path, "sklearn")
    table = pd.read_csv("people.csv", sep=";", dtype=object, keep_default_na=False)

    model = joblib.load(result.path)

    expected = predict(trained.path, table).to_frame()
    assert model.predict(table).tolist() == expected["prediction"].tolist()
