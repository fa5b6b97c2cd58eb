"""Small models of every kind, for the tests of the server."""

import json
from io import BytesIO

import numpy as np
from PIL import Image
from scipy.io import wavfile

from dlcli import load_config, load_model, train
from dlcli.serving.models import served_model

SOFTMAX = [{"Dense": {"activation": "softmax"}}]
FIT = {"fit": {"epochs": 2}, "split": {"test": 0}, "seed": 0}
CLASSES = {"loss": "sparse_categorical_crossentropy", **FIT}
NUMBER = {"model": [{"Dense": {"units": 1}}], "loss": "mean_squared_error", **FIT}


def png(value, size=(8, 6)):
    file = BytesIO()
    Image.new("L", size, value).save(file, "PNG")
    return file.getvalue()


def wav(pitch, samples=800):
    file = BytesIO()
    wave = np.sin(2 * np.pi * pitch * np.arange(samples) / 8000)
    wavfile.write(file, 8000, (wave * 30000).astype(np.int16))
    return file.getvalue()


def save_folders(folder, contents, ending):
    for kind, data in contents.items():
        (folder / kind).mkdir(parents=True)
        for number in range(6):
            (folder / kind / f"{number}{ending}").write_bytes(data)


def train_models(folder):
    """Return small models of every kind, by name."""
    save_folders(folder / "images", {"dark": png(30), "light": png(220)}, ".png")
    save_folders(folder / "sounds", {"high": wav(900), "low": wav(200)}, ".wav")
    texts = [
        "win a prize now,spam",
        "see you at lunch,ham",
        "free prize,spam",
        "lunch at noon,ham",
    ] * 3
    (folder / "texts.csv").write_text("text,label\n" + "\n".join(texts) + "\n")
    tide = [f"{np.sin(hour / 3):.4f}" for hour in range(80)]
    (folder / "tide.csv").write_text("level\n" + "\n".join(tide) + "\n")
    several = [f"{n},{n % 7},{n * 2},{n - 3}" for n in range(20)]
    (folder / "several.csv").write_text("a,b,c,d\n" + "\n".join(several) + "\n")
    labels = [f"{n},{n % 5},{n % 2},{n // 10}" for n in range(20)]
    (folder / "labels.csv").write_text("a,b,odd,large\n" + "\n".join(labels) + "\n")
    configs = {
        "images": {"dataset": {"images": {"path": "images"}}, "preprocess": {"numeric": {"scale": 255}}, "model": ["Flatten", *SOFTMAX], **CLASSES},
        "sounds": {"dataset": {"audio": {"path": "sounds"}}, "preprocess": {"audio": {"pad": 800}}, "model": SOFTMAX, **CLASSES},
        "texts": {"dataset": {"text": {"path": "texts.csv", "target": "label"}}, "model": SOFTMAX, **CLASSES},
        "tide": {"dataset": {"csv": {"path": "tide.csv", "target": "level", "window": 8}}, "model": ["Flatten", {"Dense": {"units": 1}}], "loss": "mean_squared_error", "fit": {"epochs": 2}, "seed": 0},
        "several": {"dataset": {"csv": {"path": "several.csv", "target": ["c", "d"]}}, **NUMBER, "model": [{"Dense": {"units": 2}}]},
        "labels": {"dataset": {"csv": {"path": "labels.csv", "target": ["odd", "large"], "task": "multilabel"}}, **FIT, "model": [{"Dense": {"activation": "sigmoid"}}], "loss": "binary_crossentropy"},
    }  # fmt: skip
    served = {}
    for name, keys in configs.items():
        (folder / f"{name}.yaml").write_text(json.dumps(keys))
        run = train(load_config(folder / f"{name}.yaml"), runs=folder / "runs")
        served[name] = served_model(load_model(run.path))
    return served
