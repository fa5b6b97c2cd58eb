"""Configs that Keras trains in silence to nonsense, or refuses late: `check` says what is wrong."""

import importlib.util

import pytest

from dlcli import ConfigError, evaluate, load_config, train
from dlcli.experiments.check import check

IRIS = {
    "dataset": "iris",
    "model": "[{Dense: {units: 8, activation: relu}}, {Dense: {activation: softmax}}]",
    "loss": "categorical_crossentropy",
    "metrics": "[accuracy]",
    "fit": "{epochs: 1}",
}
SONAR = {**IRIS, "dataset": "breast_cancer", "model": "[{Dense: {activation: sigmoid}}]",
         "loss": "binary_crossentropy"}  # fmt: skip
DIGITS = {**IRIS, "dataset": "digits", "preprocess": "{numeric: {scale: 16}}"}
NUMBER = {**IRIS, "dataset": "diabetes", "model": "[{Dense: 4}, Dense]", "loss": "mse",
          "metrics": "[mae]"}  # fmt: skip


def head(*layers):
    """Return a model with a hidden layer and these last layers."""
    return {"model": f"[{{Dense: {{units: 8, activation: relu}}}}, {', '.join(layers)}]"}


def images(*layers):
    return {"model": f"[{', '.join(layers)}]"}


def fitted(**keys):
    return {"split": "{validation: 0.2}", **keys}


