"""Statements that read arrays: scikit-learn's data sets, NumPy archives, and IDX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dlcli.config.loaders import IdxLoader, NpzLoader, SklearnLoader
from dlcli.eject.context import Ejection
from dlcli.eject.python_text import assignment, expression
from dlcli.eject.script import Part

READ_IDX = '''\
def read_idx(path):
    """Read an IDX file of bytes: its header says the shape."""
    data = Path(path).read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\\x1f\\x8b" else data
    dimensions = data[3]
    shape = np.frombuffer(data, ">u4", dimensions, offset=4)
    return np.frombuffer(data, "uint8", offset=4 + 4 * dimensions).reshape(shape)
'''


def write_sklearn(ejection: Ejection, part: Part, loader: SklearnLoader) -> None:
    """Write the statements that load a data set of scikit-learn."""
    function = f"load_{loader.name}"
    ejection.script.need(f"from sklearn.datasets import {function}", "import numpy as np")
    part.add(f"data = {function}()")
    target = ejection.dataset.target
    if loader.name == "digits":
        part.add("x = data.images[..., np.newaxis]  # 8×8 pixels of 0 to 16, one channel")
    else:
        ejection.script.need("import pandas as pd")
        names = [column.name for column in ejection.dataset.columns]
        part.add("x = pd.DataFrame(data.data, columns=data.feature_names)")
        if names != _sklearn_names(loader.name):
            part.add(assignment("x.columns", names))
    part.add("y = data.target")
    if target.task == "classification":
        part.add(assignment("CLASS_NAMES", list(target.class_names)))


def _sklearn_names(name: str) -> list[str]:
    from sklearn import datasets

    return list(map(str, getattr(datasets, f"load_{name}")().feature_names))


def write_idx(ejection: Ejection, part: Part, loader: IdxLoader) -> None:
    """Write the statements that read four IDX files."""
    ejection.script.need("import gzip", "import numpy as np", "from pathlib import Path")
    ejection.script.helper("read_idx", READ_IDX)
    names = ("x_official", "y_official", "x_held_out", "y_held_out")
    for name, path in zip(names, ejection.dataset.files, strict=True):
        part.add(f"{name} = read_idx({ejection.path(Path(path)).text})")
    part.add(
        "x = np.concatenate([x_official, x_held_out])",
        *_channel(ejection, x_dimensions=3),
        "labels = np.concatenate([y_official, y_held_out])",
        "is_test = np.arange(len(labels)) >= len(y_official)  # the publishers' test images",
        *_target(ejection),
    )


def write_npz(ejection: Ejection, part: Part, loader: NpzLoader) -> None:
    """Write the statements that read an archive of arrays."""
    path = Path(next(iter(ejection.dataset.files)))
    ejection.script.need("import numpy as np", "from pathlib import Path")
    part.add(assignment("path", ejection.path(path)), "data = np.load(path)")
    with np.load(path) as archive:
        dimensions = archive["x" if "x" in archive else "x_train"].ndim
        has_x, has_test = "x" in archive, "x_test" in archive
    if has_x or not has_test:
        x, y = ("x", "y") if has_x else ("x_train", "y_train")
        part.add(f'x, labels = data["{x}"], data["{y}"]')
    else:
        part.add(
            'x = np.concatenate([data["x_train"], data["x_test"]])',
            'labels = np.concatenate([data["y_train"], data["y_test"]])',
            'is_test = np.arange(len(labels)) >= len(data["y_train"])',
        )
    part.add(*_channel(ejection, dimensions), *_target(ejection))


def _channel(ejection: Ejection, x_dimensions: int) -> list[str]:
    """Return the statement that adds the dimension of the channel to grey images."""
    x = ejection.dataset.x
    if x.ndim == x_dimensions:
        return []
    return ["x = x[..., np.newaxis]  # the last dimension is the channel: one, for grey"]


def _target(ejection: Ejection) -> list[str]:
    """Return the statements that make ``y`` of ``labels``."""
    target = ejection.dataset.target
    if target.task == "regression":
        shape = "" if target.is_several else ".ravel()"
        return [f"y = labels{shape}.astype(float)"]
    if target.task == "multilabel":
        return [assignment("LABELS", list(target.class_names)), "y = labels.astype(int)"]
    texts = target.labels or target.class_names
    lines = [assignment("CLASS_NAMES", list(target.class_names))]
    if texts == tuple(map(str, range(len(texts)))):
        return [*lines, "y = labels.ravel().astype(int)"]
    ejection.script.need("import pandas as pd")
    codes = {int(text) if _is_integer(text) else text: code for code, text in enumerate(texts)}
    return [*lines, f"y = pd.Series(labels.ravel()).map({expression(codes)}).to_numpy()"]


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdigit()
