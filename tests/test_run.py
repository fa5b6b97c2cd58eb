"""A run from config to directory, and back from the files it leaves."""

import json
import os
import shutil
import zipfile
from dataclasses import replace

import h5py
import numpy as np
import pytest

from dlcli import (
    ConfigError,
    DatasetError,
    ModelFileError,
    evaluate,
    load_config,
    predict,
    train,
)
from dlcli.datasets.loading import load_dataset
from dlcli.errors import WriteError
from dlcli.files import atomic
from dlcli.models.loading import find_model, load_model
from dlcli.network.backend import import_keras
from dlcli.runs.description import describe_run
from dlcli.runs.directory import RunDirectory
from dlcli.runs.finding import find_run


def test_a_run_leaves_what_the_readme_says(trained):
    assert {path.name for path in trained.path.iterdir()} == {
        "config.yaml", "model.keras", "history.csv", "metrics.json", "results.png",
        "run.json", "checkpoint", ".lock", "training_rows.uint64", "predictions.csv",
    }  # fmt: skip
    record = json.loads((trained.path / "run.json").read_text())
    assert (record["status"], record["seed"], record["sample"]) == ("finished", 0, False)
    assert record["data"]["files"]["people.csv"]
    assert record["versions"]["keras"]
    metrics = json.loads((trained.path / "metrics.json").read_text())
    assert set(metrics) == {"sample", "train", "test"}
    assert metrics["test"]["metrics"]["accuracy"] == trained.scores["test"].metrics["accuracy"]


def test_the_resolved_config_repeats_the_run_to_the_bit(trained, tmp_path):
    again = train(load_config(trained.path / "config.yaml"), runs=tmp_path / "again")

    assert again.history == trained.history
    first, second = (load_model(result.path).model.get_weights() for result in (trained, again))
    for mine, theirs in zip(first, second, strict=True):
        assert np.array_equal(mine, theirs)


def test_runs_are_numbered_and_never_overwritten(people, trained, tmp_path):
    second = train(load_config(people, ["fit.epochs=1"]), runs=tmp_path / "runs")

    assert (trained.path.name, second.path.name) == ("1", "2")
    assert (tmp_path / "runs/people/latest").resolve() == second.path.resolve()
    assert find_run(tmp_path / "runs/people") == second.path.resolve()


def test_latest_is_a_run_with_a_model(people, trained, tmp_path):
    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(load_config(people), runs=tmp_path / "runs", on_progress=interrupt)

    assert (tmp_path / "runs/people/2/run.json").is_file()
    assert find_model(tmp_path / "runs/people/latest").resolve() == trained.model_path.resolve()


def test_folders_with_digits_that_are_no_numbers_are_no_runs(people, trained, tmp_path):
    shutil.copytree(trained.path, tmp_path / "runs/people/²")
    (tmp_path / "runs/people/latest").unlink()

    assert find_run(tmp_path / "runs/people") == trained.path
    second = train(load_config(people, ["fit.epochs=1"]), runs=tmp_path / "runs")
    assert second.path.name == "2"


@pytest.mark.parametrize("format", ["keras", "h5"])
def test_both_formats_predict_after_being_moved_and_open_in_plain_keras(
    people, copy_people, tmp_path, format
):
    (result,) = copy_people(tmp_path, format)
    alone = tmp_path / "alone"
    alone.mkdir()
    moved = (result.path / f"model.{format}").rename(alone / f"model.{format}")
    result.path.rename(tmp_path / "elsewhere")

    predictions = predict(moved, tmp_path / "people.csv").to_frame()

    loaded = import_keras().saving.load_model(moved, compile=False)
    opened = load_model(moved)
    x = opened.metadata.preprocessor().transform(_typed(people))
    plain = np.asarray(loaded(x))[:, 0]
    assert np.allclose(predictions["p_b"], plain, atol=1e-6)
    assert set(predictions["prediction"]) <= {"a", "b"}
    assert opened.metadata.target.class_names == ("a", "b")


def _typed(people):
    return load_dataset(load_config(people)).x


