"""Copies of a model in one program: each is trained as it would be alone."""

import os
import signal

import numpy as np
import pytest
from conftest import slow

from dlcli import TrainingError, load_config
from dlcli.errors import Interrupted
from dlcli.network.backend import seed_everything
from dlcli.network.building import build_model, compile_model, make_callbacks
from dlcli.training import progress
from dlcli.training.batches import FitData
from dlcli.training.fit import fit
from dlcli.training.stacked import Copy, NotStackable, StackedFit

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
        dataset = {"number": "diabetes", "one-hot": "iris", "sparse": "iris"}.get(kind)
        keys = {
            "dataset": dataset or "breast_cancer",
            "loss": "binary_crossentropy",
            "fit": f"{{epochs: {epochs}, batch_size: 8}}",
            **changes,
        }
        model, config, _ = compiled(write, **keys)
        model.steps_per_execution = 2
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
        together = StackedFit(model, copies, config.fit).run()
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


# The slow tests below train these cases, and more, one by one.
TOGETHER = {
    "a step more": {
        "rows": (24, 25), "kind": "number", "watch": [300, 301], "epochs": 2,
        "optimizer": "{SGD: {momentum: 0.9, nesterov: true}}", "loss": "huber",
        "model": f"[{RELU}, {{GaussianNoise: 0.3}}, {{GaussianDropout: 0.3}}, {{AlphaDropout: 0.3}}, {LINEAR}]",
        "metrics": "[mae, RootMeanSquaredError, R2Score]",
    },
    "many": {
        "rows": (25, 24, 15), "watch": [3, 3, 3], "optimizer": "{Adam: {global_clipnorm: 0.1}}",
        "model": f"[{RELU}, {{Dense: {{units: 3, kernel_regularizer: {{L1L2: {{l1: 0.01, l2: 0.1}}}}, bias_regularizer: l2, activity_regularizer: l1}}}}, {SIGMOID}]",
        "metrics": "[accuracy, AUC, Precision]",
    },
    "no full batch": {
        "rows": (3, 4), "kind": "sparse", "watch": [9, 9], "metrics": "[accuracy]",
        "optimizer": "{SGD: {learning_rate: {ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 2, decay_rate: 0.5}}}}",
        "loss": "{SparseCategoricalCrossentropy: {from_logits: true}}",
        "model": f"[{RELU}, BatchNormalization, {{Dense: {{units: 5, activation: tanh}}}}, {{BatchNormalization: {{momentum: 0.5, scale: false}}}}, {{Dense: {{units: 3}}}}]",
    },
}  # fmt: skip


@pytest.mark.parametrize("case", [slow(case) if case == "many" else case for case in TOGETHER])
def test_copies_are_trained_as_each_alone(trained_both_ways, case):
    trained_both_ways(weights=True, **TOGETHER[case])


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer",
    [
        "{SGD: {momentum: 0.9, nesterov: true}}", "{Adam: {global_clipnorm: 0.1}}", "SGD", "adam", "RMSprop", "Nadam", "{SGD: {clipnorm: 0.05}}", "{Adam: {amsgrad: true}}", "AdamW", "{RMSprop: {centered: true, momentum: 0.5}}", "Adagrad",
        "Adadelta", "Adamax", "Ftrl", "Lion", "{Adam: {clipvalue: 0.01, weight_decay: 0.1}}",
        "{SGD: {learning_rate: {ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 2, decay_rate: 0.5}}}}",
    ],
)  # fmt: skip
def test_every_elementwise_optimizer(trained_both_ways, optimizer):
    trained_both_ways((25, 15), optimizer=optimizer)


