"""The rows on which the network is most wrong, with what is in them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.experiments.scored_predictions import ScoredPredictions
from dlcli.reports.blocks import Block, Sample, Samples, Section, Table, Text
from dlcli.reports.material import Material
from dlcli.reports.texts import cell, percent
from dlcli.types import Array

MAX_ROWS, MAX_COLUMNS, MAX_TEXT = 12, 6, 300
# Larger pictures are shown smaller; a recording of more seconds is cut.
MAX_PIXELS, MAX_SECONDS = 160, 5


def worst(material: Material) -> Section | None:
    """Return the section: of numbers the largest errors, of classes and labels the wrong rows."""
    say, predictions = material.say, material.predictions
    if predictions is None:
        return None
    several = "" if predictions.true.shape[1] == 1 else "several_"
    if predictions.is_numeric:
        order = np.argsort(-_sizes(predictions), kind="stable")
        intro = say(f"worst.{several}numbers")
    else:
        wrong = np.flatnonzero(~predictions.right())
        if not len(wrong):
            return Section("worst", say("worst.title"), [Text(say("worst.none"))])
        order = wrong[np.argsort(-_sizes(predictions)[wrong], kind="stable")]
        key = "classes" if predictions.shares is not None else "classes_unsure"
        key = "worst.labels" if several else f"worst.{key}"
        intro = say(key, rows=say.count("row", len(wrong)), most=MAX_ROWS)
    blocks: list[Block] = [Text(intro), *_shown(material, predictions, order[:MAX_ROWS])]
    return Section("worst", say("worst.title"), blocks)


def _sizes(predictions: ScoredPredictions) -> Array:
    """Return how wrong each row is, of wrong classes how sure the network was; shape (n,)."""
    true, predicted = predictions.true, predictions.predicted
    if predictions.is_numeric:
        with np.errstate(all="ignore"):
            errors = np.abs(predicted - true)
            # Of several numbers in units of their own, none decides alone.
            spread = true.std(axis=0) if true.shape[1] > 1 else np.ones(1)
            return np.asarray((errors / np.where(spread > 0, spread, 1)).mean(axis=1))
    if true.shape[1] > 1:
        return np.asarray((true != predicted).sum(axis=1))
    return np.zeros(len(true)) if predictions.shares is None else predictions.shares.max(axis=1)


def _answers(material: Material, predictions: ScoredPredictions, at: int) -> tuple[str, str]:
    """Return what is true and what is predicted of a row: names of labels, or numbers."""
    target = material.target
    names = target.outputs if target is not None else ()
    if len(names) != predictions.true.shape[1]:
        names = tuple(str(number) for number in range(1, predictions.true.shape[1] + 1))
    texts = []
    for values in (predictions.true[at], predictions.predicted[at]):
        if len(values) == 1:
            texts.append(cell(values[0]))
        elif predictions.is_numeric:
            pairs = zip(names, values, strict=True)
            texts.append(", ".join(f"{name} {cell(value)}" for name, value in pairs))
        else:
            labels = [name for name, value in zip(names, values, strict=True) if value == "1"]
            texts.append(", ".join(labels) or "–")
    return texts[0], texts[1]


def _shown(material: Material, predictions: ScoredPredictions, order: Array) -> list[Block]:
    """Return the rows: pictures, recordings and texts as such, others as a table."""
    dataset, places = material.dataset, material.places[order]
    # The predictions may be those of other data.
    if dataset is None or places.min() < 0 or places.max() >= len(dataset):
        problem = material.problem or material.say("worst.other_data")
        unread = Text(material.say("worst.unread", problem=problem))
        return [unread, _table(material, predictions, order, None)]
    if not (dataset.is_text or dataset.medium.kind in ("image", "audio")):
        return [_table(material, predictions, order, dataset)]
    samples = [
        _sample(dataset, place, _title(material, predictions, at, place))
        for place, at in zip(places.tolist(), order.tolist(), strict=True)
    ]
    return [Samples(samples)]


def _title(material: Material, predictions: ScoredPredictions, at: int, place: int) -> str:
    """Return what is said above a sample: its file or its row, and the answers."""
    say = material.say
    true, predicted = _answers(material, predictions, at)
    names = material.dataset.file_names if material.dataset is not None else ()
    row = str(names[place]) if len(names) else say("worst.row_number", row=predictions.rows[at][0])
    if predictions.shares is None:
        return say("worst.sample_number", row=row, true=true, predicted=predicted)
    share = percent(predictions.shares[at].max())
    return say("worst.sample", row=row, true=true, predicted=predicted, share=share)


def _table(
    material: Material, predictions: ScoredPredictions, order: Array, dataset: Dataset | None
) -> Table:
    say = material.say
    names = _columns(material, dataset)
    header = [say("worst.row"), say("worst.actual"), say("worst.predicted")]
    is_several = predictions.true.shape[1] > 1
    key = "error" if predictions.is_numeric else "sure"
    header.append(say(f"worst.several_{key}" if is_several else f"worst.{key}"))
    sizes = _sizes(predictions)
    rows = []
    for at in order.tolist():
        if is_several:
            last = f"{sizes[at]:.3g}"
        elif predictions.is_numeric:
            last = f"{predictions.predicted[at, 0] - predictions.true[at, 0]:+.5g}"
        else:
            last = "–" if predictions.shares is None else percent(sizes[at])
        place = int(predictions.rows[at][0]) - 1
        values = [cell(_value(dataset, name, place)) for name in names]
        rows.append([predictions.rows[at][0], *_answers(material, predictions, at), last, *values])
    caption = say("worst.caption")
    if names:
        caption += " " + say("worst.columns" if material.importance else "worst.first_columns")
    return Table(caption, [*header, *names], rows, left=3)


def _columns(material: Material, dataset: Dataset | None) -> Sequence[str]:
    """Return the columns to show: those that matter most, or the first ones."""
    if dataset is None or not dataset.is_table:
        return ()
    if material.importance is not None:
        return [column.name for column in material.importance.columns[:MAX_COLUMNS]]
    return [column.name for column in dataset.columns[:MAX_COLUMNS]]


def _value(dataset: Dataset | None, name: str, place: int) -> object:
    """Return a value of a row; dates as dates."""
    if dataset is None or isinstance(dataset.x, np.ndarray):
        return None
    value = dataset.x[name].iloc[place]
    kind = next(column.type for column in dataset.columns if column.name == name)
    if kind == "date" and value == value:
        return str(np.datetime64(int(value), "s")).replace("T", " ")
    if kind == "text":
        return str(value)[:MAX_TEXT]
    return float(value) if isinstance(value, float | np.floating) else value


def _sample(dataset: Dataset, place: int, title: str) -> Sample:
    x = dataset.x
    if isinstance(x, np.ndarray):
        return Sample(title, alt=title, image=_picture(np.asarray(x[place]), dataset.medium.high))
    value: Any = x.iloc[place, 0]
    if dataset.medium.kind == "audio":
        return Sample(title, alt=title, audio=_recording(value, dataset.medium.sampling_rate))
    text = str(value)
    return Sample(title, text=text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} …")


def _picture(pixels: Array, high: float) -> str:
    """Return a picture as the URI of a PNG."""
    from PIL import Image

    values = np.clip(np.nan_to_num(pixels.astype(np.float64)) / high * 255, 0, 255)
    values = values.round().astype(np.uint8)
    if values.ndim == 3 and values.shape[2] != 3:
        values = values[:, :, 0]
    image = Image.fromarray(values)
    image.thumbnail((MAX_PIXELS, MAX_PIXELS))
    with io.BytesIO() as file:
        image.save(file, "PNG", optimize=True)
        return _uri("image/png", file.getvalue())


def _recording(samples: Array, rate: int) -> str:
    """Return a recording as the URI of a WAV file."""
    from scipy.io import wavfile

    values = np.clip(np.nan_to_num(samples[: MAX_SECONDS * rate].astype(np.float64)), -1, 1)
    with io.BytesIO() as file:
        wavfile.write(file, rate, (values * 32767).round().astype(np.int16))
        return _uri("audio/wav", file.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
