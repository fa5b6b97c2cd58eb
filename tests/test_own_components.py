"""Components of one's own: registered, named in configs, saved, resumed, and predicted without."""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import own_components_forgotten
from test_resume import bits, kill_at, killed

from dlcli import DlcliError, ModelFileError, kfold, load_config, load_model, register, train
from dlcli.config import own_components
from dlcli.network import code_files
from dlcli.network.code_files import load_code

CODE = """
import keras
import dlcli

@dlcli.register("layer")
class Gate(keras.layers.Layer):
    def __init__(self, units=4, activation=None, slope=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.slope = units, slope
        self.activation = keras.activations.get(activation)

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], self.units))

    def call(self, x):
        return self.activation(self.slope * keras.ops.matmul(x, self.kernel))

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        arguments = {"units": self.units, "slope": self.slope, "activation": activation}
        return {**super().get_config(), **arguments}

@dlcli.register("loss")
def squares(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

@dlcli.register("metric")
class Largest(keras.metrics.Metric):
    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.value = self.add_weight(name="value", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        error = keras.ops.abs(keras.ops.cast(y_true, "float32") - y_pred)
        self.value.assign(keras.ops.maximum(self.value, keras.ops.max(error)))

    def result(self):
        return self.value  # the variable itself, as in the examples of Keras

@dlcli.register("callback")
class Slower(keras.callbacks.Callback):
    def __init__(self, every=2):
        super().__init__()
        self.every, self.count = every, 0

    def on_epoch_end(self, epoch, logs=None):
        self.count += 1
        if self.count % self.every == 0:
            self.model.optimizer.learning_rate.assign(self.model.optimizer.learning_rate / 2)

@dlcli.register("activation")
def bent(x):
    return keras.ops.maximum(0.1 * x, x)

@dlcli.register("initializer")
class Halves(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return keras.ops.full(shape, 0.5, dtype=dtype)
"""
CONFIG = """\
dataset: iris
model:
  - Gate: {units: 6, activation: bent, slope: 0.5}
  - Dense: {activation: softmax, bias_initializer: Halves}
loss: squares
metrics: [accuracy, Largest]
callbacks: [{Slower: {every: 3}}]
fit: {epochs: 7, batch_size: 50}
"""