@pytest.mark.slow
@pytest.mark.parametrize(
    "rows",
    [(24, 24), (23, 22), (24, 25), (8, 9), (3, 4), (25, 24, 15)],
    ids=["whole batches", "smaller last ones", "a step more", "one row", "no full batch", "many"],
)
def test_every_number_of_rows(trained_both_ways, rows):
    trained_both_ways(rows, weights=True, metrics="[accuracy]", watch=[len(rows)] * len(rows))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "kind", "last"),
    [("mse", "binary", SIGMOID), ("mae", "number", LINEAR), ("huber", "number", LINEAR),
     ("poisson", "number", "{Dense: {units: 1, activation: softplus}}"),
     ("hinge", "signs", "{Dense: {units: 1, activation: tanh}}"),
     ("{BinaryCrossentropy: {from_logits: true}}", "binary", LINEAR),
     ("{BinaryCrossentropy: {reduction: sum}}", "binary", SIGMOID),
     ("categorical_crossentropy", "one-hot", SOFTMAX),
     ("sparse_categorical_crossentropy", "sparse", SOFTMAX),
     ("log_cosh", "number", LINEAR), ("mape", "number", LINEAR),
     ("msle", "number", "{Dense: {units: 1, activation: softplus}}"),
     ("squared_hinge", "signs", "{Dense: {units: 1, activation: tanh}}"),
     ("{BinaryCrossentropy: {label_smoothing: 0.1}}", "binary", SIGMOID),
     ("BinaryFocalCrossentropy", "binary", SIGMOID),
     ("CategoricalFocalCrossentropy", "one-hot", SOFTMAX),
     ("categorical_hinge", "one-hot", SOFTMAX), ("kl_divergence", "one-hot", SOFTMAX),
     ("cosine_similarity", "one-hot", SOFTMAX), ("mse", "one-hot", SOFTMAX),
     ("{SparseCategoricalCrossentropy: {from_logits: true}}", "sparse", "{Dense: {units: 3}}"),
     ("Dice", "one-hot", SOFTMAX), ("Tversky", "one-hot", SOFTMAX)],
)  # fmt: skip
def test_every_loss(trained_both_ways, loss, kind, last):
    trained_both_ways(kind=kind, loss=loss, model=f"[{RELU}, {last}]", weights=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "layers",
    ["{Dropout: 0.4}, {Dense: {units: 5}}, {Dropout: 0.2}",
     "{GaussianNoise: 0.3}, {GaussianDropout: 0.3}, {AlphaDropout: 0.3}",
     "BatchNormalization, {Dense: {units: 5, activation: tanh}}, {BatchNormalization: {momentum: 0.5, scale: false}}",
     "{Dropout: 0.2}, BatchNormalization, {Dropout: 0.5}",
     "LayerNormalization, RMSNormalization, UnitNormalization, {Normalization: {mean: 0.5, variance: 2.0}}",
     "PReLU, {LeakyReLU: 0.1}, {ELU: 0.5}, {Activation: swish}, {Rescaling: 0.5}, Softmax",
     "{ActivityRegularization: {l2: 0.1}}",
     "{Reshape: [3, 2]}, {Permute: [2, 1]}, Flatten, {RepeatVector: 2}, GlobalAveragePooling1D",
     "{Dense: {units: 3, kernel_regularizer: {L1L2: {l1: 0.01, l2: 0.1}}, bias_regularizer: l2, activity_regularizer: l1}}",
     "{Dense: {units: 3, kernel_constraint: {MaxNorm: 0.5}, bias_constraint: non_neg}}",
     "{Dense: {units: 3, kernel_regularizer: {OrthogonalRegularizer: 0.1}}}",
     "{Dense: {units: 3, trainable: false}}"],
)  # fmt: skip
def test_every_layer(trained_both_ways, layers):
    trained_both_ways((25, 24), model=f"[{RELU}, {layers}, {SIGMOID}]", watch=[9, 9])


