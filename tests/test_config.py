"""Loading and checking configs: everything at once, with its line, without Keras."""

import json
import sys

import pytest
from conftest import slow

from dlcli import ConfigError, DlcliError, load_config
from dlcli.config.catalogue import PATH, installed_catalogue, keras_catalogue, stored_catalogue
from dlcli.config.yaml_text import dump
from dlcli.errors import plural
from dlcli.files import cache_folder
from dlcli.network.keras_names import list_names
from dlcli.version import __version__

BASE = {
    "dataset": "iris",
    "split": "{test: 0.2, validation: 0.2}",
    "model": "[{Dense: {units: 8}}, {Dense: {units: 3, activation: softmax}}]",
    "loss": "categorical_crossentropy",
    "metrics": "[accuracy]",
    "fit": "{epochs: 2}",
}


@pytest.fixture
def config(write):
    def make(**changes):
        lines = [
            f"{key}: {value}" for key, value in {**BASE, **changes}.items() if value is not None
        ]
        return write("my.yaml", "\n".join(lines) + "\n")

    return make


def problems(path, *overrides):
    with pytest.raises(ConfigError) as error:
        load_config(path, overrides)
    return [str(problem) for problem in error.value.problems]


def test_misspelt_key_is_located_and_corrected(write):
    path = write("iris.yaml", "dataset: iris\nmodel: [Dense]\nloss: mse\nfit:\n  epoch: 5\n")

    found = problems(path)

    assert f"{path}:5: fit.epoch: unknown key 'epoch'. Did you mean 'epochs'?" in found
    assert not any("needs 'epochs'" in line for line in found)


