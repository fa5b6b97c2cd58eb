"""Prediction without TensorFlow: the graph in a model file, its limits, and what else is inside."""

import contextlib
import csv
import io
import json
import os
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import onnx
import pytest
from conftest import slow
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dlcli import ModelFileError, evaluate, load_config, predict, train
from dlcli.models import onnx_graph
from dlcli.models.inspection.onnx_model import inspect_onnx
from dlcli.models.loading import load_model
from dlcli.models.onnx import ExportError, OnnxNetwork, export_graph
from dlcli.models.onnx_cache import load_cached_graph

layers = keras.layers


@pytest.fixture
def call(request):
    return request.getfixturevalue("dlcli")


@pytest.fixture
def copy(trained, tmp_path):
    """Copy the trained model with some members of the zip changed; None leaves one out."""

    def changed(**members):
        path = tmp_path / "copy.keras"
        with zipfile.ZipFile(trained.model_path) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                content = members.get(name.replace(".", "_"), old.read(name))
                if content is not None:
                    new.writestr(name, content)
        return path

    return changed


def test_prediction_and_evaluation_import_no_tensorflow(trained, people, python):
    code = (
        "import sys; from dlcli import evaluate, predict\n"
        "frame = predict(sys.argv[1], sys.argv[2]).to_frame()\n"
        "scores = evaluate(sys.argv[1], sys.argv[2]).scores\n"
        "print(len(frame), scores.rows, [m for m in ('keras', 'tensorflow') if m in sys.modules])"
    )
    done = python(code, trained.path, people.with_suffix(".csv"))

    assert done.stdout.strip() == "12 12 []"


@pytest.mark.parametrize("format", ["keras", "h5"])
def test_both_engines_predict_the_same(copy_people, tmp_path, format):
    (run,) = copy_people(tmp_path, format)
    table = tmp_path / "people.csv"

    first, second = (predict(run.path, table, engine=name) for name in ("onnx", "keras"))

    assert (first.model.network.engine, second.model.network.engine) == ("onnx", "keras")
    assert predict(run.path, table).model.network.engine == "onnx"
    mine, theirs = first.to_frame(), second.to_frame()
    assert mine["prediction"].tolist() == theirs["prediction"].tolist()
    np.testing.assert_allclose(mine["p_b"], theirs["p_b"], atol=1e-6)
    assert first.model.notices == second.model.notices == ()


EXPORTABLE = {
    "dense": ((6,), [layers.Dense(3, activation="selu"), layers.PReLU()]),
    "normalized": ((6,), [layers.BatchNormalization(), layers.LayerNormalization()]),
    "noisy": ((6,), [layers.GaussianNoise(1.0), layers.Dropout(0.9), layers.Dense(2)]),
    "conv": ((8, 8, 2), [layers.Conv2D(3, 3), layers.MaxPooling2D(), layers.Flatten()]),
    "separable": ((8, 8, 2), [layers.SeparableConv2D(3, 3), layers.GlobalAveragePooling2D()]),
    "augmented": ((8, 8, 3), [layers.RandomFlip(), layers.RandomRotation(0.2), layers.Flatten()]),
    "words": ((7,), [layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)]),
    "series": ((7, 2), [layers.GRU(3, return_sequences=True), layers.SimpleRNN(2)]),
    "both ways": ((7, 2), [layers.Bidirectional(layers.LSTM(3)), layers.Dense(2)]),
    "gelu": ((6,), [layers.Dense(2, activation="gelu"), layers.Activation("gelu")]),
    "bins": ((6,), [layers.Discretization([-1.0, 0.0, 0.5]), layers.Dense(2)]),
    "sound": ((900,), [layers.MelSpectrogram(fft_length=256, sequence_length=200), layers.Flatten()]),
    "sound in dB": ((2000,), [layers.MelSpectrogram(window="hamming", sampling_rate=8000, max_freq=4000), layers.Flatten()]),
    "sound, magnitudes": ((2000,), [layers.MelSpectrogram(mag_exp=1, power_to_db=False, num_mel_bins=9), layers.Flatten()]),
    "conv1d": ((7,), [layers.Embedding(9, 4), layers.Conv1D(3, 2), layers.GlobalMaxPooling1D()]),
}  # fmt: skip
RESEMBLING = ("both ways", "sound in dB", "sound, magnitudes")