@pytest.mark.slow
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
    [slow("{EarlyStopping: {patience: 2, restore_best_weights: true}}"),
     slow("{EarlyStopping: {monitor: val_accuracy, patience: 1, restore_best_weights: true}}"),
     slow("{EarlyStopping: {monitor: loss, min_delta: 0.02, patience: 1, mode: min}}"),
     "{EarlyStopping: {monitor: val_accuracy, patience: 3, mode: max, baseline: 0.99, start_from_epoch: 2, restore_best_weights: true}}",
     slow("{EarlyStopping: {patience: 40, restore_best_weights: true}}"),
     slow("{ReduceLROnPlateau: {patience: 1, factor: 0.3}}"),
     slow("{ReduceLROnPlateau: {monitor: val_loss, patience: 1, factor: 0.3, cooldown: 1, min_lr: 0.001}}, {EarlyStopping: {patience: 4}}"),
     slow("{LearningRateScheduler: {schedule: {ExponentialDecay: {initial_learning_rate: 0.3, decay_steps: 1, decay_rate: 0.5}}}}, TerminateOnNaN")],
)  # fmt: skip
def test_every_callback(trained_both_ways, callbacks):
    results = trained_both_ways(
        (25, 24), epochs=12, metrics="[accuracy]", callbacks=f"[{callbacks}]",
        watch=[7, 8], optimizer="{Nadam: {learning_rate: 0.3}}",
    )  # fmt: skip

    if "EarlyStopping" in callbacks and "40" not in callbacks:
        assert min(result.fitted.epochs for result in results) < 12


@pytest.mark.slow
def test_many_validation_rows(trained_both_ways):
    trained_both_ways(watch=[300, 301], metrics="[accuracy]", epochs=2)


def test_every_copy_has_its_own_noise_where_seeds_differ(write):
    model, config, first = compiled(write, model=f"[{RELU}, {{Dropout: 0.5}}, {SIGMOID}]")
    other = [
        np.array([9, 9], value.dtype) if value.dtype.kind in "iu" else value for value in first
    ]
    data = FitData(*table(24, 0))
    copies = [Copy(str(n), data, 7, state) for n, state in enumerate((first, other, first))]

    one, two, three = (result.weights for result in StackedFit(model, copies, config.fit).run())

    assert all(np.array_equal(a, b) for a, b in zip(one, three, strict=True))
    assert not np.allclose(one[0], two[0], atol=1e-4)
    alone = StackedFit(model, copies[1:2], config.fit).run()[0].weights
    assert np.allclose(two[0], alone[0], rtol=1e-5)


def test_seeds_give_orders_of_their_own(write):
    model, config, first = compiled(write)
    data = FitData(*table(24, 0))
    copies = [Copy(str(seed), data, seed, first) for seed in (1, 2)]

    one, two = (result.weights for result in StackedFit(model, copies, config.fit).run())

    assert not np.allclose(one[0], two[0], atol=1e-6)


def config_text(**changes):
    keys = {
        "dataset": "breast_cancer",
        "model": f"[{RELU}, {SIGMOID}]",
        "loss": "mse",
        "split": "{validation: 0.1}",
        "fit": "{epochs: 2, batch_size: 8}",
        **changes,
    }
    return "".join(f"{key}: {value}\n" for key, value in keys.items())


