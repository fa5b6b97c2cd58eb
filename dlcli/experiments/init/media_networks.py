"""First networks for texts, sound, images and other arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.config.default_network import Training
from dlcli.datasets.dataset import Dataset
from dlcli.errors import plural
from dlcli.experiments.init.commented_yaml import Commented

Sections = dict[str, Any]

Trainings = tuple[tuple[int, Training], ...]

# Upper bounds of the rows, each with a training.
IMAGES: Trainings = (
    (1_000, Training(16, 60, 30, 3e-3)),
    (10_000, Training(32, 30, 15, 3e-3)),
    (100_000, Training(128, 10, 10, 3e-3)),
    (10**12, Training(256, 5, 5, 3e-3)),
)
TEXTS: Trainings = (
    (1_000, Training(16, 60, 8)),
    (20_000, Training(32, 30, 4)),
    (10**12, Training(64, 30, 4)),
)
OTHERS: Trainings = (
    (1_000, Training(16, 300, 30)),
    (10_000, Training(32, 200, 15)),
    (100_000, Training(128, 60, 6)),
    (10**12, Training(512, 20, 3)),
)

# Counts are held as float32: up to 2.4 GB.
MANY_TEXTS, MAX_COUNTED_TEXTS = 20_000, 60_000
MAX_TOKENS = 20_000
# Pairs of words say more in texts of some sentences; in short ones, most words are too rare.
LONG_TEXT = 50
FEW_CLASSES = 4
SMALLEST_MAP, LARGE_MAP, SMALL_MAP = 6, 64, 4
# So many images show the positions that there are.
MANY_IMAGES = 20_000
AVERAGES = ("GlobalAveragePooling2D", {"Dropout": 0.3})
# Shifts of images by up to a twelfth, which change the class of hardly any.
SHIFT = 0.08


def choose(dataset: Dataset) -> tuple[Sections, list[Any], Training]:
    """Return the preprocessing, the hidden layers and the training for all but tables."""
    trainings = OTHERS
    if dataset.medium.kind == "audio":
        preprocess, layers = _sound(dataset)
        trainings = IMAGES  # spectrograms are images
    elif isinstance(dataset.x, np.ndarray):
        preprocess, layers = _arrays(dataset)
        trainings = IMAGES if dataset.medium.kind == "image" else OTHERS
    else:
        preprocess, layers = _text(dataset)
        trainings = TEXTS
    training = next(training for limit, training in trainings if len(dataset) < limit)
    return preprocess, layers, training


def _text(dataset: Dataset) -> tuple[Sections, list[Any]]:
    """Return the preprocessing and the hidden layers for texts."""
    if len(dataset) < MAX_COUNTED_TEXTS:
        tokens = MAX_TOKENS if len(dataset) < MANY_TEXTS else MAX_TOKENS // 2
        counts: Sections = {"max_tokens": tokens, "output_mode": "tf_idf"}
        if np.median(_words(dataset)) >= LONG_TEXT:
            counts["ngrams"] = 2
            reason = "weighted counts of words and pairs of words"
        else:
            counts |= {"split": "character", "ngrams": 5, "standardize": "none"}
            reason = "weighted counts of parts of words, of up to 5 characters"
        # Thousands of counts for each text: more units than the classes need learn them by heart.
        units = 16 if len(dataset.target.class_names) <= FEW_CLASSES else 64
        return {"text": Commented({"vectorize": counts}, reason)}, [
            {"Dense": {"units": units, "activation": "relu"}},
            {"Dropout": 0.5},
        ]
    length = max(int(np.percentile(_words(dataset), 95)), 1)
    step = {"max_tokens": MAX_TOKENS, "output_sequence_length": length}
    reason = f"95 % of the texts have at most {plural(length, 'word')}"
    layers = [
        {"Embedding": {"input_dim": MAX_TOKENS, "output_dim": 16, "mask_zero": True}},
        "GlobalAveragePooling1D",
        {"Dense": {"units": 16, "activation": "relu"}},
        {"Dropout": 0.3},
    ]
    return {"text": Commented({"vectorize": step}, reason)}, layers


def _words(dataset: Dataset) -> list[int]:
    """Return the numbers of words of all texts."""
    return [len(text.split()) for text in dataset.x[dataset.columns[0].name]]


def _sound(dataset: Dataset) -> tuple[Sections, list[Any]]:
    """Return the preprocessing and the hidden layers for recordings."""
    rate = dataset.medium.sampling_rate
    lengths = [len(recording) for recording in dataset.x[dataset.columns[0].name]]
    length = max(int(np.percentile(lengths, 95)), 1)
    # Windows of about 32 ms, each overlapping half of the one before, as usual for speech.
    window = 1 << max(int(np.log2(0.032 * rate)), 4)
    pad = Commented({"pad": {"length": length}}, f"{length / rate:.2g} s: 95 % are at most as long")
    spectrogram = {
        "fft_length": 2 * window, "sequence_length": window, "sequence_stride": window // 2,
        "sampling_rate": rate, "num_mel_bins": 40, "min_freq": 60, "max_freq": rate // 2,
    }  # fmt: skip
    frames = length // (window // 2)
    layers = [
        {"MelSpectrogram": spectrogram},
        {"Reshape": {"target_shape": [40, -1, 1]}},
        "BatchNormalization",
        *_convolutions(40, max(frames, 1))[0],
        *AVERAGES,
    ]
    return {"audio": pad}, layers


def _arrays(dataset: Dataset) -> tuple[Sections, list[Any]]:
    """Return the preprocessing and the hidden layers for images and other arrays."""
    shape = tuple(dataset.x.shape[1:])
    preprocess: Sections = {}
    if dataset.medium.kind == "image":
        white = dataset.medium.high
        if white != 1:
            number = int(white) if float(white).is_integer() else white
            preprocess = {"numeric": Commented({"scale": number}, f"white is {number}")}
        layers, size = _convolutions(shape[0], shape[1])
        # All pixels of small maps are weighted, which tells more than their means.
        layers += ["Flatten", {"Dropout": 0.4}] if size <= SMALL_MAP else [*AVERAGES]
        if len(dataset) < MANY_IMAGES:
            shift = {"RandomTranslation": {"height_factor": SHIFT, "width_factor": SHIFT}}
            reason = "other positions in each epoch, when training only"
            layers = [Commented(shift, reason), *layers]
        return preprocess, layers
    preprocess = {"numeric": "standardize"}
    if len(shape) == 2 and shape[0] >= SMALLEST_MAP:
        layers = [
            {"Conv1D": {"filters": 32, "kernel_size": 5, "padding": "same", "activation": "relu"}},
            {"Conv1D": {"filters": 64, "kernel_size": 5, "padding": "same", "activation": "relu"}},
            "GlobalAveragePooling1D",
            {"Dropout": 0.3},
        ]
        return preprocess, layers
    flatten = ["Flatten"] if len(shape) > 1 else []
    return preprocess, [*flatten, {"Dense": {"units": 64, "activation": "relu"}}, {"Dropout": 0.2}]


def _convolutions(height: int, width: int) -> tuple[list[Any], int]:
    """Return blocks of convolutions, and the smaller side of the maps after them.

    Each block is followed by pooling while the maps are large enough. Convolutions of the full size
    are the dearest, so there is one, with a stride for large images.
    """
    layers: list[Any] = []
    size = min(height, width)
    for filters, count in ((32, 1), (64, 2), (128, 1)):
        for _ in range(count):
            convolution: Sections = {"filters": filters, "kernel_size": 3, "padding": "same"}
            if size > LARGE_MAP:
                convolution["strides"] = 2
                size //= 2
            layers += [{"Conv2D": convolution}, {"BatchNormalization": {"momentum": 0.9}}, "ReLU"]
        if size < SMALLEST_MAP:
            break
        layers.append({"MaxPooling2D": 2})
        size //= 2
    return layers, size