@pytest.fixture
def my(tmp_path):
    """Write a Python file and a config that needs it."""
    (tmp_path / "my.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "my.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path / "my.yaml"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a model with layers of one's own, and forget them."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "my.py").write_text(CODE, encoding="utf-8")
    (folder / "my.yaml").write_text(CONFIG, encoding="utf-8")
    with own_components_forgotten():
        load_code([folder / "my.py"])
        return train(load_config(folder / "my.yaml"), runs=folder / "runs").path


def rows():
    return np.array([[5.1, 3.5, 1.4, 0.2], [6.0, 2.7, 5.1, 1.6]], np.float32)


def test_a_config_names_what_a_file_registers(dlcli, my):
    refused = dlcli("check", str(my))
    accepted = dlcli("check", str(my), "--code", "my.py")

    assert refused[0] == 2
    assert (
        f"{my}:3: model[0].Gate: unknown layer 'Gate'. One of your own needs --code" in refused[2]
    )
    assert accepted == (0, f"{my}: no problems found in config, data and model\n", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.0.Gate.slop=2", "Gate has no argument 'slop'. Did you mean 'slope'?"),
        ("model.0.Gate.slope=steep", "expected a number, got 'steep'"),
        ("model.0.Gate.units=0", "expected an integer of at least 1, got 0"),
        ("model.0.Gate.activation=bend", "Did you mean 'bent'?"),
        ("loss.squares=3", "squares has no arguments, got 3"),
        ("callbacks.0.Slower.evry=3", "Did you mean 'every'?"),
        ("callbacks.0={EarlyStopping: {monitor: largest}}", "set mode to min or max"),
    ],
)
def test_its_arguments_are_checked(my, change, message):
    load_code(["my.py"])
    overrides = [] if change.startswith(("loss", "callbacks.0=")) else [change]
    if not overrides:  # `--set` adds no component
        key, _, value = change.partition("=")
        lines = {
            "loss.squares": "loss: squares",
            "callbacks.0": "callbacks: [{Slower: {every: 3}}]",
        }
        new = {
            "loss.squares": f"loss: {{squares: {value}}}",
            "callbacks.0": f"callbacks: [{value}]",
        }
        my.write_text(CONFIG.replace(lines[key], new[key]))

    with pytest.raises(DlcliError, match=re.escape(message)):
        load_config(my, overrides)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import keras\n1 / 0\n", r"bad.py:2: ZeroDivisionError: division by zero"),
        ("def f(:\n", r"bad.py:1: invalid syntax"),
        ("x = 1\n", r"bad.py registers no component"),
        pytest.param(10_000_001 * "#", r"bad.py is larger than 10 MB", id="large"),
        ("raise SystemExit(3)\n", r"bad.py:1: SystemExit: 3"),
        ("import nothing_of_this_name\n", r"bad.py:1: ModuleNotFoundError: No module named"),
        (
            "import dlcli, keras\n@dlcli.register('layer')\nclass Dense(keras.layers.Dense): pass\n",
            r"bad.py:[23]: Keras has a layer 'Dense' already",
        ),
        (
            "import dlcli, keras\ndlcli.register('layer', keras.layers.Dense, name='Mine')\n",
            r"bad.py:2: Keras has a layer 'Dense' already",
        ),
        ("import dlcli\ndlcli.register('layer', print)\n", r"bad.py:2: .* a class derived from"),
        ("import dlcli\ndlcli.register('lair', print)\n", r"bad.py:2: .* Did you mean 'layer'\?"),
        (
            """import dlcli, keras
class M(keras.metrics.Mean):
    def __init__(self): 0
dlcli.register('metric', M)
""",
            r"bad.py:4: the metric M needs an argument 'name'",
        ),
    ],
)
def test_mistakes_in_the_file_have_their_line(dlcli, tmp_path, code, message):
    (tmp_path / "bad.py").write_text(code)

    exit_code, _, err = dlcli("check", "iris", "--code", "bad.py")

    assert exit_code == 2
    assert re.search(f"^dlcli: error: {message}", err)
    assert "Traceback" not in err


def test_a_cell_may_run_twice_but_a_name_is_not_taken_twice():
    def error(y_true, y_pred):
        return y_true - y_pred

    def other(y_true, y_pred):
        return y_pred

    assert register("loss")(error) is register("loss", error)
    with pytest.raises(DlcliError, match="another loss is registered as 'error' already"):
        register("loss", other, name="error")


def test_a_model_predicts_without_the_code(dlcli, trained, write):
    names = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)"
    write("new.csv", f"{names}\n5.1,3.5,1.4,0.2\n6.0,2.7,5.1,1.6\n")
    onnx = dlcli("predict", str(trained), "new.csv")
    without = dlcli("predict", str(trained), "new.csv", "--engine", "keras")
    contents = json.loads(dlcli("inspect", str(trained), "--json")[1])
    code = str(trained.parents[2] / "my.py")
    keras = dlcli("predict", str(trained), "new.csv", "--engine", "keras", "--code", code)

    assert onnx[::2] == keras[::2] == (0, "")
    assert [line.split(",")[0] for line in onnx[1].split()] == [
        line.split(",")[0] for line in keras[1].split()
    ]
    assert without[0] == 2
    assert "uses Gate, Halves, bent, which Keras does not have" in without[2]
    assert "hint: name the Python file that registers it: --code my.py" in without[2]
    assert contents["metadata"]["own_components"]["Gate"] == "my.py"


def test_both_engines_agree(trained):
    outputs = load_model(trained).network(rows())
    load_code([trained.parents[2] / "my.py"])

    again = load_model(trained, "keras").network(rows())

    np.testing.assert_allclose(outputs, again, rtol=1e-5, atol=1e-5)