def test_evaluate_gives_the_metrics_of_the_run_and_the_labels_of_predict(trained, tmp_path):
    again = evaluate(trained.path, engine="keras")
    table = evaluate(trained.path, tmp_path / "people.csv")
    labels = predict(trained.path, tmp_path / "people.csv").to_frame()["prediction"]

    assert again.scores == trained.scores["test"]
    true = [line.rsplit(";", 1)[1] for line in (tmp_path / "people.csv").read_text().split()[1:]]
    accuracy = np.mean([mine == theirs for mine, theirs in zip(labels, true, strict=True)])
    assert table.scores.metrics["accuracy"] == pytest.approx(accuracy)
    assert [item.name for item in table.scores.classes] == ["a", "b"]


def test_evaluate_splits_as_the_training_did_after_the_config_in_the_run_was_edited(
    dlcli, trained, tmp_path
):
    path = trained.path / "config.yaml"
    edited = path.read_text().replace("seed: 0", "seed: 7").replace("test: 0.25", "test: 0.5")
    assert edited.count("seed: 7") == edited.count("test: 0.5") == 1
    path.write_text(edited.replace("loss: binary_crossentropy", "loss: mean_squared_error"))

    code, out, error = dlcli("evaluate", trained.path, "--json")

    assert code == 0, error
    result = json.loads(out)
    assert result["source"] == "test rows of people"
    assert result["scores"]["rows"] == trained.scores["test"].rows
    for name, value in trained.scores["test"].metrics.items():
        assert result["scores"]["metrics"][name] == pytest.approx(value)


def test_evaluate_refuses_groups_that_an_earlier_version_split(write, tmp_path):
    rows = "".join(f"{n},{'ab'[n % 2]},g{n % 8}\n" for n in range(80))
    write("data.csv", f"x,label,owner\n{rows}")
    config = write(
        "c.yaml", "dataset: {csv: {path: data.csv, target: label}}\nsplit: {group: owner}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: mse\nfit: {epochs: 1}\n",
    )  # fmt: skip
    loaded = load_model(train(load_config(config), runs=tmp_path / "runs").path)
    assert evaluate(loaded).source == "test rows of data"
    metadata = loaded.metadata.model_copy(
        update={"versions": {**loaded.metadata.versions, "dlcli": "0.1.0"}}
    )
    earlier = replace(loaded, file=replace(loaded.file, metadata=metadata))

    with pytest.raises(DatasetError, match=r"trained by dlcli 0\.1\.0, which split groups"):
        evaluate(earlier)
    assert evaluate(earlier, tmp_path / "data.csv").scores.rows == 80


