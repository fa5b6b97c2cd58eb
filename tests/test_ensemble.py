"""Ensembles: members that learn each as if alone, and models that plain Keras loads."""

from __future__ import annotations

import jsonschema
import keras
import numpy as np
import pytest

from dlcli import ConfigError, evaluate, kfold, load_config, predict, train
from dlcli.config.schema import config_schema
from dlcli.experiments.init import init
from dlcli.network.building import build_model, compile_model
from dlcli.network.cost import batch_seconds
from dlcli.plots.diagram import describe_layers

MEMBERS = 3
HEAD = "- EnsembleDense: 3"
ONE_UNIT = {HEAD: "- EnsembleDense: {members: 3, units: 1}"}
CONFIG = """\
dataset: {{csv: {{path: points.csv, target: {target}}}}}
split: {{validation: 0.2}}
model:
- EnsembleDense: {{members: 3, units: 6, activation: relu}}
- Dropout: 0.1
- EnsembleDense: 3
- {mean}
loss: {loss}
fit: {{epochs: 3, batch_size: 16}}
kfold: {{folds: 3}}
"""
TASKS = {
    "number": ("EnsembleMean", "mean_squared_error"),
    "answer": ("EnsembleMean: sigmoid", "binary_crossentropy"),
    "kind": ("EnsembleMean: softmax", "sparse_categorical_crossentropy"),
}


@pytest.fixture
def points(write):
    """Write a table of points, and return a function that writes a config."""
    x, y = np.random.default_rng(0).normal(size=(2, 90)).round(3)
    rows = [
        f"{a},{b},{a * b:.3f},{'no' if a < b else 'yes'},{'pqr'[int(a > 0) + int(b > 0)]}"
        for a, b in zip(x, y, strict=True)
    ]
    write("points.csv", "\n".join(["x,y,number,answer,kind", *rows]))

    def config(target="number", **replacements):
        mean, loss = TASKS[target]
        text = CONFIG.format(target=target, mean=mean, loss=loss)
        for old, new in replacements.items():
            text = text.replace({"mean": mean, "loss": loss}.get(old, old), new)
        text = text.replace("dataset: {csv: {", f"dataset: {{csv: {{drop: {others(target)}, ")
        return load_config(write("points.yaml", text))

    def others(target):
        return "[" + ", ".join(sorted({"number", "answer", "kind"} - {target})) + "]"

    return config


def member_loss(model, loss, x, y):
    """Return the mean loss of the members, each with its own weights."""
    outputs = keras.Sequential(model.layers[:-1])(x, training=False)
    losses = []
    for member in range(MEMBERS):
        prediction = keras.activations.get(model.layers[-1].activation)(outputs[:, member])
        losses.append(float(loss(y, prediction)))
    return np.mean(losses)


@pytest.mark.parametrize("target", TASKS)
def test_the_loss_of_a_training_is_that_of_the_members(points, target):
    units = "units: 3" if target == "kind" else "units: 1"
    config = points(target, **{HEAD: f"- EnsembleDense: {{members: 3, {units}}}"})
    model = build_model(config, (2,))
    compile_model(model, config)
    model.layers[1].rate = 0.0  # dropout would change the losses
    generator = np.random.default_rng(1)
    x = generator.normal(size=(40, 2)).astype("float32")
    y = generator.integers(0, 2, (40, 1)).astype("float32")
    outputs = model(x, training=True)
    loss = float(model.compute_loss(x=x, y=y, y_pred=outputs, training=True))
    expected = member_loss(model, keras.losses.get(config.loss.name), x, y)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert loss > float(keras.losses.get(config.loss.name)(y, outputs))  # members differ


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal", "lecun_uniform"])
def test_members_start_as_wide_as_a_dense_layer(points, name):
    units = {"units: 6": f"units: 400, kernel_initializer: {name}", **ONE_UNIT}
    model = build_model(points(**units), (200,))
    kernel = model.layers[0].get_weights()[0]
    assert kernel.shape == (MEMBERS, 200, 400)
    dense = np.asarray(keras.initializers.get(name)((200, 400)))
    assert kernel.std(axis=(1, 2)) == pytest.approx(dense.std(), rel=0.02)
    assert not np.allclose(kernel[0], kernel[1])


@pytest.mark.parametrize("target", TASKS)
def test_ensembles_are_trained_saved_and_loaded_by_plain_keras(points, tmp_path, target):
    run = train(points(target), runs=tmp_path / "runs").path
    outputs = {
        engine: predict(run, "points.csv", engine=engine).to_frame() for engine in ("onnx", "keras")
    }
    model = keras.models.load_model(run / "model.keras", compile=False)
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    columns = [name for name in outputs["onnx"] if name != "prediction"] or ["prediction"]
    onnx, with_keras = (outputs[engine][columns].to_numpy(float) for engine in outputs)
    np.testing.assert_allclose(onnx, with_keras, rtol=1e-4, atol=1e-5)
    assert evaluate(run).scores