def compiled(write, **changes):
    config = load_config(write("c.yaml", config_text(**changes)))
    seed_everything(config.seed)
    model = build_model(config, (4,))
    compile_model(model, config)
    return model, config, [variable.numpy() for variable in model.variables]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"model": f"[{{Reshape: [2, 2]}}, {{LSTM: 3}}, {SIGMOID}]"}, "models with LSTM layers cannot be trained together"),
     ({"model": f"[{{Reshape: [2, 2, 1]}}, {{Conv2D: [2, 2]}}, Flatten, {SIGMOID}]".replace("[2, 2]}, F", "{filters: 2, kernel_size: 2}}, F")},
      "models with Conv2D layers cannot be trained together"),
     ({"model": f"[{{Embedding: {{input_dim: 5, output_dim: 2}}}}, Flatten, {SIGMOID}]"}, "the gradient of Embedding is sparse"),
     ({"optimizer": "Lamb"}, "Lamb is not an element-wise optimizer"),
     ({"optimizer": "Muon"}, "Muon is not an element-wise optimizer"),
     ({"optimizer": "{Adam: {use_ema: true}}"}, "the optimizer has use_ema"),
     ({"optimizer": "{Adam: {gradient_accumulation_steps: 2}}"}, "the optimizer has gradient_acc"),
     ({"optimizer": "{Adam: {use_ema: true}}", "callbacks": "[SwapEMAWeights]"}, "use_ema|SwapEMAWeights works with one")],
)  # fmt: skip
def test_what_is_refused_has_a_reason(write, changes, reason):
    model, config, first = compiled(write, **changes)
    callbacks = make_callbacks(config, None)

    with pytest.raises(NotStackable, match=reason):
        StackedFit(model, [Copy("a", FitData(*table(9, 0)), 0, first, callbacks)], config.fit)


def test_copies_of_very_different_size_are_refused(write):
    model, config, first = compiled(write)
    copies = [Copy(str(n), FitData(*table(n, 0)), 0, first) for n in (8, 80)]

    with pytest.raises(NotStackable, match="the numbers of rows differ too much"):
        StackedFit(model, copies, config.fit)


def test_a_copy_that_diverges_is_named(write):
    model, config, first = compiled(write)
    good, (x, y) = FitData(*table(24, 0)), table(24, 1)
    x[3, 0] = np.nan
    copies = [Copy("one", good, 0, first), Copy("two", FitData(x, y), 0, first)]

    with pytest.raises(TrainingError, match="two: training diverged in epoch 1: "):
        StackedFit(model, copies, config.fit).run()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_copies(write, signum):
    model, config, first = compiled(write, fit="{epochs: 500, batch_size: 8}")
    copies = [Copy(str(n), FitData(*table(24, n)), 0, first) for n in (1, 2)]
    seen = []

    def stop(progress):
        seen.append(progress)
        if progress.epoch == 5:
            os.kill(os.getpid(), signum)

    before = signal.getsignal(signum)
    with pytest.raises(Interrupted) as interrupted:
        StackedFit(model, copies, config.fit).run(stop)

    assert interrupted.value.signum == signum
    assert len(seen) == 5
    assert signal.getsignal(signum) is before


def test_a_long_epoch_is_run_in_parts(write, monkeypatch):
    model, config, first = compiled(write, metrics="[accuracy]")
    copies = [Copy(str(n), FitData(*table(44 + n, n)), 0, first) for n in (0, 1)]
    whole = StackedFit(model, copies, config.fit).run()
    seen = []
    monkeypatch.setattr(StackedFit, "_steps_per_call", lambda _: 2)
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0)

    parts = StackedFit(model, copies, config.fit).run(seen.append)

    assert [report.step for report in seen] == [2, 4, 5, 6, 2, 4, 5, 6]
    for one, other in zip(whole, parts, strict=True):
        assert one.fitted.history == other.fitted.history
        assert all(np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))


@pytest.mark.parametrize(
    ("rows", "optimizer"),
    [((25, 24, 23), "{Nadam: {learning_rate: 0.3}}"),
     slow((25, 24, 23, 22), "{SGD: {learning_rate: 0.5, momentum: 0.5}}")],
)  # fmt: skip
def test_copies_that_go_on_alone_end_as_if_all_did(trained_both_ways, monkeypatch, rows, optimizer):
    shrunk = []
    shrink = StackedFit._shrink
    monkeypatch.setattr(StackedFit, "_pays", lambda *_: True)
    monkeypatch.setattr(StackedFit, "_shrink", lambda *a: (shrunk.append(a[1]), shrink(*a)))

    trained_both_ways(
        rows, epochs=15, metrics="[accuracy]", watch=[7, 8, 8, 9][: len(rows)], optimizer=optimizer,
        model=f"[{RELU}, BatchNormalization, {{Dropout: 0.3}}, {SIGMOID}]",
        callbacks="[{EarlyStopping: {patience: 2, restore_best_weights: true}}, {ReduceLROnPlateau: {patience: 1}}]",
    )  # fmt: skip

    assert shrunk