def test_ten_mistakes_are_reported_at_once_each_with_its_line(write):
    path = write(
        "ten.yaml",
        """\
dataset: irs
preprocess: {numeric: standardise}
split: {test: 1.5}
model:
  - Dence: 24
  - Dense: {unit: 24, activation: rleu}
  - Dropout: 50
  - Dense: {units: 1, activation: softmax}
loss: binary_crosentropy
optimizer: {Adam: {learning_rat: 1e-3}}
metrics: [acuracy]
callbacks:
  - EarlyStopping: {monitor: val_los}
fit: {epoch: 5, batch_size: 0}
""",
    )

    lines = [int(line.removeprefix(f"{path}:").partition(":")[0]) for line in problems(path)]

    assert set(lines) == {1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "[{Dense: {units: 1, activation: softmax}}]"}, "1 unit with softmax is always 1"),
        ({"model": "[{Dense: {units: 2, activation: softmax}}]"}, "3 classes (setosa, versicolor"),
        ({"model": "[{Dense: {units: 1, activation: sigmoid}}]", "loss": "binary_crossentropy"},
         "the last layer has 1 unit"),
        ({"loss": "binary_crossentropy"}, "softmax gives one probability per class"),
        ({"model": "[{Dense: 3}]"}, "gives no probabilities"),
        ({"loss": "{CategoricalCrossentropy: {from_logits: true}}"}, "a second time"),
        ({"metrics": "[SparseCategoricalAccuracy]"}, "is for the integer targets of a sparse loss, not for one-hot targets"),
        ({"metrics": "[Precision]", "loss": "sparse_categorical_crossentropy"}, "is for a single unit or one-hot targets"),
        ({"metrics": "[F1Score]"}, "set average"),
        ({"metrics": "[accuracy, accuracy]"}, "logged twice"),
        ({"metrics": "[TopKCategoricalAccuracy]", "dataset": "breast_cancer", "loss": "mse",
          "model": "[{Dense: {activation: sigmoid}}]"}, "not for a single unit"),
        ({"metrics": "[mse]", "loss": "sparse_categorical_crossentropy"}, "not for the integer targets"),
        ({"metrics": "[Accuracy]"}, "compares integer classes"),
        ({"metrics": "[Precision]", "model": "[{Dense: 3}]",
          "loss": "{CategoricalCrossentropy: {from_logits: true}}"}, "needs probabilities"),
        ({"metrics": "[{AUC: {name: ../../evil}}]"}, "cannot name a metric"),
        ({"metrics": "[{AUC: {name: val_auc}}]"}, "cannot name a metric"),
        ({"metrics": "[{Precision: {thresholds: [0.3, 0.7]}}]"}, "a single number"),
        ({"loss": "{CategoricalCrossentropy: {reduction: none}}"}, "expected 'sum'"),
        ({"loss": "CTC"}, "is for sequences"),
        ({"loss": "categorical_hinge", "model": "[{Dense: 1}]"}, "needs one unit per class"),
        ({"model": "[{Dense: {units: 3, activation: softmax}}, {Dropout: 0.5}]"}, "only distorts"),
        ({"model": "[Normalization, {Dense: {units: 3, activation: softmax}}]"}, "does nothing"),
        ({"model": "[{RandomCrop: [2, 2]}, {Dense: {units: 3, activation: softmax}}]"}, "CenterCrop"),
        ({"model": "[{Dense: {units: 3, activation: softmax, kernel_regularizer: 0.01}}]"},
         "expected the name of a regularizer"),
        ({"callbacks": "[{CSVLogger: ./history.csv}]"}, "every run writes its own"),
        ({"callbacks": "[{ModelCheckpoint: best.h5}]"}, "must end in .keras"),
        ({"loss": "rmse"}, "minimize mse, which has the same minimum"),
        ({"model": "[{Dense: {units: 3, activation: step}}]"}, "a step has no slope"),
        ({"model": "[{Dense: {units: 3, activation: softmax, W_regularizer: l2}}]"}, "'kernel_regularizer'?"),
        ({"callbacks": "[{ModelCheckpoint: '{epoch}.hdf5'}]"}, "as Keras 3 writes it"),
        ({"fit": "{epochs: 2, validation_data: test}"}, "'split.validation'? It is a share, or test"),
        ({"split": "{train: 0.7}"}, "left by 'test' and 'validation'"),
        ({"split": "{validation: tests}"}, "split.validation"),
        ({"split": "{group: a, shuffle: false}"}, "cannot be combined with 'shuffle: false'"),
        ({"callbacks": "[{LearningRateScheduler: 0.1}]"}, "expected a learning-rate schedule"),
        ({"callbacks": "[ReduceLROnPlateau]", "optimizer": "{SGD: {learning_rate: {CosineDecay: "
          "{initial_learning_rate: 0.1, decay_steps: 9}}}}"}, "cannot be combined"),
        ({"fit": "{epochs: 2, class_weight: {setosa: -1.0}}"}, "greater than or equal to 0"),
        ({"split": "{group: who}"}, "is only for tables in text files"),
        ({"model": "[]"}, "at least one item"),
        ({"dataset": "diabetes", "loss": "binary_crossentropy", "metrics": "[mae]", "model": "[Dense]"},
         "a loss for classes"),
        ({"metrics": "[Mean]"}, "measures values, not predictions"),
        ({"dataset": "diabetes"}, "the target is a number"),
        ({"dataset": "diabetes", "loss": "mse", "model": "[Dense]"}, "accuracy is for a single unit"),
        ({"callbacks": "[EarlyStopping]", "split": "{test: 0.2}"}, "set split.validation"),
        ({"callbacks": "[{EarlyStopping: {monitor: val_accurcy}}]"}, "Did you mean 'val_accuracy'?"),
        ({"callbacks": "[{EarlyStopping: {mode: mn}}]"}, "'auto' or 'min' or 'max'"),
        ({"callbacks": "[{ModelCheckpoint: {filepath: '{epoch}-{val_los}.keras'}}]"}, "{val_los}"),
        ({"callbacks": "[{ModelCheckpoint: {filepath: ../x.keras}}]"}, "inside the run directory"),
        ({"callbacks": "[{ModelCheckpoint: {filepath: model.keras}}]"}, "every run writes its own"),
        ({"callbacks": "[BackupAndRestore: {backup_dir: x}]"}, "--resume"),
        ({"callbacks": "[RemoteMonitor]"}, "sends data over the network"),
        ({"model": "[{Lambda: x}, {Dense: {units: 3, activation: softmax}}]"}, "contains Python code"),
        ({"model": "[Add, {Dense: {units: 3, activation: softmax}}]"}, "needs several inputs"),
        ({"model": "[LSTMCell: 3, {Dense: {units: 3, activation: softmax}}]"}, "is a part of RNN"),
        ({"model": "[{Input: {shape: [4]}}, Dense]"}, "unknown layer 'Input'"),
        ({"model": "[{os.system: ls}]"}, "not import paths"),
        ({"model": "[{Dense: {units: 3, activation: softmax, input_shape: [4]}}]"}, "comes from the data"),
        ({"model": "[{Dense: 3, units: 4}]"}, "expected one name"),
        ({"model": "[{Dense: {activation: relu}}, {Dense: {units: 3, activation: softmax}}]"},
         "only the last one is inferred"),
        ({"model": "[{IntegerLookup: {vocabulary: /etc/passwd}}, {Dense: {units: 3, activation: softmax}}]"},
         "expected a list, not the name of a file"),
        ({"optimizer": "{Adam: {learning_rate: 0}}"}, "greater than 0"),
        ({"optimizer": "{Adam: {learning_rate: fast}}"}, "unknown learning-rate schedule"),
        ({"optimizer": "relu"}, "'relu' is not an optimizer; Keras has it among the activations"),
        ({"fit": "{epochs: true}"}, "expected an integer"),
        ({"fit": "{epochs: '5'}"}, "expected an integer"),
        ({"fit": "{epochs: .inf}"}, "expected an integer"),
        ({"fit": "{epochs: 2, class_weight: {setos: 2.0}}"}, "Did you mean 'setosa'?"),
        ({"split": "{column: part, test: 0.1}"}, "'column' cannot be combined"),
        ({"preprocess": "{numeric: one_hots}"}, "Did you mean 'one_hot'?"),
        ({"preprocess": "{numeric: {scale: 0}}"}, "must not be 0"),
        ({"preprocess": "{categorical: standardize}"}, "is not for categorical columns"),
        ({"dataset": "{iris: {pth: x}}"}, "unknown key 'pth'"),
        ({"dataset": "my.csv"}, "a file is read by a loader"),
        ({"dataset": "mnist", "split": "{test: 0.2}"}, "official test rows"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"loss": None}, "needs 'loss'"),
        ({"colour": "red"}, "unknown key 'colour'"),
    ],
)  # fmt: skip
def test_mistakes_that_keras_accepts_or_explains_badly(config, changes, message):
    assert any(message in line for line in problems(config(**changes)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "categorical_crossentropy", "model": "[{Dense: {units: 3, activation: sigmoid}}]"},
         "use softmax for classes"),
        ({"dataset": "diabetes", "loss": "mse", "metrics": "[mae]", "model": "[{Dense: {activation: sigmoid}}]"},
         "cannot reach values"),
        ({"loss": "mse", "model": "[Dense]"}, "not probabilities"),
        ({"optimizer": "{SGD: {learning_rate: 5.0}}"}, "very large"),
        ({"callbacks": "[EarlyStopping]"}, "patience is 0"),
        (
            {"callbacks": "[ModelCheckpoint: {filepath: a.keras, verbose: 1}]"},
            "callbacks[0].ModelCheckpoint.verbose: has no effect: dlcli prints a line",
        ),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_a_warning(config, changes, message):
    loaded = load_config(config(**changes))

    assert any(message in str(warning) for warning in loaded.warnings)


