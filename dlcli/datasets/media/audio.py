"""Audio from WAV files, for training and for prediction."""

from __future__ import annotations

import io
import warnings
from functools import partial
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.loaders import AudioLoader
from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import Column, Dataset, Medium
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.media.decoding import WARNINGS_LOCK, decode_files
from dlcli.datasets.media.file_tables import find_labelled_files
from dlcli.datasets.media.suffixes import SUFFIXES
from dlcli.datasets.storage import MemoryEstimate
from dlcli.datasets.tables import objects, to_frame
from dlcli.errors import DatasetError, first_line
from dlcli.types import Array

MIN_SAMPLING_RATE, MAX_SAMPLING_RATE = 100, 768_000
MAX_SAMPLES = 1 << 28
COLUMN = Column("recording", "audio", 0)


def decode_audio(
    data: bytes, name: str, sampling_rate: int | None = None, max_samples: int = MAX_SAMPLES
) -> tuple[Array, int]:
    """Decode a WAV file.

    Parameters
    ----------
    data : bytes
        Integer or float samples; channels are averaged.
    name : str
        For messages.
    sampling_rate : int, optional
        Hz to resample to.
    max_samples : int
        Most samples after it.

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
        with WARNINGS_LOCK, warnings.catch_warnings():
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
        if len(samples) * sampling_rate / rate > max_samples:
            raise DatasetError(f"{name} is too long to be resampled to {sampling_rate} Hz")
        divisor = gcd(rate, sampling_rate)
        samples = resample_poly(samples, sampling_rate // divisor, rate // divisor)
        rate = sampling_rate
    return samples.astype(np.float32, copy=False), rate


def load_audio(loader: AudioLoader, path: Path, name: str, split: SplitConfig) -> Dataset:
    """Load recordings from a folder of class folders, an archive of one, or a table of files.

    Parameters
    ----------
    loader : AudioLoader
    path : Path
        Folder, archive, or text file with a column of file names and the target.
    name : str
        Name of the data set.
    split : SplitConfig

    Returns
    -------
    Dataset
        ``x``: one column ``recording`` of float32 arrays of different lengths.

    Raises
    ------
    DatasetError
        If a file cannot be read, or sampling rates differ and none is set.
    """
    files = find_labelled_files(path, SUFFIXES["audio"], loader, split)
    items: list[Any] = [None] * len(files.names)
    decode = partial(decode_audio, sampling_rate=loader.sampling_rate)
    estimate = MemoryEstimate(
        len(items), "recordings", "use fewer files, or a lower `sampling_rate`"
    )

    def store(row: int, item: tuple[Array, int]) -> None:
        estimate.add(item[0].nbytes)
        items[row] = item

    files = decode_files(files, decode, loader.on_bad_file, store)
    items = [item for item in items if item is not None]
    rates = {rate for _, rate in items}
    if len(rates) > 1:
        listed = ", ".join(f"{rate} Hz" for rate in sorted(rates)[:5])
        raise DatasetError(
            f"{path}: several sampling rates: {listed}", hint="set `sampling_rate` in the loader"
        )
    return Dataset(
        name,
        to_frame({COLUMN.name: objects([samples for samples, _ in items])}),
        columns=(COLUMN,),
        dialect=Dialect(header=False),
        medium=Medium("audio", sampling_rate=rates.pop()),
        **files.dataset_fields(loader, split),
    )
