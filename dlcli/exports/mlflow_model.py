"""The loader that MLflow calls for a model that `dlcli export --to mlflow` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.models.loading import load_model
from dlcli.prediction.predict import predict

if TYPE_CHECKING:
    import pandas as pd


class PythonModel:
    """A model whose predictions are those of `dlcli predict`.

    Parameters
    ----------
    path : str
        The model file in the folder of MLflow.
    """

    def __init__(self, path: str) -> None:
        self.model = load_model(path)

    def predict(self, model_input: Any, params: Any = None) -> pd.DataFrame:  # noqa: ARG002 (MLflow passes it)
        """Return a table with the columns that `dlcli predict` writes."""
        if isinstance(model_input, dict):  # a named tensor
            (model_input,) = model_input.values()
        is_table = hasattr(model_input, "iloc")
        source = model_input if is_table else np.asarray(model_input)
        return predict(self.model, source).to_frame()


def _load_pyfunc(path: str) -> PythonModel:
    """Return the model at a path; MLflow looks for a function of this name."""
    return PythonModel(path)
