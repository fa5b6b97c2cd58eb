"""The data sets that come with scikit-learn: real data without a download."""

from __future__ import annotations

import numpy as np

from dlcli.datasets.dataset import Column, Dataset, Medium, Target, pixel_columns
from dlcli.datasets.dialect import PIXELS, Dialect
from dlcli.datasets.tables import to_frame


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
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{dataset}")()
    if dataset == "digits":
        x = bunch.images[..., np.newaxis]
        target = Target("digit", "classification", tuple(map(str, bunch.target_names)))
        columns, medium = pixel_columns(x.shape[1:]), Medium("image", 16.0, float(x.mean()))
        return Dataset(
            name, x, bunch.target.astype(np.int32), target, columns, PIXELS, medium=medium
        )
    names = [str(feature) for feature in bunch.feature_names]
    columns = tuple(Column(feature, "numeric", index) for index, feature in enumerate(names))
    if dataset == "diabetes":
        y, target = bunch.target.astype(np.float64), Target("progression", "regression")
    else:
        class_names = tuple(map(str, bunch.target_names))
        y, target = bunch.target.astype(np.int32), Target("class", "classification", class_names)
    values = {feature: bunch.data[:, index] for index, feature in enumerate(names)}
    return Dataset(name, to_frame(values), y, target, columns, Dialect("auto", missing=("",)))