@pytest.mark.parametrize(
    "name", [slow(name) if name in RESEMBLING else name for name in EXPORTABLE]
)
def test_layers_that_have_a_graph(name):
    shape, added = EXPORTABLE[name]
    model = keras.Sequential([keras.Input(shape), *added])
    words = name in ("words", "conv1d")
    generator = np.random.default_rng(0)
    x = generator.integers(0, 9, (5, *shape)) if words else generator.normal(size=(5, *shape))
    x = x.astype(np.float32)

    network = OnnxNetwork(export_graph(model, x), block=2)

    whole = np.concatenate([model(x[n : n + 2], training=False) for n in range(0, len(x), 2)])
    np.testing.assert_allclose(network(x), whole, 1e-5, 2e-4 if "sound" in name else 1e-5)
    assert network(x[:0]).shape == (0, *model.output_shape[1:])


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_threads_run_on_the_processors_of_the_process():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    graph = export_graph(model, np.zeros((2, 3), np.float32))
    tasks = Path("/proc/self/task")
    before = {int(task.name) for task in tasks.iterdir()}
    allowed = os.sched_getaffinity(0)

    network = OnnxNetwork(graph)

    threads = {int(task.name) for task in tasks.iterdir()} - before
    assert all(os.sched_getaffinity(thread) == allowed for thread in threads)
    assert len(threads) == len(allowed) - 1
    del network


@pytest.mark.parametrize(
    ("shape", "added"),
    [((6,), [layers.Dense(2, activation="celu")]), ((6,), [layers.Hashing(9)])],
    ids=["celu", "hashing"],
)
def test_layers_that_have_none_say_so(shape, added):
    model = keras.Sequential([keras.Input(shape), *added])

    with pytest.raises(ExportError, match="ONNX Runtime cannot load the graph"):
        export_graph(model, np.zeros((2, *shape), np.float32))


def test_a_graph_that_gives_something_else_is_not_trusted(monkeypatch):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    other = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    x = np.ones((2, 3), np.float32)
    graph = export_graph(other, x)
    monkeypatch.setattr("dlcli.models.onnx.export._convert_with_weights", lambda _: graph)

    with pytest.raises(ExportError, match="differ from Keras's by up to"):
        export_graph(model, x)


def test_a_model_without_a_graph_predicts_with_keras_and_says_why(people, tmp_path):
    people.write_text(people.read_text().replace("activation: relu", "activation: celu"))
    run = train(load_config(people), runs=tmp_path / "runs")

    predictions = predict(run.path, tmp_path / "people.csv")

    assert predictions.model.network.engine == "keras"
    assert len(predictions.to_frame()) == 12
    assert predictions.model.notices == ()
    with pytest.raises(
        ModelFileError, match="has no usable ONNX graph: ONNX Runtime cannot load the graph"
    ):
        load_model(run.path, "onnx")


@pytest.mark.parametrize("format", ["keras", "h5"])
def test_a_graph_of_other_weights_is_ignored_with_a_notice(copy_people, tmp_path, format):
    (run,) = copy_people(tmp_path, format)
    path = tmp_path / f"changed.{format}"
    model = load_model(run.path, "keras").model
    model.set_weights([weight * 2 for weight in model.get_weights()])
    model.save(path)
    if format == "keras":
        with zipfile.ZipFile(run.model_path) as old, zipfile.ZipFile(path, "a") as new:
            for name in ("dlcli.json", "dlcli.onnx"):
                new.writestr(name, old.read(name))
    else:
        with h5py.File(run.model_path) as old, h5py.File(path, "r+") as new:
            new.attrs["dlcli"] = old.attrs["dlcli"]
            new["dlcli_onnx"] = old["dlcli_onnx"][()]

    loaded = load_model(path)

    assert loaded.network.engine == "keras"
    assert loaded.notices == (
        f"the weights of {path.name} are not those that dlcli saved; its ONNX graph is ignored",
    )
    with pytest.raises(ModelFileError, match="does not belong to the weights"):
        load_model(path, "onnx")


def test_a_graph_that_is_gone_or_damaged_is_ignored_with_a_notice(copy, trained):
    with zipfile.ZipFile(trained.model_path) as archive:
        graph = archive.read("dlcli.onnx")
    for content, reason in ((None, "missing"), (graph[:50], "damaged"), (b"", "damaged")):
        loaded = load_model(copy(dlcli_onnx=content))
        assert loaded.network.engine == "keras"
        (notice,) = loaded.notices
        assert notice.startswith("the ONNX graph of copy.keras is ignored")
        assert reason in notice