def test_folds_are_trained_in_one_program_as_one_after_the_other(points, tmp_path):
    results = [
        kfold(points(), runs=tmp_path / engine, engine=engine) for engine in ("stacked", "serial")
    ]
    stacked, serial = ([fold.metrics for fold in result.folds] for result in results)
    for one, other in zip(stacked, serial, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- EnsembleMean", "", "the members are never averaged"),
        ("- EnsembleMean", "- EnsembleMean: relu", "no activation 'relu'; it has linear, softmax"),
        ("- EnsembleMean", "- EnsembleMean\n- Dense", "so it is the last layer"),
        (HEAD, "- Dense: 3", "averages the outputs of EnsembleDense"),
        (HEAD, "- EnsembleDense: 4", "the same number of members"),
        ("members: 3, units: 6", "members: 3", "EnsembleDense needs 'units'"),
        ("members: 3, units: 6", "units: 6", "EnsembleDense needs 'members'"),
        ("- Dropout", "- Permute: [2, 1]\n- Dropout", "it wants (features,) or (3, features)"),
        (
            "members: 3, units: 6",
            "members: 0, units: 6",
            "expected an integer of at least 1, got 0",
        ),
        ("units: 6", "units: 6, kernel_initializer: orthogonal", "Orthogonal is for a single"),
        (
            "- Dropout: 0.1",
            "- TimeDistributed: {layer: {EnsembleDense: {members: 3, units: 2}}}",
            "TimeDistributed cannot contain EnsembleDense",
        ),
        (
            HEAD,
            "- EnsembleDense: {members: 3, activation: tanh}",
            "before the mean; write `EnsembleMean: tanh`",
        ),
    ],
)
def test_ensembles_that_cannot_work_are_refused(points, old, new, message):
    with pytest.raises(ConfigError, match=r"points\.yaml:") as error:
        train(points(**{old: new}))
    assert message in str(error.value)


@pytest.mark.parametrize("target", TASKS)
def test_auto_is_the_network_of_init(points, tmp_path, target):
    document = dict(points(target).document.value)
    init(tmp_path / "points.csv", target=target, output=tmp_path / "init.yaml")
    wanted = [layer.name for layer in load_config("init.yaml").model]
    document["model"] = "auto"
    jsonschema.Draft202012Validator(config_schema()).validate(document)
    run = train(load_config(document), runs=tmp_path / "runs").path
    assert [layer.name for layer in load_config(run / "config.yaml").model] == wanted


def test_auto_is_for_tables():
    config = load_config("digits_cnn", ["model=auto"])
    with pytest.raises(ConfigError, match="auto is for tables"):
        train(config)


@pytest.mark.parametrize(
    ("target", "replacements", "cause"),
    [
        ("number", {"loss": "mean_absolute_error"}, "with MeanAbsoluteError"),
        ("answer", {"loss": "binary_focal_crossentropy"}, "with BinaryFocalCrossentropy"),
        ("kind", {"loss": "categorical_focal_crossentropy"}, "with CategoricalFocalCrossentropy"),
        ("number", {"loss": "{mean_squared_error: {reduction: sum}}"}, "`reduction: sum`"),
        ("answer", {"fit: {": "fit: {class_weight: balanced, "}, "with class weights"),
        (
            "answer",
            {"mean": "EnsembleMean", "loss": "{binary_crossentropy: {from_logits: true}}"},
            "with BinaryCrossentropy from logits",
        ),
        ("number", {}, ""),
        ("kind", {"loss": "categorical_crossentropy"}, ""),
    ],
)
def test_what_couples_the_members_is_warned_about(points, target, replacements, cause):
    warnings = [str(warning) for warning in points(target, **replacements).warnings]
    coupled = [text for text in warnings if "members do not learn each for itself" in text]
    assert len(coupled) == bool(cause), warnings
    assert cause in "".join(coupled)


def test_layers_are_shown_as_in_the_config(points, dlcli):
    config = points(**ONE_UNIT)
    boxes = describe_layers(build_model(config, (2,)))[1:-1]
    assert [box.title for box in boxes] == [layer.name for layer in config.model]
    assert [box.family for box in boxes if box.title != "Dropout"] == [
        "dense", "dense", "pooling, reshaping",
    ]  # fmt: skip
    _, out, _ = dlcli("show", "points.yaml")
    assert out.count("  EnsembleDense  (") == 2
    assert "EinsumDense" not in out


def test_penalties_are_those_of_a_member_alone(points):
    options = "units: 6, kernel_regularizer: {l1_l2: {l1: 0.3, l2: 0.6}}, bias_regularizer: l1"
    model = build_model(points(**{"units: 6": options, **ONE_UNIT}), (2,))
    model.layers[0].bias.assign(np.full((MEMBERS, 6), 0.5))
    kernel, bias = model.layers[0].get_weights()
    members = [
        0.3 * np.abs(kernel[at]).sum() + 0.6 * (kernel[at] ** 2).sum() + 0.01 * bias[at].sum()
        for at in range(MEMBERS)
    ]
    model(np.zeros((1, 2), "float32"))
    assert float(sum(model.losses)) == pytest.approx(np.mean(members), rel=1e-5)


def test_weights_that_exceed_the_memory_are_refused_for_all_members_together(points, monkeypatch):
    monkeypatch.setattr("dlcli.network.memory.available_memory", lambda: 4 * 3 * 2 * 6 - 1)
    with pytest.raises(ConfigError, match="not enough memory for its weights"):
        build_model(points(**ONE_UNIT), (2,))


def test_a_step_of_an_ensemble_costs_that_of_its_members(points):
    model = build_model(points(**ONE_UNIT), (2,))
    seconds = batch_seconds(model, 16)
    dense = keras.Sequential([keras.Input((2,)), *map(keras.layers.Dense, (6, 1))])
    assert seconds == pytest.approx(MEMBERS * batch_seconds(dense, 16), rel=0.5)