def test_evaluate_notices_that_the_data_have_changed(trained, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(path.read_text().replace("31;", "32;"))

    with pytest.raises(DatasetError, match="have changed"):
        evaluate(trained.path)


def test_nothing_is_left_behind_when_config_or_data_are_wrong(write, people, tmp_path):
    path = write(
        "bad.yaml",
        people.read_text().replace("activation: sigmoid", "units: 3, activation: softmax"),
    )
    with pytest.raises(ConfigError, match=r"bad.yaml:7: loss"):
        train(load_config(path), runs=tmp_path / "runs")
    (tmp_path / "people.csv").unlink()
    with pytest.raises(DatasetError):
        train(load_config(people), runs=tmp_path / "runs")

    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("[{Conv2D: {filters: 2, kernel_size: 3}}, Flatten, {Dense: {activation: sigmoid}}]", "Convolution and pooling layers need images"),
        ("[{Reshape: [2, 3]}, {Dense: {units: 1, activation: sigmoid}}]", "Add Flatten"),
        ("[{Reshape: [2, 3]}, {LSTM: 3}, {LSTM: 3}, {Dense: {activation: sigmoid}}]", "return_sequences: true"),
        ("[{Reshape: [7]}, {Dense: {activation: sigmoid}}]", "Reshape does not accept inputs of shape (6,)"),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit_are_located(people, write, tmp_path, model, message):
    lines = [line for line in people.read_text().splitlines() if not line.startswith("  - ")]
    text = "\n".join(lines).replace("model:", f"model: {model}") + "\n"

    with pytest.raises(ConfigError) as error:
        train(load_config(write("bad.yaml", text)), runs=tmp_path / "runs")

    assert message in str(error.value)
    assert "bad.yaml:4: model[" in str(error.value)


def test_checkpoints_of_keras_predict_too(people, tmp_path):
    text = (
        people.read_text()
        + "callbacks: [{ModelCheckpoint: {filepath: '{epoch:02d}-{loss:.3f}.keras'}}]\n"
    )
    people.write_text(text)

    result = train(load_config(people), runs=tmp_path / "runs")

    found = sorted(path for path in result.path.glob("0*.keras"))
    assert len(found) == 3
    assert len(predict(found[0], tmp_path / "people.csv").to_frame()) == 12


def test_a_sample_is_marked_everywhere(people, tmp_path):
    result = train(load_config(people), runs=tmp_path / "runs", sample=True)

    assert result.sampled
    assert json.loads((result.path / "run.json").read_text())["sample"] is True
    assert json.loads((result.path / "metrics.json").read_text())["sample"] is True
    predictions = predict(result.path, tmp_path / "people.csv")
    predictions.to_frame()
    assert any("trained on a sample" in notice for notice in predictions.notices())


def test_regression_has_values_in_the_targets_unit(tmp_path, with_pictures):
    config = load_config("study_hours", ["fit.epochs=20"])

    result = train(config, runs=tmp_path / "runs")

    assert (result.path / "results.png").exists()
    assert {"mae", "rmse", "r2"} <= set(result.scores["train"].metrics)
    evaluation = evaluate(result.path)
    assert evaluation.target.unit == "points"
    assert any("no test rows" in notice for notice in evaluation.notices)


def test_images_train_and_predict_rows_of_pixels(tmp_path):
    from sklearn.datasets import load_digits

    config = load_config("digits_cnn", ["fit.epochs=1", "dataset.digits.limit=200"])
    result = train(config, runs=tmp_path / "runs")
    pixels = load_digits().data[:5]
    np.savetxt(tmp_path / "pixels.csv", pixels, delimiter=",")

    from_file = predict(result.path, tmp_path / "pixels.csv").to_frame()
    from_memory = predict(result.path, pixels.reshape(5, 8, 8, 1)).to_frame()

    assert list(from_file.columns) == ["prediction", *(f"p_{digit}" for digit in range(10))]
    assert np.allclose(from_file.iloc[:, 1:], from_memory.iloc[:, 1:], atol=1e-6)
    assert np.allclose(from_file.iloc[:, 1:].sum(axis=1), 1, atol=1e-5)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")

    with pytest.raises(ZeroDivisionError), atomic(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="needs the modes of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o660, 0o444])
def test_a_file_keeps_its_mode_when_it_is_replaced(dlcli, trained, tmp_path, mode):
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(mode)

    code, _, err = dlcli("predict", "people", "people.csv", "-o", "out.csv")

    assert code == 0, err
    assert path.read_text() != "old"
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="needs the modes of POSIX")
def test_nobody_else_reads_a_private_file_while_it_is_replaced(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    path.chmod(0o600)

    with atomic(path) as temporary:
        assert temporary.stat().st_mode & 0o777 == 0o600


def test_two_runs_at_once_get_two_numbers(people, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    config = load_config(people)
    record = describe_run("train", config, load_dataset(config))
    with ThreadPoolExecutor(8) as pool:
        runs = list(
            pool.map(lambda _: RunDirectory.create(tmp_path, config, record).path, range(20))
        )

    assert len(set(runs)) == 20


@pytest.fixture
def keras_file(tmp_path):
    """Save a model as a plain Keras script would."""

    def save(name, units=3):
        keras = import_keras()
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dense(units, "softmax" if units > 1 else None)]
        )
        model.compile("adam", "mse")
        model.save(tmp_path / name)
        return tmp_path / name, model

    return save


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["bare.h5", "bare.keras"])
@pytest.mark.parametrize("units", [1, 3])
def test_a_file_of_plain_keras_predicts_and_says_so(keras_file, write, name, units):
    path, model = keras_file(name, units)
    rows = np.random.default_rng(0).random((3, 4))
    write("rows.csv", "\n".join(",".join(map(str, row)) for row in rows) + "\n")

    predictions = predict(path, "rows.csv")
    frame = predictions.to_frame()

    outputs = np.asarray(model(rows.astype(np.float32)))
    if units == 1:
        assert np.allclose(frame["prediction"], outputs[:, 0], atol=1e-6)
    else:
        assert list(frame["prediction"]) == [str(code) for code in outputs.argmax(axis=1)]
        assert np.allclose(frame.iloc[:, 1:], outputs, atol=1e-6)
    assert any("plain Keras" in notice for notice in predictions.notices())
    with pytest.raises(ModelFileError, match="its target is unknown"):
        evaluate(path, "rows.csv")


