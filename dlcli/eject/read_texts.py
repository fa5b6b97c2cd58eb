"""Statements that read texts: a table, class folders, or word indices."""

from __future__ import annotations

from pathlib import Path

from dlcli.config.loaders import IndexedTextLoader
from dlcli.config.table_loaders import CsvLoader, TextLoader
from dlcli.datasets.media import is_collection
from dlcli.eject.context import Ejection
from dlcli.eject.python_text import assignment
from dlcli.eject.read_files import write_text_files
from dlcli.eject.read_tables import write_csv
from dlcli.eject.script import Part

JOIN = """\
words = json.loads(index_path.read_text(encoding="utf-8"))
word_of = {index: word for word, index in words.items()}
texts = [" ".join(word_of.get(index, "?") for index in row) for row in indices]
x = pd.DataFrame({"text": texts})
"""


def write_texts(ejection: Ejection, part: Part, loader: TextLoader) -> None:
    """Write the statements that read texts with their classes."""
    paths = list(map(Path, ejection.dataset.files))
    folder = Path(loader.path)
    if not paths or is_collection(paths[0]):
        write_text_files(ejection, part, paths[0] if paths else folder, loader)
        return
    table = loader.table()
    if "task" not in loader.model_fields_set and table.task == "auto":
        # Texts have classes, whatever these look like.
        table = CsvLoader.model_construct(**{**dict(table), "task": "classification"})
    write_csv(ejection, part, table)


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
