"""How good a saved model is: on the test rows of its run, or on a table of its own kind."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlcli.config import Config, load_config
from dlcli.datasets.dataset import Dialect, Target
from dlcli.datasets.tables.columns import numbers, to_number
from dlcli.errors import DatasetError, ModelFileError
from dlcli.models.loading import Engine, LoadedModel, load_model
from dlcli.network.building import compile_model
from dlcli.network.measures import measure
from dlcli.network.scores import Scores, keras_metrics, score_outputs
from dlcli.prediction.predict import Predictions, predict
from dlcli.prediction.rows import RawBlock
from dlcli.preparation.prepare import prepare
from dlcli.preparation.split import split_rows
from dlcli.preparation.targets import encode_target
from dlcli.runs.listing import find_run
from dlcli.types import Array


@dataclass(frozen=True)
class Evaluation:
    """Scores of a saved model.

    Parameters
    ----------
    model : Path
    source : str
        What was scored: ``"test rows of sonar"`` or a file.
    target : Target
    scores : Scores
    notices : tuple of str
    """

    model: Path
    source: str
    target: Target
    scores: Scores
    notices: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as plain data."""
        return {"model": str(self.model), "source": self.source, **self.scores.to_json()}


def evaluate(
    model: LoadedModel | str | os.PathLike[str],
    source: str | os.PathLike[str] | None = None,
    *,
    engine: Engine = "auto",
    download_bar: bool = False,
) -> Evaluation:
    """Score a saved model.

    Parameters
    ----------
    model : path or LoadedModel
    source : path, optional
        A CSV or JSON Lines file with the target column, or ``"-"``. Without it the data set of
        the run is loaded again and the rows that were held out are scored.
    engine : {"auto", "onnx", "keras"}
        What computes the outputs of a model that is not loaded yet; see `load_model`.
    download_bar : bool
        Whether a download shows a bar on standard error.

    Raises
    ------
    ModelFileError
        If the model cannot be opened, or has no metadata.
    DatasetError
        If the data cannot be read, lack the target, or are not those of the run.
    """
    loaded = model if isinstance(model, LoadedModel) else load_model(model, engine)
    if loaded.metadata is None:
        raise ModelFileError(
            f"{loaded.path} was written by plain Keras and does not say what its target is",
            hint="`dlcli predict` works with it",
        )
    config = loaded.metadata.checked_config()
    if source is None:
        return _on_held_out(loaded, _run_config(loaded.path) or config, download_bar=download_bar)
    predictions = predict(loaded, source, labelled=True)
    return _on_table(loaded, predictions, config, str(source))


def _run_config(path: Path) -> Config | None:
    """Return the config beside a model that lies in its run: it has the full path of the data."""
    run = find_run(path.parent)
    return load_config(run / "config.yaml") if run == path.parent else None


def _on_held_out(loaded: LoadedModel, config: Config, *, download_bar: bool) -> Evaluation:
    metadata = loaded.metadata
    assert metadata is not None  # noqa: S101 (for the type checker)
    try:
        prepared = prepare(config, sample=metadata.sampled, progress=download_bar)
    except DatasetError as error:
        raise DatasetError(
            str(error), hint=error.hint or "name a CSV with the target to score"
        ) from None
    dataset = prepared.dataset
    if dataset.fingerprint() != metadata.data.get("fingerprint"):
        raise DatasetError(
            f"the data of {dataset.name} have changed since {loaded.path} was trained",
            hint="name a CSV with the target to score, or train again",
        )
    parts = split_rows(dataset, config.split, config.seed).parts()
    part = next(name for name in ("test", "validation", "train") if name in parts)
    held = dataset.take(parts[part])
    x = metadata.preprocessor().transform(held.x)
    scores = _scores(loaded, loaded.network(x), held.y, config)
    notices = [*loaded.notices, *dataset.notices]
    if part != "test":
        notices.append(f"the run has no test rows; these are its {part} rows")
    return Evaluation(
        loaded.path,
        f"{part} rows of {dataset.name}",
        metadata.target,
        scores,
        tuple(notices),
    )


def _on_table(
    loaded: LoadedModel, predictions: Predictions, config: Config, source: str
) -> Evaluation:
    metadata = loaded.metadata
    assert metadata is not None  # noqa: S101 (for the type checker)
    target = metadata.target
    outputs, true = [], []
    for block, raw in predictions.with_raw():
        if raw.target is None:
            raise DatasetError(
                f"{source}: no target column {target.name!r}", hint="`dlcli predict` needs none"
            )
        true.append(_true_values(raw, target, metadata.dialect, source))
        outputs.append(block.outputs)
    if not outputs:
        raise DatasetError(f"{source} has no rows")
    scores = _scores(loaded, np.concatenate(outputs), np.concatenate(true), config)
    return Evaluation(loaded.path, source, target, scores, tuple(predictions.notices()))


def _scores(loaded: LoadedModel, outputs: Array, y: Array, config: Config) -> Scores:
    """Score outputs: without Keras where it computed none of them, and where that is possible."""
    metadata = loaded.metadata
    assert metadata is not None  # noqa: S101 (for the type checker)
    encoded = encode_target(y, metadata.target, config.loss, outputs.shape[1])
    metrics = measure(outputs, encoded, config) if loaded.network.engine == "onnx" else None
    if metrics is None:
        compile_model(loaded.model, config)
        metrics = keras_metrics(loaded.model, outputs, encoded)
    return score_outputs(outputs, y, metadata.target, metadata.output, metrics)


def _true_values(raw: RawBlock, target: Target, dialect: Dialect, source: str) -> Array:
    """Return codes or numbers of the target column.

    Raises
    ------
    DatasetError
        If a class was never seen in training, or a value is missing.
    """
    texts = [text.strip() for text in raw.target or ()]
    lines = raw.lines or range(1, len(texts) + 1)
    if target.task == "regression":
        plain = replace(dialect, missing=())
        return numbers(texts, plain, name=target.name, lines=lines, where=source)
    codes = {label: code for code, label in enumerate(target.labels or target.class_names)}
    values = {to_number(name): code for name, code in codes.items()}
    if len(values) == len(codes):  # all of them numbers: "1.0" is the class "1"
        codes |= {text: values[to_number(text)] for text in texts if to_number(text) in values}
    codes |= {name: code for code, name in enumerate(target.class_names) if name not in codes}
    for line, text in zip(lines, texts, strict=True):
        if not text:
            raise DatasetError(
                f"{source}:{line}: no {target.name!r}", hint="`dlcli predict` needs none"
            )
        if text not in codes:
            known = ", ".join(target.class_names[:10])
            raise DatasetError(
                f"{source}:{line}: {target.name} {text!r} was not in training ({known})"
            )
    return np.array([codes[text] for text in texts], np.int32)
