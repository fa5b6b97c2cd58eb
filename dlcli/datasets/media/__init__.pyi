from .archives import is_collection, list_names, names_encoding, read_file, walk
from .arrays import dataset_of_arrays, find_idx, load_idx, load_npz, open_arrays
from .audio import MAX_SAMPLES, decode_audio, load_audio
from .decoding import (
    BadFilesError,
    bad_files_error,
    bad_files_notices,
    decode_in_threads,
)
from .file_list import lists_files, read_file_list
from .folders import left_out_notices
from .images import decode_image, load_images
from .labels import Label, LabelParser, normalized
from .suffixes import ARRAY_SUFFIXES, SUFFIXES
from .targets import TaskError
from .texts import load_indexed, load_text

__all__ = [
    "ARRAY_SUFFIXES", "MAX_SAMPLES", "SUFFIXES", "BadFilesError", "Label", "LabelParser",
    "TaskError", "bad_files_error",
    "bad_files_notices", "dataset_of_arrays", "decode_audio", "decode_image", "decode_in_threads",
    "find_idx", "is_collection", "left_out_notices", "list_names", "lists_files", "load_audio",
    "load_idx", "load_images", "load_indexed", "load_npz", "load_text", "names_encoding",
    "normalized", "open_arrays", "read_file", "read_file_list", "walk",
]  # fmt: skip