@pytest.mark.filterwarnings("ignore")
def test_files_that_are_no_model_are_refused(trained, keras_file, tmp_path):
    whole = (trained.path / "model.keras").read_bytes()
    h5, model = keras_file("bare.h5")
    model.save_weights(tmp_path / "only.weights.h5")
    cases = {
        "empty.keras": b"",
        "random.h5": b"\x89HDF\r\n\x1a\n" + bytes(range(200)),
        "text.keras": b"not a model",
        "cut.keras": whole[: len(whole) // 2],
        "cut.h5": h5.read_bytes()[:5000],
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ModelFileError):
            load_model(path)
    with pytest.raises(ModelFileError, match="only weights"):
        load_model(tmp_path / "only.weights.h5")
    with pytest.raises(ModelFileError, match="no model"):
        load_model("nowhere.keras")


def test_a_layer_with_code_is_refused_before_keras_sees_it(tmp_path, trained):
    path = tmp_path / "hostile.keras"
    with zipfile.ZipFile(trained.path / "model.keras") as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            content = good.read(name)
            if name == "config.json":
                content = content.replace(b'"class_name": "Dense"', b'"class_name": "Lambda"', 1)
            bad.writestr(name, content)

    with pytest.raises(ModelFileError, match="Lambda, which contains Python code"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(schema_version=9), r"written by dlcli .* \(schema 9\); this is"),
        (lambda m: m.update(extra=1), "damaged"),
        (lambda m: m["target"].update(class_names=["a", "b", "c"]), "damaged"),
        (lambda m: m["preprocess"]["groups"].pop(), "damaged"),
        (lambda m: m.update(preprocess={}), "damaged"),
        (lambda m: m["preprocess"]["groups"][0]["columns"].__setitem__(0, "x"), "no column 'x'"),
    ],
)
def test_metadata_that_contradict_the_network_are_refused(trained_h5, tmp_path, change, message):
    with h5py.File(trained_h5.model_path, "r+") as file:
        metadata = json.loads(file.attrs["dlcli"])
        change(metadata)
        file.attrs["dlcli"] = json.dumps(metadata)

    with pytest.raises(ModelFileError, match=message):
        predict(trained_h5.model_path, tmp_path / "people.csv").to_frame()


def test_changed_weights_are_noticed(trained_h5):
    with h5py.File(trained_h5.model_path, "r+") as file:
        name = next(iter(file["model_weights"]))
        found = []
        file["model_weights"][name].visititems(
            lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None
        )
        found[0][...] = 0.5

    assert any(
        "not those that dlcli saved" in notice
        for notice in load_model(trained_h5.model_path).notices
    )


TEXTS = (
    "dataset: {csv: {path: data.csv, target: y}}\npreprocess: {numeric: none}\nsplit: {test: 0}\n"
)