@pytest.mark.parametrize(
    ("loss", "head", "units"),
    [
        ("categorical_crossentropy", "{activation: softmax}", 3),
        ("mse", "{activation: softmax}", 3),
        ("{SparseCategoricalCrossentropy: {from_logits: true}}", "", 3),
    ],
)
def test_units_of_the_last_layer_come_from_the_data_set(config, loss, head, units):
    loaded = load_config(config(model=f"[{{Dense: {head or '{}'}}}]", loss=loss))

    assert loaded.model[-1].arguments["units"] == units


def test_two_classes_need_one_sigmoid_unit_or_two_softmax_units(config):
    binary = {"dataset": "breast_cancer", "metrics": "[accuracy]"}
    one = load_config(config(**binary, model="[{Dense: {activation: sigmoid}}]", loss="mse"))
    two = load_config(config(**binary, model="[{Dense: {activation: softmax}}]", loss="mse"))

    assert one.model[-1].arguments["units"] == 1
    assert two.model[-1].arguments["units"] == 2


def test_components_are_names_single_arguments_or_named_ones(config):
    loaded = load_config(
        config(
            model="[Flatten, {Dropout: 0.25}, {Bidirectional: {LSTM: 4}}, "
            "{Dense: {units: 3, activation: softmax, kernel_regularizer: {L2: 1e-3}}}]",
            optimizer="{SGD: {learning_rate: {ExponentialDecay: {initial_learning_rate: 0.1, "
            "decay_steps: 10, decay_rate: 0.5}}}}",
        )
    )

    flatten, dropout, both_ways, dense = loaded.model
    assert (flatten.name, dict(flatten.arguments)) == ("Flatten", {})
    assert dict(dropout.arguments) == {"rate": 0.25}
    assert both_ways.arguments["layer"].name == "LSTM"
    assert dense.arguments["kernel_regularizer"].arguments == {"l2": 1e-3}
    assert loaded.optimizer.arguments["learning_rate"].name == "ExponentialDecay"


