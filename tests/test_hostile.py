"""Hostile model files are refused in a sentence, quickly and in little memory; good ones load."""

import json
import os
import resource
import signal
import subprocess
from functools import partial
from pathlib import Path

import good_models
import hostile
import keras
import numpy as np
import pandas as pd
import pytest
from conftest import run_process, slow

import dlcli
from dlcli import ModelFileError, inspect, predict
from dlcli.errors import DlcliError
from dlcli.models import guard
from dlcli.models.file import read_model_file
from dlcli.models.inspection.architecture import inspect_architecture
from dlcli.models.inspection.network_cost import RULES, network_cost
from dlcli.models.limits import DEFAULT, limits_of
from dlcli.models.loading import load_model
from dlcli.models.npz import inspect_npz

SECONDS, MEGABYTES = 5, 500

# Opens each file by a command, as a user would, and measures it.
OPEN_ALL = """
import contextlib, io, json, os, sys, time
from dlcli.cli import main
from dlcli.models import guard
guard.declare_confined()
found = {}
for name, path in json.load(sys.stdin).items():
    for command in (["predict", path, "rows.csv"], ["inspect", path]):
        out, err, code, start = io.StringIO(), io.StringIO(), 0, time.monotonic()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(command)
            except SystemExit as stop:
                code = stop.code
        seconds = time.monotonic() - start
        found[f"{command[0]} {name}"] = code, seconds, out.getvalue(), err.getvalue()
# A process inherits ru_maxrss from the one that started it.
used = 0
if os.path.exists("/proc/self/status"):
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    used = int(status["VmHWM"].split()[0]) // 1024
print(json.dumps([found, used, "tensorflow" in sys.modules]))
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory, copy_people):
    folder = tmp_path_factory.mktemp("hostile")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activation="relu"),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    for ending in ("keras", "h5"):
        model.save(folder / f"plain.{ending}")
    (folder / "rows.csv").write_text("1,2,3,4\n")
    (folder / "hostile").mkdir()
    trained = [result.model_path for result in copy_people(folder, "keras", "h5")]
    return hostile.Base(folder, folder / "plain.keras", folder / "plain.h5", *trained)


@pytest.fixture(scope="module")
def files(base):
    return {name: str(path) for name, path in hostile.write_all(base).items()}


@pytest.fixture(scope="module")
def opened(base, files):
    done = run_process(["-c", OPEN_ALL], input=json.dumps(files), cwd=base.folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_hostile_file_is_refused_in_a_sentence(opened, base):
    found, _, _ = opened

    assert len(found) > 2 * 150
    accepted = {
        name: (code, out, err)
        for name, (code, _, out, err) in found.items()
        if code != 2
        or out
        or not err.startswith("dlcli: error: ")
        or len(err.splitlines()) > 2
        or "\x1b" in err
    }
    assert accepted == {}
    assert not base.marker.exists()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_refusing_takes_little_time_and_memory_and_no_tensorflow(opened):
    found, megabytes, tensorflow = opened

    assert {name: seconds for name, (_, seconds, *_) in found.items() if seconds > SECONDS} == {}
    assert megabytes < MEGABYTES
    assert not tensorflow


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lambda", "it contains a Lambda, which contains Python code"),
        ("module os", "system comes from 'os', not from Keras"),
        ("cut plain.h5 200", r"damaged or incomplete \(expected 17,208 bytes, found 200\)"),
        ("weights only", "holds only weights"),
        ("metadata newer", r"\(schema 3\); this is"),
        ("zip named h5", "is a .keras file by its content"),
        ("bomb lstm for ever", "needs 720,000,000 elements for one sample"),
        ("graph loop", "control flow"),
    ],
)
def test_the_sentence_says_what_is_wrong(opened, name, words):
    import re

    assert re.search(words, opened[0][f"predict {name}"][3])


def test_a_whole_process_ends_with_2(base, process):
    path = base.new("process.keras")
    hostile.write_zip(path, {**hostile.members(base.keras), "evil": b""})

    done = process("predict", path, base.folder / "rows.csv")

    assert (done.returncode, done.stdout) == (2, "")
    assert "is refused" in done.stderr


def test_archives_of_arrays(base, tmp_path):
    for name, path in hostile.write_npz(base):
        with pytest.raises(ModelFileError):
            inspect_npz(path)
        assert not base.marker.exists(), name
    good = {"w": np.ones((3, 2), np.float32), "n": np.array(5), "b": np.array([True]), "names": np.array(["a", "바"]), "none": np.zeros((0, 4))}  # fmt: skip
    np.savez(tmp_path / "good.npz", **good)

    facts = inspect_npz(tmp_path / "good.npz")

    assert {name: fact.shape for name, fact in facts.items()} == {
        name: array.shape for name, array in good.items()
    }


@pytest.mark.parametrize(
    ("name", "format"),
    [
        *((name, "keras") for name in good_models.NAMES),
        *(
            (name, "h5") if name in ("lstm", "nested") else slow(name, "h5")
            for name in good_models.NAMES
        ),
    ],
)
def test_good_models_of_many_layers_load(name, format, tmp_path, monkeypatch):
    monkeypatch.setattr("logging.root.manager.disable", 50)
    path = tmp_path / f"model.{format}"
    model = good_models.save(name, path)
    if format == "h5" and name in ("attending", "bfloat"):  # Keras itself cannot open those
        read_model_file(path).inspect_weights()
        return

    loaded = load_model(path, "keras")

    x = good_models.rows(model, name)
    expected = np.asarray(model(x, training=False))
    np.testing.assert_allclose(loaded.network(x), expected, atol=1e-2 if name == "bfloat" else 1e-5)
    contents = inspect(path)
    assert contents.parameters >= model.count_params()
    _, cost = loaded.file.inspect_weights()
    assert cost.outputs[0][-1:] == model.output_shape[-1:]


@pytest.mark.parametrize(
    ("name", "least", "most"), [("ResNet50", 3.5e9, 4.5e9), slow("ResNet152", 11e9, 13e9)]
)
def test_large_networks_are_within_the_limits(name, least, most):
    resnet = getattr(keras.applications, name)(weights=None)
    document = json.loads(resnet.to_json())
    inspect_architecture(document, "resnet", DEFAULT, 4096)
    cost = network_cost(document, "resnet", DEFAULT, resnet.count_params() * 4)
    embedding = keras.Sequential([keras.Input((200,)), keras.layers.Embedding(1_000_000, 50)])
    words = json.loads(embedding.to_json())

    assert least < cost.operations < most
    assert cost.weights == pytest.approx(resnet.count_params(), rel=0.01)
    inspect_architecture(words, "words", DEFAULT, 1_000_000)
    assert network_cost(words, "words", DEFAULT, 200_000_000).weights == 50_000_000


def test_every_layer_of_keras_is_measured_or_refused():
    from dlcli.config.catalogue import stored_catalogue
    from dlcli.config.refused import UNSAFE_LAYERS

    assert set(stored_catalogue().entries["layers"]) - set(UNSAFE_LAYERS) <= RULES


def test_a_file_that_changes_while_it_is_read_is_refused(base, tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    path.write_bytes(base.keras.read_bytes())
    load = keras.saving.load_model

    def load_another(*args, **options):
        path.write_bytes(base.keras.read_bytes())
        return load(*args, **options)

    monkeypatch.setattr(keras.saving, "load_model", load_another)

    with pytest.raises(ModelFileError, match="was changed while it was read"):
        load_model(path, "keras")


def test_a_limit_is_raised_by_an_option(base, dlcli, tmp_path):
    big = tmp_path / "big.keras"
    long = hostile.layer("Sequential", "keras", name="s", layers=[
        hostile.layer("RepeatVector", n=90_000, name="r"),
        hostile.layer("UpSampling1D", size=300, name="u"),
        hostile.layer("GlobalAveragePooling1D", name="g"),
    ])  # fmt: skip
    hostile.changed(base, "../big", hostile.inserted(long))
    (base.folder / "big.keras").rename(big)

    assert dlcli("inspect", base.keras, "--max-size", "1KB")[0] == 2
    assert dlcli("inspect", base.keras, "--max-size", "1MB")[0] == 0
    code, _, err = dlcli("inspect", big)
    assert code == 2
    assert "--max-size" in err
    assert dlcli("inspect", big, "--max-size", "8GB")[0] == 0
    assert limits_of("8GB").elements == 4 * DEFAULT.elements
    assert limits_of("1KB").elements == DEFAULT.elements


def test_inspect_tells_what_is_inside(base, dlcli):
    code, out, err = dlcli("inspect", base.trained)

    assert (code, err) == (0, "")
    for words in ("from dlcli", "SHA-256", "units 4", "33 parameters", "label, classification of a, b",
                  "age (numeric)", "ONNX graph: usable", "impute"):  # fmt: skip
        assert words in out
    plain = json.loads(dlcli("inspect", base.trained_h5, "--json")[1])
    assert plain["parameters"] == 33
    assert plain["graph"]["state"] == "usable"
    assert plain["metadata"]["target"]["class_names"] == ["a", "b"]
    stranger = dlcli("inspect", base.h5)[1]
    assert "from plain Keras" in stranger
    assert "metadata: none" in stranger
    assert inspect(base.keras).layers[1].weights == {"vars/0": (4, 3), "vars/1": (3,)}


def test_a_file_of_a_later_keras_says_so(base, dlcli):
    path = hostile.changed(
        base, "later", hostile.inserted(hostile.layer("Telepathy", name="x")), base.trained
    )
    content = hostile.members(path)
    hostile.write_zip(
        path, {**content, "metadata.json": b'{"keras_version": "9.1.0", "date_saved": ""}'}
    )

    code, _, err = dlcli("inspect", path)

    assert code == 2
    assert "unknown layer 'Telepathy'" in err
    assert "hint: Keras 9.1.0 saved the file" in err


def test_rows_with_very_large_results_are_computed_one_by_one():
    from types import SimpleNamespace

    from dlcli.network.outputs import rows_per_block

    def network(width):
        layer = SimpleNamespace(output=SimpleNamespace(shape=(None, width)))
        return SimpleNamespace(layers=[layer])

    assert [rows_per_block(network(1 << bits)) for bits in (8, 20, 24, 28)] == [4096, 32, 8, 1]


def test_a_graph_of_a_stranger_can_be_left_out(base):
    path = hostile.with_graph(base, "left out", b"\x08\x08xxx")

    with pytest.raises(ModelFileError) as error:
        load_model(path)

    assert "--engine keras" in error.value.hint
    rows = base.folder / "people.csv"
    assert len(predict(path, rows, engine="keras").to_frame()) == 12


CONFINED = """
import os, signal, sys, time
from pathlib import Path
from dlcli.cli import confinement
confinement.GPU_DEVICES = ()
confinement.enable()
confinement.confine(Path("m.keras"))
from dlcli.models import guard
guard.BASE_MEMORY, guard.MEMORY_PER_BYTE = 1 << 28, 0
os.sysconf = lambda name: 1 << 15
guard.limit_memory(0)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs processes of POSIX")
@pytest.mark.parametrize(
    ("then", "code", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", 2, "more memory than is allowed (SIGKILL)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", 2, "m.keras stopped the process that opened it"),
        ("os.kill(os.getppid(), signal.SIGTERM); time.sleep(20)", 143, ""),
        ("os.kill(os.getppid(), signal.SIGINT); time.sleep(20)", 1, "KeyboardInterrupt"),
        (
            "with guard.opening(Path('m.keras'), 0.3):\n    all(n >= 0 for n in iter(int, 1))",
            2,
            "more CPU time than is allowed (SIGPROF)",
        ),
        ("with guard.opening(Path('m.keras'), 9): pass\nsys.exit(3)", 3, ""),
        ("x = bytearray(1 << 31)", 1, "MemoryError"),
        ("print(input()); sys.exit(3)", 3, "through"),
    ],
)
def test_a_command_continues_in_a_child_and_exits_as_it_does(python, then, code, words):
    done = python(CONFINED + then, input="through\n", timeout=60)

    assert done.returncode in (code, -signal.SIGINT if "SIGINT" in then else code, 130 if "SIGINT" in then else code)  # fmt: skip
    assert words in done.stdout + done.stderr


