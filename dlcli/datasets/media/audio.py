"""Audio from WAV files, for training and for prediction."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from functools import partial
from math import gcd
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.config.loaders import AudioLoader, CsvLoader
from dlcli.datasets.dataset import Column, Dataset, Dialect, Medium
from dlcli.datasets.media.archives import ARCHIVE_SUFFIXES
from dlcli.datasets.media.folders import Label, LabelledFiles, LabelParser, read_folder
from dlcli.datasets.tables import loader_dialect, objects, read_table, to_frame
from dlcli.errors import DatasetError, first_line
from dlcli.files import file_sha256
from dlcli.types import Array

AUDIO_SUFFIXES = (".wav",)
MIN_SAMPLING_RATE, MAX_SAMPLING_RATE = 100, 768_000
MAX_SAMPLES = 1 << 28
COLUMN = Column("recording", "audio", 0)


def decode_audio(data: bytes, name: str, sampling_rate: int | None = None) -> tuple[Array, int]:
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
        If it is not a readable WAV file, or has no samples.
    """
    from scipy.io import wavfile
    from scipy.signal import resample_poly

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # unknown chunks
            rate, samples = wavfile.read(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 (decoders raise anything on untrusted files)
        reason = "it is empty" if not data else first_line(error)
        raise DatasetError(
            f"{name} is not a readable WAV file: {reason}",
            hint="remove it, or save it again from a program that plays it",
        ) from None
    if not samples.size:
        raise DatasetError(f"{name} has no samples")
    if not MIN_SAMPLING_RATE <= rate <= MAX_SAMPLING_RATE:
        raise DatasetError(f"{name} has a sampling rate of {rate} Hz")
    dtype = samples.dtype
    samples = samples.astype(np.float32)
    if dtype == np.uint8:
        samples = samples / 128 - 1
    elif dtype.kind == "i":
        samples /= np.iinfo(dtype).max + 1
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise DatasetError(f"{name} has samples that are not finite numbers")
    if sampling_rate is not None and rate != sampling_rate:
        if len(samples) * sampling_rate / rate > MAX_SAMPLES:
            raise DatasetError(f"{name} is too long to be resampled to {sampling_rate} Hz")
        divisor = gcd(rate, sampling_rate)
        samples = resample_poly(samples, sampling_rate // divisor, rate // divisor)
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
        Name of the data set.
    group : str or None
        Field of the pattern whose equal values stay in one split.

    Returns
    -------
    Dataset
        ``x``: one column ``recording`` of float32 arrays of different lengths.

    Raises
    ------
    DatasetError
        If a file cannot be read, or sampling rates differ and none is set.
    """
    is_table = path.is_file() and not path.name.endswith(ARCHIVE_SUFFIXES)
    parser = LabelParser(loader.classes, loader.pattern, loader.test)
    decode = partial(decode_audio, sampling_rate=loader.sampling_rate)
    if is_table:
        recordings = _read_listed_files(path, loader.target, parser, decode)
    else:
        recordings = read_folder(path, AUDIO_SUFFIXES, parser, decode)
    fields = recordings.dataset_fields(loader.class_names, group)
    rates = {rate for _, rate in recordings.items}
    if len(rates) > 1:
        listed = ", ".join(f"{rate} Hz" for rate in sorted(rates)[:5])
        raise DatasetError(
            f"{path}: several sampling rates: {listed}", hint="set `sampling_rate` in the loader"
        )
    return Dataset(
        name,
        to_frame({COLUMN.name: objects([samples for samples, _ in recordings.items])}),
        columns=(COLUMN,),
        dialect=Dialect(header=False),
        medium=Medium("audio", sampling_rate=rates.pop()),
        **fields,
    )


def _read_listed_files(
    path: Path, target: str | int, parser: LabelParser, decode: Callable[[bytes, str], Any]
) -> LabelledFiles:
    """Read the files that a table names in its column ``file``."""
    table = read_table(path, loader_dialect(CsvLoader(path=str(path), target=target)))
    files = table.column("file").texts
    class_names = table.column(target, kind="target column").texts
    labels, items = [], []
    for line, file, text in zip(table.lines, files, class_names, strict=True):
        name, class_name = file.strip(), text.strip()
        where = path.parent / name
        if not where.is_file():
            raise DatasetError(f"{path}:{line}: no file {str(where)!r}")
        if not parser.uses(class_name):
            continue
        label = parser.parse(PurePosixPath(name)) if parser.pattern else Label(class_name)
        if label is not None:
            labels.append(Label(class_name, label.part, label.fields))
            items.append(decode(where.read_bytes(), str(where)))
    parser.check_classes(path, labels)
    return LabelledFiles(str(path), labels, items, {str(path): file_sha256(path)})