def test_scores_need_the_code_and_are_those_of_the_training(dlcli, trained):
    code, without = str(trained.parents[2] / "my.py"), dlcli("evaluate", str(trained))
    scored = json.loads(dlcli("evaluate", str(trained), "--json", "--code", code)[1])
    metrics = json.loads((trained / "metrics.json").read_text())["test"]["metrics"]

    assert "uses Gate, Halves, Largest, Slower, bent, squares" in without[2]
    assert metrics["largest"] > 0
    assert scored["scores"]["metrics"] == pytest.approx(metrics)


def rewritten(trained, path, old, new):
    """Copy a model file without its graph, with another architecture."""
    with zipfile.ZipFile(trained / "model.keras") as source, zipfile.ZipFile(path, "w") as copy:
        for member in source.namelist():
            content = source.read(member)
            if member == "config.json":
                assert old in content
                content = content.replace(old, new)
            if member != "dlcli.onnx":
                copy.writestr(member, content)
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"dlcli>Gate"', b'"dlcli>Other"', "'dlcli>Other' is not Keras's own"),
        (b'"dlcli>Gate"', b'"os>system"', "'os>system' is not Keras's own"),
        (b'"dlcli>Gate"', b"null", "Gate comes from 'dlcli_code_my', not from Keras"),
        (b'"dlcli>bent"', b'"dlcli>squares"', "'dlcli>squares' is not Keras's own"),
        (b'"dlcli>bent"', b'"dlcli>Gate"', "registered as another kind"),
        (b'"slope": 0.5', b'"slope": 1e999', "its slope is inf"),
        (b'"slope": 0.5', b'"slope": {"class_name": "Lambda"}', "Lambda, which contains Python"),
    ],
)
def test_a_file_gets_nothing_but_what_is_registered(trained, tmp_path, old, new, message):
    load_code([trained.parents[2] / "my.py"])
    path = rewritten(trained, tmp_path / "odd.keras", old, new)

    with pytest.raises(ModelFileError, match=re.escape(message)):
        load_model(path, "keras")


def test_a_stranger_s_layer_is_refused_with_the_option(trained, tmp_path):
    path = rewritten(trained, tmp_path / "odd.keras", b'"dlcli>Gate"', b'"Custom>Net"')

    with pytest.raises(ModelFileError) as error:
        load_model(path)

    assert "'Custom>Net' is not Keras's own" in str(error.value)
    assert "--code FILE" in error.value.hint


@pytest.mark.slow
def test_a_killed_training_goes_on_with_the_code_to_the_same_bits(dlcli, my, trained, tmp_path):
    load_code(["my.py"])
    with killed(tmp_path / "runs/my/1"):
        train(load_config(my), runs=tmp_path / "runs", on_progress=kill_at(4))
    own_components._registered.clear()
    code_files._sources.clear()
    without = dlcli("train", "--resume", "runs/my/1")
    resumed = dlcli("train", "--resume", "runs/my/1", "--code", "my.py", "-q")

    assert "runs/my/1 uses components of its own: Gate, Halves, Largest, Slower" in without[2]
    assert "hint: `dlcli train --resume runs/my/1 --code my.py`" in without[2]
    assert resumed[0] == 0, resumed[2]
    assert bits(tmp_path / "runs/my/1") == bits(trained)


def test_changed_code_is_told(dlcli, my, tmp_path):
    load_code(["my.py"])
    with killed(tmp_path / "runs/my/1"):
        train(load_config(my), runs=tmp_path / "runs", on_progress=kill_at(4))
    Path("my.py").write_text(CODE + "\n# changed\n", encoding="utf-8")
    code_files._sources.clear()

    code, _, err = dlcli("train", "--resume", "runs/my/1", "--code", "my.py")

    assert code == 2
    assert re.search(r'^  code\.my\.py: "\w+", now "\w+"', err, re.MULTILINE)