def test_plain_keras_files_get_a_graph_with_the_first_prediction(tmp_path, write, call):
    path = tmp_path / "plain.keras"
    keras.Sequential([keras.Input((2,)), layers.Dense(3, activation="softmax")]).save(path)
    table, content = write("rows.csv", "1,2\n3,4\n"), path.read_bytes()

    first = call("predict", path, table)
    assert load_model(path).network.engine == "onnx"
    second = call("predict", path, table)

    assert first[0] == second[0] == 0
    assert first[1].splitlines()[0] == "prediction,p_0,p_1,p_2"
    values = [
        np.loadtxt(out.splitlines(), delimiter=",", skiprows=1) for _, out, _ in (first, second)
    ]
    np.testing.assert_allclose(*values, atol=1e-6)
    assert path.read_bytes() == content


def test_what_cannot_be_exported_is_tried_once(tmp_path, write, call, monkeypatch):
    path = tmp_path / "plain.keras"
    keras.Sequential([keras.Input((2,)), layers.Dense(3, activation="celu")]).save(path)
    assert call("predict", path, write("rows.csv", "1,2\n"))[0] == 0
    monkeypatch.setattr(onnx_graph, "export_graph", lambda *_: pytest.fail("tried again"))

    assert call("predict", path, write("rows.csv", "1,2\n"))[0] == 0
    assert "cannot load" in load_cached_graph(load_model(path).file.digest).info.refused


def test_a_network_too_large_for_onnx_predicts_with_keras(people, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_graph, "MAX_EXPORTED_WEIGHTS", 10)
    run = train(load_config(people), runs=tmp_path / "runs")

    assert load_model(run.path).network.engine == "keras"
    assert load_model(run.path).notices == ()
    with pytest.raises(ModelFileError, match="too large for ONNX"):
        load_model(run.path, "onnx")


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ('label,text\n1,hello\n0,"good, now"\n', 2),
        ('text,label\n"good\nday",1\nbad day,0\n', 2),
        ("label;text\n1;good day, all\n", 1),
        ("text\ngood, day\n", 1),
    ],
)
def test_a_model_of_text_takes_tables_in_any_dialect(write, tmp_path, call, table, rows):
    write(
        "texts.tsv",
        "label\ttext\n"
        + "".join(f"{n % 2}\t{'good' if n % 2 else 'bad'} day\n" for n in range(40)),
    )
    config = write(
        "words.yaml",
        "dataset: {csv: {path: texts.tsv, target: label, types: {text: text}, quoting: false}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
        "preprocess: {text: {vectorize: {output_mode: multi_hot}}}\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs")

    code, out, err = call("predict", run.path, write("rows.csv", table))

    assert code == 0, err
    assert len(out.splitlines()) == rows + 1


def test_lines_taken_as_texts_are_said(write, tmp_path, call):
    write("texts.tsv", "".join(f"{n % 2}\t{'good' if n % 2 else 'bad'} day\n" for n in range(40)))
    config = write(
        "words.yaml",
        "dataset: {csv: {path: texts.tsv, names: [label, text], target: label, types: {text: text}}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
        "preprocess: {text: {vectorize: {output_mode: multi_hot}}}\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs")

    code, out, err = call("predict", run.path, write("rows.csv", "kind,message\n1,good day\n"))

    assert (code, len(out.splitlines())) == (0, 3)
    assert "has no column 'text': each line is read as a text" in err


@pytest.mark.slow
def test_a_recurrent_network_gets_its_graph_with_the_first_prediction(write, tmp_path, call):
    write(
        "texts.csv",
        "text,label\n"
        + "".join(f"{'good' if n % 2 else 'bad'} day {n % 5},{n % 2}\n" for n in range(40)),
    )
    config = write(
        "words.yaml",
        "dataset: {csv: {path: texts.csv, target: label, types: {text: text}}}\n"
        "model: [{Embedding: {input_dim: 20, output_dim: 4}}, {LSTM: 3}, {Dense: {activation: sigmoid}}]\n"
        "loss: binary_crossentropy\npreprocess: {text: {vectorize: {max_tokens: 20}}}\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs")
    assert load_model(run.path).network.engine == "keras"
    assert load_model(run.path).notices == ()

    first, second = (call("predict", run.path, "--text", "good day")[1] for _ in range(2))

    assert load_model(run.path).network.engine == "onnx"
    assert first.splitlines()[0] == second.splitlines()[0] == "prediction,p_0,p_1"
    values = [np.fromstring(out.splitlines()[1], sep=",") for out in (first, second)]
    np.testing.assert_allclose(*values, atol=1e-6)


def _model(*nodes, initializers=(), functions=(), domain=""):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in "xy"]
    graph = helper.make_graph(list(nodes), "g", ends[:1], ends[1:], initializer=list(initializers))
    sets = [helper.make_opsetid("", 15), *([helper.make_opsetid(domain, 1)] if domain else [])]
    # ONNX Runtime knows no format as new as that which the latest onnx writes.
    return helper.make_model(graph, opset_imports=sets, functions=list(functions), ir_version=8)