@pytest.mark.parametrize(
    ("model", "loss", "metrics"),
    [
        ("[{Dense: {units: 1}}]", "{BinaryCrossentropy: {from_logits: true}}", "[accuracy, crossentropy]"),
        ("[{Dense: {units: 1, activation: tanh}}]", "hinge", "[accuracy]"),
        ("[{Dense: {units: 2}}]", "{SparseCategoricalCrossentropy: {from_logits: true}}", "[accuracy, crossentropy]"),
        ("[{Dense: {units: 2, activation: softmax}}]", "mse", "[accuracy]"),
        ("[{Dense: {activation: sigmoid}}]", "binary_crossentropy", "[accuracy, F1Score]"),
    ],
)  # fmt: skip
def test_accuracy_agrees_with_the_confusion_matrix(tmp_path, write, model, loss, metrics):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 2))
    lines = "".join(f"{a:.3f},{b:.3f},{'ab'[int(a + b > 0.5)]}\n" for a, b in rows)
    write("data.csv", f"x,z,y\n{lines}")
    text = f"{TEXTS}model: {model}\nloss: {loss}\nmetrics: {metrics}\nfit: {{epochs: 3}}\n"

    scores = train(load_config(write("c.yaml", text)), runs=tmp_path / "runs").scores["train"]

    right = sum(row[at] for at, row in enumerate(scores.confusion)) / scores.rows
    assert scores.metrics["accuracy"] == pytest.approx(right)
    if "crossentropy" in scores.metrics:
        assert scores.metrics["crossentropy"] == pytest.approx(scores.metrics["loss"], rel=1e-4)
    if "f1_score" in scores.metrics:
        assert scores.metrics["f1_score"] == pytest.approx(scores.classes[1].f1, rel=1e-4)


def test_masks_and_activity_penalties_are_trained_and_scored(tmp_path, write):
    write(
        "data.csv", "a,b,c,y\n" + "".join(f"{n % 5},{n % 3},0,{'xy'[n % 2]}\n" for n in range(20))
    )
    model = (
        "[{Embedding: {input_dim: 5, output_dim: 4, mask_zero: true}}, {LSTM: 3}, "
        "{Dense: {units: 4, activity_regularizer: {L2: 0.01}}}, {Dense: {activation: sigmoid}}]"
    )
    text = f"{TEXTS}model: {model}\nloss: binary_crossentropy\nmetrics: [accuracy]\nfit: {{epochs: 1}}\n"

    result = train(load_config(write("c.yaml", text)), runs=tmp_path / "runs")

    assert evaluate(result.path).scores == result.scores["train"]


@pytest.mark.parametrize(
    ("model", "loss"),
    [("[{Dense: 5}, BatchNormalization]", "mse"), ("[{Reshape: [6, 1]}, {LSTM: 3}]", "mse")],
)
def test_outputs_that_do_not_fit_the_target_are_refused(people, write, tmp_path, model, loss):
    with pytest.raises(ConfigError, match=r"the target has 2 classes .* but the last layer has"):
        train(load_config(people, [f"model={model}", f"loss={loss}"]), runs=tmp_path / "runs")


def test_a_monitor_needs_validation_rows_that_are_there(write, tmp_path):
    rows = "".join(f"{n},{['train', 'test'][n % 2]},{'ab'[n % 3 % 2]}\n" for n in range(20))
    write("data.csv", f"x,part,y\n{rows}")
    text = (
        "dataset: {csv: {path: data.csv, target: y}}\nsplit: {column: part}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
        "callbacks: [{EarlyStopping: {patience: 2}}]\nfit: {epochs: 2}\n"
    )

    with pytest.raises(ConfigError, match="no validation rows"):
        train(load_config(write("c.yaml", text)), runs=tmp_path / "runs")


def test_what_fails_after_the_fit_is_recorded(people, tmp_path):
    def obstruct(progress):
        (tmp_path / "runs/people/1/metrics.json").mkdir(exist_ok=True)

    with pytest.raises(WriteError, match=r"cannot write .*metrics\.json: Is a directory"):
        train(load_config(people), runs=tmp_path / "runs", on_progress=obstruct)
    assert json.loads((tmp_path / "runs/people/1/run.json").read_text())["status"] == "failed"


def test_a_repeated_run_goes_by_its_own_name(trained, tmp_path):
    assert load_config(trained.path / "config.yaml").name == "people"


