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


@pytest.mark.parametrize(
    "layers",
    ["{Dropout: 0.4}", "{GaussianNoise: 0.3}", "{GaussianDropout: 0.3}", "{AlphaDropout: 0.3}",
     "BatchNormalization", "{BatchNormalization: {momentum: 0.5, scale: false}}",
     "LayerNormalization", "RMSNormalization", "UnitNormalization", "PReLU",
     "{LeakyReLU: 0.1}", "{ELU: 0.5}", "Softmax", "{Activation: swish}",
     "{ActivityRegularization: {l2: 0.1}}", "{Rescaling: 0.5}",
     "{Reshape: [3, 2]}, {Permute: [2, 1]}, Flatten", "{RepeatVector: 2}, Flatten",
     "{Normalization: {mean: 0.5, variance: 2.0}}",
     "{Dense: {units: 3, kernel_regularizer: {L1L2: {l1: 0.01, l2: 0.1}}, bias_regularizer: l2, activity_regularizer: l1}}",
     "{Dense: {units: 3, kernel_constraint: {MaxNorm: 0.5}, bias_constraint: non_neg}}",
     "{Dense: {units: 3, kernel_regularizer: {OrthogonalRegularizer: 0.1}}}",
     "{Dense: {units: 3, trainable: false}}",
     "{Dense: {units: 3, activation: gelu}}, {Dropout: 0.2}, BatchNormalization, {Dropout: 0.5}"],
)  # fmt: skip
@pytest.mark.parametrize("rows", [(23, 22), (24, 25)])
def test_every_layer(trained_both_ways, layers, rows):
    trained_both_ways(rows, model=f"[{RELU}, {layers}, {SIGMOID}]", watch=[9, 9])


@pytest.mark.parametrize(
    ("metrics", "loss", "kind", "last"),
    [("[accuracy, AUC, Precision, Recall, crossentropy]", "binary_crossentropy", "binary", SIGMOID),
     ("[{AUC: {curve: PR, num_thresholds: 20}}, TruePositives, FalseNegatives, {F1Score: {threshold: 0.4}}]", "mse", "binary", SIGMOID),
     ("[{PrecisionAtRecall: {recall: 0.5}}, {SensitivityAtSpecificity: {specificity: 0.5}}, {RecallAtPrecision: {precision: 0.6}}]",
      "mse", "binary", SIGMOID),
     ("[accuracy, {TopKCategoricalAccuracy: {k: 2}}, {AUC: {multi_label: true}}, CosineSimilarity, {F1Score: {average: macro}}]",
      "categorical_crossentropy", "one-hot", SOFTMAX),
     ("[accuracy, {SparseTopKCategoricalAccuracy: {k: 2}}, crossentropy]", "sparse_categorical_crossentropy", "sparse", SOFTMAX),
     ("[mae, mse, RootMeanSquaredError, R2Score, mape, msle, LogCoshError]", "mse", "number", LINEAR)],
)  # fmt: skip
def test_every_metric(trained_both_ways, metrics, loss, kind, last):
    trained_both_ways(
        (23, 26), kind=kind, loss=loss, metrics=metrics, model=f"[{RELU}, {last}]",
        weights=True, watch=[11, 12],
    )  # fmt: skip


@pytest.mark.parametrize(
    "callbacks",
    ["{EarlyStopping: {patience: 2, restore_best_weights: true}}",
     "{EarlyStopping: {monitor: val_accuracy, patience: 1, restore_best_weights: true}}",
     "{EarlyStopping: {monitor: loss, min_delta: 0.02, patience: 1, mode: min}}",
     "{EarlyStopping: {monitor: val_accuracy, patience: 3, mode: max, baseline: 0.99, start_from_epoch: 2, restore_best_weights: true}}",
     "{EarlyStopping: {patience: 40, restore_best_weights: true}}",
     "{ReduceLROnPlateau: {patience: 1, factor: 0.3}}",
     "{ReduceLROnPlateau: {monitor: val_loss, patience: 1, factor: 0.3, cooldown: 1, min_lr: 0.001}}, {EarlyStopping: {patience: 4}}",
     "{LearningRateScheduler: {schedule: {ExponentialDecay: {initial_learning_rate: 0.3, decay_steps: 1, decay_rate: 0.5}}}}, TerminateOnNaN"],
)  # fmt: skip
@pytest.mark.parametrize("rows", [(23, 22, 20), (25, 24, 23)])
def test_every_callback(trained_both_ways, callbacks, rows):
    results = trained_both_ways(
        rows, epochs=12, metrics="[accuracy]", callbacks=f"[{callbacks}]",
        watch=[7, 8, 8], optimizer="{Nadam: {learning_rate: 0.3}}",
    )  # fmt: skip

    if "EarlyStopping" in callbacks and "40" not in callbacks:
        assert min(result.fitted.epochs for result in results) < 12


def test_many_validation_rows(trained_both_ways):
    trained_both_ways(watch=[300, 301], metrics="[accuracy]", epochs=2)
