"""The shapes that are inferred without Keras are those that Keras computes."""

import itertools

import pytest
from conftest import slow

from dlcli.config.components import Component
from dlcli.config.network_shapes import EXACT, ShapeError, infer_shapes

ROW, SEQUENCE, IMAGE, VOLUME = (6,), (9, 4), (9, 8, 4), (6, 7, 8, 4)
INPUTS = (ROW, SEQUENCE, IMAGE, VOLUME, (5, 6, 7, 8, 2), (2, 2), (2, 3, 1))
WINDOWS = [
    {"strides": strides, "padding": padding}
    for strides, padding in itertools.product((1, 2, 3), ("valid", "same"))
]


def layer(name, **arguments):
    return Component(name, arguments)


def _windows(rank):
    for window in WINDOWS:
        kernels = {"kernel_size": 3, **window}
        yield layer(f"Conv{rank}D", filters=6, **kernels)
        yield layer(f"Conv{rank}DTranspose", filters=6, **kernels)
        yield layer(f"MaxPooling{rank}D", pool_size=2, **window)
        yield layer(f"AveragePooling{rank}D", pool_size=3, **window)
    yield layer(f"Conv{rank}D", filters=6, kernel_size=2, dilation_rate=2)
    yield layer(f"Conv{rank}D", filters=6, kernel_size=2, dilation_rate=2, strides=2)
    yield layer(f"Conv{rank}D", filters=6, kernel_size=2, groups=2)
    yield layer(f"Conv{rank}D", filters=5, kernel_size=2, groups=2)
    yield layer(f"Conv{rank}D", filters=6, kernel_size=2, groups=3)
    yield layer(f"Conv{rank}D", filters=6, kernel_size=[3] * rank)
    yield layer(f"Conv{rank}D", filters=6, kernel_size=[3] * (rank + 1))
    yield layer(f"MaxPooling{rank}D")
    for pooling in ("GlobalAveragePooling", "GlobalMaxPooling"):
        yield layer(f"{pooling}{rank}D")
        yield layer(f"{pooling}{rank}D", keepdims=True)
    yield layer(f"AdaptiveMaxPooling{rank}D", output_size=2)
    yield layer(f"AdaptiveAveragePooling{rank}D", output_size=[2] * rank)
    yield layer(f"UpSampling{rank}D")
    yield layer(f"UpSampling{rank}D", size=3)
    yield layer(f"ZeroPadding{rank}D")
    yield layer(f"ZeroPadding{rank}D", padding=2)
    yield layer(f"Cropping{rank}D")
    yield layer(f"Cropping{rank}D", cropping=1)
    yield layer(f"SpatialDropout{rank}D", rate=0.5)
    if rank < 3:
        yield layer(f"ConvLSTM{rank}D", filters=2, kernel_size=2)
        yield layer(f"ConvLSTM{rank}D", filters=2, kernel_size=2, return_sequences=True)
        for window in WINDOWS[:4]:
            yield layer(f"SeparableConv{rank}D", filters=6, kernel_size=3, **window)
            yield layer(f"DepthwiseConv{rank}D", kernel_size=3, depth_multiplier=2, **window)


def _others():
    for name in ("LSTM", "GRU", "SimpleRNN"):
        yield layer(name, units=3)
        yield layer(name, units=3, return_sequences=True)
        yield layer("RNN", cell=layer(f"{name}Cell", units=3))
    yield layer("RNN", cell=(layer("LSTMCell", units=3), layer("GRUCell", units=2)))
    for inner in (layer("LSTM", units=3), layer("GRU", units=3, return_sequences=True)):
        yield layer("Bidirectional", layer=inner)
        yield layer("Bidirectional", layer=inner, merge_mode="sum")
    yield layer("TimeDistributed", layer=layer("Dense", units=2))
    yield layer("TimeDistributed", layer=layer("Conv2D", filters=2, kernel_size=3))
    yield layer("SpectralNormalization", layer=layer("Dense", units=2))
    for groups in (1, 2, 3):
        yield layer("GroupNormalization", groups=groups)
    for name in ("Flatten", "Masking", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Identity",
                 "BatchNormalization", "LayerNormalization", "RMSNormalization",
                 "UnitNormalization", "ActivityRegularization"):  # fmt: skip
        yield layer(name)
    yield layer("Dense", units=3)
    yield layer("EnsembleDense", members=6, units=3)
    yield layer("EnsembleMean")
    yield layer("Activation", activation="relu")
    yield layer("Dropout", rate=0.5)
    yield layer("Rescaling", scale=0.5)
    yield layer("Embedding", input_dim=9, output_dim=3)
    yield layer("RepeatVector", n=3)
    yield layer("Reshape", target_shape=[3, 2])
    yield layer("Reshape", target_shape=[-1, 4])
    yield layer("Reshape", target_shape=[6])
    yield layer("Permute", dims=[2, 1])
    yield layer("Permute", dims=[3, 1, 2])
    yield layer("Resizing", height=4, width=5)
    yield layer("CenterCrop", height=4, width=5)
    yield layer("RandomFlip")
    yield layer("RandomRotation", factor=0.1)
    yield layer("RandomZoom", height_factor=0.1)
    yield layer("RandomTranslation", height_factor=0.1, width_factor=0.1)
    yield layer("RandomContrast", factor=0.1)
    yield layer("RandomBrightness", factor=0.1)
    yield layer("MelSpectrogram", sequence_stride=3, fft_length=8, num_mel_bins=4)


LAYERS = [*_windows(1), *_windows(2), *_windows(3), *_others()]


def _by_rules(component, shape):
    try:
        shapes = infer_shapes([component], shape)
    except ShapeError as error:
        return str(error)
    assert shapes is not None, "an exact rule is missing"
    return shapes[0].output_shape


def _by_keras(component, shape):
    import keras

    from dlcli.network.building import instantiate

    model = keras.Sequential([keras.Input(shape)])
    try:
        model.add(instantiate(component, "layers", shape))
    except Exception as error:  # noqa: BLE001 (whatever Keras raises)
        return str(error)
    output = tuple(model.output_shape[1:])
    return f"empty: {output}" if 0 in output else output


def _resembles_another(name):
    """Tell whether a rule is that of other dimensions, or of another layer."""
    one_rule = (
        "Adaptive",
        "Conv1DTranspose",
        "Conv3DTranspose",
        "Random",
        "ReLU",
        "RMS",
        "SeparableConv1D",
        "SpatialDropout",
        "Unit",
    )
    return name.endswith(("1D", "3D")) or name.startswith(one_rule)


NAMES = sorted({item.name for item in LAYERS})


@pytest.mark.parametrize(
    "name", [slow(name) if _resembles_another(name) else name for name in NAMES]
)
def test_rules_agree_with_keras(name):
    for component in LAYERS:
        for shape in INPUTS if component.name == name else ():
            rules, keras = _by_rules(component, shape), _by_keras(component, shape)

            # Keras builds these for any input; they fail when they are called, or compute nonsense.
            unchecked = name == "RNN" or name.startswith(
                ("Adaptive", "CenterCrop", "EnsembleMean", "Mel", "Random", "Resizing")
            )
            is_refused = isinstance(rules, str) and (unchecked or isinstance(keras, str))
            assert is_refused or rules == keras, (component, shape, rules, keras)


def test_every_exact_rule_is_compared():
    cells = {"LSTMCell", "GRUCell", "SimpleRNNCell"}
    like_others = {"AlphaDropout", "GaussianDropout", "GaussianNoise", "ConvLSTM3D"}

    assert {item.name for item in LAYERS} | cells | like_others == EXACT
