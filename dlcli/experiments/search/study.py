"""The search of Optuna: which values the next trials get, from the scores of the earlier ones."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlcli.config.tune import SearchRange, TuneConfig
from dlcli.errors import DlcliError, missing_package
from dlcli.experiments.search.samplers import grid_order, new_sampler
from dlcli.experiments.search.trials import Measure, TrialResult

JOURNAL = "study.journal"
NAME = "dlcli"
LEAST_SCORES = 10


def import_optuna() -> Any:
    """Import Optuna.

    Raises
    ------
    DlcliError
        If it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise missing_package("the search needs", "Optuna", "tune") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class Study:
    """The trials of a search, kept in Optuna's journal in the run directory.

    Trial n draws from the seed of the search and n alone, beside the scores of the batches before
    it, so that a search repeats, and a killed one goes on as if nothing had happened. Optuna's own
    programs, such as ``optuna-dashboard``, open the journal.

    Parameters
    ----------
    folder : Path
        The run directory.
    section : TuneConfig
    seed : int
    larger_is_better : bool
    """

    def __init__(
        self, folder: Path, section: TuneConfig, seed: int, *, larger_is_better: bool
    ) -> None:
        optuna = import_optuna()
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        journal = str(folder / JOURNAL)
        # Left by a driver that was killed: the run directory has one driver at a time.
        for stale in folder.glob(f"{JOURNAL}.lock*"):
            stale.unlink()
        # Not Optuna's default, a symbolic link, which `RunDirectory.reopen` refuses.
        backend = JournalFileBackend(journal, JournalFileOpenLock(journal))
        self.section, self.seed = section, seed
        self.distributions = {
            key: _distribution(optuna, item) for key, item in section.search.items()
        }
        direction = "maximize" if larger_is_better else "minimize"
        self._kept = optuna.create_study(
            storage=JournalStorage(backend), study_name=NAME, direction=direction,
            load_if_exists=True,
        )  # fmt: skip
        self._trials: list[Any] = list(self._kept.get_trials(deepcopy=False))
        self.study = optuna.create_study(direction=direction)
        # What CMA-ES learns from a trial without a score: it is worse than all others.
        self._worst = -math.inf if larger_is_better else math.inf
        self._grid = grid_order(section, seed) if section.sampler == "grid" else []
        if section.sampler == "cmaes":
            self._replay()
        else:
            self.study.add_trials(self._trials)

    def ask(self, first: int, count: int) -> list[dict[str, Any]]:
        """Return the values of trials.

        Parameters
        ----------
        first : int
            Number of the first trial, from 0; all before it have been told.
        count : int
        """
        values = []
        for number in range(first, first + count):
            if number < len(self._trials):
                params = self._trials[number].params
            else:
                params = self._ask_new(number)
                # In one line of the journal: by `ask` it would get a line for each value, and a
                # process that is killed between them would leave half a trial.
                self._kept.add_trial(self._running(params))
            values.append(self._values(params))
        return values

    def _ask_new(self, number: int) -> dict[str, Any]:
        """Begin the next trial, and return its values as Optuna has them."""
        if self._grid:
            params: dict[str, Any] = dict(self._grid[number])
            self.study.add_trial(self._running(params))
            return params
        # Optuna calls some samplers experimental, and PyTorch says that there is no GPU.
        with warnings.catch_warnings(action="ignore"):
            self.study.sampler = new_sampler(self.section, self.seed, number)
            return dict(self.study.ask(self.distributions).params)

    def _running(self, params: dict[str, Any]) -> Any:
        from optuna.trial import TrialState, create_trial

        return create_trial(
            state=TrialState.RUNNING, params=params, distributions=self.distributions
        )

    def _replay(self) -> None:
        """Ask for the trials of the journal once more, and tell their scores.

        The CMA-ES of Optuna keeps its state in the trials, pickled. A journal may have been
        written by anybody, so that nothing in it is unpickled: the state is computed again.

        Raises
        ------
        DlcliError
            If the trials get other values than those in the journal.
        """
        for first in range(0, len(self._trials), self.section.batch):
            batch = list(enumerate(self._trials[first : first + self.section.batch], first))
            for number, trial in batch:
                if self._ask_new(number) != trial.params:
                    raise DlcliError(
                        f"{JOURNAL}: trial {number + 1} has values that this search does not give",
                        hint="begin a new search, without --resume",
                    )
            for number, trial in batch:
                if trial.state.is_finished():
                    self._tell_sampler(number, trial.state, trial.value)

    def _tell_sampler(self, number: int, state: Any, score: float | None) -> None:
        """Report a trial to the study from which samplers learn."""
        if self.section.sampler == "cmaes" and score is None:
            self.study.tell(number, self._worst)
        else:
            self.study.tell(number, score, state)

    def tell(self, first: int, trials: Sequence[TrialResult], measure: Measure) -> None:
        """Report the scores of trials in their order, those that are known already excepted.

        Parameters
        ----------
        first : int
            Number of the first trial, from 0.
        trials : sequence of TrialResult
        measure : Measure
        """
        from optuna.trial import TrialState

        known = self._kept.get_trials(deepcopy=False)
        for number, trial in enumerate(trials, first):
            if known[number].state.is_finished():
                continue
            mean: float | None = trial.mean(measure)
            state = TrialState.COMPLETE
            if trial.failure or mean is None or math.isnan(mean):
                state = TrialState.PRUNED if trial.failure == "pruned" else TrialState.FAIL
                mean = None
            self._tell_sampler(number, state, mean)
            self._kept.tell(number, mean, state)

    def importances(self) -> dict[str, float]:
        """Return how much each key matters for the score, the most important first.

        PED-ANOVA of Watanabe, Bansal and Hutter (2023, arXiv:2304.10255): how much the trials above
        the median concentrate on some values of a key. Empty with fewer than 10 scores.
        """
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        scored = [t for t in self._kept.get_trials(deepcopy=False) if t.value is not None]
        if len(scored) < LEAST_SCORES:
            return {}
        try:
            shares = get_param_importances(self._kept, evaluator=PedAnovaImportanceEvaluator())
        except (ValueError, RuntimeError, ZeroDivisionError):
            return {}  # all scores are equal
        return {key: float(share) for key, share in shares.items() if not math.isnan(share)}

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the config, in the order of the section."""
        return {
            key: json.loads(params[key]) if item.kind == "choice" else params[key]
            for key, item in self.section.search.items()
        }


def _distribution(optuna: Any, item: SearchRange) -> Any:
    """Return Optuna's distribution of a range; choices are texts of JSON."""
    kind = item.kind
    if kind == "choice":
        return optuna.distributions.CategoricalDistribution(item.choices())
    low, high = getattr(item, kind)
    is_log = kind.startswith("log")
    if kind.endswith("integer"):
        return optuna.distributions.IntDistribution(low, high, log=is_log)
    return optuna.distributions.FloatDistribution(low, high, log=is_log)