CONV = "{Conv2D: {filters: 10, kernel_size: 3}}"
SOFTMAX3 = "{Dense: {units: 3, activation: softmax}}"
ERRORS = [
    # The head: its last layers together.
    (IRIS, head(SOFTMAX3, "{Activation: softmax}"), "model[2].Activation: softmax is applied to the outputs of softmax"),
    (IRIS, head(SOFTMAX3, "Softmax"), "model[2]: softmax is applied to the outputs of softmax"),
    (IRIS, head("{Dense: {units: 3, activation: sigmoid}}", "Softmax"), "softmax is applied to the outputs of sigmoid"),
    (SONAR, head("{Dense: {units: 1, activation: sigmoid}}", "{Activation: sigmoid}"), "sigmoid is applied to the outputs of sigmoid"),
    (SONAR, head("{Dense: {units: 1, activation: relu}}", "{Activation: sigmoid}"), "0.5 or more for every row; remove relu"),
    (SONAR, head("{Dense: 1}", "ReLU", "{Activation: sigmoid}"), "0.5 or more for every row; remove relu"),
    (IRIS, head("{Dense: 3}", "LeakyReLU"), "model[2]: activation 'leaky_relu' gives no probabilities; use softmax"),
    (IRIS, head("{Dense: 3}", "BatchNormalization"), "activation 'linear' gives no probabilities"),
    (IRIS, head(SOFTMAX3, "BatchNormalization"), "model[2]: BatchNormalization changes the outputs of softmax"),
    (IRIS, head(SOFTMAX3, "{Rescaling: 2.0}"), "Rescaling changes the outputs of softmax"),
    (DIGITS, images(CONV, "GlobalAveragePooling2D"), "activation 'linear' gives no probabilities; use softmax"),
    (DIGITS, images("{Conv2D: {filters: 7, kernel_size: 3, activation: softmax}}", "GlobalAveragePooling2D"), "but the last layer has 7 filters"),
    # What the loss needs.
    (SONAR, {"loss": "dice", "model": "[{Dense: 1}]"}, "'linear' gives no probabilities; use sigmoid"),
    (SONAR, {"loss": "tversky", "model": "[{Dense: 1}]"}, "'linear' gives no probabilities; use sigmoid"),
    (IRIS, {"loss": "dice", "model": "[{Dense: 3}]"}, "'linear' gives no probabilities; use softmax"),
    (SONAR, {"loss": "BinaryFocalCrossentropy", "model": "[{Dense: 1}]"}, "gives no probabilities; use sigmoid, or from_logits: true"),
    (IRIS, {"loss": "kl_divergence", "model": "[{Dense: 3}]"}, "gives no probabilities; use softmax"),
    (SONAR, {"loss": "hinge"}, "sigmoid is never negative, but the sign of the output gives the class; use tanh"),
    (SONAR, {"loss": "squared_hinge", "model": "[{Dense: {units: 1, activation: relu}}]"}, "relu is never negative"),
    (IRIS, {"loss": "poisson", "model": "[{Dense: 3}]"}, "must be greater than 0; use softplus or exponential"),
    (NUMBER, {"loss": "poisson"}, "must be greater than 0; use softplus or exponential"),
    (NUMBER, {"loss": "cosine_similarity"}, "a single number has only a sign; use mean_squared_error"),
    (NUMBER, {"loss": "kl_divergence"}, "the target is a number; use mean_squared_error"),
    # Layers.
    (IRIS, {"model": "[{Dense: {units: 8, trainable: false}}, {Dense: {units: 3, activation: softmax, trainable: false}}]"},
     "model[1].Dense.trainable: every layer is frozen"),
    (IRIS, {"model": "[{Dense: {units: 8, activation: relu, kernel_initializer: zeros}}, {Dense: {activation: softmax}}]"},
     "model[0].Dense.kernel_initializer: with relu, weights of 0 have no gradient"),
    (IRIS, {"fit": "{epochs: 1, batch_size: 1}", **head("BatchNormalization", "{Dense: {activation: softmax}}")},
     "model[1]: BatchNormalization of a batch of 1 row returns constants"),
    (IRIS, {"model": "[{Embedding: {input_dim: 10, output_dim: 4}}, Flatten, {Dense: {activation: softmax}}]"},
     "model[0].Embedding: looks up whole numbers from 0, but the inputs are numbers from -"),
    (DIGITS, images("{Rescaling: {scale: 1/16}}", "Flatten", "{Dense: {activation: softmax}}"), "expected a number, or a list of numbers, got '1/16' (1/16 is 0.0625)"),
    (DIGITS, images("{Rescaling: 1./16}", "Flatten", "{Dense: {activation: softmax}}"), "(1./16 is 0.0625)"),
    *[(IRIS, head(f"{{{layer}: {{}}}}", SOFTMAX3), sentence) for layer, sentence in {
        "RandomShear": "makes models that Keras cannot load again",
        "StringLookup": "preprocess: {categorical: ordinal}",
        "TextVectorization": "preprocess: {text: vectorize}",
        "IntegerLookup": "needs 'vocabulary'",
        "Discretization": "needs 'bin_boundaries'",
        "MixUp": "mixes images, but not their labels",
        "CutMix": "mixes images, but not their labels",
        "LSTMCell": "is a part of RNN",
    }.items()],
    (IRIS, head("{Dense: {units: 8, activation: threshold}}", SOFTMAX3), "threshold needs arguments"),
    (IRIS, head("{Dense: {units: 8, kernel_initializer: STFT}}", SOFTMAX3), "STFT is for the kernels inside STFTSpectrogram"),
    (IRIS, head("{RNN: {cell: {Dense: 4}}}", SOFTMAX3), "expected one of LSTMCell, GRUCell, SimpleRNNCell, got 'Dense'"),
    # Shapes.
    (IRIS, images("{Conv2D: {filters: 2, kernel_size: 2}}", "Flatten", SOFTMAX3),
     "Conv2D does not accept inputs of shape (4,): it wants (height, width, channels). Convolution and pooling"),
    (DIGITS, images(CONV, "{Dense: {activation: softmax}}"), "shape (6, 6, 10), not one number per class. Add Flatten"),
    (DIGITS, images("{MaxPooling2D: 4}", "{MaxPooling2D: 4}", "Flatten", "{Dense: {activation: softmax}}"),
     "model[1].MaxPooling2D: MaxPooling2D does not accept inputs of shape (2, 2, 1): nothing of the input would be left"),
    (DIGITS, images("{Conv2D: {filters: 2, kernel_size: 11}}", "Flatten", "{Dense: {activation: softmax}}"), "Its window is larger than its input"),
    (DIGITS, images("{LSTM: 4}", "{Dense: {activation: softmax}}"), "it wants (steps, features). Reshape: [8, 8] makes a sequence of its rows"),
    (DIGITS, images("{Reshape: [8, 8]}", "{LSTM: 4}", "{LSTM: 4}", "{Dense: {activation: softmax}}"),
     "model[2].LSTM: LSTM does not accept inputs of shape (4,): it wants (steps, features). Set return_sequences: true in the LSTM before it"),
    (DIGITS, images("{Reshape: [8, 8]}", "{LSTM: {units: 4, return_sequences: true}}", "{Dense: {activation: softmax}}"),
     "Leave return_sequences out of the last LSTM"),
    (DIGITS, images("{Reshape: [8, 8]}", "{Conv2D: {filters: 4, kernel_size: 2}}", "Flatten", "{Dense: {activation: softmax}}"),
     "Reshape: [8, 8, 1] adds the dimension that is missing"),
    (DIGITS, images("{Reshape: [8, 9]}", "Flatten", "{Dense: {activation: softmax}}"), "cannot reshape (8, 8, 1) to (8, 9)"),
    (DIGITS, images("{Reshape: [64]}", "MelSpectrogram", "Flatten", "{Dense: {activation: softmax}}"),
     "64 samples are too few for half of its fft_length, 2048"),
    (DIGITS, images("Flatten"), "model: no layer has weights"),
    (DIGITS, images("{Conv2D: {filters: 4, kernel_size: 1, data_format: channels_first}}", "Flatten", "{Dense: {activation: softmax}}"),
     "model[0].Conv2D.data_format: channels_first needs a GPU"),
    (IRIS, head("{GroupNormalization: {groups: 3}}", SOFTMAX3), "8 channels cannot be split into 3 groups. Set groups to a divisor of 8"),
    (DIGITS, images("{Conv2D: {filters: 4, kernel_size: 3, padding: smae}}", "Flatten", "{Dense: {activation: softmax}}"),
     "padding: expected 'valid' or 'same' or 'causal', got 'smae'"),
    (DIGITS, images("{Conv2D: {filters: 4, kernel_size: 3, padding: causal}}", "Flatten", "{Dense: {activation: softmax}}"), "causal is for Conv1D"),
    (DIGITS, images("{BatchNormalization: {axis: 5}}", "Flatten", "{Dense: {activation: softmax}}"), "axis 5 is none of its dimensions, 1 to 3"),
    (DIGITS, images("Flatten", "{Embedding: {input_dim: 10, output_dim: 4}}", "Flatten", "{Dense: {activation: softmax}}"), "looks up whole numbers from 0"),
    (IRIS, images("{TimeDistributed: {Dense: 4}}", "Flatten", SOFTMAX3), "it wants (time, …)"),
    # Callbacks, optimizers, metrics.
    (SONAR, {"optimizer": "{SGD: {learning_rate: '0.1'}}"}, "learning_rate: expected a number, got '0.1'"),
    (SONAR, {"optimizer": "{SGD: {learning_rate: 1/10}}"}, "learning_rate: expected a number, got '1/10' (1/10 is 0.1)"),
    (SONAR, {"optimizer": "{Adam: {decay: 0.1}}"}, "Adam has no argument 'decay'; use a schedule"),
    (IRIS, {"metrics": "[{MeanIoU: 5}]"}, "num_classes: the target has 3 classes"),
    (SONAR, {"fit": "{epochs: 1, shuffle: true}"}, "fit.shuffle: unknown key 'shuffle'. The rows are shuffled in every epoch"),
    (SONAR, fitted(callbacks="[{EarlyStopping: {monitor: val_accuracy, mode: min}}]"), "mode: 'val_accuracy' is better the larger it is; set mode: max"),
    (SONAR, fitted(callbacks="[{ModelCheckpoint: {filepath: a.keras, save_best_only: true, mode: max}}]"), "'val_loss' is better the smaller it is; set mode: min"),
    (SONAR, fitted(metrics="[AUC]", callbacks="[{EarlyStopping: {monitor: val_auc, min_delta: 1}}]"), "min_delta: 'val_auc' lies between 0 and 1"),
    (SONAR, fitted(callbacks="[{EarlyStopping: {monitor: val_accuracy, baseline: 90}}]"), "so it never gets above 90"),
    (SONAR, {"callbacks": "[SwapEMAWeights]"}, "SwapEMAWeights needs the moving average of the weights"),
    (SONAR, {"callbacks": "[{TensorBoard: logs}]"}, "TensorBoard is not installed: `pip install 'dlcli[tensorboard]'`"),
    (SONAR, {"optimizer": "{Adam: {clipnorm: 1.0, clipvalue: 0.5}}"}, "only one of clipnorm and clipvalue is possible"),
    (SONAR, {"optimizer": "{SGD: {learning_rate: {PiecewiseConstantDecay: {boundaries: [10, 20], values: [0.1, 0.01]}}}}"},
     "values: expected one value more than boundaries: 3, got 2"),
    (SONAR, {"callbacks": "[{LearningRateScheduler: {schedule: {PiecewiseConstantDecay: {boundaries: [20, 10], values: [1, 0.1, 0.01]}}}}]"},
     "expected increasing steps"),
    (SONAR, {"optimizer": "{SGD: {learning_rate: {PiecewiseConstantDecay: {boundaries: [1, b], values: [1, 2, 3]}}}}"},
     "boundaries: expected an integer, or a list of integers, got [1, 'b']"),
    (NUMBER, {"dataset": "{csv: {path: x.csv, target: y, dates: [[day]]}}"}, "dates: expected names of columns, got [['day']]"),
    (NUMBER, {"dataset": "{csv: {path: x.csv, target: [a, a]}}"}, "column 'a' is named twice"),
    (SONAR, {"optimizer": "{Adam: {lr: 0.1}}"}, "Adam has no argument 'lr'. Did you mean 'learning_rate'?"),
    (SONAR, {"fit": "{epochs: 1, validation_split: 0.2}"}, "fit.validation_split: unknown key 'validation_split'. Did you mean 'split.validation'?"),
    (IRIS, {"loss": "sparse_categorical_crossentropy", "metrics": "[AUC]"}, "try accuracy, or categorical_crossentropy as the loss"),
]  # fmt: skip
NOTES = [
    (IRIS, head("{Dense: {units: 3, activation: relu}}", "{Activation: softmax}"), "softmax is applied to the outputs of relu"),
    (IRIS, head("{Dense: {units: 8, activation: softmax}}", SOFTMAX3), "model[1].Dense: softmax makes the units of a hidden layer compete"),
    (IRIS, {"model": "[{Dense: {units: 8, activation: tanh, kernel_initializer: zeros}}, {Dense: {activation: softmax}}]"},
     "all units of a hidden layer of zeros are the same at first"),
    (IRIS, {"metrics": "[TopKCategoricalAccuracy]"}, "with k: 5 and 3 classes it is always 1"),
    (DIGITS, images("{Rescaling: 0.0625}", "Flatten", "{Dense: {activation: softmax}}"), "the inputs are scaled twice"),
    (SONAR, {"optimizer": "{SGD: 10}"}, "learning_rate: 10 is very large"),
]  # fmt: skip
WORKING = [
    (DIGITS, images(CONV, "GlobalAveragePooling2D", "Softmax")),
    (DIGITS, images("{Conv2D: {filters: 10, kernel_size: 3, activation: softmax}}", "GlobalAveragePooling2D")),
    (IRIS, head("{Dense: 3}", "BatchNormalization", "Softmax")),
    (IRIS, head("{Dense: 3}", "{Dropout: 0.1}", "{Activation: softmax}")),
    (IRIS, {"loss": "dice"}),
    (IRIS, {"loss": "kl_divergence"}),
    (SONAR, {"loss": "hinge", "metrics": "[accuracy]", "model": "[{Dense: {units: 1, activation: tanh}}]"}),
    (SONAR, {"metrics": "[BinaryIoU]"}),
    (SONAR, {"loss": "categorical_hinge", "model": "[{Dense: {activation: softmax}}]"}),
    (IRIS, {"metrics": "[{MeanIoU: 3}]"}),
    (IRIS, {"loss": "sparse_categorical_crossentropy", "metrics": "[{MeanIoU: 3}]"}),
    (NUMBER, {"model": "[{Dense: {units: 1, activation: softplus}}]", "loss": "poisson"}),
    (IRIS, {"optimizer": "{SGD: 1}"}),
    (SONAR, {"callbacks": "[SwapEMAWeights]", "optimizer": "{Adam: {use_ema: true}}"}),
    (DIGITS, images("{Reshape: [8, 8]}", "{RNN: {cell: [{LSTMCell: 4}, {GRUCell: 3}]}}", "{Dense: {activation: softmax}}")),
    (DIGITS, images("{Reshape: [8, 8]}", "{RNN: {SimpleRNNCell: 4}}", "{Dense: {activation: softmax}}")),
]  # fmt: skip