def test_resolved_config_loads_to_itself(config, write):
    loaded = load_config(config(callbacks="[{EarlyStopping: {patience: 3}}]", optimizer="adam"))

    again = load_config(write("again.yaml", dump(loaded.plain())))

    assert again.plain() == loaded.plain()


def test_set_overrides_keys_and_is_checked_like_the_file(config):
    path = config(optimizer="adam")

    loaded = load_config(
        path, ["fit.epochs=7", "optimizer.Adam.learning_rate=1e-2", "model.0.Dense.units=5",
               "dataset.iris.limit=50", "metrics=[accuracy, mse]"]
    )  # fmt: skip

    assert loaded.fit.epochs == 7
    assert loaded.optimizer.arguments == {"learning_rate": 0.01}
    assert loaded.model[0].arguments == {"units": 5}
    assert loaded.dataset.loader.limit == 50
    assert [metric.name for metric in loaded.metrics] == ["accuracy", "MeanSquaredError"]
    assert problems(path, "fit.epochs=x") == ['--set fit.epochs: expected an integer, got "x"']


@pytest.mark.parametrize("override", ["fit.epochs", "=3", "fit.epochs.more=3", "model.9.Dense=3"])
def test_a_bad_override_is_a_usage_error(config, override):
    with pytest.raises(DlcliError, match="--set"):
        load_config(config(), [override])


def test_bare_names_are_looked_up_in_configs_then_among_the_bundled(write, tmp_path):
    bundled = load_config("iris")
    (tmp_path / "configs").mkdir()
    text = "dataset: iris\nmodel: [{Dense: {activation: softmax}}]\nloss: mse\nfit: {epochs: 9}\n"
    write("configs/iris.yaml", text)

    assert bundled.fit.epochs != 9
    assert load_config("iris").fit.epochs == 9
    with pytest.raises(DlcliError, match="no config 'irsi'") as error:
        load_config("irsi")
    assert "Did you mean 'iris'?" in error.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (b"- 1\n", "expected keys with values"),
        ("dataset: 데이터\n".encode("cp949"), "not UTF-8"),
    ],
)
def test_files_that_are_no_config(tmp_path, content, message):
    path = tmp_path / "x.yaml"
    path.write_bytes(content)

    assert any(message in line for line in problems(path))


