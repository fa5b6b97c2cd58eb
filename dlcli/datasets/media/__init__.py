"""Images, audio and texts in files, folders and archives, and arrays of images."""

from dlcli.datasets.media.archives import is_collection, list_names, read_file, walk
from dlcli.datasets.media.arrays import find_idx, load_idx, load_npz
from dlcli.datasets.media.audio import AUDIO_SUFFIXES, decode_audio, load_audio
from dlcli.datasets.media.images import IMAGE_SUFFIXES, decode_image, load_images
from dlcli.datasets.media.texts import TEXT_SUFFIXES, load_indexed, load_text

# Files of each medium, by their suffixes in lower case.
SUFFIXES = {"image": IMAGE_SUFFIXES, "audio": AUDIO_SUFFIXES, "text": TEXT_SUFFIXES}

__all__ = [
    "SUFFIXES", "decode_audio", "decode_image", "find_idx", "is_collection", "list_names",
    "load_audio", "load_idx", "load_images", "load_indexed", "load_npz", "load_text", "read_file",
    "walk",
]  # fmt: skip
