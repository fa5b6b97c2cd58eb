"""scikit-learn estimators: fitted with a config, or read from a model file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from dlcli.datasets.dataset import Target
from dlcli.errors import DatasetError, ModelFileError, plural
from dlcli.exports.columns import columns_of, values_of
from dlcli.exports.estimator_fit import fitted_model
from dlcli.models.loading import LoadedModel, load_model
from dlcli.models.signature import signature_of
from dlcli.prediction.blocks import PredictionBlock, Source
from dlcli.prediction.predict import predict
from dlcli.prediction.predictions import Predictions
from dlcli.prediction.rows import RawBlock
from dlcli.types import Array

BLOCK = 8192


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What both estimators share; see `DlcliClassifier`."""

    def __init__(
        self,
        config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.config = config
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Return a fitted estimator that predicts with a saved model.

        Parameters
        ----------
        path : path
            A model file, a run directory, or the name of runs in ``./runs``.

        Raises
        ------
        ModelFileError
            If the model cannot be opened, or predicts something else.
        """
        return cls().with_model(load_model(path))

    def with_model(self, loaded: LoadedModel) -> Self:
        """Take over a loaded model, with its config; return the estimator."""
        metadata = loaded.metadata
        if metadata is None or metadata.target.task != self._task or metadata.target.is_several:
            task = "of plain Keras"
            if metadata is not None:
                targets = (
                    1 if metadata.target.task == "classification" else len(metadata.target.outputs)
                )
                task = f"one of {metadata.target.task} with {plural(targets, 'target')}"
            wanted = f"a model of {self._task} with one target"
            raise ModelFileError(f"{loaded.path} is {task}; {type(self).__name__} needs {wanted}")
        signature = signature_of(loaded)
        self.config = dict(metadata.config)
        self.n_features_in_ = len(signature.columns)
        if metadata.columns:
            self.feature_names_in_ = np.array(signature.names, object)
        self._set_classes(signature.class_names)
        self.model_file_ = loaded.path.read_bytes()
        self._ending = loaded.path.suffix
        self._reads_texts = True
        self._loaded = loaded
        return self

    _task = "regression"

    def _set_classes(self, names: Any) -> None:
        """Set the classes of a model from a file."""

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {key: value for key, value in state.items() if key != "_loaded"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True  # gaps of the training are filled
        tags.input_tags.string = True
        tags.non_deterministic = False
        return tags

    def _fit(self, frame: pd.DataFrame, y: Array, target: Target) -> Self:
        """Fit the model to a checked table and target."""
        columns = columns_of(frame)
        seed = None
        if self.random_state is not None:
            seed = int(check_random_state(self.random_state).randint(2**31))
        values = {"epochs": self.epochs, "batch_size": self.batch_size}
        self.model_file_, self._ending = fitted_model(
            self.config, values_of(frame, columns), columns, y, target,
            fit={key: value for key, value in values.items() if value is not None},
            learning_rate=self.learning_rate, seed=seed,
        )  # fmt: skip
        self._reads_texts = False
        self.__dict__.pop("_loaded", None)
        _ = self.model  # a prediction does not change the estimator
        return self

    def _frame(self, x: Any, *, reset: bool) -> pd.DataFrame:
        """Return X as a table; the columns of an array are x0, x1 and so on."""
        is_frame = isinstance(x, pd.DataFrame)
        has_texts = is_frame and not all(map(pd.api.types.is_numeric_dtype, x.dtypes))
        checked = validate_data(
            self, x, reset=reset, skip_check_array=has_texts,
            **({} if has_texts else {"dtype": np.float64, "ensure_all_finite": "allow-nan"}),
        )  # fmt: skip
        if is_frame:
            return pd.DataFrame(x).rename(columns=str)
        names = [f"x{at}" for at in range(checked.shape[1])]
        return pd.DataFrame(checked, columns=names)

    @property
    def model(self) -> LoadedModel:
        """The model, opened when it is first needed."""
        if "_loaded" not in self.__dict__:
            with tempfile.TemporaryDirectory(prefix="dlcli-") as folder:
                path = Path(folder) / f"model{self._ending}"
                path.write_bytes(self.model_file_)
                self._loaded = load_model(path)
        return self._loaded

    def _predicted(self, x: Any) -> list[PredictionBlock]:
        check_is_fitted(self, "model_file_")
        if self._reads_texts:
            source = x if isinstance(x, pd.DataFrame | np.ndarray) else np.asarray(x)
            return list(predict(self.model, source))
        frame = self._frame(x, reset=False)
        signature = signature_of(self.model)
        values = values_of(frame, signature.columns)

        def blocks() -> Any:
            for start in range(0, len(frame), BLOCK):
                part = {name: column[start : start + BLOCK] for name, column in values.items()}
                rows = min(BLOCK, len(frame) - start)
                yield RawBlock(part, rows, f"rows from {start}")

        return list(Predictions(self.model, signature, Source(blocks)))


class DlcliClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """A classifier for scikit-learn: the network of a config.

    Parameters
    ----------
    config : str, path, mapping or None
        A config, by its file, its name or its keys, of which ``dataset`` and the test rows of
        ``split`` are not used. None: the default network of dlcli for tables.
    epochs, batch_size : int, optional
        In place of those of the config.
    learning_rate : float, optional
        In place of that of the optimizer of the config.
    random_state : int, RandomState or None
        Seed of all random numbers; None: that of the config.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X was a DataFrame.
    model_file_ : bytes
        The model, as `dlcli train` saves it.
    classes_ : ndarray
    """

    _task = "classification"

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 (scikit-learn's name)
        """Fit the network of the config to the rows of X.

        Parameters
        ----------
        X : array or DataFrame, shape (n, features)
            Texts of a DataFrame are categories.
        y : array, shape (n,)
            Classes.
        """
        frame = self._frame(X, reset=True)
        y = _checked_target(self, frame, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class, {self.classes_[0]!r}; at least 2 are needed")
        target = Target("y", "classification", tuple(map(str, self.classes_.tolist())))
        return self._fit(frame, codes.astype(np.int32), target)

    def _set_classes(self, names: Any) -> None:
        self.classes_ = np.array(names)

    def predict(self, X: Any) -> Array:  # noqa: N803
        """Return the predicted class of each row."""
        blocks = self._predicted(X)
        code_of = {str(name): code for code, name in enumerate(self.classes_.tolist())}
        names = np.concatenate([block.prediction for block in blocks])
        return np.asarray(self.classes_[[code_of[name] for name in names]])

    def predict_proba(self, X: Any) -> Array:  # noqa: N803
        """Return the probability of each class; shape (n, classes).

        Raises
        ------
        DatasetError
            If the loss gives scores, which are no probabilities.
        """
        blocks = self._predicted(X)
        if signature_of(self.model).output == "score":
            raise DatasetError("hinge losses give scores, which are no probabilities")
        shares = [block.probabilities for block in blocks if block.probabilities is not None]
        return np.concatenate(shares)


class DlcliRegressor(RegressorMixin, _Estimator):  # type: ignore[misc]
    """A regressor for scikit-learn: the network of a config.

    Parameters
    ----------
    config : str, path, mapping or None
        A config, by its file, its name or its keys, of which ``dataset`` and the test rows of
        ``split`` are not used. None: the default network of dlcli for tables.
    epochs, batch_size : int, optional
        In place of those of the config.
    learning_rate : float, optional
        In place of that of the optimizer of the config.
    random_state : int, RandomState or None
        Seed of all random numbers; None: that of the config.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If X was a DataFrame.
    model_file_ : bytes
        The model, as `dlcli train` saves it.
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Fit the network of the config to the rows of X.

        Parameters
        ----------
        X : array or DataFrame, shape (n, features)
            Texts of a DataFrame are categories.
        y : array of float, shape (n,)
        """
        frame = self._frame(X, reset=True)
        y = _checked_target(self, frame, y).astype(np.float64)
        if not np.isfinite(y).all():
            raise ValueError("Input y contains NaN or infinity")
        return self._fit(frame, y, Target("y", "regression"))

    def predict(self, X: Any) -> Array:  # noqa: N803
        """Return the value of each row; float64."""
        return np.concatenate([block.prediction for block in self._predicted(X)])


def _checked_target(estimator: Any, frame: pd.DataFrame, y: Any) -> Array:
    """Return y with one value per row of X."""
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            "is None"
        )
    y = column_or_1d(y, warn=True)
    if len(frame) != len(y):
        raise ValueError(f"X has {len(frame)} rows, but y has {len(y)}")
    return np.asarray(y)
