"""Arrays in files: they keep their shape, have classes or numbers, and can be predicted."""

import zipfile

import numpy as np
import pytest

from dlcli import DatasetError, evaluate, load_config, predict, train
from dlcli.config.loaders import NpzLoader
from dlcli.datasets.card import describe
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.media import load_npz, open_arrays
from dlcli.datasets.tables import open_binary
from dlcli.experiments.check import check

RNG = np.random.default_rng(0)
FLAT = (
    "model: [Flatten, {Dense: {units: 4, activation: relu}}, Dense]\nloss: mse\nfit: {epochs: 2}\n"
)
CLASSES = (
    "model: [Flatten, {Dense: {activation: softmax}}]\nloss: categorical_crossentropy\n"
    "fit: {epochs: 2}\n"
)


@pytest.fixture
def arrays(write, tmp_path):
    """Save arrays and return a config that reads them."""

    def save(rest, options="", **values):
        np.savez(tmp_path / "data.npz", **values)
        return load_config(
            write("my.yaml", f"dataset: {{npz: {{path: data.npz{options}}}}}\n{rest}")
        )

    return save


@pytest.mark.parametrize(
    ("shape", "dtype", "kept", "kind"),
    [
        ((50, 1), np.float32, (50, 1), "rows"),
        ((28, 28), np.float32, (28, 28), "rows"),
        ((28, 28), np.uint8, (28, 28, 1), "image"),
        ((8, 8, 3), np.uint8, (8, 8, 3), "image"),
        ((4, 4, 4, 1), np.float64, (4, 4, 4, 1), "rows"),
        ((7,), np.float64, (7,), "rows"),
    ],
)
def test_arrays_keep_their_shape(arrays, shape, dtype, kept, kind):
    x = (RNG.random((20, *shape)) * 9).astype(dtype)

    dataset = load_dataset(arrays(CLASSES, x=x, y=np.arange(20) % 2))

    assert dataset.x.shape == (20, *kept)
    assert dataset.medium.kind == kind
    assert dataset.parts is None


@pytest.mark.parametrize(
    ("y", "options", "task", "names"),
    [
        (np.arange(40) % 3, "", "classification", ("0", "1", "2")),
        (np.arange(40) % 3, ", task: regression", "regression", ()),
        (np.arange(40) * 0.37, "", "regression", ()),
        ((np.arange(40) % 2).astype(np.float32), "", "classification", ("0", "1")),
        (np.arange(40, dtype=np.float64), "", "regression", ()),
        (np.arange(40) % 2, ", class_names: [no, yes]", "classification", ("no", "yes")),
        (np.array(["b", "a"] * 20), "", "classification", ("a", "b")),
    ],
)
def test_float_targets_are_numbers(arrays, y, options, task, names):
    dataset = load_dataset(arrays(CLASSES, options, x=RNG.random((40, 3)), y=y))

    assert dataset.target.task == task
    assert dataset.target.class_names == names


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": np.ones((4, 2))}, "no array y; it has x"),
        ({"a": np.ones(4)}, "no array x_train, y_train; it has a"),
        ({"x": np.ones((4, 2)), "y": np.ones((4, 3, 2))}, r"y has shape \(4, 3, 2\)"),
        ({"x": np.ones(4), "y": np.ones(4)}, r"x has shape \(4,\)"),
        ({"x": np.array(["a"] * 4), "y": np.ones(4)}, "rows are wanted"),
        (
            {"x": np.ones((4, 2)), "y": np.array([0.5, 1, np.nan, 2])},
            "y has nan in row 3; expected",
        ),
    ],
)
def test_what_is_wrong_with_arrays_is_said(arrays, values, message):
    with pytest.raises(DatasetError, match=message):
        load_dataset(arrays(CLASSES, **values))


@pytest.mark.parametrize("name", ["new.npz", "new.npy"])
def test_a_regression_on_arrays_is_trained_predicted_and_evaluated(arrays, tmp_path, dlcli, name):
    x = RNG.random((60, 4, 4, 4, 1))
    y = x.sum((1, 2, 3, 4)) * 1.5
    config = arrays(f"split: {{test: 0.2}}\n{FLAT}", ", unit: mg", x=x, y=y)
    result = train(config, runs=tmp_path / "runs")
    save = np.savez if name.endswith("z") else np.save
    save(tmp_path / name, **({"x": x[:7], "y": y[:7]} if name.endswith("z") else {"arr": x[:7]}))

    frame = predict(result.path, tmp_path / name).to_frame()
    same = predict(result.path, x[:7]).to_frame()
    code, _, error = dlcli("predict", result.path, tmp_path / name)

    assert result.takes == "arrays"
    assert len(frame) == 7
    assert frame.equals(same)
    assert code == 0, error
    if name.endswith("z"):
        assert evaluate(result.path, tmp_path / name).scores.rows == 7


def test_labels_with_names_are_evaluated(arrays, tmp_path):
    x, y = RNG.random((60, 5, 1)), np.arange(60) % 3 + 4
    config = arrays(CLASSES, ", class_names: [a, b, c]", x=x, y=y)
    result = train(config, runs=tmp_path / "runs")

    scores = evaluate(result.path, tmp_path / "data.npz").scores

    assert scores.rows == 60
    assert [item.support for item in scores.classes] == [20, 20, 20]