@pytest.mark.parametrize("name", ["학생", "my table (2)", "_x"])
def test_any_name_of_a_config_will_do(write, tmp_path, name):
    rows = "".join(
        f"{20 + n},{['서울', '부산'][n % 2]},{['합격', '불합격'][n % 3 % 2]}\n" for n in range(24)
    )
    write("자료.csv", f"나이,도시,결과\n{rows}", encoding="cp949")
    text = (
        "dataset: {csv: {path: 자료.csv, target: 결과}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
        "loss: binary_crossentropy\nmetrics: [accuracy]\nfit: {epochs: 2}\n"
    )

    result = train(load_config(write(f"{name}.yaml", text)), runs=tmp_path / "runs")
    frame = predict(result.path, tmp_path / "자료.csv").to_frame()

    assert list(frame.columns) == ["prediction", "p_불합격", "p_합격"]
    assert evaluate(result.path, engine="keras").scores == result.scores["test"]


def test_training_rows_beyond_some_are_sampled_for_their_scores(write, tmp_path):
    rows = "".join(f"{n % 13},{n % 7},{'pq'[n % 7 < 3]}\n" for n in range(3000))
    write("data.csv", f"a,b,label\n{rows}")
    config = write(
        "many.yaml",
        "dataset: {csv: {path: data.csv, target: label}}\nsplit: {test: 0.2}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nmetrics: [accuracy]\n"
        "fit: {epochs: 2, batch_size: 100}\n",
    )

    first, second = (train(load_config(config), runs=tmp_path / "runs") for _ in range(2))

    assert (first.scores["train"].rows, first.scores["test"].rows) == (1000, 600)
    assert "training metrics are computed on 1,000 of the 2,400 training rows" in first.notices
    assert first.scores == second.scores
    share = first.scores["train"].classes[0].support / 1000
    assert share == pytest.approx(4 / 7, abs=0.05)  # of all classes, not of the first rows


@pytest.mark.parametrize(
    ("kind", "metrics", "headline"),
    [
        ("train", {"sample": False, "train": {"rows": 9, "metrics": {"loss": 0.1, "mae": 2.0}}}, "train mae 2"),
        ("train", {"sample": True, "test": {"metrics": {"loss": 0.5}}}, "test loss 0.5 (sample)"),
        ("kfold", {"summary": {"loss": {"mean": 1.0}, "accuracy": {"mean": 0.75}}}, "mean accuracy 0.75"),
        ("baseline", {"metric": "rmse", "folds": 1, "network": {"model": "network", "mean": 3.0},
                      "models": [{"model": "mean", "mean": None}]}, "test rmse 3"),
        ("train", {"test": {}}, ""),
        ("kfold", {"summary": {"accuracy": {"mean": None}}}, ""),
        ("baseline", [], ""),
    ],
)  # fmt: skip
def test_runs_are_listed_with_their_first_metric(dlcli, tmp_path, kind, metrics, headline):
    run = tmp_path / "runs/net/1"
    run.mkdir(parents=True)
    record = {"kind": kind, "status": "finished", "config": "net", "started": "2026-01-01"}
    (run / "run.json").write_text(json.dumps(record))
    (run / "metrics.json").write_text(json.dumps(metrics))

    code, out, error = dlcli("runs", "--json")

    assert code == 0, error
    assert [item["headline"] for item in json.loads(out)["runs"]] == [headline]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"kind": "train"}', '{"kind": 1, "status": "finished"}']
)
def test_a_damaged_record_is_listed_and_named_by_other_commands(dlcli, tmp_path, text):
    run = tmp_path / "runs/net/1"
    run.mkdir(parents=True)
    (run / "run.json").write_text(text)

    listed = json.loads(dlcli("runs", "--json")[1])["runs"]
    reproduced = dlcli("reproduce", "runs/net/1")

    assert [(item["kind"], item["status"]) for item in listed] == [("?", "damaged")]
    assert reproduced[0] == 2
    assert "runs/net/1/run.json is damaged: " in reproduced[2]
