"""Measure the memory and the speed of trainings whose data are larger than the memory should be.

    python benchmarks/memory.py
    python benchmarks/memory.py --only table --rows 500000

The data are generated in a temporary folder: 20,000 images of 160×160, trained by dlcli and by a
script with ``keras.utils.image_dataset_from_directory``, and a table of 5 million rows × 50
columns, in which 20,000 rows repeat themselves. The figures are stored in ``memory.json``, from
which ``README.md`` is written.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import measure
import numpy as np
import readme
from PIL import Image

STORED = Path(__file__).with_name("memory.json")
SIDE, EPOCHS, BATCH = 160, 3, 32
COLUMNS, TABLE_BLOCK = 50, 20_000

IMAGES_YAML = f"""\
dataset: {{images: {{path: images, image_size: [{SIDE}, {SIDE}]}}}}
split: {{test: 0}}
preprocess: {{numeric: {{scale: 255}}}}
model:
  - Conv2D: {{filters: 8, kernel_size: 3, strides: 4, activation: relu}}
  - GlobalAveragePooling2D
  - Dense: {{activation: softmax}}
loss: sparse_categorical_crossentropy
metrics: [accuracy]
fit: {{epochs: {EPOCHS}, batch_size: {BATCH}}}
"""
TABLE_YAML = """\
dataset: {csv: {path: table.csv, target: y, task: regression}}
split: {test: 0.1}
preprocess: {numeric: standardize}
model:
  - Dense: {units: 16, activation: relu}
  - Dense
loss: mean_squared_error
fit: {epochs: 1, batch_size: 1024}
"""


# Prints the seconds of the fit, and of its last epoch.
TRAIN_TIMED = """\
import json, time
from dlcli import load_config, train
ends = []
def note(progress):
    if progress.epoch_done:
        ends.append(time.monotonic())
seconds = train(load_config("images.yaml"), on_progress=note, download_bar=False).seconds
times = {"fit": seconds, "epoch": ends[-1] - ends[-2]}
print(json.dumps(times))
"""


def write_images(folder: Path, count: int) -> None:
    """Write JPEG images of two classes, with noise in blocks of 8 pixels."""

    def write(number: int) -> None:
        generator = np.random.default_rng(number)
        coarse = generator.integers(0, 200, (SIDE // 8, SIDE // 8, 3)) + number % 2 * 30
        pixels = coarse.repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)
        name = ("dark", "light")[number % 2]
        Image.fromarray(pixels).save(folder / name / f"{number}.jpg", quality=85)

    for name in ("dark", "light"):
        (folder / name).mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(count)))


def write_table(path: Path, rows: int) -> None:
    """Write a table of numbers whose target is their noisy mean; its rows repeat themselves."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(TABLE_BLOCK, COLUMNS))
    y = x.mean(axis=1, keepdims=True) + generator.normal(scale=0.1, size=(len(x), 1))
    block = StringIO()
    np.savetxt(block, np.hstack([x, y]), "%.4f", ",")
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join([*(f"x{column}" for column in range(COLUMNS)), "y"]) + "\n")
        for _ in range(rows // TABLE_BLOCK):
            file.write(block.getvalue())


def measure_images(folder: Path, count: int) -> dict[str, Any]:
    """Train on the images with dlcli and with the script."""
    write_images(folder / "images", count)
    (folder / "images.yaml").write_text(IMAGES_YAML)
    script = measure.run(
        measure.plain("image_folder.py", folder / "images", SIDE, BATCH, EPOCHS), folder
    )
    dlcli = measure.run([sys.executable, "-c", TRAIN_TIMED], folder)
    return {
        "count": count,
        "script": {"peak": script.peak, "seconds": script.seconds, **json.loads(script.output)},
        "dlcli": {
            "peak": dlcli.peak,
            "seconds": dlcli.seconds,
            **json.loads(dlcli.output),
        },
    }


def measure_table(folder: Path, rows: int) -> dict[str, Any]:
    """Train on the table with dlcli."""
    write_table(folder / "table.csv", rows)
    (folder / "table.yaml").write_text(TABLE_YAML)
    dlcli = measure.run(measure.dlcli("train", "table.yaml"), folder)
    size = (folder / "table.csv").stat().st_size
    return {"rows": rows, "file": size / 1e6, "peak": dlcli.peak, "seconds": dlcli.seconds}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, store the figures and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["images", "table"])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--dry", action="store_true", help="print the figures, store nothing")
    options = parser.parse_args(arguments)
    stored = readme.load(STORED)
    for name, function, size in (
        ("images", measure_images, options.images),
        ("table", measure_table, options.rows),
    ):
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                figures = function(Path(folder), size)
            print(json.dumps(figures, indent=1), flush=True)
            stored[name] = {**figures, **measure.here(), "repeats": 1}
    if options.dry:
        return
    STORED.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    readme.write_readme()


if __name__ == "__main__":
    main()