REGULARIZERS = "kernel_regularizer: {L2: {l2: 0.1}}, bias_regularizer: {L1L2: {l1: 0.1, l2: 0.1}}"
QUICK_HYPERPARAMETERS = {"optimizer.SGD.momentum", "model[1].Dropout.rate", "model[0].Dense.kernel_regularizer.L2.l2"}  # fmt: skip
HYPERPARAMETERS = {
    "optimizer.Adam.learning_rate": ("optimizer.learning_rate", [1e-3, 1e-1]),
    "optimizer.Adam.beta_1": ("optimizer.beta_1", [0.8, 0.99]),
    "optimizer.AdamW.weight_decay": ("optimizer.weight_decay", [0.01, 0.5]),
    "optimizer.SGD.momentum": ("optimizer.momentum", [0.3, 0.9]),
    "optimizer.RMSprop.rho": ("optimizer.rho", [0.5, 0.95]),
    "model[1].Dropout.rate": ("layers.1.rate", [0.1, 0.6]),
    "model[1].GaussianNoise.stddev": ("layers.1.stddev", [0.1, 0.9]),
    "model[0].Dense.kernel_regularizer.L2.l2": ("layers.0.kernel_regularizer.l2", [0.01, 0.3]),
    "model[0].Dense.bias_regularizer.L1L2.l1": ("layers.0.bias_regularizer.l1", [0.01, 0.3]),
    "loss.BinaryCrossentropy.label_smoothing": ("loss.label_smoothing", [0.05, 0.3]),
}


@pytest.mark.parametrize(
    "key", [key if key in QUICK_HYPERPARAMETERS else slow(key) for key in HYPERPARAMETERS]
)
def test_copies_with_hyperparameters_of_their_own(write, key):
    place, values = HYPERPARAMETERS[key]
    section, name = key.split(".")[:2]
    layer = f"{{{name}: 0.2}}" if section == "model[1]" else "Identity"
    argument = key.split(".")[2]
    keys = {
        "model": f"[{{Dense: {{units: 6, activation: relu, {REGULARIZERS}}}}}, {layer}, {SIGMOID}]",
        "loss": "binary_crossentropy",
        "optimizer": "adam",
        "metrics": "[accuracy]",
    }
    if section in keys and section != "model":
        keys[section] = f"{{{name}: {{{argument}: 0.2}}}}"
    path = write("c.yaml", config_text(**keys, fit="{epochs: 3, batch_size: 8}"))
    data = [
        FitData(*table(23, number), None, table(9, 50 + number)) for number in range(len(values))
    ]
    alone = []
    for own_data, value in zip(data, values, strict=True):
        model, config = of_value(path, key, value)
        alone.append((fit(model, own_data, config.fit, seed=7), model.get_weights()))
    model, config = of_value(path, key, values[0])
    first = [variable.numpy() for variable in model.variables]
    copies = [
        Copy(f"copy {value}", own_data, 7, first, hyperparameters={place: value})
        for own_data, value in zip(data, values, strict=True)
    ]

    together = StackedFit(model, copies, config.fit).run()

    assert alone[0][0].history["loss"] != pytest.approx(alone[1][0].history["loss"], rel=1e-3)
    for copy, (fitted, weights) in zip(together, alone, strict=True):
        for metric, history in fitted.history.items():
            assert copy.fitted.history[metric] == pytest.approx(history, rel=1e-4, abs=1e-6), metric
        for mine, theirs in zip(copy.weights, weights, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def of_value(path, key, value):
    config = load_config(path, [f"{key}={value}"])
    seed_everything(config.seed)
    model = build_model(config, (4,))
    compile_model(model, config)
    return model, config
