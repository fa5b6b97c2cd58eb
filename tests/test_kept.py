"""Models of scikit-learn in files without pickle: the same answers, and nothing harmful."""

import json

import numpy as np
import onnx
import pandas as pd
import pytest
from conftest import slow
from sklearn.datasets import load_diabetes, load_iris
from sklearn.svm import SVC

from dlcli import DlcliError, ModelFileError, baseline, evaluate, load_config, load_model, predict
from dlcli.experiments.baseline.models import MODELS, build_estimator
from dlcli.models.estimators.convert import EstimatorGraph, convert_estimator
from dlcli.models.inspection.onnx_model import inspect_onnx
from dlcli.models.onnx import OnnxNetwork

pytestmark = pytest.mark.usefixtures("few_trees")
KINDS = [model for model in MODELS if not model.trivial and model.text is not True]


def rows_of(task):
    data = (load_iris if task == "classification" else load_diabetes)()
    order = np.random.default_rng(0).permutation(len(data.data))
    x = ((data.data - data.data.mean(axis=0)) / data.data.std(axis=0)).astype(np.float32)
    return x[order], data.target[order]


@pytest.mark.parametrize("model", KINDS, ids=lambda model: f"{model.key}-{model.task[0]}")
def test_the_graph_predicts_as_scikit_learn(model):
    x, y = rows_of(model.task)
    estimator = build_estimator(model, 0, 100)
    inputs = x.astype(np.float64) if model.exact else x
    estimator.fit(inputs[:100], y[:100])

    is_class = model.task == "classification"
    shape = (2, 2) if is_class else x.shape[1:]  # a picture of four pixels
    graph = convert_estimator(estimator, shape, 3 if is_class else 0)
    outputs = OnnxNetwork(graph.content, graph.block)(x[100:].reshape(-1, *shape))

    inspect_onnx(graph.content, rows=graph.block)
    if model.task == "regression":
        assert outputs[:, 0] == pytest.approx(estimator.predict(inputs[100:]), rel=1e-5)
    elif model.key == "svm":
        assert outputs.argmax(axis=1).tolist() == estimator.predict(inputs[100:]).tolist()
    else:
        assert outputs == pytest.approx(estimator.predict_proba(inputs[100:]), abs=1e-6)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
@pytest.mark.parametrize("classes", [2, 3])
def test_support_vector_machines_decide_as_scikit_learn(kernel, classes):
    x, y = rows_of("classification")
    x, y = x[y < classes], y[y < classes]
    estimator = SVC(kernel=kernel, coef0=0.5).fit(x[::2], y[::2])

    graph = convert_estimator(estimator, (4,), classes)

    assert OnnxNetwork(graph.content)(x).argmax(axis=1).tolist() == estimator.predict(x).tolist()


@pytest.mark.parametrize("key", ["tree", "svm", "knn", slow("boosting")])
def test_a_class_without_training_rows_is_never_predicted(key):
    x, y = rows_of("classification")
    model = next(m for m in KINDS if m.key == key and m.task == "classification")
    estimator = build_estimator(model, 0, 50).fit(x[y != 1], y[y != 1])

    graph = convert_estimator(estimator, (4,), 3)

    outputs = OnnxNetwork(graph.content)(x)
    assert outputs.shape == (150, 3)
    assert outputs.argmax(axis=1).tolist() == estimator.predict(x).tolist()


@pytest.fixture(scope="module")
def kept(tmp_path_factory, few_trees):
    """Keep a decision tree of iris."""
    config = load_config("iris", ["fit.epochs=1", "fit.batch_size=64"])
    runs = tmp_path_factory.mktemp("runs")
    settings = {"tree": {"max_depth": 2}}
    return baseline(config, split=True, keep="tree", settings=settings, runs=runs)


FLOWERS = pd.DataFrame(
    {
        "sepal length (cm)": [5.1, 6.0], "sepal width (cm)": [3.5, 3.0],
        "petal length (cm)": [1.4, 5.8], "petal width (cm)": [0.2, 2.1],
    }
)  # fmt: skip


def test_a_kept_model_predicts_and_is_evaluated(kept):
    row = next(row for row in kept.models if row.model.name.startswith("decision tree"))

    table = predict(kept.path, FLOWERS).to_frame()
    scores = evaluate(kept.kept).scores

    assert table.prediction.tolist() == ["setosa", "virginica"]
    assert list(table)[1:] == ["p_setosa", "p_versicolor", "p_virginica"]
    assert scores.metrics["accuracy"] == pytest.approx(row.model.mean)
    assert scores.rows == 30
    assert kept.to_json()["kept"] == str(kept.path / "model.onnx")


