"""Images, audio and texts in files, folders and archives, and arrays of images."""

from dlcli.datasets.media.archives import is_collection, list_names, read_file, walk
from dlcli.datasets.media.arrays import ARRAY_SUFFIXES, find_idx, load_idx, load_npz, open_arrays
from dlcli.datasets.media.audio import AUDIO_SUFFIXES, decode_audio, load_audio
from dlcli.datasets.media.decoding import (
    BadFilesError,
    bad_files_error,
    bad_files_notices,
    decode_in_threads,
)
from dlcli.datasets.media.file_list import lists_files, read_file_list
from dlcli.datasets.media.folders import left_out_notices
from dlcli.datasets.media.images import IMAGE_SUFFIXES, decode_image, load_images
from dlcli.datasets.media.labels import normalized
from dlcli.datasets.media.texts import TEXT_SUFFIXES, load_indexed, load_text

# Files of each medium, by their suffixes in lower case.
SUFFIXES = {"image": IMAGE_SUFFIXES, "audio": AUDIO_SUFFIXES, "text": TEXT_SUFFIXES}

__all__ = [
    "ARRAY_SUFFIXES", "SUFFIXES", "BadFilesError", "bad_files_error", "bad_files_notices",
    "decode_audio", "decode_image", "decode_in_threads", "find_idx", "is_collection",
    "left_out_notices", "list_names", "lists_files", "load_audio", "load_idx", "load_images",
    "load_indexed", "load_npz", "load_text", "normalized", "open_arrays", "read_file",
    "read_file_list", "walk",
]  # fmt: skip
