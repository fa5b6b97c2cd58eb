"""Suffixes of the files of each medium, in lower case."""

SUFFIXES = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"),
    "audio": (".wav",),
    "text": (".txt",),
}
ARRAY_SUFFIXES = (".npz", ".npy")
