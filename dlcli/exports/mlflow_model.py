"""The loader that MLflow calls for a model that `dlcli export --to mlflow` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dlcli.datasets.file_content import FileContent
from dlcli.errors import DatasetError
from dlcli.models.loading import load_model
from dlcli.models.signature import signature_of
from dlcli.prediction.content import predict_files
from dlcli.prediction.predict import predict
from dlcli.prediction.predictions import Predictions

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
        self.signature = signature_of(self.model)

    def predict(self, model_input: Any, params: Any = None) -> pd.DataFrame:  # noqa: ARG002 (MLflow passes it)
        """Return a table with the columns that `dlcli predict` writes."""
        if self.signature.medium.kind == "audio":
            return self._of_recordings(model_input).to_frame()
        if isinstance(model_input, dict):  # a named tensor
            (model_input,) = model_input.values()
        is_table = hasattr(model_input, "iloc")
        source = model_input if is_table else np.asarray(model_input)
        return predict(self.model, source).to_frame()

    def _of_recordings(self, model_input: Any) -> Predictions:
        """Predict WAV files, whose contents are the cells of a column."""
        (name,) = self.signature.names
        files = []
        for row, content in enumerate(model_input[name], 1):
            if not isinstance(content, bytes):
                kind = type(content).__name__
                message = f"row {row}: {name!r}: expected the bytes of a WAV file, got {kind}"
                raise DatasetError(message)
            files.append(FileContent(f"row {row}", content, ".wav"))
        return predict_files(self.model, self.signature, files)


def _load_pyfunc(path: str) -> PythonModel:
    """Return the model at a path; MLflow looks for a function of this name."""
    return PythonModel(path)
