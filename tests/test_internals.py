"""Private names of Keras and TensorFlow still mean what dlcli relies on."""

import numpy as np
import pytest

from dlcli.network import internals
from dlcli.network.backend import import_keras, seed_everything
from dlcli.network.recordings import limit_each_recording
from dlcli.training.stacked.stackable import OPTIMIZERS

ADVICE = "see dlcli/network/internals.py: a newer {} has changed what it relies on"
KERAS, TENSORFLOW = ADVICE.format("Keras"), ADVICE.format("TensorFlow")


@pytest.fixture
def keras():
    seed_everything(0)
    return import_keras()


@pytest.fixture
def model(keras):
    layers = [keras.layers.Dense(4, activity_regularizer="l2"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    return model


X, Y = np.ones((8, 3), np.float32), np.ones((8, 1), np.float32)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("losses", "mse"), ("metrics", "bce"), ("initializers", "uniform"), ("regularizers", "l2"),
     ("constraints", "non_neg")],
)  # fmt: skip
def test_keras_keeps_a_table_of_spellings(keras, kind, name):
    table = internals.spellings(kind)

    assert name in table, f"keras.src.{kind}.ALL_OBJECTS_DICT has no {name!r}; {KERAS}"


def test_xla_is_switched_on_although_operations_are_deterministic(model):
    internals.enable_xla(model)

    assert model.jit_compile is True, f"_jit_compile no longer sets jit_compile; {KERAS}"


def test_losses_of_layers_are_cleared(model):
    model(X)
    assert model.losses

    internals.clear_layer_losses(model)

    assert not model.losses, f"_clear_losses leaves losses; {KERAS}"


def test_metrics_are_built_before_the_first_batch(model):
    import tensorflow as tf

    assert len(model.metrics_variables) < 4
    internals.build_metrics(model, X, Y)
    built = [variable.path for variable in model.metrics_variables]

    model.fit(tf.data.Dataset.from_tensors((X, Y)), epochs=1, shuffle=False, verbose=0)

    assert len(built) == 4, f"_symbolic_build does not build the metrics; {KERAS}"
    assert [variable.path for variable in model.metrics_variables] == built


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_each_row_of_an_optimizer_has_its_own_steps_and_learning_rate(keras, name):
    initial, gradients = np.array([[0.5, -0.3], [0.2, 0.9]], np.float32), np.array([0.4, -0.1])
    make = getattr(keras.optimizers, name)
    matrix = keras.Variable(initial)
    stacked = make(learning_rate=0.1)
    stacked.build([matrix])
    internals.use_steps_per_row(stacked, 2)
    internals.use_learning_rate_per_row(stacked, 2)
    rates = np.array([[0.1], [0.03]], np.float32)
    stacked.learning_rate.assign(rates)
    rows = [keras.Variable(row) for row in initial]
    singles = [make(learning_rate=float(rate)) for rate in rates[:, 0]]

    for _ in range(3):
        stacked.apply([np.stack([gradients, gradients]).astype(np.float32)], [matrix])
        for single, row in zip(singles, rows, strict=True):
            single.apply([gradients.astype(np.float32)], [row])

    assert stacked.iterations.shape == (2, 1), f"_iterations is not what counts steps; {KERAS}"
    np.testing.assert_allclose(
        matrix.numpy(), np.stack([row.numpy() for row in rows]), rtol=1e-5, err_msg=KERAS
    )


def test_gradients_are_clipped_as_configured(keras):
    optimizer = keras.optimizers.SGD(clipnorm=0.5)

    (clipped,) = internals.clip_gradients(optimizer, [np.array([3.0, 4.0], np.float32)])

    assert np.allclose(clipped, [0.3, 0.4]), f"_clip_gradients does not clip; {KERAS}"


@pytest.mark.parametrize("name", sorted(internals.CALLBACK_FIELDS))
def test_callbacks_have_the_fields_that_a_checkpoint_saves(keras, model, tmp_path, name):
    if name == "TensorBoard":
        pytest.importorskip("tensorboard")
    arguments = {"ModelCheckpoint": {"filepath": tmp_path / "m.keras"}}.get(name, {})
    callback = getattr(keras.callbacks, name)(**arguments)
    callback.set_params({"epochs": 1, "steps": 1})
    if name == "SwapEMAWeights":
        model.compile(optimizer=keras.optimizers.SGD(use_ema=True), loss="mse")
    callback.set_model(model)
    callback.on_train_begin()

    for field, kind in internals.CALLBACK_FIELDS[name].items():
        assert hasattr(callback, field), f"{name}.{field} is gone; {KERAS}"
        assert isinstance(getattr(callback, field), kind), f"{name}.{field} has changed; {KERAS}"


def draw_each(draw, seeds):
    """Draw for each seed, in one vectorized call and one after the other."""
    import tensorflow as tf

    internals.extend_vectorized_map()
    together = tf.function(
        lambda: tf.vectorized_map(draw, seeds, fallback_to_while_loop=False), autograph=False
    )()
    return together.numpy(), np.stack([draw(seed).numpy() for seed in seeds])


@pytest.mark.parametrize("kind", ["uniform", "integers", "normal", "truncated"])
def test_vectorized_map_draws_for_each_seed_what_the_seed_draws_alone(keras, kind):
    import tensorflow as tf

    draw = {
        "uniform": lambda seed: tf.random.stateless_uniform((5,), seed),
        "integers": lambda seed: tf.random.stateless_uniform((5,), seed, 0, 99, tf.int32),
        "normal": lambda seed: tf.random.stateless_normal((5,), seed),
        "truncated": lambda seed: tf.random.stateless_truncated_normal((5,), seed),
    }[kind]

    together, apart = draw_each(draw, tf.constant([[1, 2], [1, 2], [3, 4]]))

    assert np.array_equal(together, apart), (
        f"pfor converts random operations otherwise; {TENSORFLOW}"
    )
    assert np.array_equal(together[0], together[1])
    assert not np.array_equal(together[0], together[2])


def test_vectorized_map_converts_bits_and_the_k_best_classes(keras):
    import tensorflow as tf

    scores = tf.constant(np.random.default_rng(0).random((3, 4, 5)), tf.float32)

    bits = draw_each(lambda x: tf.bitcast(x, tf.int32), scores)
    best = draw_each(lambda x: tf.math.in_top_k(tf.range(4), x, k=2), scores)

    for together, apart in (bits, best):
        assert np.array_equal(together, apart), f"pfor converts operations otherwise; {TENSORFLOW}"


def test_keras_computes_the_magnitudes_of_a_spectrogram_in_a_method_of_its_own(keras):
    layer = keras.layers.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=4)
    x = np.ones((1, 128), np.float32)

    with internals.replaced_spectrogram(layer, lambda _: keras.ops.ones((1, 5, 33))):
        replaced = np.asarray(layer(x))

    assert layer._spectrogram(x).shape == (1, 5, 33), f"MelSpectrogram._spectrogram: {KERAS}"
    assert np.unique(replaced.round(4), axis=-1).shape[-1] == 1, KERAS
    assert not np.allclose(layer(x), replaced)


def test_keras_computes_decibels_in_a_method_of_its_own(keras):
    layer = keras.layers.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=4)
    x = np.random.default_rng(0).normal(size=(2, 128)).astype(np.float32) * [[1], [1e-6]]
    alone = np.concatenate([layer(x[:1]), layer(x[1:])])
    assert not np.allclose(layer(x), alone, atol=1), f"a batch has no influence any more; {KERAS}"

    assert limit_each_recording(layer) is layer

    np.testing.assert_allclose(layer(x), alone, atol=1e-3, err_msg=KERAS)
