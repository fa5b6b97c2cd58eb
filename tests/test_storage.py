"""Data that are large for the memory: kept in files, with the bits of data in memory."""

import json
import os

import numpy as np
import pytest
from conftest import slow
from PIL import Image
from scipy.io import wavfile

from dlcli import DatasetError, evaluate, kfold, load_config, train
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets import growing_array, storage
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables import load_csv, table, text_file, text_memory


def save_images(folder):
    generator = np.random.default_rng(0)
    for kind in ("dark", "light"):
        (folder / "shades" / kind).mkdir(parents=True)
        for number in range(20):
            pixels = generator.integers(0, 200, (6, 5, 3)) + (kind == "light") * 50
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(folder / "shades" / kind / f"{number}.png")


def save_table(folder):
    generator = np.random.default_rng(0)
    x = generator.normal(3, 2, (60, 3))
    rows = [",".join([*map(str, row), "ab"[int(sum(row) > 9)]]) for row in x.tolist()]
    (folder / "table.csv").write_text("a,b,c,kind\n" + "\n".join(rows) + "\n")


DATA = {
    "images": (save_images, {"images": {"path": "shades"}}, {"scale": 255}),
    "images, standardized": (save_images, {"images": {"path": "shades"}}, "standardize"),
    "table": (save_table, {"csv": {"path": "table.csv", "target": "kind"}}, "standardize"),
}


