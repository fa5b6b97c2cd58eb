"""One fit: the order of rows, reproducibility, divergence, interruption."""

import math
import os
import signal
import time

import numpy as np
import pytest

from dlcli import TrainingError, kfold, load_config, train
from dlcli.config.sections import FitConfig
from dlcli.network.backend import import_keras, seed_everything
from dlcli.network.building import build_model, compile_model, make_callbacks
from dlcli.network.cost import choose_steps_per_execution
from dlcli.preparation.targets import class_weights, decode, encode_target, probabilities
from dlcli.training.batches import FitData, training_batches
from dlcli.training.fit import fit

pytestmark = pytest.mark.usefixtures("weights_only")
X = np.random.default_rng(0).random((50, 3)).astype(np.float32)
Y = (X.sum(axis=1, keepdims=True) > 1.5).astype(np.float32)


@pytest.fixture
def model_of(write):
    def make(steps=1, **changes):
        keys = {
            "dataset": "breast_cancer",
            "model": "[{Dense: {units: 8, activation: relu}}, {Dropout: 0.2}, {Dense: {units: 1, activation: sigmoid}}]",
            "loss": "binary_crossentropy",
            "metrics": "[accuracy]",
            "split": "{validation: 0.1}",
            "fit": "{epochs: 3, batch_size: 8}",
            **changes,
        }
        config = load_config(write("c.yaml", "".join(f"{k}: {v}\n" for k, v in keys.items())))
        seed_everything(config.seed)
        model = build_model(config, (3,))
        compile_model(model, config, steps_per_execution=steps)
        return model, config

    return make


def orders(dataset, epochs, steps=None):
    iterator = iter(dataset)
    found = []
    for _ in range(epochs):
        if steps is None:
            found.append(np.concatenate([batch[0].numpy() for batch in dataset])[:, 0])
        else:
            found.append(np.concatenate([next(iterator)[0].numpy() for _ in range(steps)])[:, 0])
    return found


def test_each_epoch_has_every_row_once_in_an_order_of_its_own():
    rows = np.arange(10, dtype=np.float32)[:, np.newaxis]
    data = FitData(rows, rows)

    first, second = orders(training_batches(data, 4, seed=3), 2, steps=3)
    again = orders(training_batches(data, 4, seed=3), 1, steps=3)[0]
    other = orders(training_batches(data, 4, seed=4), 1, steps=3)[0]

    assert sorted(first) == sorted(second) == list(range(10))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_devices_share_each_batch_and_its_mean():
    rows = np.arange(1, 11, dtype=np.float32)[:, np.newaxis]
    data = FitData(rows, rows)
    whole = iter(training_batches(data, 4, seed=3))
    parts = iter(training_batches(data, 4, seed=3, shares=3))

    for size in (4, 4, 2):  # the last batch leaves one device without rows
        x = next(whole)[0].numpy()
        shares = [tuple(array.numpy() for array in next(parts)) for _ in range(3)]
        assert np.array_equal(np.concatenate([share[0] for share in shares]), x)
        means = [np.mean(y[:, 0] * w) for _, y, w in shares if len(y)]
        assert sum(means) / 3 == pytest.approx(x.mean())
        assert len(x) == size


def test_weights_do_not_depend_on_how_many_steps_run_in_one_call(model_of):
    weights = []
    for steps in (7, 1, 3):  # 50 rows in batches of 8 are 7 steps
        model, config = model_of(steps)
        fit(model, FitData(X, Y, validation=(X, Y)), config.fit, seed=1)
        weights.append(model.get_weights())

    for other in weights[1:]:
        for mine, theirs in zip(weights[0], other, strict=True):
            assert np.array_equal(mine, theirs)


def test_training_is_that_of_keras_on_the_same_batches(model_of):
    model, config = model_of(
        7, model="[{Dense: {units: 4, activation: relu}}, {Dense: {units: 1, activation: sigmoid}}]"
    )
    first = model.get_weights()
    weights = np.linspace(0.5, 2, 50, dtype=np.float32)
    data = FitData(X, Y, weights)
    result = fit(model, data, config.fit, seed=5)
    ours = model.get_weights()

    plain = import_keras().models.clone_model(model)
    compile_model(plain, config)
    plain.set_weights(first)
    batches = iter(training_batches(data, 8, seed=5))
    for _ in range(3 * 7):
        x, y, w = next(batches)
        plain.train_on_batch(x, y, sample_weight=w)

    for mine, theirs in zip(ours, plain.get_weights(), strict=True):
        assert np.allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    assert list(result.history) == ["accuracy", "loss"]
    assert result.epochs == 3


def test_steps_per_call_are_the_whole_epoch_for_a_small_table_and_few_for_images(model_of):
    small, _ = model_of()
    assert choose_steps_per_execution(small, 30, 5) == 30

    keras = import_keras()
    large = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3), keras.layers.Conv2D(64, 3),
         keras.layers.Flatten(), keras.layers.Dense(10)]
    )  # fmt: skip
    assert choose_steps_per_execution(large, 469, 128) <= 3


def test_early_stopping_restores_the_best_weights(model_of):
    model, config = model_of(
        7, callbacks="[{EarlyStopping: {patience: 2, restore_best_weights: true}}]",
        optimizer="{SGD: {learning_rate: 0.9}}", fit="{epochs: 60, batch_size: 8}",
    )  # fmt: skip
    validation = (X[:20], 1 - Y[:20])  # learning makes it worse

    result = fit(
        model, FitData(X, Y, validation=validation), config.fit, seed=0,
        callbacks=make_callbacks(config, None),
    )  # fmt: skip

    assert result.epochs < 60
    best = min(result.history["val_loss"])
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(best, rel=1e-4)