@pytest.mark.slow
def test_folds_in_two_processes_give_what_they_give_in_one(my, fits, weights_only, monkeypatch):
    """The processes load the code, and fit all preprocessors but the first."""
    monkeypatch.setattr("dlcli.network.backend._quiet", True)  # as on the command line
    load_code(["my.py"])
    config = load_config(my, ["fit.epochs=1", "preprocess={numeric: standardize}"])
    engines, folds = [], []

    one = kfold(config, folds=2, on_engine=engines.append)
    two = kfold(config, folds=2, jobs=2, on_engine=engines.append, on_fold=folds.append)

    reason = "models with Gate layers cannot be trained together"
    assert engines[0].reason == reason
    assert str(engines[1]) == f"training folds in 2 processes ({reason})"
    assert [fold.fold for fold in folds] == [1, 2]
    assert len(fits) == 2 + 1
    for mine, theirs in zip(one.folds, two.folds, strict=True):
        assert (mine.rows, mine.epochs) == (theirs.rows, theirs.epochs)
        assert mine.metrics == pytest.approx(theirs.metrics, rel=1e-3)
    engine = json.loads((two.path / "run.json").read_text())["engine"]
    assert engine == {"name": "serial", "requested": "auto", "reason": reason, "jobs": 2}


@pytest.mark.slow
def test_a_loss_of_one_s_own_trains_all_folds_in_one_program(my, weights_only):
    load_code(["my.py"])
    layers = "model=[{Dense: {units: 4, activation: bent}}, {Dense: {activation: softmax}}]"
    config = load_config(my, [layers, "callbacks=[]", "fit.epochs=2"])
    engines = []

    stacked = kfold(config, folds=2, on_engine=engines.append)
    serial = kfold(config, folds=2, engine="serial")

    assert engines[0].name == "stacked"
    for name in ("loss", "accuracy", "largest"):
        assert stacked.summaries[name].mean == pytest.approx(serial.summaries[name].mean, rel=1e-5)


def test_an_error_in_a_layer_has_its_line(dlcli, my):
    Path("my.py").write_text(CODE.replace("keras.ops.matmul(x", "keras.ops.matmul(y"))

    code, _, err = dlcli("check", str(my), "--code", "my.py")

    line = 1 + CODE.split("\n").index(
        "        return self.activation(self.slope * keras.ops.matmul(x, self.kernel))"
    )
    assert code == 2
    assert f"{my}:3: model[0].Gate" in err
    assert f"my.py:{line}: NameError: name 'y' is not defined" in err


def test_an_error_in_a_callback_has_its_line(dlcli, my):
    Path("my.py").write_text(CODE.replace("self.count += 1", "self.count += logs['no']"))

    code, _, err = dlcli("train", str(my), "--code", "my.py", "-q")

    assert code == 1
    assert re.search(r"dlcli: error: training failed: my.py:\d+: KeyError: 'no'", err)


def test_a_layer_that_could_not_be_loaded_again_is_refused(dlcli, my):
    Path("my.py").write_text(CODE.replace(", **kwargs):", "):").replace("(**kwargs)", "()"))

    code, _, err = dlcli("check", str(my), "--code", "my.py")

    assert code == 2
    assert "a model with it cannot be loaded again" in err


def test_the_schema_has_them(dlcli, my):
    document = json.loads(dlcli("schema", "--code", "my.py")[1])

    assert "Gate" in document["$defs"]["layers"]["anyOf"][1]["properties"]


def test_register_without_a_kind_says_how_to_write_it():
    with pytest.raises(DlcliError, match="the kind of component first") as error:

        @register
        def squares(y_true, y_pred):
            return y_true - y_pred

    assert '@dlcli.register("layer")' in error.value.hint


def test_the_next_commands_name_the_code_and_prints_of_the_code_are_no_results(dlcli, write):
    write("my.py", CODE + "print('hello')\n")
    write("gate.yaml", "dataset: iris\nmodel: [Gate: {units: 3, activation: softmax}]\n"
          "loss: categorical_crossentropy\nfit: {epochs: 1}\n")  # fmt: skip

    checked = dlcli("check", "gate.yaml", "--code", "my.py", "--json")
    code, out, err = dlcli("train", "gate.yaml", "--code", "my.py")

    assert json.loads(checked[1])["command"] == "check"
    assert code == 0, err
    assert "dlcli evaluate runs/gate/1 --code my.py " in out
    assert "dlcli kfold gate.yaml --code my.py " in out
