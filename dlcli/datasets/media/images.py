"""Images from files, for training and for prediction."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.loader_base import OnBadFile
from dlcli.config.loaders import ImagesLoader
from dlcli.config.split_section import SplitConfig
from dlcli.datasets import storage
from dlcli.datasets.dataset import Dataset, Medium, pixel_columns
from dlcli.datasets.dialect import PIXELS
from dlcli.datasets.media.decoding import WARNINGS_LOCK, decode_files
from dlcli.datasets.media.file_tables import find_labelled_files
from dlcli.datasets.media.folders import LabelledFiles
from dlcli.datasets.media.suffixes import SUFFIXES
from dlcli.errors import DatasetError, first_line
from dlcli.types import Array

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
MODES = {1: "L", 3: "RGB"}


def decode_image(
    data: bytes, name: str, channels: int, size: tuple[int, int] | None = None
) -> Array:
    """Decode an image.

    Parameters
    ----------
    data : bytes
        PNG, JPEG, BMP, GIF, WebP or TIFF; of several frames or pages the first. Transparent
        pixels become white; the camera's orientation is applied; of 16 bits the upper 8 are used.
    name : str
        For messages.
    channels : {1, 3}
        Greyscale or RGB.
    size : tuple of int, optional
        Height and width to resize to, by averaging.

    Returns
    -------
    ndarray of uint8, shape (height, width, channels)

    Raises
    ------
    DatasetError
        If it is not a readable image, or has too many pixels.
    """
    from PIL import Image

    try:
        with WARNINGS_LOCK, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened: Any = Image.open(io.BytesIO(data), formats=FORMATS)
        image = _converted(opened, MODES[channels])
        if size is not None and image.size != (size[1], size[0]):
            image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        pixels = np.asarray(image, np.uint8)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DatasetError(f"{name} has too many pixels") from None
    except Exception as error:  # noqa: BLE001 (decoders raise anything on untrusted files)
        reason = "it is empty" if not data else _reason(error)
        raise DatasetError(
            f"{name} is not a readable image: {reason}",
            hint="remove it, or save it again from a program that shows it",
        ) from None
    return pixels.reshape(image.height, image.width, channels)


def _converted(image: Any, mode: str) -> Any:
    """Return an image, upright and on white, in greyscale or RGB with 8 bits."""
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers")
    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
        values = np.asarray(image)
        if values.min() < 0 or values.max() >> 16:
            raise ValueError("its pixels have 32 bits")
        image = Image.fromarray((values >> 8).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image if image.mode == mode else image.convert(mode)


def _reason(error: Exception) -> str:
    """Return the message of a decoder, without the addresses of its objects."""
    message = first_line(error)
    is_unknown = "identify" in message or "object at" in message
    return f"its content is none of {', '.join(FORMATS)}" if is_unknown else message


def load_images(loader: ImagesLoader, path: Path, name: str, split: SplitConfig) -> Dataset:
    """Load images from class folders, an archive of them, or a table of files.

    Parameters
    ----------
    loader : ImagesLoader
    path : Path
        Folder, archive, or text file with a column of file names and the target.
    name : str
        Name of the data set.
    split : SplitConfig

    Returns
    -------
    Dataset
        ``x``: uint8, shape (n, height, width, channels), sorted by file name.

    Raises
    ------
    DatasetError
        If images cannot be read, or sizes differ and none is set.
    """
    channels = 3 if loader.color_mode == "rgb" else 1
    files = find_labelled_files(path, SUFFIXES["image"], loader, split)
    x, files = _decode_images(files, channels, loader.image_size, loader.on_bad_file)
    return Dataset(
        name,
        x,
        columns=pixel_columns(x.shape[1:]),
        dialect=PIXELS,
        medium=Medium("image", mean=_mean(x)),
        **files.dataset_fields(loader, split),
    )


def _decode_images(
    files: LabelledFiles, channels: int, size: tuple[int, int] | None, on_bad_file: OnBadFile
) -> tuple[Array, LabelledFiles]:
    """Decode images into one array.

    Raises
    ------
    DatasetError
        If images cannot be read, or sizes differ.
    """
    arrays: list[Array] = []
    shapes = set()
    stored = np.zeros(len(files.names), bool)

    def store(row: int, image: Array) -> None:
        if not arrays:
            arrays.append(storage.allocate((len(files.names), *image.shape), np.uint8))
        shapes.add(image.shape)
        if len(shapes) == 1:
            arrays[0][row] = image
            stored[row] = True
            storage.release(arrays[0], image.nbytes)

    decode = partial(decode_image, channels=channels, size=size)
    files = decode_files(files, decode, on_bad_file, store)
    if len(shapes) > 1:
        smallest, largest = min(shapes), max(shapes)
        raise DatasetError(
            f"{files.where}: images of {len(shapes)} sizes, {_size(smallest)} to {_size(largest)}",
            hint="set `image_size: [height, width]` in the loader",
        )
    x = arrays[0]
    for row, source in enumerate(np.flatnonzero(stored)):
        if row != source:
            x[row] = x[source]
            storage.release(x, 2 * x[row].nbytes)
    if storage.is_in_file(x):
        images = f"{len(files.names):,} images of {_size(x.shape[1:])}×{channels}"
        needed, folder = storage.gigabytes(x.nbytes), storage.storage_folder()
        notice = f"{images} need {needed}: they are kept on the disk, in {folder}"
        files = replace(files, notices=(*files.notices, notice))
    return x[: len(files.names)], files


def _mean(x: Array) -> float:
    return sum(int(block.sum(dtype=np.int64)) for block in storage.blocks(x)) / x.size


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}×{shape[1]}"