def test_rows_of_another_shape_and_objects_are_refused(arrays, tmp_path):
    x = RNG.random((30, 5, 1))
    result = train(arrays(CLASSES, x=x, y=np.arange(30) % 2), runs=tmp_path / "runs")
    np.save(tmp_path / "wide.npy", RNG.random((3, 6, 1)))
    np.save(tmp_path / "objects.npy", np.array([{}], object))
    np.savez(tmp_path / "two.npz", a=x, b=x)

    for name, message in {
        "wide.npy": "6 values per row; the model takes 5 values",
        "objects.npy": "it contains pickles, which can run code",
        "two.npz": "which array has the rows\\? There are a, b",
        "missing.npy": "no file '",
    }.items():
        with pytest.raises(DatasetError, match=message):
            predict(result.path, tmp_path / name).to_frame()


def test_pictures_have_numbers_as_targets(write, tmp_path):
    from PIL import Image

    lines = ["file,age"]
    for number in range(24):
        Image.fromarray(RNG.integers(0, 255, (6, 6), np.uint8)).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{number * 1.5 + 20}")
    write("ages.csv", "\n".join(lines) + "\n")
    model = FLAT.replace("Flatten, ", "Flatten, {Rescaling: 0.004}, ")
    text = f"dataset: {{images: {{path: ages.csv, color_mode: grayscale, unit: years}}}}\n{model}"

    result = train(load_config(write("my.yaml", text)), runs=tmp_path / "runs")
    frame = predict(result.path, [tmp_path / "3.png"]).to_frame()

    assert "r2" in result.scores["test"].metrics
    assert np.isfinite(frame["prediction"]).all()


def test_class_folders_that_are_numbers_can_be_numbers(write, tmp_path):
    from PIL import Image

    for number in range(20):
        folder = tmp_path / f"pictures/{number % 4 * 10}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), number, np.uint8)).save(folder / f"{number}.png")
    loader = "dataset: {images: {path: pictures%s}}\n"

    classes = load_dataset(load_config(write("a.yaml", loader % "" + CLASSES)))
    numbers = load_dataset(load_config(write("b.yaml", loader % ", task: regression" + FLAT)))

    assert classes.target.class_names == ("0", "10", "20", "30")
    assert sorted(set(numbers.y)) == [0, 10, 20, 30]


@pytest.mark.parametrize(
    ("first", "notes"), [("", 1), ("{Rescaling: 0.00392}, ", 0), ("BatchNormalization, ", 0)]
)
def test_layers_that_scale_count_when_inputs_are_far_from_unit_scale(arrays, first, notes):
    x = RNG.integers(0, 256, (30, 6, 6, 3), np.uint8)
    model = CLASSES.replace("[Flatten", f"[{first}Flatten")

    notices = check(arrays(model, x=x, y=np.arange(30) % 2)).notices

    assert sum("far from unit scale" in notice for notice in notices) == notes


@pytest.mark.parametrize(
    ("shape", "advice"),
    [((6, 6, 3), "{scale: 255}"), ((6, 6), "{scale: 255}"), ((6, 2), "standardize")],
)
def test_only_pixels_are_advised_to_be_divided(arrays, shape, advice):
    x = RNG.integers(0, 100, (30, *shape)).astype(np.uint8 if advice[0] == "{" else np.float32)

    notices = check(arrays(CLASSES, x=x, y=np.arange(30) % 2)).notices

    [notice] = [notice for notice in notices if "far from unit scale" in notice]
    assert notice.endswith(f"consider `numeric: {advice}` in `preprocess`")


def test_a_series_is_advised_to_be_standardized(write):
    write("s.csv", "level\n" + "".join(f"{n * 7 % 100}\n" for n in range(60)))
    loader = "dataset: {csv: {path: s.csv, target: level, window: 5}}\n"
    network = "model: [{LSTM: 2}, Dense]\nloss: mse\nfit: {epochs: 1}\n"

    notices = check(load_config(write("s.yaml", loader + network))).notices

    assert any("consider `numeric: standardize` in `preprocess`" in each for each in notices)


@pytest.mark.parametrize("loader", ["npz: x.npz", "images: x.npz", "audio: x.npz", "idx: x.npz"])
def test_a_single_argument_of_a_loader_is_its_path(write, loader):
    config = load_config(write("my.yaml", f"dataset: {{{loader}}}\n{CLASSES}"))

    assert config.dataset.loader.path.endswith("x.npz")


def test_errors_while_reading_arrays_are_not_worded_as_damage(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros((4, 2)))

    for error in (MemoryError("no room"), RuntimeError("a mistake")):
        with pytest.raises(type(error)), open_arrays(tmp_path / "data.npz") as arrays:
            assert "y" not in arrays
            assert arrays["x"].shape == (4, 2)
            raise error


def test_an_array_that_is_damaged_inside_its_archive_is_said(tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, x=np.arange(5000.0))
    data = bytearray(path.read_bytes())
    data[3000:3100] = bytes(100)
    path.write_bytes(data)

    with open_arrays(path) as arrays, pytest.raises(DatasetError, match="not an archive of plain"):
        arrays["x"]


def test_errors_while_reading_a_packed_table_are_not_worded_as_damage(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("t.csv", "a,b\n1,2\n")

    with pytest.raises(FileNotFoundError), open_binary(tmp_path / "t.zip"):
        raise FileNotFoundError("another file")


def test_arrays_are_repeated_if_their_target_is_too(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.zeros((4, 2), np.float32), y=[0, 1, 1, 1])

    dataset = load_npz("d", tmp_path / "d.npz", NpzLoader(path="d.npz"))

    assert describe(dataset).duplicates == 2
