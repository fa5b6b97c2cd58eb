"""Recordings from WAV files, for training and for prediction alike."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from math import gcd
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.config.loaders import AudioLoader, CsvLoader
from dlcli.datasets.dataset import Column, Dataset, Dialect, Medium
from dlcli.datasets.media.archives import ARCHIVES
from dlcli.datasets.media.folders import Found, Label, Naming, check_classes, read_folder
from dlcli.datasets.tables.columns import objects, table
from dlcli.datasets.tables.reading import file_sha256, position_of
from dlcli.datasets.tables.whole import read_all
from dlcli.errors import DatasetError, first_line
from dlcli.types import Array

ENDINGS = (".wav",)
LOWEST_RATE, HIGHEST_RATE = 100, 768_000
LONGEST = 1 << 28  # samples
COLUMN = Column("recording", "audio", 0)


def decode_wav(data: bytes, name: str, sampling_rate: int | None = None) -> tuple[Array, int]:
    """Decode a WAV file.

    Parameters
    ----------
    data : bytes
        Integer or float samples; channels are averaged.
    name : str
        For messages.
    sampling_rate : int, optional
        Hz to resample to.

    Returns
    -------
    samples : ndarray of float32, shape (n,)
        From -1 to 1.
    sampling_rate : int
        Hz.

    Raises
    ------
    DatasetError
        If it is no WAV file that can be read, or holds no sample.
    """
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks of other programs
            rate, samples = wavfile.read(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 (a decoder of strangers' files raises what it likes)
        why = "it is empty" if not data else first_line(error)
        raise DatasetError(
            f"{name} is no WAV file that can be read: {why}",
            hint="remove it, or save it again from a program that plays it",
        ) from None
    if not samples.size:
        raise DatasetError(f"{name} holds no sound")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise DatasetError(f"{name} has a sampling rate of {rate} Hz")
    kind = samples.dtype
    samples = samples.astype(np.float32)
    if kind == np.uint8:
        samples = samples / 128 - 1
    elif kind.kind == "i":
        samples /= np.iinfo(kind).max + 1
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise DatasetError(f"{name} holds samples that are not numbers")
    if sampling_rate is not None and rate != sampling_rate:
        if len(samples) * sampling_rate / rate > LONGEST:
            raise DatasetError(f"{name} is too long to be resampled to {sampling_rate} Hz")
        common = gcd(rate, sampling_rate)
        samples = resample_poly(samples, sampling_rate // common, rate // common)
        rate = sampling_rate
    return samples.astype(np.float32, copy=False), rate


def load_audio(loader: AudioLoader, path: Path, name: str, group: str | None) -> Dataset:
    """Load recordings from a folder of class folders, an archive of one, or a table of files.

    Parameters
    ----------
    loader : AudioLoader
    path : Path
        Folder or archive; or a text file with a column ``file`` and the target.
    name : str
        What the data set is called.
    group : str or None
        Field of the pattern whose equal values never part.

    Returns
    -------
    Dataset
        ``x``: one column ``recording`` of float32 arrays of their own lengths.

    Raises
    ------
    DatasetError
        If a file cannot be read, or sampling rates differ and none is set.
    """
    listed = path.is_file() and not path.name.endswith(ARCHIVES)
    naming = Naming(loader.classes, loader.pattern, loader.test)

    def decode(data: bytes, file: str) -> tuple[Array, int]:
        return decode_wav(data, file, loader.sampling_rate)

    if listed:
        found = _listed(path, loader.target, naming, decode)
    else:
        found = read_folder(path, ENDINGS, naming, decode)
    facts = found.facts(loader.class_names, group)
    rates = {rate for _, rate in found.items}
    if len(rates) > 1:
        shown = ", ".join(f"{rate} Hz" for rate in sorted(rates)[:5])
        raise DatasetError(
            f"{path}: several sampling rates: {shown}", hint="set `sampling_rate` in the loader"
        )
    return Dataset(
        name,
        table({COLUMN.name: objects([samples for samples, _ in found.items])}),
        columns=(COLUMN,),
        dialect=Dialect(header=False),
        medium=Medium("audio", sampling_rate=rates.pop()),
        **facts,
    )


def _listed(
    path: Path, target: str | int, naming: Naming, decode: Callable[[bytes, str], Any]
) -> Found:
    """Read the recordings that a table names in its column ``file``."""
    names, block, _ = read_all(CsvLoader(path=str(path), target=target), path)
    files = block.texts[position_of("file", names, str(path))]
    classes = block.texts[position_of(target, names, str(path), what="target column")]
    labels, items = [], []
    for line, file, text in zip(block.lines, files, classes, strict=True):
        where = path.parent / file.strip()
        if not where.is_file():
            raise DatasetError(f"{path}:{line}: no file {str(where)!r}")
        if naming.classes is not None and text.strip() not in naming.classes:
            continue
        said = naming.label(PurePosixPath(file.strip())) if naming.pattern else Label("")
        if said is not None:
            labels.append(Label(text.strip(), said.part, said.fields))
            items.append(decode(where.read_bytes(), str(where)))
    check_classes(path, naming, labels)
    return Found(str(path), labels, items, {str(path): file_sha256(path)})