def new_file(base, path, text=b"\n"):
    """Write a good model file with other bytes than the one that this process wrote."""
    content = hostile.members(base.trained)
    return hostile.write_zip(path, {**content, "dlcli.json": content["dlcli.json"] + text})


# Stand for a library that a file crashes, sends into a loop, or makes allocate memory.
FAULTS = {
    "crash": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "loop": "while True: pass",
    "memory": "bytearray(1 << 40)",
    "exit": "import os; os._exit(7)",
    "exception": "raise ValueError('what the library says')",
}


@pytest.mark.skipif(os.name != "posix", reason="needs processes of POSIX")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("crash", r"is damaged or needs more memory than is allowed \(SIGSEGV\)"),
        ("loop", r"needs more CPU time than is allowed \(SIGPROF\)"),
        ("memory", "it needs more memory than is allowed"),
        ("exit", "ended with exit code 7"),
        ("exception", "cannot be opened: what the library says"),
    ],
)
@pytest.mark.parametrize("open_file", [dlcli.load_model, dlcli.inspect])
def test_a_program_outlives_a_file_that_a_library_cannot_stand(
    fault, words, open_file, base, guarded, tmp_path, monkeypatch
):
    path = new_file(base, tmp_path / "model.keras")
    library = "onnxruntime" if open_file is dlcli.load_model else "h5py"
    (tmp_path / f"{library}.py").write_text(FAULTS[fault])
    monkeypatch.syspath_prepend(tmp_path)  # this process has imported the real one
    monkeypatch.setattr("dlcli.models.guard.BASE_SECONDS", 1.0)

    with pytest.raises(ModelFileError, match=words):
        open_file(path)


