"""A sound first network for a data set: preprocessing, layers, loss, metrics and training."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from dlcli.config.default_network import (
    WEIGHT_DECAY,
    TableNetwork,
    Training,
    table_layers,
    table_network,
)
from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import Dataset
from dlcli.errors import DatasetError, plural
from dlcli.experiments.init import media_networks
from dlcli.experiments.init.commented_yaml import Commented
from dlcli.experiments.init.distributions import choose_target_step
from dlcli.experiments.init.media_networks import Sections
from dlcli.experiments.init.table_preprocessing import table_preprocess
from dlcli.preparation.split import VALIDATION, split_rows

# Fewer rows leave too few for an early stop: the network trains for a fixed number of epochs.
# A fifth of a small table says little about the best epoch, and the network misses these rows.
MIN_ROWS_TO_VALIDATE, MIN_TABLE_ROWS_TO_VALIDATE = 60, 300
RARE_CLASS = 0.2
DEFAULT_FOLDS = 10
EPOCHS_WITHOUT_VALIDATION = 50
MANY_ROWS = 2_500
MANY_MEDIA = 10_000
# With more, every part of the rows has room for a row of every class.
ROWS_PER_CLASS = 20


def choose_sections(
    dataset: Dataset,
    *,
    has_part_column: bool = False,
    gaps: Collection[str] = (),
    calibrates: bool = False,
) -> Sections:
    """Return all sections of a config but ``dataset``, with comments.

    Parameters
    ----------
    dataset : Dataset
    has_part_column : bool
        Whether a column says which rows are for training, validation and testing.
    gaps : collection of str
        Columns without a value in some row of the file, though perhaps in no row that has a target.
    calibrates : bool
        Whether validation rows are needed for a calibration.
    """
    is_array = isinstance(dataset.x, np.ndarray) or dataset.medium.kind == "audio"
    is_table = not is_array and not dataset.is_text
    if not is_table:
        preprocess, layers, training = media_networks.choose(dataset)
        model = [*layers, *_head(dataset)]
    else:
        network = table_network(len(dataset))
        preprocess, model = table_preprocess(dataset, gaps), _table_model(dataset, network)
        training = network.training
    if dataset.target.task == "regression":
        preprocess = {**preprocess, "target": Commented(*choose_target_step(dataset.y))}
    wanted = MIN_TABLE_ROWS_TO_VALIDATE if is_table else MIN_ROWS_TO_VALIDATE
    validates = calibrates or len(dataset) >= wanted
    if has_part_column and dataset.parts is not None:
        validates = bool((dataset.parts == VALIDATION).any())
    return {
        **({"preprocess": preprocess} if preprocess else {}),
        **(
            {}
            if has_part_column
            else _split(dataset, _validation_share(dataset, validates=validates, is_table=is_table))
        ),
        "model": model,
        **_loss(dataset, training),
        **_fit(dataset, training, validates=validates),
        "seed": 0,
    }


def _table_model(dataset: Dataset, network: TableNetwork) -> list[Any]:
    activation, reason = _outputs(dataset)
    first, *others, last = table_layers(network, activation)
    if network.members > 1:
        ensemble = f"{network.members} networks side by side; their mean is predicted"
        first = Commented(first, ensemble)
    return [first, *others, Commented(last, reason) if reason else last]


def _validation_share(dataset: Dataset, *, validates: bool, is_table: bool) -> float:
    """Return the share of rows that tell the best epoch."""
    if not validates:
        return 0.0
    return 0.1 if not is_table and len(dataset) >= MANY_MEDIA else 0.2


def _split(dataset: Dataset, validation: float) -> Sections:
    split: Sections = {}
    if dataset.parts is None:
        split["test"] = 0.2
    if validation:
        split["validation"] = validation
    classes = len(dataset.target.class_names)
    if len(dataset) < ROWS_PER_CLASS * classes and not _can_stratify(dataset, split):
        reason = f"{plural(len(dataset), 'row')} are too few to have {classes} classes in each part"
        split["stratify"] = Commented(False, reason)
    elif dataset.target.task == "classification" and np.bincount(dataset.y).min() == 1:
        split["stratify"] = Commented(False, "a class has 1 row, which only one part can have")
    return {"split": split} if split else {}


def _can_stratify(dataset: Dataset, section: Sections) -> bool:
    """Tell whether the rows can be split so that every part has rows of every class."""
    if dataset.target.task != "classification":
        return True
    try:
        split_rows(dataset, SplitConfig(**section), seed=0)
    except DatasetError:
        return False
    return True


def _outputs(dataset: Dataset) -> tuple[str | None, str]:
    """Return the activation of the outputs, and the reason."""
    target = dataset.target
    if target.task == "classification":
        classes = len(target.class_names)
        return "sigmoid" if classes == 2 else "softmax", plural(classes, "class")
    if target.task == "multilabel":
        return "sigmoid", f"{plural(len(target.class_names), 'label')}, each for itself"
    return None, ""


def _head(dataset: Dataset) -> list[Any]:
    activation, reason = _outputs(dataset)
    return [Commented({"Dense": {"activation": activation}}, reason)] if activation else ["Dense"]


def _loss(dataset: Dataset, training: Training) -> Sections:
    target = dataset.target
    optimizer: Any = "adam"
    if training.learning_rate is not None:
        rates = {"learning_rate": training.learning_rate, "weight_decay": WEIGHT_DECAY}
        optimizer = {"AdamW": rates}
    if target.task == "regression":
        return {"loss": "mean_squared_error", "optimizer": optimizer, "metrics": ["mae"]}
    if target.task == "multilabel":
        metrics: Any = ["accuracy", "AUC"]
        return {"loss": "binary_crossentropy", "optimizer": optimizer, "metrics": metrics}
    classes = len(target.class_names)
    loss = "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
    share = float(np.bincount(dataset.y).min() / len(dataset))
    if classes == 2 and share < RARE_CLASS:
        reason = f"accuracy says little: only {share:.1%} of the rows are of the rarer class"
        metrics = Commented(["accuracy", "AUC"], reason)
    return {"loss": loss, "optimizer": optimizer, "metrics": metrics}


def _fit(dataset: Dataset, training: Training, *, validates: bool) -> Mapping[str, Any]:
    epochs = training.epochs if validates else EPOCHS_WITHOUT_VALIDATION
    fit: Any = {"epochs": epochs, "batch_size": training.batch_size}
    callbacks: list[Any] = []
    if validates:
        stop = {"monitor": "val_loss", "patience": training.patience, "restore_best_weights": True}
        reason = "keeps the best epoch; fit.epochs is the upper limit"
        callbacks.append(Commented({"EarlyStopping": stop}, reason))
    else:
        fit = Commented(fit, "there are no validation rows to choose an epoch by")
    if training.learning_rate is not None:
        schedule = {"LearningRateScheduler": {"schedule": "CosineDecay"}}
        reason = "from that of the optimizer, epoch by epoch, to 0 after fit.epochs"
        callbacks.append(Commented(schedule, reason))
    return {"callbacks": callbacks, "fit": fit, **_kfold(dataset)}


def _kfold(dataset: Dataset) -> Sections:
    """Return fewer folds than by default for large data sets, and for classes with few rows."""
    if dataset.target.task == "classification":
        rarest = int(np.bincount(dataset.y).min())
        if 1 < rarest < DEFAULT_FOLDS:
            reason = f"the rarest class has {plural(rarest, 'row')}"
            return {"kfold": Commented({"folds": rarest}, reason)}
    return {"kfold": {"folds": 5}} if len(dataset) >= MANY_ROWS else {}
