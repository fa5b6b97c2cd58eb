"""Statements that read pictures, recordings and texts from folders and archives."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dlcli.config.loaders import AudioLoader, FilesLoader, ImagesLoader
from dlcli.config.table_loaders import TextLoader
from dlcli.datasets.dataset import PART_WORDS
from dlcli.datasets.media import (
    SUFFIXES,
    Label,
    LabelParser,
    is_collection,
    list_names,
    names_encoding,
    normalized,
)
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import assignment, expression
from dlcli.eject.script import Part
from dlcli.eject.targets import class_lines

FOLDER = '''\
def read_files(folder, suffixes):
    """Return names and contents of the files of a folder, sorted by name."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    names = sorted(
        name
        for name in names
        if name.suffix.lower() in suffixes and not any(part[0] == "." for part in name.parts)
    )
    return names, [(folder / name).read_bytes() for name in names]
'''
ARCHIVE = '''\
def read_files(path, suffixes):
    """Return names and contents of the files of an archive, sorted by name; nothing is unpacked."""
    contents = {{}}
    with {open} as archive:
        for member in {members}:
            name = PurePosixPath(member.{name})
            is_hidden = any(part[:1] == "." or part == "__MACOSX" for part in name.parts)
            if name.suffix.lower() in suffixes and not is_hidden:
                contents[name] = archive.{read}
    names = sorted(contents)
    return names, [contents[name] for name in names]