def test_a_file_is_checked_once_and_not_if_this_process_wrote_it(
    base, guarded, tmp_path, monkeypatch
):
    path = new_file(base, tmp_path / "model.keras")
    calls = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: calls.append(a) or run(*a, **k))

    frame = predict(path, base.folder / "people.csv").to_frame()
    assert len(calls) == 1
    assert dlcli.load_model(path).network.engine == "onnx"
    assert len(calls) == 1
    path.rename(tmp_path / "moved.keras")
    dlcli.load_model(tmp_path / "moved.keras")
    pd.testing.assert_frame_equal(
        frame, predict(base.trained, base.folder / "people.csv").to_frame()
    )
    assert len(calls) == 1
    with pytest.raises(dlcli.DatasetError):
        dlcli.evaluate(new_file(base, path, b" "), "nowhere.csv")
    assert len(calls) == 2


def test_keras_opens_a_file_only_after_a_child_process_did(base, guarded, tmp_path, monkeypatch):
    loaded = dlcli.load_model(new_file(base, tmp_path / "model.keras", b"\t"))
    assert loaded.network.engine == "onnx"
    (tmp_path / "tensorflow.py").write_text(FAULTS["crash"])
    monkeypatch.syspath_prepend(tmp_path)  # this process has imported the real one

    with pytest.raises(ModelFileError, match="SIGSEGV"):
        _ = loaded.model


