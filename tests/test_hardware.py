"""Precision, XLA, the memory of GPUs, and several devices at once."""

import csv
import json

import numpy as np
import pytest

from dlcli import ConfigError, DlcliError, evaluate, kfold, load_config, predict, train
from dlcli.config.sections import HardwareConfig
from dlcli.machine import available_memory, memory_limit
from dlcli.network.backend import import_keras, seed_everything
from dlcli.network.building import build_model, compile_model
from dlcli.network.hardware import find_devices, set_memory_growth

POLICIES = ["mixed_float16", "mixed_bfloat16"]


@pytest.mark.parametrize("policy", POLICIES)
def test_mixed_precision_trains_saves_and_predicts_and_is_gone_afterwards(tmp_path, policy):
    keras = import_keras()
    config = load_config("iris", ["fit.epochs=2", f"hardware.dtype_policy={policy}"])

    result = train(config, runs=tmp_path / "runs")
    model = keras.saving.load_model(result.model_path)
    found = predict(result.path, np.zeros((2, 4))).to_frame()
    measured = evaluate(result.path).scores.metrics

    assert keras.config.dtype_policy().name == "float32"
    computed = [layer.compute_dtype for layer in model.layers]
    assert computed[-1] == "float32"
    assert set(computed[:-1]) == {policy.removeprefix("mixed_")}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    scaled = type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert scaled == (policy == "mixed_float16")
    assert found["prediction"].notna().all()
    assert measured == pytest.approx(result.scores["test"].metrics, abs=1e-6)
    assert load_config(result.path / "config.yaml").hardware.dtype_policy == policy


@pytest.mark.parametrize("policy", POLICIES)
def test_numbers_of_words_are_not_rounded(write, policy):
    text = (
        "dataset: breast_cancer\nmodel: [{Embedding: {input_dim: 9000, output_dim: 1}}, Flatten, "
        "{Dense: {units: 1, activation: sigmoid, kernel_initializer: ones}}]\n"
        f"loss: mse\nfit: {{epochs: 1}}\nhardware: {{dtype_policy: {policy}}}\n"
    )
    model = build_model(load_config(write("c.yaml", text)), (1,))
    model.layers[0].set_weights([np.where(np.arange(9000) == 8191, 9.0, -9.0)[:, np.newaxis]])
    again = import_keras().Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())

    for one in (model, again):
        high, low = one(np.array([[8191.0], [8190.0]], np.float32)).numpy()[:, 0]
        assert high > 0.99
        assert low < 0.01


def test_folds_in_mixed_precision_train_fold_by_fold(tmp_path):
    seen = []
    changes = ["fit.epochs=1", "hardware.dtype_policy=mixed_bfloat16"]

    kfold(load_config("iris", changes), folds=2, runs=tmp_path, on_engine=seen.append)

    assert str(seen[0]) == "training folds one after the other (the model computes in bfloat16)"


@pytest.mark.slow
def test_xla_gives_the_same_bits_again_and_the_usual_result(tmp_path):
    def trained(xla):
        config = load_config("xor", ["fit.epochs=2", f"hardware.jit_compile={xla}"])
        return train(config, runs=tmp_path / "runs").history["loss"]

    once, again = trained("true"), trained("true")

    assert once == again
    assert once == pytest.approx(trained("false"), rel=1e-4)


def model_of(write, layers):
    text = (
        f"dataset: breast_cancer\nmodel: [{layers}, {{Dense: {{activation: sigmoid}}}}]\n"
        "loss: mse\nfit: {epochs: 1}\nhardware:\n  jit_compile: true\n"
    )
    config = load_config(write("xla.yaml", text))
    seed_everything(0)
    return build_model(config, (4, 3)), config


def test_xla_is_refused_for_layers_that_it_does_not_compile(write):
    model, config = model_of(write, "LSTM: 2")

    if model.layers[0].supports_jit:
        pytest.skip("TensorFlow has no cuDNN LSTM here")
    with pytest.raises(ConfigError, match=r"xla\.yaml:6: .*XLA does not compile LSTM; with `use_c"):
        compile_model(model, config)


def test_what_xla_cannot_repeat_is_an_error_that_says_so(tmp_path):
    config = load_config("digits_cnn", ["fit.epochs=1", "hardware.jit_compile=true"])

    with pytest.raises(
        DlcliError, match="jit_compile: XLA does not compile MaxPooling2D reproducibly"
    ):
        train(config, runs=tmp_path / "runs", sample=True)


class Gpu:
    name = "/physical_device:GPU:0"


@pytest.fixture
def gpu(monkeypatch):
    """Have TensorFlow see a GPU; return what was done to it."""
    import tensorflow as tf

    done = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [Gpu] * (kind == "GPU"))
    settings = tf.config.experimental
    monkeypatch.setattr(settings, "get_memory_growth", lambda _: bool(done))
    monkeypatch.setattr(settings, "set_memory_growth", lambda gpu, on: done.append((gpu, on)))
    return done


