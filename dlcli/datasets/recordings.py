"""Recordings from WAV files, for training and for prediction alike."""

from __future__ import annotations

import io
import struct
import warnings
from math import gcd
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from dlcli.config.loaders import AudioLoader, CsvLoader
from dlcli.datasets.dataset import Column, Dataset, Dialect, Medium
from dlcli.datasets.folders import ARCHIVES, Label, arrange, labeller, walk
from dlcli.datasets.reading import position_of, read_all
from dlcli.datasets.tables import objects, table
from dlcli.errors import DatasetError

ENDINGS = (".wav",)
COLUMN = Column("recording", "audio", 0)


def decode_wav(
    data: bytes, name: str, sampling_rate: int | None = None
) -> tuple[np.ndarray[Any, Any], int]:
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
    except (ValueError, EOFError, struct.error, OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{name} is no WAV file that can be read: {error}") from None
    if not samples.size or rate <= 0:
        raise DatasetError(f"{name} holds no sound")
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
    found = sorted(_listed(loader, path) if listed else _walked(loader, path), key=lambda i: i[0])
    arranged = arrange(str(path), [item[1] for item in found], None, group)
    rates = {item[2][1] for item in found}
    if len(rates) > 1:
        shown = ", ".join(f"{rate} Hz" for rate in sorted(rates)[:5])
        raise DatasetError(
            f"{path}: several sampling rates: {shown}", hint="set `sampling_rate` in the loader"
        )
    return Dataset(
        name,
        table({COLUMN.name: objects([item[2][0] for item in found])}),
        columns=(COLUMN,),
        dialect=Dialect(header=False),
        medium=Medium("audio", sampling_rate=rates.pop()),
        **arranged,
    )


Found = tuple[str, Label, tuple[np.ndarray[Any, Any], int]]


def _walked(loader: AudioLoader, path: Path) -> list[Found]:
    label = labeller(loader)
    found = []
    for file, data in walk(path, ENDINGS):
        said = label(file)
        if said is not None:
            decoded = decode_wav(data, f"{path}/{file}", loader.sampling_rate)
            found.append((str(file), said, decoded))
    return found


def _listed(loader: AudioLoader, path: Path) -> list[Found]:
    names, block, _ = read_all(CsvLoader(path=str(path), target=loader.target), path)
    files = block.texts[position_of("file", names, str(path))]
    target = block.texts[position_of(loader.target, names, str(path), what="target column")]
    fields = labeller(loader) if loader.pattern is not None else None
    found = []
    for line, file, text in zip(block.lines, files, target, strict=True):
        where = path.parent / file.strip()
        if not where.is_file():
            raise DatasetError(f"{path}:{line}: no file {str(where)!r}")
        said = fields(PurePosixPath(file.strip())) if fields else None
        label = Label(text.strip(), said.part if said else None, said.fields if said else {})
        found.append(
            (f"{line:09d}", label, decode_wav(where.read_bytes(), str(where), loader.sampling_rate))
        )
    return found
