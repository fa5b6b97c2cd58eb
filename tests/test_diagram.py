"""The picture of a model: what its boxes say, and that any model fits."""

import pytest

from dlcli.network.backend import import_keras
from dlcli.plots.diagram import FAMILIES, describe_layers, draw_model


@pytest.fixture(scope="module")
def keras():
    return import_keras()


def test_boxes_say_type_arguments_shape_and_parameters(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Reshape((4, 4)),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            layers.GRU(3),
            layers.Dropout(0.25),
            layers.LeakyReLU(),
            layers.Dense(2),
        ]
    )

    boxes = describe_layers(model)

    said = [(box.title, box.arguments, box.shape, box.family) for box in boxes]
    assert said == [
        ("Input", "", "8 × 8 × 3", ""),
        ("Conv2D", "filters 4, kernel_size 3×3, strides 2×2, same, relu", "4 × 4 × 4", "convolution"),
        ("BatchNormalization", "", "4 × 4 × 4", "normalization"),
        ("MaxPooling2D", "pool_size 2×2", "2 × 2 × 4", "pooling, reshaping"),
        ("Reshape", "target_shape 4×4", "4 × 4", "pooling, reshaping"),
        ("Bidirectional of LSTM", "units 5, tanh, return_sequences", "4 × 10", "recurrent"),
        ("GRU", "units 3, tanh", "3", "recurrent"),
        ("Dropout", "rate 0.25", "3", "regularization"),
        ("LeakyReLU", "", "3", "other"),
        ("Dense", "units 2", "2", "dense"),
        ("Total", "8 of them non-trainable", "", ""),
    ]  # fmt: skip
    assert boxes[1].parameters == 3 * 3 * 3 * 4 + 4
    assert boxes[-1].parameters == model.count_params() == sum(b.parameters for b in boxes[1:-1])
    assert {box.family for box in boxes[1:-1]} <= set(FAMILIES)


def test_embeddings_have_a_colour_of_their_own(keras):
    model = keras.Sequential([keras.Input((7,)), keras.layers.Embedding(50, 3)])

    (box,) = describe_layers(model)[1:-1]

    assert (box.family, box.arguments) == ("embedding", "input_dim 50, output_dim 3")


@pytest.mark.parametrize("depth", [1, 12, 25, 40])
def test_models_of_any_depth_are_drawn(keras, tmp_path, depth):
    model = keras.Sequential([keras.Input((3,)), *(keras.layers.Dense(2) for _ in range(depth))])

    draw_model(tmp_path / "m.svg", model, "deep")

    text = (tmp_path / "m.svg").read_text(encoding="utf-8")
    assert text.count("<!-- Dense -->") == depth
    assert f"deep: {model.count_params()} parameters" in text


def test_show_draws_the_model(dlcli, people, tmp_path):
    code, out, err = dlcli("show", people, "--plot", "model.png")

    assert code == 0
    assert out.endswith("33 parameters\nmodel.png\n")
    assert "wrote the model's layers" in err
    assert (tmp_path / "model.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--plot", "model.jpeg"], "plots end in"),
        (["--plot", "model.png", "--no-build"], "leave out --no-build"),
    ],
)
def test_a_picture_that_cannot_be_is_refused_first(dlcli, people, more, message):
    code, out, err = dlcli("show", people, *more)

    assert (code, out) == (2, "")
    assert message in err