'''
TAR = {
    "open": "tarfile.open(path)", "name": "name", "read": "extractfile(member).read()",
    "members": "[member for member in archive if member.isfile()]",
}  # fmt: skip
ZIP = {
    "name": "filename", "read": "read(member)",
    "members": "[member for member in archive.infolist() if not member.is_dir()]",
}  # fmt: skip
RECORDING = '''\
def read_recording(content):
    """Return the samples of a WAV file, from -1 to 1, one channel."""
    rate, samples = wavfile.read(io.BytesIO(content))
    kind = samples.dtype
    samples = samples.astype("float32")
    if kind == np.uint8:
        samples = samples / 128 - 1
    elif kind.kind == "i":
        samples = samples / (np.iinfo(kind).max + 1)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
{resample}    return samples.astype("float32")
'''
RESAMPLE = """\
    if rate != SAMPLING_RATE:
        divisor = math.gcd(rate, SAMPLING_RATE)
        samples = resample_poly(samples, SAMPLING_RATE // divisor, rate // divisor)
"""
PICTURE = '''\
def read_picture(content):
    """Return the pixels of a picture: height × width × {channels}."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))  # upright
    if image.mode.startswith("I"):  # 16 bits: the upper 8 are used
        image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
    if "A" in image.getbands() or "transparency" in image.info:  # on white
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("{mode}"){resize}
    return np.asarray(image).reshape(image.height, image.width, {count})
'''


def write_images(ejection: Ejection, part: Part, loader: ImagesLoader) -> None:
    """Write the statements that read pictures."""
    write_files(ejection, part, Path(loader.path), loader, "image")
    is_color = loader.color_mode == "rgb"
    resize = ""
    if loader.image_size is not None:
        height, width = loader.image_size
        resize = f".resize(({width}, {height}), Image.Resampling.BILINEAR)"
    ejection.script.need("import io", "from PIL import Image", "from PIL import ImageOps")
    ejection.script.helper(
        "read_picture",
        PICTURE.format(
            channels="red, green and blue" if is_color else "1",
            mode="RGB" if is_color else "L", resize=resize, count=3 if is_color else 1,
        ),
    )  # fmt: skip
    part.add("x = np.stack([read_picture(content) for content in contents])")


def write_audio(ejection: Ejection, part: Part, loader: AudioLoader) -> None:
    """Write the statements that read recordings."""
    known = ejection.config.dataset.known
    path = Path(next(iter(ejection.dataset.files))) if known else Path(loader.path)
    write_files(ejection, part, path, loader, "audio")
    script = ejection.script
    script.need("import io", "import pandas as pd", "from scipy.io import wavfile")
    resample = ""
    if loader.sampling_rate is not None:
        script.need("import math", "from scipy.signal import resample_poly")
        resample = RESAMPLE.replace("SAMPLING_RATE", str(loader.sampling_rate))
    script.helper("read_recording", RECORDING.format(resample=resample))
    part.add(
        "recordings = [read_recording(content) for content in contents]",
        'x = pd.DataFrame({"recording": pd.Series(recordings, dtype=object)})',
    )


def write_files(
    ejection: Ejection, part: Part, path: Path, loader: FilesLoader | TextLoader, medium: str
) -> None:
    """Write the statements that read the files, their classes, and what the split needs."""
    if not is_collection(path):
        raise inexpressible(str(path), "a table lists the files; put them into class folders")
    script, suffixes = ejection.script, SUFFIXES[medium]
    script.need("from pathlib import Path", "import numpy as np")
    if path.is_dir():
        script.helper("read_files", FOLDER)
    else:
        is_zip = zipfile.is_zipfile(path)
        script.need("from pathlib import PurePosixPath")
        script.need("import zipfile" if is_zip else "import tarfile")
        archive = _zip(path) if is_zip else TAR
        script.helper("read_files", ARCHIVE.format(**archive))
    part.add(
        assignment("path", ejection.path(path)),
        f"names, contents = read_files(path, {expression(suffixes)})",
    )
    _write_labels(ejection, part, path, loader, suffixes)


def _zip(path: Path) -> dict[str, str]:
    """Return how a zip archive is read; names that do not tell their encoding get it here."""
    encoding = names_encoding(path)
    option = f", metadata_encoding={expression(encoding)}" if encoding else ""
    return {**ZIP, "open": f"zipfile.ZipFile(path{option})"}


def _write_labels(
    ejection: Ejection, part: Part, path: Path, loader: FilesLoader | TextLoader,
    suffixes: tuple[str, ...],
) -> None:  # fmt: skip
    """Write the statements that find classes, parts and groups in the names of the files."""
    pattern = getattr(loader, "pattern", None)
    parser = LabelParser(loader.classes, pattern, getattr(loader, "test", {}))
    names = list(dict.fromkeys(n for n in list_names(path) if n.suffix.lower() in suffixes))
    labels, _ = parser.labels(path, names)
    if loader.on_bad_file == "skip":
        part.add(*_unreadable(ejection, labels, loader))
    ejection.script.need("import pandas as pd")
    if pattern is not None:
        ejection.script.need("import re")
        depth = pattern.count("/") + 1
        text = "name.stem" if depth == 1 else f'"/".join([*name.parts[:-1], name.stem][-{depth}:])'
        part.add(
            f"# Names such as {expression(names[0].name)} tell the class.",
            f"PATTERN = re.compile({expression(_readable(parser.expression.pattern))})",
            f"fields = pd.DataFrame([PATTERN.fullmatch({text}).groupdict() for name in names])",
            'classes = fields["class_"]',
        )
    else:
        place = _place_of_class(labels, path)
        part.add(
            "# The folder of a file is its class.",
            f"classes = pd.Series([name.parts[{place}] for name in names])",
        )
    if len(labels) < len(names):
        part.add(*_chosen(loader))
    part.add(*_target(ejection))
    _write_parts(ejection, part, labels, loader)


def _readable(pattern: str) -> str:
    """Return a pattern whose groups have the names of the fields; a column can be no keyword."""
    named = pattern.replace("(?P<_class>", "(?P<class_>").replace("(?P<_", "(?P<")
    # A character that stands between several fields is named once.
    return re.sub(r"\[\^([^\\\]]+)\]", lambda m: f"[^{''.join(dict.fromkeys(m[1]))}]", named)


def _place_of_class(labels: Mapping[PurePosixPath, Label], path: Path) -> int:
    """Return the position of the folder that is the class, from the start or the end."""
    for place in (-2, 0, 1, 2, 3, -3):
        if all(
            -len(name.parts) <= place < len(name.parts) - 1
            and normalized(name.parts[place]) == label.class_name
            for name, label in labels.items()
        ):
            return place
    raise inexpressible(str(path), "its class folders are at different depths; name a `pattern`")


def _unreadable(
    ejection: Ejection, labels: Mapping[PurePosixPath, Label], loader: FilesLoader | TextLoader
) -> list[str]:
    """Return the statements that leave out the files that `on_bad_file: skip` left out."""
    if loader.limit is not None:  # then it is not known which of the files can be read
        raise inexpressible(loader.path, "`limit` and `on_bad_file: skip`; leave out one of them")
    used = set(ejection.dataset.file_names)
    unreadable = [str(name) for name in labels if str(name) not in used]
    if not unreadable:
        return []
    return [
        "# These files cannot be read.",
        f"unreadable = {{{expression(unreadable)[1:-1]}}}",
        "is_readable = [name.as_posix() not in unreadable for name in names]",
        *_take("is_readable"),
    ]


def _take(mask: str) -> list[str]:
    """Return the statements that keep the files of a mask."""
    return [
        f"names = [name for name, kept in zip(names, {mask}) if kept]",
        f"contents = [content for content, kept in zip(contents, {mask}) if kept]",
    ]


def _chosen(loader: FilesLoader | TextLoader) -> list[str]:
    """Return the statements that leave out the files of other classes."""
    if loader.classes is None:
        raise inexpressible(loader.path, "some of its files are in no class folder; move them")
    lines = [
        f"is_used = classes.isin({expression(list(loader.classes))})",
        *_take("is_used"),
        "classes = classes[is_used].reset_index(drop=True)",
    ]
    if getattr(loader, "pattern", None) is not None:
        lines.append("fields = fields[is_used].reset_index(drop=True)")
    return lines


def _target(ejection: Ejection) -> list[str]:
    target = ejection.dataset.target
    if target.task == "regression":
        return ["y = classes.to_numpy(float)"]
    return class_lines(target, "classes", as_numbers=False)


def _write_parts(
    ejection: Ejection, part: Part, labels: Mapping[PurePosixPath, Label],
    loader: FilesLoader | TextLoader,
) -> None:  # fmt: skip
    """Write the statements that find official test files, and groups."""
    parts = ejection.dataset.parts
    test: Mapping[str, Any] = getattr(loader, "test", {})
    if test:
        conditions = [
            f"fields[{expression(name)}].isin({expression(list(values))})"
            for name, values in test.items()
        ]
        both = " & ".join(conditions)
        part.add(f"is_test = {both if len(conditions) == 1 else f'({both})'}.to_numpy()")
    elif parts is not None:
        for number, name in ((2, "test"), (1, "validation")):
            words = sorted(_part_words(labels, number))
            if not words and number == 1:
                continue
            part.add(
                f"is_{name} = np.array(",
                f"    [any(folder in {expression(words)} for folder in name.parts[:-1]) "
                "for name in names]",
                ")",
            )
    if ejection.dataset.groups is not None:
        group = str(ejection.config.split.group)
        part.add(f"groups = fields[{expression(group)}].to_numpy(object)")


def _part_words(labels: Mapping[PurePosixPath, Label], number: int) -> set[str]:
    return {
        folder
        for name, label in labels.items()
        if label.part == number
        for folder in name.parts[:-1]
        if PART_WORDS.get(folder.lower()) == number
    }
