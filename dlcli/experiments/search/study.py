"""The search of Optuna: which values the next trials get, from the scores of the earlier ones."""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlcli.config.tune import SearchRange, TuneConfig
from dlcli.errors import DlcliError, missing_package
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
        self.study.add_trials(self._trials)

    def ask(self, first: int, count: int) -> list[dict[str, Any]]:
        """Return the values of trials.

        Parameters
        ----------
        first : int
            Number of the first trial, from 0; all before it have been told.
        count : int
        """
        from optuna.trial import TrialState, create_trial

        values = []
        for number in range(first, first + count):
            if number < len(self._trials):
                params = self._trials[number].params
            else:
                self.study.sampler = _sampler(self.section.sampler, self.seed, number)
                params = self.study.ask(self.distributions).params
                # In one line of the journal: by `ask` it would get a line for each value, and a
                # process that is killed between them would leave half a trial.
                self._kept.add_trial(
                    create_trial(
                        state=TrialState.RUNNING, params=params, distributions=self.distributions
                    )
                )
            values.append(self._values(params))
        return values

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
            mean = trial.mean(measure)
            if trial.failure or math.isnan(mean):
                state = TrialState.PRUNED if trial.failure == "pruned" else TrialState.FAIL
                result: dict[str, Any] = {"state": state}
            else:
                result = {"values": mean}
            for study in (self.study, self._kept):
                study.tell(number, **result)

    def importances(self) -> dict[str, float]:
        """Return how much each key matters for the score, the most important first.

        PED-ANOVA of Watanabe, Bansal and Hutter (2023, arXiv:2304.10255): how much the trials above
        the median concentrate on some values of a key. Empty with fewer than 10 scores.
        """
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        scored = [t for t in self.study.get_trials(deepcopy=False) if t.value is not None]
        if len(scored) < LEAST_SCORES:
            return {}
        try:
            found = get_param_importances(self.study, evaluator=PedAnovaImportanceEvaluator())
        except (ValueError, RuntimeError, ZeroDivisionError):
            return {}  # all scores are equal
        return {key: float(value) for key, value in found.items() if value == value}

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the config, in the order of the section."""
        return {
            key: json.loads(params[key]) if item.kind == "choice" else params[key]
            for key, item in self.section.search.items()
        }


def _distribution(optuna: Any, item: SearchRange) -> Any:
    """Return Optuna's distribution of a range; choices are texts of JSON."""
    kind, values = item.kind, getattr(item, item.kind)
    if kind == "choice":
        texts = [json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values]
        return optuna.distributions.CategoricalDistribution(texts)
    low, high = values
    is_log = kind.startswith("log")
    if kind.endswith("integer"):
        return optuna.distributions.IntDistribution(low, high, log=is_log)
    return optuna.distributions.FloatDistribution(low, high, log=is_log)


def _sampler(name: str, seed: int, number: int) -> Any:
    """Return the sampler of a trial."""
    from optuna import samplers

    digest = hashlib.sha256(f"{seed} {number}".encode()).digest()
    own = int.from_bytes(digest[:4], "little")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna calls some samplers and options experimental
        return _new_sampler(samplers, name, seed, own)


def _new_sampler(samplers: Any, name: str, seed: int, own: int) -> Any:
    if name == "random":
        return samplers.RandomSampler(seed=own)
    if name == "qmc":  # points of one sequence
        return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
    if name == "gp":
        try:
            importlib.import_module("torch")
        except ImportError:
            raise DlcliError(
                "sampler: gp needs PyTorch, which is not installed", hint="`pip install torch`"
            ) from None
        return samplers.GPSampler(seed=own)
    return samplers.TPESampler(seed=own, multivariate=True, constant_liar=True)