CORPUS_SAMPLE = ("lambda", "external link", "zip bomb", "bomb embedding", "graph loop", "heap 0")
MORE_KINDS = ("module os", "hard link cycle", "metadata steps", "graph constant work", "cut plain.h5 200")  # fmt: skip


def check_library_refuses(base, files, names, functions):
    for name in names:
        for function in functions:
            start = resource.getrusage(resource.RUSAGE_CHILDREN)
            with pytest.raises(ModelFileError):
                function(files[name])
            end = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert end.ru_utime - start.ru_utime < SECONDS, name
    assert not base.marker.exists()


def test_the_library_refuses_hostile_files(base, files, guarded):
    predict_rows = partial(predict, source=base.folder / "rows.csv")
    check_library_refuses(base, files, CORPUS_SAMPLE, [predict_rows])
    check_library_refuses(base, files, CORPUS_SAMPLE[:1], [inspect])


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))  # so that no process runs alone at the end
def test_the_library_refuses_files_of_all_kinds(base, files, guarded, part):
    """Each in a child process: every bomb, and more than a quarter of the others.

    `test_every_hostile_file_is_refused_in_a_sentence` opens all of them, in one process.
    """
    bombs = [name for name in files if "bomb" in name]
    others = [name for name in files if "bomb" not in name and name not in MORE_KINDS]
    predict_rows = partial(predict, source=base.folder / "rows.csv")
    check_library_refuses(base, files, [*bombs, *MORE_KINDS, *others[::4]][part::2], [predict_rows])


def test_memory_is_limited_to_that_of_the_container(monkeypatch):
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for container, with_data, expected in (
        (None, False, min(4 << 30, machine)),
        (None, True, max(min(4 << 30, machine), machine * 3 // 4)),
        (1 << 30, False, 1 << 30),
        (1 << 30, True, 1 << 30),
    ):
        monkeypatch.setattr("dlcli.machine.memory_limit", lambda c=container: c)
        assert guard.memory_limit_for(0, with_data) == expected


def test_an_archive_of_arrays_is_not_called_a_model(tmp_path, dlcli):
    np.savez(tmp_path / "latest.npz", weights=np.zeros(3))

    code, _, err = dlcli("inspect", tmp_path / "latest.npz")

    assert code == 2
    assert "latest.npz is a zip file, but not a Keras model" in err


def test_sizes():
    for text, size in (("500MB", 500 << 20), ("8 GB", 8 << 30), ("1.5GiB", 3 << 29), ("7", 7)):
        assert limits_of(text).size == size
    for text in ("many", "0", "-1GB", "1e9", "8XB"):
        with pytest.raises(DlcliError, match="is not a size"):
            limits_of(text)