def numbers(form, **changes):
    """Return a regression on a table whose target has this form, with these changes."""
    rows = "".join(f"{n * 37 % 41},{form.format(n=n, m=n - 20)}\n" for n in range(40))
    table = "{csv: {path: data.csv, target: y, task: regression}}"
    return {"data.csv": f"x,y\n{rows}", "dataset": table, **changes}


SIGMOID = "[{Dense: {units: 1, activation: %s}}]"
ERRORS += [
    (NUMBER, numbers("{m}.5", loss="mean_squared_logarithmic_error"), "reads negative targets as 0, but the target reaches -20.5"),
    (NUMBER, numbers("{m}.5", loss="poisson", model=SIGMOID % "softplus"), "is for counts, but the target reaches -20.5"),
    (NUMBER, numbers("{n}", loss="mape"), "loss: divides by the target, which is 0 in 1 row; use mean_absolute_error"),
    (NUMBER, numbers("{n}.5", loss="mse", model="[{Embedding: {input_dim: 20, output_dim: 4}}, Flatten, {Dense: 1}]", preprocess="{numeric: none}"),
     "model[0].Embedding.input_dim: the inputs reach 40; set input_dim to 41 or more"),
]  # fmt: skip
NOTES += [
    (NUMBER, numbers("{m}.5", model=SIGMOID % "relu"), "relu cannot reach values outside its range; remove it"),
    (NUMBER, numbers("{n}.5", model=SIGMOID % "sigmoid"), "sigmoid cannot reach values outside its range; remove it"),
    (NUMBER, numbers("{n}", metrics="[mape]"), "mape divides by the target, which is 0 in 1 row"),
    (NUMBER, numbers("{m}", metrics="[msle]"), "msle reads negative targets as 0"),
    (NUMBER, numbers("{n}000.5"), "the target reaches 39000.5, and outputs start near 0"),
]  # fmt: skip
WORKING += [
    (NUMBER, numbers("0.{n:02}5", model=SIGMOID % "sigmoid")),
    (NUMBER, numbers("{n}.5", model=SIGMOID % "relu")),
    (NUMBER, numbers("{n}.5", loss="mape")),
    (NUMBER, numbers("{n}.5", model="[{Embedding: {input_dim: 41, output_dim: 4}}, Flatten, {Dense: 1}]", preprocess="{numeric: none}")),
]  # fmt: skip


