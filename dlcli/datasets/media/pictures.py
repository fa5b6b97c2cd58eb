"""Pictures from PNG and JPEG files, for training and for prediction alike."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.loaders import ImagesLoader
from dlcli.datasets.dataset import PIXELS, Dataset, Medium, pixel_columns
from dlcli.datasets.media.folders import Naming, read_folder
from dlcli.errors import DatasetError, first_line
from dlcli.types import Array

ENDINGS = (".png", ".jpg", ".jpeg")
MODES = {1: "L", 3: "RGB"}


def decode_picture(
    data: bytes, name: str, channels: int, size: tuple[int, int] | None = None
) -> Array:
    """Decode a picture.

    Parameters
    ----------
    data : bytes
        PNG or JPEG; what is transparent becomes white, a camera's orientation is obeyed.
    name : str
        For messages.
    channels : {1, 3}
        Grey or RGB.
    size : tuple of int, optional
        Height and width to resize to, by averaging.

    Returns
    -------
    ndarray of uint8, shape (height, width, channels)

    Raises
    ------
    DatasetError
        If it is no picture that can be read.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Any = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            picture = ImageOps.exif_transpose(picture)
            if picture.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
                picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
            if "A" in picture.getbands() or "transparency" in picture.info:
                picture = picture.convert("RGBA")
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            picture = picture.convert(MODES[channels])
            if size is not None and picture.size != (size[1], size[0]):
                picture = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DatasetError(f"{name} has too many pixels") from None
    except Exception as error:  # noqa: BLE001 (a decoder of strangers' files raises what it likes)
        why = "it is empty" if not data else _reason(error)
        raise DatasetError(
            f"{name} is no PNG or JPEG that can be read: {why}",
            hint="remove it, or save it again from a program that shows it",
        ) from None
    return np.asarray(picture, np.uint8).reshape(picture.height, picture.width, channels)


def _reason(error: Exception) -> str:
    """Return what a decoder says, without the addresses of its objects."""
    said = first_line(error)
    return "its content is something else" if "identify" in said or "object at" in said else said


def load_images(loader: ImagesLoader, path: Path, name: str, group: str | None) -> Dataset:
    """Load pictures from a folder of class folders.

    Parameters
    ----------
    loader : ImagesLoader
    path : Path
        Folder or archive.
    name : str
        What the data set is called.
    group : str or None
        Field of the pattern whose equal values never part.

    Returns
    -------
    Dataset
        ``x``: uint8, shape (n, height, width, channels), sorted by file name.

    Raises
    ------
    DatasetError
        If a picture cannot be read, or sizes differ and none is set.
    """
    channels = 3 if loader.color_mode == "rgb" else 1

    def decode(data: bytes, file: str) -> Array:
        return decode_picture(data, file, channels, loader.image_size)

    found = read_folder(path, ENDINGS, Naming(loader.classes, loader.pattern, loader.test), decode)
    facts = found.facts(loader.class_names, group)
    shapes = {item.shape for item in found.items}
    if len(shapes) > 1:
        sizes = sorted(shapes)
        raise DatasetError(
            f"{path}: pictures of {len(shapes)} sizes, {_size(sizes[0])} to {_size(sizes[-1])}",
            hint="set `image_size: [height, width]` in the loader",
        )
    x = np.stack(found.items)
    return Dataset(
        name,
        x,
        columns=pixel_columns(x.shape[1:]),
        dialect=PIXELS,
        medium=Medium("image", mean=float(x.mean())),
        **facts,
    )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}×{shape[1]}"
