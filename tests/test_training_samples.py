"""Pictures, recordings and arrays that a model was trained on are told when they are scored."""

import json
import shutil
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from dlcli.config.load import load_config
from dlcli.datasets.loading import load_dataset
from dlcli.preparation.split import split_rows

SOFTMAX = [{"Dense": {"activation": "softmax"}}]
KINDS = ["high", "low"]
FILES = 16


def picture(random):
    file = BytesIO()
    Image.fromarray(random.integers(0, 256, (5, 4)).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def recording(random):
    file = BytesIO()
    wavfile.write(file, 8000, random.integers(-9000, 9000, 300).astype(np.int16))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "make", "ending", "preprocess"),
    [
        ("images", picture, ".png", {"numeric": {"scale": 255}}),
        ("audio", recording, ".wav", {"audio": {"pad": 300}}),
    ],
)
def test_files_of_the_training_are_told(dlcli, tmp_path, name, make, ending, preprocess):
    random = np.random.default_rng(0)
    for number in range(FILES):
        file = tmp_path / "files" / KINDS[number % 2] / f"{number:02}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(make(random))
    config = {
        "dataset": {name: {"path": "files"}}, "preprocess": preprocess,
        "model": ["Flatten", *SOFTMAX] if name == "images" else SOFTMAX,
        "loss": "sparse_categorical_crossentropy", "fit": {"epochs": 1}, "split": {"test": 0.5},
    }  # fmt: skip
    (tmp_path / "exp.yaml").write_text(json.dumps(config))
    assert dlcli("train", "exp.yaml", "-q")[0] == 0
    loaded = load_config("exp.yaml")
    dataset = load_dataset(loaded)
    split = split_rows(dataset, loaded.split, loaded.seed)
    trained = [dataset.file_names[row] for row in split.train.tolist()]
    tested = [dataset.file_names[row] for row in split.test.tolist()]
    for folder, names in (("again", [*trained[:3], *tested]), ("new", tested)):
        for file in names:
            (tmp_path / folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tmp_path / "files" / file, tmp_path / folder / file)

    code, _, again = dlcli("evaluate", "exp", "again")
    new = dlcli("evaluate", "exp", "new")

    assert code == 0, again
    total = 3 + len(tested)
    assert f"3 of {total} rows are among those that the model was trained on" in again
    assert new[0] == 0, new[2]
    assert "trained on" not in new[2]


def test_pictures_that_are_in_two_parts_are_told(dlcli, tmp_path):
    random = np.random.default_rng(0)
    pictures = [picture(random) for _ in range(FILES + 1)]
    for number in range(FILES):
        part = ["train", "test"][number % 2]
        file = tmp_path / "files" / part / KINDS[number // 2 % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        # Two of the test pictures are training pictures; a third has another class there.
        file.write_bytes(pictures[FILES if number in (1, 5, 7) else number])
    (tmp_path / "files" / "train" / "high" / "same.png").write_bytes(pictures[FILES])
    config = {
        "dataset": {"images": {"path": "files"}}, "model": ["Flatten", *SOFTMAX],
        "loss": "sparse_categorical_crossentropy", "fit": {"epochs": 1},
    }  # fmt: skip
    (tmp_path / "exp.yaml").write_text(json.dumps(config))

    _, _, err = dlcli("check", "exp.yaml")
    code, out, _ = dlcli("data", "show", "exp.yaml")

    assert "2 of 8 test rows are among the training rows too" in err
    assert code == 0
    assert "repeated rows: 2" in out


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_arrays_are_compared_by_their_values(dlcli, tmp_path, dtype):
    random = np.random.default_rng(0)
    x = random.integers(0, 200, (24, 3, 2)).astype(np.uint8)
    y = np.arange(24) % 2
    np.savez(tmp_path / "a.npz", x=x + (0.5 if dtype == np.float64 else 0), y=y)
    config = {
        "dataset": {"npz": {"path": "a.npz"}}, "model": ["Flatten", *SOFTMAX],
        "loss": "sparse_categorical_crossentropy", "split": {"test": 0}, "fit": {"epochs": 1},
    }  # fmt: skip
    (tmp_path / "exp.yaml").write_text(json.dumps(config))
    assert dlcli("train", "exp.yaml", "-q")[0] == 0
    other = np.concatenate([x[:5], 255 - x[:3]]).astype(dtype)
    np.savez(tmp_path / "b.npz", x=other + (0.5 if dtype == np.float64 else 0), y=[*y[:5], 0, 0, 0])

    code, _, err = dlcli("evaluate", "exp", "b.npz")

    assert code == 0, err
    assert "5 of 8 rows are among those that the model was trained on" in err