def test_a_training_that_diverges_is_stopped(model_of):
    model, config = model_of(
        7, model="[{Dense: {units: 4, activation: relu}}, {Dense: {units: 1, activation: sigmoid}}]",
        loss="mse", optimizer="{SGD: {learning_rate: 0.1}}",
    )  # fmt: skip
    broken = X.copy()
    broken[0, 0] = np.nan

    with pytest.raises(TrainingError, match="diverged in epoch 1"):
        fit(model, FitData(broken, Y), config.fit, seed=0)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_keeps_the_best_model_so_far(model_of, signum):
    model, config = model_of(7, fit="{epochs: 500, batch_size: 8}")
    seen = []

    def stop(progress):
        seen.append(progress)
        if progress.epoch == 5:
            os.kill(os.getpid(), signum)

    before = signal.getsignal(signum)
    result = fit(model, FitData(X, Y), config.fit, seed=0, on_progress=stop)

    assert result.signum == signum
    assert 5 <= result.epochs < 500
    assert result.best_epoch >= 1
    assert signal.getsignal(signum) is before
    best = min(result.history["loss"][: result.epochs])
    assert result.history["loss"][result.best_epoch - 1] == best


def test_history_is_written_as_each_epoch_ends(model_of, tmp_path):
    model, config = model_of(7)
    path = tmp_path / "history.csv"
    lengths = []

    def count(progress):
        if progress.epoch_done:
            lengths.append(len(path.read_text().splitlines()))

    result = fit(model, FitData(X, Y), config.fit, seed=0, history_file=path, on_progress=count)

    assert lengths == [2, 3, 4]
    rows = [line.split(",") for line in path.read_text().splitlines()]
    assert rows[0] == ["epoch", "accuracy", "loss"]
    assert [float(row[2]) for row in rows[1:]] == result.history["loss"]


@pytest.mark.parametrize("folds", [0, 2], ids=["train", "stacked folds"])
def test_the_time_left_leaves_out_the_tracing_of_the_first_epoch(tmp_path, folds):
    config = load_config("iris", ["fit.epochs=60", "split.validation=0.2", "callbacks=[]"])
    reports = []

    def note(progress):
        reports.append((time.monotonic(), progress.seconds_left))

    if folds:
        kfold(config, folds=folds, runs=tmp_path / "runs", on_progress=note)
    else:
        train(config, runs=tmp_path / "runs", on_progress=note)

    end = reports[-1][0]
    estimates = [(left, end - now) for now, left in reports if not math.isnan(left)]
    assert len(estimates) >= 50
    assert max(left - 5 * actual for left, actual in estimates) < 5


def test_a_learning_rate_schedule_per_epoch(model_of):
    model, config = model_of(
        7,
        callbacks="[{LearningRateScheduler: {schedule: {ExponentialDecay: "
        "{initial_learning_rate: 0.1, decay_steps: 1, decay_rate: 0.5}}}}]",
    )

    fit(model, FitData(X, Y), config.fit, seed=0, callbacks=make_callbacks(config, None))

    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.025)


def test_targets_are_encoded_for_the_loss_and_decoded_again(model_of):
    from dlcli.config.components import Component
    from dlcli.datasets.dataset import Target

    target = Target("t", "classification", ("a", "b", "c"))
    y = np.array([2, 0, 1], np.int32)

    sparse = encode_target(y, target, Component("SparseCategoricalCrossentropy"), 3)
    one_hot = encode_target(y, target, Component("MeanSquaredError"), 3)

    assert sparse.tolist() == [[2], [0], [1]]
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert decode(one_hot, "probability").tolist() == [2, 0, 1]
    single = np.array([[-2.0], [3.0]], np.float32)
    assert decode(single, "logit").tolist() == [0, 1]
    assert np.allclose(probabilities(single, "logit").sum(axis=1), 1)
    assert probabilities(single, "logit")[0, 1] == pytest.approx(1 / (1 + np.exp(2.0)))


def test_large_logits_give_probabilities_of_0_and_1_without_a_warning():
    logits = np.array([[-np.float32(3e38)], [-800.0], [-1.0], [0.0], [800.0]], np.float32)

    found = probabilities(logits, "logit")

    assert found[:, 1] == pytest.approx([0, 0, 1 / (1 + np.e), 0.5, 1])
    assert np.allclose(found.sum(axis=1), 1)


def test_balanced_class_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_sample_weight

    from dlcli.datasets.dataset import Target

    y = np.array([0, 0, 0, 1, 2, 2])
    target = Target("t", "classification", ("a", "b", "c"))

    assert np.allclose(class_weights(y, target, "balanced"), compute_sample_weight("balanced", y))
    assert class_weights(y, target, {"b": 3.0}).tolist() == [1, 1, 1, 3, 1, 1]
    assert class_weights(y, target, None) is None


def test_fit_config_is_frozen():
    section = FitConfig(epochs=1)

    with pytest.raises(Exception, match="frozen"):
        section.epochs = 2


def test_a_schedule_follows_the_optimizer_and_the_epochs(model_of):
    _, config = model_of(
        optimizer="{SGD: {learning_rate: 0.2}}", fit="{epochs: 4, batch_size: 8}",
        callbacks="[{LearningRateScheduler: {schedule: CosineDecay}}]",
    )  # fmt: skip

    (scheduler,) = make_callbacks(config, None)

    rates = [scheduler.schedule(epoch) for epoch in range(4)]
    assert rates == pytest.approx([0.1 * (1 + np.cos(np.pi * epoch / 4)) for epoch in range(4)])
