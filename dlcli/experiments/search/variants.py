"""Variants of a config: other values of some keys, checked like the file."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlcli.config.document import Document
from dlcli.config.in_memory import document_of
from dlcli.config.load import build_config
from dlcli.config.overrides import apply_override
from dlcli.config.sections import Config
from dlcli.datasets.dataset import Dataset
from dlcli.errors import ConfigError, DlcliError, plural
from dlcli.preparation.prepare import resolve_config

Values = Mapping[str, Any]
UNITS = re.compile(r"model\[(\d+)\]\.(\w+)\.units")
FIXED = {
    "dataset": "the trials share the data",
    "split": "the trials share the rows",
    "kfold": "the trials share the folds",
    "hardware": "the trials share the machine",
    "seed": "use --seeds",
    "tune": "it says how to search",
    "thresholds": "it changes the answers of a trained model, not its training",
    "calibrate": "it changes the answers of a trained model, not its training",
    "weight_history": "it changes what a run keeps, not its training",
}


class Variants:
    """Makes the variants of a config.

    Parameters
    ----------
    config : Config
        Checked against its data, and resolved for the folds if there are any.
    dataset : Dataset
        Its data.
    """

    def __init__(self, config: Config, dataset: Dataset) -> None:
        self.config, self.dataset = config, dataset

    def config_of(self, values: Values, seed: int) -> Config:
        """Return the config with other values and another seed, checked against the data.

        The rows are divided as by the seed of the config itself.

        Parameters
        ----------
        values : mapping
            Values by key, as in ``{"fit.batch_size": 16}``. A layer with 0 units is left out.
        seed : int

        Raises
        ------
        ConfigError, DlcliError
            If a key does not exist, must not vary, or a value is not allowed.
        """
        document = document_of(self.config.plain(), self.config.name)
        document.value["split"]["seed"] = self.config.split_seed
        document.value["seed"] = seed
        document.value.pop("tune", None)
        absent = []
        for key, value in values.items():
            check_key(key)
            layer = UNITS.fullmatch(key)
            if layer and value == 0 and not isinstance(value, bool):
                absent.append(_layer(self.config, int(layer[1]), layer[2]))
                continue
            _set(document, key, value)
        for index in sorted(absent, reverse=True):
            del document.value["model"][index]
        return resolve_config(self._built(document, values), self.dataset)

    def _built(self, document: Document, values: Values) -> Config:
        try:
            return build_config(self.config.name, document, Path())
        except ConfigError as error:
            texts = [f"{key}={text_of(value)}" for key, value in values.items()]
            problems = error.problems
            message = "; ".join(dict.fromkeys(problem.message for problem in problems))
            raise DlcliError(f"{', '.join(texts)}: {message}") from None


def grid(over: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return all combinations of values; the values of the last key change first."""
    return [dict(zip(over, values, strict=True)) for values in itertools.product(*over.values())]


def check_key(key: str) -> None:
    """Refuse a key that all trials share.

    Raises
    ------
    DlcliError
    """
    section = re.split(r"[.\[]", key, maxsplit=1)[0]
    if section in FIXED:
        raise DlcliError(f"{key}: it cannot vary between trials: {FIXED[section]}")


def text_of(value: Any) -> str:
    """Return a value as people write it."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def short_keys(keys: Sequence[str]) -> list[str]:
    """Return the last words of keys, as many as tell them apart."""
    words = [key.replace("[", ".").replace("]", "").split(".") for key in keys]
    short = []
    for own in words:
        count = 1
        while count < len(own) and sum(other[-count:] == own[-count:] for other in words) > 1:
            count += 1
        short.append(".".join(own[-count:]))
    return short


def _set(document: Document, key: str, value: Any) -> None:
    try:
        apply_override(document, f"{key}={json.dumps(value, ensure_ascii=False)}")
    except DlcliError as error:
        raise DlcliError(str(error).removeprefix("--set "), hint=error.hint) from None


def _layer(config: Config, index: int, name: str) -> int:
    """Return the index of a layer, which must have a name."""
    if index >= len(config.model):
        raise DlcliError(f"model[{index}]: the model has {plural(len(config.model), 'layer')}")
    own = config.model[index].name
    if own.lower() != name.lower():
        raise DlcliError(f"model[{index}].{name}.units=0: model[{index}] is {own}")
    return index