def test_memory_of_gpus_grows_where_that_is_asked_for(gpu):
    set_memory_growth(HardwareConfig())
    assert gpu == []

    set_memory_growth(HardwareConfig(memory_growth=True))
    set_memory_growth(HardwareConfig(memory_growth=True))
    assert gpu == [(Gpu, True)]


def test_memory_growth_that_comes_too_late_is_an_error(gpu, monkeypatch):
    import tensorflow as tf

    def refuse(gpu, on):
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", refuse)

    with pytest.raises(
        DlcliError, match="memory_growth cannot be set for /physical_device:GPU:0: Physical devices"
    ):
        set_memory_growth(HardwareConfig(memory_growth=True))


def test_memory_growth_without_a_gpu_changes_nothing(tmp_path):
    config = load_config("xor", ["fit.epochs=1", "hardware.memory_growth=true"])

    assert train(config, runs=tmp_path / "runs").status == "finished"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [("99", "this machine has"), ("gpu:77", "no device 'gpu:77'"), ("0", "this machine has"),
     ("cpu:0,cpu:0", "named twice"), ("cpu:0,", "no device ''")],
)  # fmt: skip
def test_devices_that_are_not_there_are_an_error_that_names_those_that_are(wanted, message):
    with pytest.raises(DlcliError, match=message) as error:
        find_devices(wanted)

    assert error.value.exit_code == 2
    assert error.value.hint is None or "cpu:0" in error.value.hint


TWO_DEVICES = """\
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from dlcli import load_config, train
from dlcli.cli import main
changes = ["fit.epochs=2", "fit.batch_size=7", "callbacks=[]", "split.validation=0.05",
           "model=[{Dense: {units: 8, activation: relu}}, {Dense: {activation: softmax}}]"]
for devices in ("", "cpu:0,cpu:1"):
    train(load_config("iris", changes), devices=devices)
main(["train", "iris", "--devices", "3"])
"""


@pytest.mark.slow
def test_two_devices_give_what_one_gives(python, tmp_path):
    ran = python(TWO_DEVICES, cwd=tmp_path)

    assert ran.returncode == 2, ran.stderr
    assert "--devices 3: this machine has 0 GPUs" in ran.stderr
    assert "available devices: cpu:0, cpu:1" in ran.stderr
    runs = tmp_path / "runs" / "iris"
    load = import_keras().saving.load_model
    one, two = (load(runs / number / "model.keras").get_weights() for number in "12")
    for mine, theirs in zip(one, two, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    record = json.loads((runs / "2" / "run.json").read_text())
    assert record["devices"] == ["cpu:0", "cpu:1"]
    histories = [(runs / number / "history.csv").read_text().splitlines() for number in "12"]
    for row, other in zip(*map(csv.DictReader, histories), strict=True):
        assert float(row["val_loss"]) == pytest.approx(float(other["val_loss"]), rel=1e-4)
    assert len(predict(runs / "2", np.zeros((1, 4))).to_frame()) == 1


V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_active_file", "total_inactive_file")
V2 = ("memory.max", "memory.current", "active_file", "inactive_file")
GB = 10**9


def write_group(folder, names, limit, usage):
    """Write the files of a control group that holds 0.3 GB of page cache."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"{names[2]} {GB // 10}\nanon 17\n{names[3]} {GB // 5}\n")


@pytest.mark.parametrize(
    ("line", "names", "mount", "folder"),
    [("0::/", V2, "sys/fs/cgroup", ""),
     ("0::/system.slice/job.scope", V2, "sys/fs/cgroup", "system.slice/job.scope"),
     ("0::/system.slice/job.scope", V2, "sys/fs/cgroup", "system.slice"),
     ("0::/../..", V2, "sys/fs/cgroup", ""),
     ("3:cpu,memory:/docker/ab12\n0::/", V1, "sys/fs/cgroup/memory", "docker/ab12"),
     ("3:cpu,memory:/docker/ab12\n0::/", V1, "sys/fs/cgroup/memory", "")],
    ids=["v2 container", "v2 service", "v2 parent", "v2 outside", "v1 on the host", "v1 container"],
)  # fmt: skip
def test_available_memory_is_what_is_left_below_the_limit_of_a_container(
    tmp_path, line, names, mount, folder
):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 64000000 kB\nMemAvailable: 8000000 kB\n")
    (tmp_path / "proc/self/cgroup").write_text(f"{line}\n")
    write_group(tmp_path / mount / folder, names, 2 * GB, 3 * GB // 2)

    assert available_memory(tmp_path) == 4 * GB // 5
    assert memory_limit(tmp_path) == 2 * GB


@pytest.mark.parametrize(("names", "limit"), [(V1, 9223372036854771712), (V2, "max")])
def test_without_a_limit_the_machine_says_what_is_available(tmp_path, names, limit):
    assert available_memory(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemAvailable: 5 kB\n")
    mount = tmp_path / "sys/fs/cgroup" / ("memory" if names is V1 else "")
    write_group(mount, names, limit, 4)

    assert available_memory(tmp_path) == 5 * 1024
    assert memory_limit(tmp_path) is None
