"""How a search chooses values: a sampler of Optuna for each trial, or the order of a grid."""

from __future__ import annotations

import hashlib
import importlib
import math
import random
from typing import Any

from dlcli.config.tune import TuneConfig
from dlcli.errors import DlcliError, missing_package


def check_packages(section: TuneConfig) -> None:
    """Check that the packages of a sampler are installed, before anything is written.

    Raises
    ------
    DlcliError
    """
    if section.sampler == "gp" and not _is_importable("torch"):
        raise DlcliError(
            "sampler: gp needs PyTorch, which is not installed", hint="`pip install torch`"
        )
    if section.sampler == "cmaes" and not _is_importable("cmaes"):
        raise missing_package("sampler: cmaes needs", "cmaes", "tune")


def new_sampler(section: TuneConfig, seed: int, number: int) -> Any:
    """Return the sampler of a trial.

    Parameters
    ----------
    section : TuneConfig
    seed : int
        Of the search.
    number : int
        Of the trial, from 0.
    """
    from optuna import samplers

    digest = hashlib.sha256(f"{seed} {number}".encode()).digest()
    own = int.from_bytes(digest[:4], "little")
    match section.sampler:
        case "random":
            return samplers.RandomSampler(seed=own)
        case "qmc":  # points of one sequence
            return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
        case "gp":
            return samplers.GPSampler(seed=own)
        case "cmaes":
            return samplers.CmaEsSampler(
                seed=own, popsize=_population(section), warn_independent_sampling=False
            )
    return samplers.TPESampler(seed=own, multivariate=True, constant_liar=True)


def grid_order(section: TuneConfig, seed: int) -> list[dict[str, str]]:
    """Return the combinations of a grid, as JSON by key, in a random order.

    If there are more than `section.trials`, these are a random sample of them.

    Parameters
    ----------
    section : TuneConfig
        With the sampler ``grid``.
    seed : int
    """
    choices = {key: item.choices() for key, item in section.search.items()}
    order = random.Random(seed).sample(range(section.combinations), section.most_trials)  # noqa: S311 (no secret)
    combinations = []
    for index in order:
        params, rest = {}, index
        for key, texts in choices.items():
            rest, place = divmod(rest, len(texts))
            params[key] = texts[place]
        combinations.append(params)
    return combinations


def _population(section: TuneConfig) -> int:
    """Return the population of CMA-ES: a batch, at least what its authors recommend."""
    numbers = sum(item.kind != "choice" for item in section.search.values())
    return max(section.batch, 4 + math.floor(3 * math.log(numbers)))


def _is_importable(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
