"""Statements that read texts: a table, class folders, or word indices."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from dlcli.config.loaders import IndexedTextLoader
from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.datasets.media import SUFFIXES, is_collection, walk
from dlcli.datasets.tables import detect_encoding
from dlcli.eject.context import Ejection, inexpressible
from dlcli.eject.python_text import assignment, expression
from dlcli.eject.read_files import write_files
from dlcli.eject.read_tables import write_csv
from dlcli.eject.script import Part

JOIN = """\
words = json.loads(index_path.read_text(encoding="utf-8"))
word_of = {index: word for word, index in words.items()}
texts = [" ".join(word_of.get(index, "?") for index in row) for row in indices]
x = pd.DataFrame({"text": texts})
"""
UTF_8 = {"utf-8", "utf-8-sig"}
KOREAN = '''\
def decode(content):
    """Return a text in one of the encodings that Korean files have."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp949")
'''


def write_texts(ejection: Ejection, part: Part, loader: TextLoader) -> None:
    """Write the statements that read texts with their classes."""
    paths = list(map(Path, ejection.dataset.files))
    folder = Path(loader.path)
    if not paths or is_collection(paths[0]):
        _write_text_files(ejection, part, paths[0] if paths else folder, loader)
        return
    table = loader.table()
    if "task" not in loader.model_fields_set and table.task == "auto":
        # Texts have classes, whatever these look like.
        table = CsvLoader.model_construct(**{**dict(table), "task": "classification"})
    write_csv(ejection, part, table)


def _write_text_files(ejection: Ejection, part: Part, path: Path, loader: TextLoader) -> None:
    """Write the statements that read texts from class folders."""
    write_files(ejection, part, path, loader, "text")
    names = {PurePosixPath(name) for name in ejection.dataset.file_names}
    # The script reads all files before it draws some.
    read = names if loader.limit is None else None
    encodings = {loader.encoding} if loader.encoding != "auto" else _encodings(path, read)
    if encodings <= UTF_8:
        encodings = {"utf-8-sig"}
    if len(encodings) == 1:
        [encoding] = encodings
        decode = f"content.decode({expression(encoding)})"
    elif encodings <= {*UTF_8, "utf-16", "cp949"}:
        ejection.script.need("import codecs")
        ejection.script.helper("decode", KOREAN)
        decode = "decode(content)"
    else:
        raise inexpressible(str(path), f"its encodings are {', '.join(sorted(encodings))}")
    ejection.script.need("import pandas as pd")
    part.add(
        f"texts = [{decode}.strip() for content in contents]",
        f"x = pd.DataFrame({{{expression(str(loader.text))}: texts}})",
    )


def _encodings(path: Path, names: set[PurePosixPath] | None) -> set[str]:
    """Return the encodings of some texts, or of all."""
    contents = walk(path, SUFFIXES["text"], names)
    return {detect_encoding(content, str(name)) for name, content in contents}


def write_indexed(ejection: Ejection, part: Part, loader: IndexedTextLoader) -> None:
    """Write the statements that read texts from word indices."""
    import zipfile

    script, target = ejection.script, ejection.dataset.target
    script.need("import hashlib", "import json", "import numpy as np", "import pandas as pd")
    script.need("from pathlib import Path")
    archive, index = map(Path, ejection.dataset.files)
    digest = ejection.dataset.files[str(archive)]
    part.add(
        assignment("path", ejection.path(archive)),
        "# The archive has pickles, which can run code: only the published file is opened.",
        "assert hashlib.sha256(path.read_bytes()).hexdigest() == (",
        f'    "{digest}"',
        ")",
        "data = np.load(path, allow_pickle=True)",
    )
    with zipfile.ZipFile(archive) as opened:
        has_test = "x_test.npy" in opened.namelist()
    if has_test:
        part.add(
            'indices = [*data["x_train"], *data["x_test"]]',
            'y = np.concatenate([data["y_train"], data["y_test"]])',
            'is_test = np.arange(len(y)) >= len(data["y_train"])',
        )
    else:
        part.add('indices, y = data["x"], data["y"]')
    part.add(assignment("index_path", ejection.path(index)), JOIN.rstrip())
    part.add(assignment("CLASS_NAMES", list(target.class_names)))
