"""The data sets that come with scikit-learn: real data without a download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dlcli.config.known import NAMED_DATASETS
from dlcli.datasets.dataset import Column, Dataset, Medium, Target, pixel_columns
from dlcli.datasets.dialect import PIXELS, Dialect
from dlcli.datasets.tables import to_frame
from dlcli.types import Array

FILES = {
    "breast_cancer": "breast_cancer.csv",
    "digits": "digits.csv.gz",
    "iris": "iris.csv",
    "wine": "wine_data.csv",
}  # with the target in the last column; that of diabetes has other units


def load_sklearn(dataset: str, name: str) -> Dataset:
    """Load one of scikit-learn's bundled data sets.

    Parameters
    ----------
    dataset : {"breast_cancer", "diabetes", "digits", "iris", "wine"}
        Its name in scikit-learn.
    name : str
        Name of the result.

    Returns
    -------
    Dataset
        A table; for digits, ``x`` is float64 of shape (n, 8, 8, 1).
    """
    facts = NAMED_DATASETS[dataset].facts
    values, targets = _read(dataset)
    if dataset == "digits":
        x = values.reshape(-1, *facts.shape)
        target = Target("digit", "classification", facts.class_names)
        columns, medium = pixel_columns(x.shape[1:]), Medium("image", 16.0, float(x.mean()))
        return Dataset(name, x, targets.astype(np.int32), target, columns, PIXELS, medium=medium)
    columns = tuple(Column(column, "numeric", at) for at, column in enumerate(facts.columns))
    if dataset == "diabetes":
        y, target = targets.astype(np.float64), Target("progression", "regression")
    else:
        y, target = targets.astype(np.int32), Target("class", "classification", facts.class_names)
    frame = to_frame({column: values[:, at] for at, column in enumerate(facts.columns)})
    return Dataset(name, frame, y, target, columns, Dialect("auto", missing=("",)))


def _read(dataset: str) -> tuple[Array, Array]:
    """Return the numbers, shape (n, columns), and the targets, shape (n,).

    The files are read without an import of scikit-learn, which takes a second, if they are where
    its versions have them so far.
    """
    spec = find_spec("sklearn")
    if dataset in FILES and spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "datasets" / "data" / FILES[dataset]
        if path.is_file():
            table = np.loadtxt(path, delimiter=",", skiprows=int(path.suffix == ".csv"))
            return table[:, :-1], table[:, -1]
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{dataset}")()
    return bunch.data, bunch.target