@pytest.fixture
def config(write):
    def make(base, changes):
        keys = {**base, **changes}
        if table := keys.pop("data.csv", None):
            write("data.csv", table)
        return write("my.yaml", "".join(f"{key}: {value}\n" for key, value in keys.items()))

    return make


@pytest.fixture(autouse=True)
def _without_extras(monkeypatch):
    """Check as on a machine without a GPU and without TensorBoard."""
    monkeypatch.setattr("dlcli.training.network_check.has_gpu", lambda: False)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *rest: None if name == "tensorboard" else find_spec(name, *rest),
    )


@pytest.mark.parametrize(("base", "changes", "sentence"), ERRORS)
def test_what_cannot_work_is_an_error_with_its_line(config, base, changes, sentence):
    path = config(base, changes)

    with pytest.raises(ConfigError) as error:
        check(load_config(path))

    lines = [line for line in str(error.value).splitlines() if sentence in line]
    assert lines, str(error.value)
    assert lines[0].startswith(f"{path}:")


@pytest.mark.parametrize(("base", "changes", "sentence"), NOTES)
def test_what_may_work_is_a_note_with_its_line(config, base, changes, sentence):
    path = config(base, changes)

    notices = check(load_config(path)).notices

    assert any(sentence in notice and notice.startswith(f"{path}:") for notice in notices), notices


@pytest.mark.parametrize(("base", "changes"), WORKING)
def test_what_works_is_accepted_without_a_note(config, base, changes):
    result = check(load_config(config(base, changes)))

    assert result.checked == ("config", "data", "layers")
    assert not result.notices


def test_a_model_of_an_earlier_dlcli_is_evaluated_although_its_config_is_refused_now(
    config, tmp_path, monkeypatch
):
    path = config(SONAR, {"loss": "hinge"})
    with monkeypatch.context() as patch:
        for module in ("checks", "load"):
            patch.setattr(f"dlcli.config.{module}.find_errors", lambda *_: [])
        run = train(load_config(path), runs=tmp_path / "runs").path

    with pytest.raises(ConfigError, match="sigmoid is never negative"):
        load_config(path)
    assert evaluate(run).scores.rows > 0