def _external():
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"
    return tensor


def _hidden_external():
    branch = helper.make_graph([], "b", [], [], initializer=[_external()])
    return helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)


ADD = helper.make_node("Add", ["x", "x"], ["y"])
HOSTILE = {
    "external data": (_model(ADD, initializers=[_external()]), "another file"),
    "external data in a branch": (_model(_hidden_external()), "control flow"),
    "other operators": (
        _model(helper.make_node("Run", ["x"], ["y"], domain="evil"), domain="evil"),
        "operators of the domain 'evil'",
    ),
    "functions": (
        _model(
            ADD,
            functions=[
                helper.make_function("evil", "F", ["a"], ["b"], [ADD], [helper.make_opsetid("", 15)])
            ],
        ),
        "the ONNX graph has functions",
    ),
    "two inputs": (
        helper.make_model(
            helper.make_graph(
                [helper.make_node("Add", ["x", "z"], ["y"])], "g",
                [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, 2]) for n in "xz"],
                [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
            ),
            opset_imports=[helper.make_opsetid("", 15)],
            ir_version=8,
        ),
        "one input and one output",
    ),
}  # fmt: skip


def test_a_field_number_that_other_readers_cut_is_refused():
    with pytest.raises(ModelFileError, match="damaged"):
        inspect_onnx(b"\xba\x80\x80\x80\x10\x00")  # field 7 with bit 32 of its tag set


def test_the_runtimes_own_format_is_refused():
    with pytest.raises(ModelFileError):
        OnnxNetwork(b"\x2a\x08\x00\x00ORTM\x00\x00\x00\x00" + bytes(40))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            helper.make_node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=1),
            r"\(1, 2\) for 3 rows",
        ),
        (helper.make_node("Gather", ["x", "i"], ["y"]), "the ONNX graph fails"),
    ],
)
def test_graphs_that_make_something_else_of_the_rows_are_an_error(node, message):
    index = helper.make_tensor("i", TensorProto.INT64, [1], [99])
    network = OnnxNetwork(_model(node, initializers=[index]).SerializeToString())

    with pytest.raises(ModelFileError, match=message):
        network(np.ones((3, 2), np.float32))


@pytest.mark.parametrize("name", HOSTILE)
def test_graphs_with_anything_else_inside_are_refused(name):
    model, message = HOSTILE[name]

    with pytest.raises(ModelFileError, match=message):
        inspect_onnx(model.SerializeToString())
        OnnxNetwork(model.SerializeToString())


def test_the_inspection_reads_what_onnx_writes():
    inspect_onnx(_model(ADD).SerializeToString())
    assert (
        onnx.load_model_from_string(_model(ADD).SerializeToString()).graph.node[0].op_type == "Add"
    )


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_confuse_the_inspection(data):
    good = _model(ADD).SerializeToString()
    at = data.draw(st.integers(0, len(good)))
    changed = (
        good[:at]
        + data.draw(st.binary(max_size=12))
        + good[data.draw(st.integers(at, len(good))) :]
    )
    with contextlib.suppress(ModelFileError):
        inspect_onnx(changed)


HEADS = [
    slow("[{Dense: {units: 1}}]", "{BinaryCrossentropy: {from_logits: true}}", "[accuracy, crossentropy]"),
    ("[{Dense: {activation: sigmoid}}]", "binary_crossentropy", "[accuracy, {BinaryAccuracy: {threshold: 0.4, name: low}}, mse, mae]"),
    ("[{Dense: {units: 2}}]", "{SparseCategoricalCrossentropy: {from_logits: true}}", "[accuracy, crossentropy]"),
    slow("[{Dense: {units: 2, activation: softmax}}]", "sparse_categorical_crossentropy", "[accuracy]"),
    slow("[{Dense: {units: 2, activation: softmax}}]", "categorical_crossentropy", "[accuracy, crossentropy]"),
    ("[{Dense: {units: 2, activation: softmax}}]", "mse", "[accuracy, mae, RootMeanSquaredError]"),
    ("[{Dense: {activation: sigmoid}}]", "binary_crossentropy", "[AUC, F1Score]"),
    ("[{Dense: {activation: sigmoid, kernel_regularizer: {L2: 0.1}}}]", "binary_crossentropy", "[accuracy]"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "loss", "metrics"), HEADS)