def test_a_byte_order_mark_is_no_mistake(write):
    text = "dataset: iris\nmodel: [{Dense: {activation: softmax}}]\nloss: mse\nfit: {epochs: 1}\n"

    assert load_config(write("bom.yaml", text, encoding="utf-8-sig")).fit.epochs == 1


def test_the_catalogue_is_that_of_the_installed_keras():
    stored = json.loads(PATH.read_text(encoding="utf-8"))
    if keras_catalogue().version == stored["version"]:
        assert list_names() == stored


@pytest.fixture
def another_keras(tmp_path, monkeypatch):
    """Let another version of Keras seem installed; return its file in an empty cache folder."""
    distribution = tmp_path / "site" / "keras-99.0.dist-info"
    distribution.mkdir(parents=True)
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 99.0\n")
    monkeypatch.syspath_prepend(distribution.parent)
    installed_catalogue.cache_clear()
    keras_catalogue.cache_clear()
    yield cache_folder() / "keras_names" / f"keras 99.0, dlcli {__version__}.json"
    installed_catalogue.cache_clear()
    keras_catalogue.cache_clear()


@pytest.mark.parametrize("lister", ["fake_python", slow("real python")])
def test_names_of_another_keras_are_listed_once_and_cached(another_keras, config, request, lister):
    if lister == "fake_python":
        request.getfixturevalue(lister)
    another_keras.parent.mkdir(parents=True)
    another_keras.write_text("{damaged", encoding="utf-8")
    load_config(config())

    names = json.loads(another_keras.read_text(encoding="utf-8"))
    assert names == json.loads(PATH.read_text(encoding="utf-8"))

    # A layer that only the file has: the second command reads it.
    names["layers"]["Novel"] = {"required": ["units"]}
    another_keras.write_text(json.dumps(names), encoding="utf-8")
    installed_catalogue.cache_clear()
    keras_catalogue.cache_clear()
    load_config(config(model="[{Novel: 3}, {Dense: {units: 3, activation: softmax}}]"))


@pytest.mark.parametrize("text", ["[]", '{"version": "99.0"}', '{"version": "99.0", "layers": {}}'])
def test_a_cached_list_of_another_form_is_replaced(another_keras, fake_python, text):
    another_keras.parent.mkdir(parents=True)
    another_keras.write_text(text, encoding="utf-8")

    assert installed_catalogue() == stored_catalogue()
    assert another_keras.read_text(encoding="utf-8") == PATH.read_text(encoding="utf-8")


def test_a_cache_that_cannot_be_written_is_no_error(another_keras, fake_python, tmp_path):
    (tmp_path / "cache").write_text("not a folder", encoding="utf-8")

    assert installed_catalogue() == stored_catalogue()


def test_a_keras_that_does_not_import_is_reported(another_keras, fake_python):
    fake_python.write_text("#!/bin/sh\necho 'ImportError: no libfoo' >&2\nexit 1\n")

    with pytest.raises(DlcliError, match=r"names of Keras 99\.0: ImportError: no libfoo"):
        keras_catalogue()


@pytest.fixture
def fake_python(tmp_path, monkeypatch):
    """Replace Python by a script that writes the stored list of names."""
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\ncat '{PATH}'\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    return script


def test_checking_imports_neither_keras_nor_numpy(config, python):
    code = (
        "import sys; from dlcli import load_config; load_config(sys.argv[1]); "
        "print([m for m in ('keras', 'tensorflow', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = python(code, config())

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(0, "row", "0 rows"), (1, "class", "1 class"), (2, "class", "2 classes")],
)
def test_a_count_is_written_with_its_noun(count, noun, text):
    assert plural(count, noun) == text