def config_of(folder, kind, **changes):
    save, dataset, numeric = DATA[kind]
    if not (folder / "c.yaml").exists():
        save(folder)
    layers = [] if kind == "table" else ["Flatten"]
    keys = {
        "dataset": dataset,
        "preprocess": {"numeric": numeric},
        "split": {"test": 0.2, "validation": 0.2},
        "model": [*layers, {"Dense": 4}, {"Dropout": 0.2}, {"Dense": {"activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": "sgd",
        "metrics": ["accuracy"],
        "fit": {"epochs": 3, "batch_size": 7},
        **changes,
    }
    (folder / "c.yaml").write_text(json.dumps(keys))
    return load_config(folder / "c.yaml")


@pytest.fixture
def small_memory(monkeypatch):
    """Keep every array in a file, and read it in small blocks."""

    def limit():
        monkeypatch.setattr(storage, "IN_MEMORY_BYTES", 0)

    return limit


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(storage, "BLOCK_BYTES", 600)
    monkeypatch.setattr(storage, "RELEASE_BYTES", 500)


@pytest.mark.parametrize("kind", [slow("images"), "images, standardized", "table"])
def test_training_from_the_disk_gives_the_bits_of_memory(tmp_path, small_memory, kind):
    config = config_of(tmp_path, kind)

    in_memory = train(config, runs=tmp_path / "runs")
    small_memory()
    from_disk = train(config, runs=tmp_path / "runs")

    assert from_disk.history == in_memory.history
    assert from_disk.scores == in_memory.scores
    assert evaluate(from_disk.path).scores == evaluate(in_memory.path).scores
    record = [json.loads((run.path / "run.json").read_text()) for run in (in_memory, from_disk)]
    assert record[0]["data"]["fingerprint"] == record[1]["data"]["fingerprint"]


def test_cross_validation_from_the_disk_gives_the_bits_of_memory(tmp_path, small_memory):
    config = config_of(tmp_path, "images", split={})

    in_memory = kfold(config, folds=2, runs=tmp_path / "runs", engine="serial")
    small_memory()
    from_disk = kfold(config, folds=2, runs=tmp_path / "runs", engine="serial")

    assert [fold.metrics for fold in from_disk.folds] == [fold.metrics for fold in in_memory.folds]


@pytest.mark.slow
def test_a_training_from_the_disk_is_resumed_with_the_same_bits(tmp_path, small_memory):
    small_memory()
    whole = train(config_of(tmp_path, "images"), runs=tmp_path / "runs")
    short = config_of(tmp_path, "images", fit={"epochs": 2, "batch_size": 7})
    part = train(short, runs=tmp_path / "runs")

    longer = train(config_of(tmp_path, "images"), runs=tmp_path / "runs", resume=part.path)

    assert longer.scores == whole.scores


def test_images_on_the_disk_are_announced_with_their_size(tmp_path, small_memory):
    small_memory()

    dataset = load_dataset(config_of(tmp_path, "images"))

    assert storage.is_in_file(dataset.x)
    assert any("40 images of 6×5×3 need 0.0 MB" in notice for notice in dataset.notices)


def test_images_left_out_leave_no_gap_in_the_file(tmp_path, small_memory):
    small_memory()
    config_of(tmp_path, "images")
    (tmp_path / "shades" / "dark" / "1.png").write_bytes(b"no image")
    expected = config_of(
        tmp_path, "images", dataset={"images": {"path": "shades", "on_bad_file": "skip"}}
    )

    dataset = load_dataset(expected)

    assert dataset.x.shape == (39, 6, 5, 3)
    last = Image.open(tmp_path / "shades" / "light" / "9.png")
    assert (dataset.x[-1] == np.asarray(last)).all()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="files are reserved on POSIX alone")
def test_a_disk_that_is_too_small_is_an_error_with_numbers(tmp_path, small_memory, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    small_memory()
    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(DatasetError, match=r"need 0\.0 MB on the disk.*has [0-9.]+ GB"):
        load_dataset(config_of(tmp_path, "images"))


def test_numbers_of_a_table_on_the_disk_are_announced_with_their_size(tmp_path, small_memory):
    small_memory()

    dataset = load_dataset(config_of(tmp_path, "table"))

    assert any("table.csv: the numbers need 0.0 MB" in notice for notice in dataset.notices)


@pytest.mark.parametrize("written", [5, 1000])
def test_a_wide_table_is_kept_on_the_disk_block_by_block(
    tmp_path, small_memory, monkeypatch, written
):
    monkeypatch.setattr(table, "BLOCK_ROWS", 16)
    monkeypatch.setattr(growing_array, "WRITTEN_VALUES", written)
    x = np.random.default_rng(0).normal(3, 2, (70, 300)).round(3)
    rows = [",".join([*map(str, row), "ab"[int(row[0] > 3)]]) for row in x.tolist()]
    rows[50] = "red" + rows[50][rows[50].index(",") :]  # text below blocks of numbers
    names = [*(f"x{at}" for at in range(300)), "kind"]
    (tmp_path / "wide.csv").write_text(",".join(names) + "\n" + "\n".join(rows) + "\n")
    loader = {"csv": {"path": "wide.csv", "target": "kind", "drop": ["x299"]}}
    config = config_of(tmp_path, "table", dataset=loader)
    small_memory()

    with pytest.raises(DatasetError, match=r"wide\.csv:52: 'red' in column 'x0' is not a number"):
        load_dataset(config)
    loader["csv"]["missing"] = ["red"]
    dataset = load_dataset(config_of(tmp_path, "table", dataset=loader))

    x[50, 0] = np.nan
    assert (dataset.x.to_numpy().T == x[:, :299].T).sum() == x[:, :299].size - 1
    assert np.isnan(dataset.x["x0"][50])
    assert any("the numbers need" in notice for notice in dataset.notices)


def test_texts_of_a_table_that_do_not_fit_are_refused_before_all_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text_memory, "FIRST_SIZE", 1 << 20)
    monkeypatch.setattr(storage, "available_memory", lambda: 4 << 20)
    rows = (f"{row} {'x' * 100},{'ab'[row % 2]}\n" for row in range(60_000))
    (tmp_path / "t.csv").write_text("".join(["text,label\n", *rows]))
    lines = []
    read = text_file.TextFile.read_chunk
    monkeypatch.setattr(
        text_file.TextFile,
        "read_chunk",
        lambda self, size: [read(self, size), lines.append(self.line)][0],
    )
    loader = CsvLoader(path=str(tmp_path / "t.csv"), target="label", types={"text": "text"})

    with pytest.raises(DatasetError, match=r"the texts of .* need about .* of memory"):
        load_csv(loader, tmp_path / "t.csv", "t")
    monkeypatch.setattr(storage, "available_memory", lambda: 1 << 34)

    assert lines[-1] < 50_000
    assert len(load_csv(loader, tmp_path / "t.csv", "t")) == 60_000


def test_files_of_texts_that_do_not_fit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ESTIMATED_ITEMS", 2)
    monkeypatch.setattr(storage, "available_memory", lambda: 3_000)
    for kind in ("a", "b"):
        (tmp_path / "mails" / kind).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "mails" / kind / f"{number}.txt").write_text("word " * 400)
    loader = {"text": {"path": "mails"}}
    config = config_of(tmp_path, "images", dataset=loader, preprocess={})

    with pytest.raises(DatasetError, match=r"8 texts need about .* of memory"):
        load_dataset(config)


def test_recordings_that_do_not_fit_are_refused_with_both_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "ESTIMATED_ITEMS", 2)
    monkeypatch.setattr(storage, "available_memory", lambda: 3_000)
    for kind in ("a", "b"):
        (tmp_path / "sounds" / kind).mkdir(parents=True)
        for number in range(4):
            wavfile.write(
                tmp_path / "sounds" / kind / f"{number}.wav", 1000, np.zeros(200, np.float32)
            )
    config = config_of(tmp_path, "images", dataset={"audio": {"path": "sounds"}}, preprocess={})

    with pytest.raises(DatasetError, match=r"8 recordings need about .* of memory, and 0\.0 MB"):
        load_dataset(config)
