"""Successive halving: after a part of the epochs, the worse half of the trials is given up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.config.sections import Config
from dlcli.training.stacked import Prune

# Shares of the epochs after which half of the trials is given up. Source: Jamieson and Talwalkar
# (2016), "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS.
RUNGS = (0.25, 0.5)


@dataclass(frozen=True)
class Halving:
    """How trials are pruned.

    Parameters
    ----------
    metric : str
        A value measured on the validation rows in each epoch, as ``val_accuracy``.
    larger_is_better : bool
    """

    metric: str
    larger_is_better: bool

    def of(self, trials: Sequence[int], config: Config) -> Prune:
        """Return the pruning of copies that are trained together.

        Parameters
        ----------
        trials : sequence of int
            The trial of each copy.
        config : Config
            Gives the number of epochs.
        """
        rungs = {max(1, round(share * config.fit.epochs)) for share in RUNGS}
        sign = -1.0 if self.larger_is_better else 1.0

        def prune(epoch: int, logs: Mapping[int, Mapping[str, float]]) -> Iterable[int]:
            if epoch + 1 not in rungs:
                return ()
            by_trial: dict[int, list[float]] = {}
            for copy, values in logs.items():
                by_trial.setdefault(trials[copy], []).append(sign * values[self.metric])
            means = {trial: _mean(values) for trial, values in by_trial.items()}
            kept = sorted(means, key=lambda trial: (means[trial], trial))[: (len(means) + 1) // 2]
            return [copy for copy in logs if trials[copy] not in kept]

        return prune


def _mean(values: Sequence[float]) -> float:
    """Return the mean; infinity for one that is not defined, which has no order."""
    mean = float(np.mean(values))
    return math.inf if math.isnan(mean) else mean