def test_metrics_without_keras_are_those_of_keras(write, tmp_path, model, loss, metrics):
    write(
        "data.csv", "a,b,y\n" + "".join(f"{n % 7},{n % 5},{'pq'[n % 3 == 0]}\n" for n in range(60))
    )
    config = write(
        "c.yaml",
        f"dataset: {{csv: {{path: data.csv, target: y}}}}\nsplit: {{test: 0}}\nmodel: {model}\n"
        f"loss: {loss}\nmetrics: {metrics}\nfit: {{epochs: 3}}\noptimizer: {{Adam: {{learning_rate: 0.5}}}}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs")

    mine, theirs = (evaluate(run.path, engine=name).scores for name in ("onnx", "keras"))

    assert mine.metrics.keys() == theirs.metrics.keys()
    for name, value in theirs.metrics.items():
        assert mine.metrics[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name
    assert mine.confusion == theirs.confusion


def test_the_model_file_says_what_its_graph_was_made_from(trained):
    with zipfile.ZipFile(trained.model_path) as archive:
        facts = json.loads(archive.read("dlcli.json"))["graph"]
    assert facts["model"] == load_model(trained.path).file.digest
    assert Path(trained.model_path).stat().st_size < 100_000


def test_one_flipped_bit_of_a_graph_is_noticed(trained_h5):
    with h5py.File(trained_h5.model_path, "r+") as file:
        file["dlcli_onnx"][-40] ^= 1

    loaded = load_model(trained_h5.path)

    assert loaded.network.engine == "keras"
    assert loaded.notices == ("the ONNX graph of model.h5 is ignored: it is damaged",)


def test_files_that_differ_in_the_order_of_layers_share_no_graph(tmp_path, write, call):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.Dense(2), layers.Dense(2)])
    good, evil = tmp_path / "good.h5", tmp_path / "evil.h5"
    model.save(good)
    model.save(evil)
    with h5py.File(evil, "r+") as file:
        names = file["model_weights"].attrs["layer_names"]
        file["model_weights"].attrs["layer_names"] = (
            names[[1, 0, 2]] if len(names) == 3 else names[[0, 2, 1, 3]]
        )
    table = write("rows.csv", "1,2\n3,4\n")

    assert load_model(good).file.digest != load_model(evil).file.digest
    assert call("predict", evil, table)[0] == 0
    assert load_model(good).network.engine == "keras"


def test_changed_weights_are_said_every_time(people, tmp_path, call, monkeypatch):
    monkeypatch.setattr("dlcli.experiments.training_run.is_converted_quickly", lambda _: False)
    run = train(load_config(people), runs=tmp_path / "runs", format="h5")
    with h5py.File(run.model_path, "r+") as file:
        name = next(iter(file["model_weights"]))
        file["model_weights"][name].visititems(
            lambda _, item: item.__setitem__(..., 0.5) if isinstance(item, h5py.Dataset) else None
        )

    for _ in range(2):
        code, _, err = call("predict", run.path, tmp_path / "people.csv")
        assert (code, err.count("not those that dlcli saved")) == (0, 1)


def test_a_full_disk_for_the_graph_costs_no_more_than_the_graph(people, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dlcli.experiments.training_run.convert_to_onnx", full)
    run = train(load_config(people), runs=tmp_path / "runs")

    assert run.status == "finished"
    assert any("has no ONNX graph" in notice for notice in run.notices)
    assert json.loads((run.path / "run.json").read_text())["status"] == "finished"
    assert len(predict(run.path, tmp_path / "people.csv").to_frame()) == 12


def test_class_names_of_several_lines_stay_in_one_row(write, tmp_path, call):
    rows = "".join(
        f"{n},{'one' if n % 2 else chr(34) + 'two' + chr(10) + 'lines' + chr(34)}\n"
        for n in range(40)
    )
    write("data.csv", f"a,label\n{rows}")
    config = write(
        "c.yaml",
        "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
        "loss: binary_crossentropy\nfit: {epochs: 1}\n",
    )
    run = train(load_config(config), runs=tmp_path / "runs")

    out = call("predict", run.path, write("rows.csv", "a\n1\n2\n"))[1]

    table = list(csv.reader(io.StringIO(out, newline="")))
    assert [len(row) for row in table] == [3, 3, 3]
    assert {row[0] for row in table[1:]} <= {"one", "two\nlines"}


def test_a_size_whose_name_is_no_text_is_refused():
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["size", 4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 15)]
    content = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()

    assert OnnxNetwork(content).input_shape == (4,)
    with pytest.raises(ModelFileError, match="a name in the ONNX graph is not valid UTF-8"):
        OnnxNetwork(content.replace(b"size", b"\x83ize"))
