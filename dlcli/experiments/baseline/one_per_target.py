"""Models that take one target, for several of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcli.types import Array


class OnePerTarget:
    """A model for each target, as scikit-learn's ``MultiOutputClassifier``.

    That one fails if a label is in no training row, or in all of them; here it is predicted as it
    is in these.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.models: list[Any] = []

    def fit(self, x: Any, y: Array) -> None:
        """Fit a model to each column of `y`."""
        from sklearn.base import clone

        self.models = [
            column[0] if (column == column[0]).all() else clone(self.estimator).fit(x, column)
            for column in y.T
        ]

    def predict(self, x: Any) -> Array:
        """Return the predictions, a column for each target."""
        return np.column_stack(
            [
                model.predict(x) if hasattr(model, "predict") else np.full(x.shape[0], model)
                for model in self.models
            ]
        )
