"""What a file is, by its first bytes."""

from __future__ import annotations

import re
from typing import Literal

from dlcli.errors import DatasetError

# Formats of tables that are no text.
BinaryKind = Literal["zip", "parquet"]
SIGNATURES: tuple[tuple[bytes, BinaryKind], ...] = ((b"PK\x03\x04", "zip"), (b"PAR1", "parquet"))
# What the other files are, and what to do.
EXPORT = "open it in its program, and save the table as CSV or .xlsx"
FROM_R = "save the table with write.csv(x, file, row.names = FALSE)"
IMAGES = "images are read by models of images, and by the loader `images`"
NO_TABLES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF document", "look for the table as CSV or .xlsx"),
    (b"\xd0\xcf\x11\xe0", "a file of old Office programs (.xls, .doc)", "save it as .xlsx or CSV"),
    (b"\x89PNG", "a PNG image", IMAGES),
    (b"\xff\xd8\xff", "a JPEG image", IMAGES),
    (b"GIF8", "a GIF image", IMAGES),
    (b"RIFF", "a WAV recording or a WebP image", "use the loader `audio` or `images`"),
    (b"\x89HDF", "an HDF5 file", "save the table as CSV or Parquet"),
    (b"SQLite format 3", "an SQLite database", "save the table as CSV or Parquet"),
    (b"RDX2\n", "a file of R", FROM_R),
    (b"RDX3\n", "a file of R", FROM_R),
    (b"X\n\0\0", "a file of R", FROM_R),
    (b"$FL2", "a file of SPSS", EXPORT),
    (b"<stata_dta>", "a file of Stata", EXPORT),
    (b"ARROW1", "an Arrow file", "save the table as Parquet"),
    (b"Obj\x01", "an Avro file", "save the table as Parquet"),
    (b"\x93NUMPY", "an array of NumPy", "use the loader `npz`"),
    (b"BZh91AY&SY", "packed with bzip2", "unpack it first"),
    (b"\xfd7zXZ", "packed with xz", "unpack it first"),
    (b"7z\xbc\xaf", "packed with 7-Zip", "unpack it first"),
    (b"(\xb5/\xfd", "packed with zstd", "unpack it first"),
    (b"Rar!", "packed with RAR", "unpack it first"),
    (b"\x80\x04\x95", "a pickle of Python, which can run code", "save the table as CSV or Parquet"),
    (
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer, not the file itself",
        "fetch the file with `git lfs pull`",
    ),
)
HTML = re.compile(
    rb"\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body|table)\b", re.IGNORECASE | re.DOTALL
)
XML = re.compile(rb"\s*<\?xml\b", re.IGNORECASE)


def binary_kind(head: bytes) -> BinaryKind | None:
    """Return the format of a file that is no text; None for a text."""
    return next((kind for start, kind in SIGNATURES if head.startswith(start)), None)


def check_is_table(head: bytes, name: str) -> None:
    """Refuse a file that cannot be a table, by what it is.

    Raises
    ------
    DatasetError
    """
    for start, kind, hint in NO_TABLES:
        if head.startswith(start):
            raise DatasetError(f"{name} is {kind}; expected a table", hint=hint)
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if HTML.match(plain[:4096]):
        hint = "download the file itself; the address of a page about it gives HTML"
        raise DatasetError(f"{name} is an HTML page; expected a table", hint=hint)
    if XML.match(plain):
        raise DatasetError(f"{name} is an XML file; expected a table", hint=EXPORT)
