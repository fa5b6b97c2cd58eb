"""Copies of a model in one program: each is trained as it would be alone."""

import numpy as np
import pytest

from dlcli import load_config
from dlcli.backend import seed_everything
from dlcli.model import build_model, compile_model, make_callbacks
from dlcli.replicas import Copy, Replicas
from dlcli.training import FitData, fit

RELU = "{Dense: {units: 6, activation: relu}}"
SIGMOID = "{Dense: {units: 1, activation: sigmoid}}"
SOFTMAX = "{Dense: {units: 3, activation: softmax}}"
LINEAR = "{Dense: {units: 1}}"


def table(rows, seed, kind="binary"):
    """Make rows that a network can learn a little of."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 4)).astype(np.float32)
    total = x.sum(axis=1, keepdims=True) + 0.5 * generator.normal(size=(rows, 1))
    classes = np.digitize(total, [-1, 1])
    y = {
        "binary": (total > 0).astype(np.float32),
        "signs": np.where(total > 0, 1, -1).astype(np.float32),
        "sparse": classes.astype(np.int32),
        "one-hot": np.eye(3, dtype=np.float32)[classes[:, 0]],
        "number": np.abs(total).astype(np.float32),
    }[kind]
    return x, y


@pytest.fixture
def trained_both_ways(write):
    """Train copies one by one and together, and compare."""

    def compare(rows=(23, 22), kind="binary", weights=False, watch=(), epochs=3, **changes):
        keys = {
            "dataset": "breast_cancer" if kind in ("binary", "signs") else "iris",
            "model": f"[{RELU}, {SIGMOID}]",
            "loss": "binary_crossentropy",
            "split": "{validation: 0.1}",
            "fit": f"{{epochs: {epochs}, batch_size: 8}}",
            **changes,
        }
        if kind == "number":
            keys["dataset"] = "diabetes"
        config = load_config(write("c.yaml", "".join(f"{k}: {v}\n" for k, v in keys.items())))
        seed_everything(config.seed)
        model = build_model(config, (4,))
        compile_model(model, config, steps_per_execution=2)
        variables = [*model.variables, *model.optimizer.variables]
        first = [variable.numpy() for variable in variables]
        count = len(model.variables)
        datas = []
        for number, size in enumerate(rows):
            weighting = np.linspace(0.2, 3, size, dtype=np.float32) if weights else None
            watched = table(watch[number], 50 + number, kind) if watch else None
            datas.append(FitData(*table(size, number, kind), weighting, watched))
        copies = [
            Copy(f"copy {n}", data, 7, first[:count], make_callbacks(config, None))
            for n, data in enumerate(datas)
        ]
        together = Replicas(model, copies, config.fit).fit()
        for data, copy in zip(datas, together, strict=True):
            for variable, value in zip(variables, first, strict=True):
                variable.assign(value)
            callbacks = make_callbacks(config, None)
            alone = fit(model, data, config.fit, seed=7, callbacks=callbacks)
            assert_equal(copy, alone, model)
        return together

    return compare


def assert_equal(copy, alone, model):
    assert copy.fitted.epochs == alone.epochs
    assert list(copy.fitted.history) == list(alone.history)
    for name, values in alone.history.items():
        assert copy.fitted.history[name] == pytest.approx(values, rel=1e-4, abs=1e-6), name
    for mine, theirs in zip(copy.weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "optimizer",
    ["SGD", "{SGD: {momentum: 0.9, nesterov: true}}", "adam", "{Adam: {amsgrad: true}}", "AdamW",
     "RMSprop", "{RMSprop: {centered: true, momentum: 0.5}}", "Adagrad", "Adadelta", "Adamax",
     "Nadam", "Ftrl", "Lion", "{Adam: {clipvalue: 0.01, weight_decay: 0.1}}",
     "{SGD: {learning_rate: {ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 2, decay_rate: 0.5}}}}"],
)  # fmt: skip
@pytest.mark.parametrize("rows", [(23, 22), (25, 24, 15)])
def test_every_elementwise_optimizer(trained_both_ways, optimizer, rows):
    trained_both_ways(rows, optimizer=optimizer)


@pytest.mark.parametrize(
    ("loss", "kind", "last"),
    [("mse", "binary", SIGMOID), ("mae", "number", LINEAR), ("huber", "number", LINEAR),
     ("log_cosh", "number", LINEAR), ("msle", "number", "{Dense: {units: 1, activation: softplus}}"),
     ("mape", "number", LINEAR),
     ("poisson", "number", "{Dense: {units: 1, activation: softplus}}"),
     ("hinge", "signs", "{Dense: {units: 1, activation: tanh}}"),
     ("squared_hinge", "signs", "{Dense: {units: 1, activation: tanh}}"),
     ("{BinaryCrossentropy: {from_logits: true}}", "binary", LINEAR),
     ("{BinaryCrossentropy: {reduction: sum}}", "binary", SIGMOID),
     ("{BinaryCrossentropy: {label_smoothing: 0.1}}", "binary", SIGMOID),
     ("BinaryFocalCrossentropy", "binary", SIGMOID),
     ("categorical_crossentropy", "one-hot", SOFTMAX), ("CategoricalFocalCrossentropy", "one-hot", SOFTMAX),
     ("categorical_hinge", "one-hot", SOFTMAX), ("kl_divergence", "one-hot", SOFTMAX),
     ("cosine_similarity", "one-hot", SOFTMAX), ("mse", "one-hot", SOFTMAX),
     ("sparse_categorical_crossentropy", "sparse", SOFTMAX),
     ("{SparseCategoricalCrossentropy: {from_logits: true}}", "sparse", "{Dense: {units: 3}}"),
     ("Dice", "one-hot", SOFTMAX), ("Tversky", "one-hot", SOFTMAX)],
)  # fmt: skip
def test_every_loss(trained_both_ways, loss, kind, last):
    trained_both_ways(kind=kind, loss=loss, model=f"[{RELU}, {last}]", weights=True)