def test_commands_take_a_kept_model_or_say_why_not(kept, dlcli):
    code, out, _ = dlcli("inspect", kept.path)
    _, document, _ = dlcli("inspect", kept.path, "--json")
    answers = [
        dlcli("show", kept.path, "--weights"), dlcli("export", kept.path, "--to", "onnx"),
        dlcli("evaluate", kept.path, "--engine", "keras"),
    ]  # fmt: skip

    assert code == 0
    assert "model.onnx: scikit-learn's DecisionTreeClassifier(max_depth=2) in .onnx" in out
    assert json.loads(document)["format"] == "onnx"
    for answer in answers:
        assert answer[0] == 2
        assert "is scikit-learn's DecisionTreeClassifier(max_depth=2), not a network" in answer[2]


@pytest.mark.parametrize(
    ("config", "key", "message"),
    [
        ("iris", "tre", "unknown model 'tre'. Did you mean 'tree'?"),
        ("iris", "majority", "unknown model 'majority'"),
        ("tide_lstm", "bayes", "unknown model 'bayes'"),
    ],
)
def test_what_cannot_be_kept_is_told_before_the_comparison(config, key, message, tmp_path):
    with pytest.raises(DlcliError, match="--keep") as error:
        baseline(load_config(config), keep=key, runs=tmp_path)

    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_settings_that_no_file_has_are_told_before_the_comparison(tmp_path):
    for settings, message in (
        ({"knn": {"weights": "distance"}}, "neighbours are saved with uniform weights"),
        ({"knn": {"metric": "manhattan"}}, "the Euclidean metric"),
    ):
        with pytest.raises(DlcliError, match=f"--keep knn: .*{message}"):
            baseline("iris", keep="knn", settings=settings, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_models_of_words_are_not_kept(tmp_path):
    table = pd.DataFrame({"text": ["good day", "bad day"] * 20, "label": ["+", "-"] * 20})
    config = {
        "dataset": {"csv": {"path": "x.csv", "target": "label", "types": {"text": "text"}}},
        "preprocess": {"text": {"vectorize": {"output_mode": "multi_hot"}}},
        "model": [{"Dense": {"activation": "sigmoid"}}],
        "loss": "binary_crossentropy", "fit": {"epochs": 1},
    }  # fmt: skip

    with pytest.raises(DlcliError, match="--keep bayes: models of words are not saved"):
        baseline(config, data=table, keep="bayes", runs=tmp_path / "runs")


def changed(kept, path, change):
    """Write the file of a kept model with another graph."""
    document = onnx.load_model(kept.kept)
    change(document)
    path.write_bytes(document.SerializeToString())
    return path


def other_place(document):
    for tensor in document.graph.initializer:
        if tensor.data_type == onnx.TensorProto.INT64:
            values = onnx.numpy_helper.to_array(tensor)
            if values.max() > 1:
                tensor.CopyFrom(onnx.numpy_helper.from_array(values + 10**9, tensor.name))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.metadata_props.pop(), "without what dlcli needs"),
        (lambda document: document.graph.node.add(op_type="Loop"), "the operator 'Loop'"),
        (lambda document: document.graph.node.add(op_type="A", domain="ai.onnx.ml"), "domain"),
        (other_place, "the ONNX graph fails"),
        (lambda document: document.graph.ClearField("output"), "is damaged"),
    ],
)
def test_harmful_and_damaged_files_are_refused(kept, tmp_path, change, message):
    path = changed(kept, tmp_path / "model.onnx", change)

    with pytest.raises(ModelFileError, match=message):
        predict(path, FLOWERS).to_frame()


@pytest.mark.parametrize("content", [b"", b"no graph", bytes(100)])
def test_what_is_no_graph_is_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)

    with pytest.raises(ModelFileError, match=r"is empty|is damaged|without what dlcli needs"):
        load_model(path)


def test_a_graph_stays_within_a_block_of_rows():
    x = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    model = next(m for m in KINDS if m.key == "knn" and m.task == "regression")
    estimator = build_estimator(model, 0, 3000).fit(x, x[:, 0])

    graph = convert_estimator(estimator, (4,))

    assert isinstance(graph, EstimatorGraph)
    assert graph.block * 3000 <= 1 << 22
    inspect_onnx(graph.content, rows=graph.block)
