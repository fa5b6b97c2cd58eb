"""First networks for texts, sound, images and other arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.errors import plural
from dlcli.experiments.init.commented_yaml import Commented

Sections = dict[str, Any]

FEW_TEXTS = 5_000
MAX_TOKENS = 5_000
SMALLEST_MAP = 6


def text_sections(dataset: Dataset) -> tuple[Sections, list[Any]]:
    """Return the preprocessing and the hidden layers for texts."""
    words = [len(text.split()) for text in dataset.x[dataset.columns[0].name]]
    if len(dataset) < FEW_TEXTS:
        step = {"max_tokens": MAX_TOKENS, "output_mode": "tf_idf"}
        reason = f"{plural(len(dataset), 'text')}: too few to learn the order of words"
        vectorize = Commented({"vectorize": step}, reason)
        return {"text": vectorize}, [
            {"Dense": {"units": 32, "activation": "relu"}},
            {"Dropout": 0.5},
        ]
    tokens, length = 4 * MAX_TOKENS, max(int(np.percentile(words, 95)), 1)
    step = {"max_tokens": tokens, "output_sequence_length": length}
    reason = f"95 % of the texts have at most {plural(length, 'word')}"
    layers = [
        {"Embedding": {"input_dim": tokens, "output_dim": 16, "mask_zero": True}},
        "GlobalAveragePooling1D",
        {"Dense": {"units": 16, "activation": "relu"}},
        {"Dropout": 0.3},
    ]
    return {"text": Commented({"vectorize": step}, reason)}, layers


def sound_sections(dataset: Dataset) -> tuple[Sections, list[Any]]:
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
        *_convolutions(40, max(frames, 1)),
        "GlobalAveragePooling2D",
        {"Dropout": 0.3},
    ]
    return {"audio": pad}, layers


def array_sections(dataset: Dataset) -> tuple[Sections, list[Any]]:
    """Return the preprocessing and the hidden layers for images and other arrays."""
    shape = tuple(dataset.x.shape[1:])
    preprocess: Sections = {}
    if dataset.medium.kind == "image":
        white = dataset.medium.high
        if white != 1:
            number = int(white) if float(white).is_integer() else white
            preprocess = {"numeric": Commented({"scale": number}, f"white is {number}")}
        layers = [*_convolutions(*shape[:2]), "GlobalAveragePooling2D", {"Dropout": 0.3}]
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


def _convolutions(height: int, width: int) -> list[Any]:
    """Return convolutions, each followed by pooling while the maps are large enough."""
    layers: list[Any] = []
    size = min(height, width)
    for filters in (24, 48, 96):
        layers.append(
            {
                "Conv2D": {
                    "filters": filters,
                    "kernel_size": 3,
                    "padding": "same",
                    "activation": "relu",
                }
            }
        )
        if size < SMALLEST_MAP:
            break
        layers.append({"MaxPooling2D": 2})
        size //= 2
    return layers
