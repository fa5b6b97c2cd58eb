"""Images from PNG and JPEG files, for training and for prediction."""

from __future__ import annotations

import io
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config.loaders import ImagesLoader
from dlcli.datasets.dataset import PIXELS, Dataset, Medium, pixel_columns
from dlcli.datasets.media.folders import LabelParser, read_folder
from dlcli.errors import DatasetError, first_line
from dlcli.types import Array

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
MODES = {1: "L", 3: "RGB"}


def decode_image(
    data: bytes, name: str, channels: int, size: tuple[int, int] | None = None
) -> Array:
    """Decode an image.

    Parameters
    ----------
    data : bytes
        PNG or JPEG. Transparent pixels become white; the camera's orientation is applied.
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
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Any = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            if "A" in image.getbands() or "transparency" in image.info:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(white, image)
            image = image.convert(MODES[channels])
            if size is not None and image.size != (size[1], size[0]):
                image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DatasetError(f"{name} has too many pixels") from None
    except Exception as error:  # noqa: BLE001 (decoders raise anything on untrusted files)
        reason = "it is empty" if not data else _reason(error)
        raise DatasetError(
            f"{name} is not a readable PNG or JPEG: {reason}",
            hint="remove it, or save it again from a program that shows it",
        ) from None
    return np.asarray(image, np.uint8).reshape(image.height, image.width, channels)


def _reason(error: Exception) -> str:
    """Return the message of a decoder, without the addresses of its objects."""
    message = first_line(error)
    is_unknown = "identify" in message or "object at" in message
    return "its content has another format" if is_unknown else message


def load_images(loader: ImagesLoader, path: Path, name: str, group: str | None) -> Dataset:
    """Load images from a folder of class folders.

    Parameters
    ----------
    loader : ImagesLoader
    path : Path
        Folder or archive.
    name : str
        Name of the data set.
    group : str or None
        Field of the pattern whose equal values stay in one split.

    Returns
    -------
    Dataset
        ``x``: uint8, shape (n, height, width, channels), sorted by file name.

    Raises
    ------
    DatasetError
        If an image cannot be read, or sizes differ and none is set.
    """
    channels = 3 if loader.color_mode == "rgb" else 1
    decode = partial(decode_image, channels=channels, size=loader.image_size)
    parser = LabelParser(loader.classes, loader.pattern, loader.test)
    images = read_folder(path, IMAGE_SUFFIXES, parser, decode)
    fields = images.dataset_fields(loader.class_names, group)
    shapes = sorted({image.shape for image in images.items})
    if len(shapes) > 1:
        raise DatasetError(
            f"{path}: images of {len(shapes)} sizes, {_size(shapes[0])} to {_size(shapes[-1])}",
            hint="set `image_size: [height, width]` in the loader",
        )
    x = np.stack(images.items)
    return Dataset(
        name,
        x,
        columns=pixel_columns(x.shape[1:]),
        dialect=PIXELS,
        medium=Medium("image", mean=float(x.mean())),
        **fields,
    )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}×{shape[1]}"
