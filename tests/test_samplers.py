"""The samplers of a search, on functions that cost nothing."""

import json
import math
import pickle

import pytest

pytest.importorskip("optuna", reason="the search needs Optuna: pip install 'dlcli[tune]'")

from dlcli.config.tune import SearchRange, TuneConfig
from dlcli.errors import DlcliError
from dlcli.experiments.search.samplers import check_packages
from dlcli.experiments.search.study import JOURNAL, Study
from dlcli.experiments.search.trials import Measure, TrainingScore, TrialResult
from dlcli.training.trials.trial import TrainingOutcome

LOSS = Measure("validation", "loss", larger_is_better=False)
NUMBERS = {"a": SearchRange(uniform=(0.0, 1.0)), "b": SearchRange(log=(1e-4, 1.0))}


def valley(values):
    """Return a loss that is 0 at a = 0.3, b = 0.01; without a score where a is large."""
    if values["a"] > 0.9:
        return math.nan
    return (values["a"] - 0.3) ** 2 + (math.log10(values["b"]) + 2) ** 2 / 16


def told(number, values, loss):
    failure = "diverged" if math.isnan(loss) else ""
    metrics = {} if failure else {"validation": {"loss": loss}}
    training = TrainingScore(0, 0, TrainingOutcome(1, 0.0, metrics, failure))
    return TrialResult(number + 1, values, (training,))


def search(folder, section, batches=None):
    """Return the values of all trials; with `batches` the search is opened again after each."""
    folder.mkdir(exist_ok=True)
    study, trials = None, []
    for first in range(0, section.most_trials, section.batch):
        if study is None or batches == "reopened":
            study = Study(folder, section, 7, larger_is_better=False)
        count = min(section.batch, section.most_trials - first)
        if batches == "reopened":  # after a process that was killed before it told anything
            study.ask(first, count // 2)
            study = Study(folder, section, 7, larger_is_better=False)
        values = study.ask(first, count)
        study.tell(first, [told(first + i, own, valley(own)) for i, own in enumerate(values)], LOSS)
        trials += values
    return trials


@pytest.mark.parametrize(
    "choices", [{}, pytest.param({"c": SearchRange(choice=(1, 2))}, marks=pytest.mark.slow)]
)
def test_cma_es_repeats_and_goes_on_without_its_pickled_state(tmp_path, choices):
    section = TuneConfig(search={**NUMBERS, **choices}, trials=40, batch=10, sampler="cmaes")

    whole = search(tmp_path / "whole", section)

    assert search(tmp_path / "resumed", section, "reopened") == whole
    losses = [valley(own) for own in whole]
    assert min(losses[20:]) < 0.01
    assert sum(math.isnan(loss) for loss in losses[20:]) <= 1  # it learns from failures too
    journal = (tmp_path / "whole" / JOURNAL).read_text(encoding="utf-8")
    assert "cma:" not in journal


class Unpickled:
    """Fails when it is unpickled."""

    def __reduce__(self):
        return exec, ("raise AssertionError('unpickled')",)


def test_pickled_state_in_a_journal_is_not_read(tmp_path):
    section = TuneConfig(search=NUMBERS, trials=20, batch=10, sampler="cmaes")
    search(tmp_path, section.model_copy(update={"trials": 10}))
    whole = search(tmp_path / "whole", section)
    text = (tmp_path / JOURNAL).read_text(encoding="utf-8")
    state = json.dumps({"cma:optimizer:0": pickle.dumps(Unpickled()).hex(), "cma:generation": 0})
    assert '"system_attrs":{}' in text
    (tmp_path / JOURNAL).write_text(text.replace('"system_attrs":{}', f'"system_attrs":{state}'))

    study = Study(tmp_path, section, 7, larger_is_better=False)

    assert study.ask(10, 10) == whole[10:]


def test_a_journal_with_other_values_is_refused(tmp_path):
    section = TuneConfig(search=NUMBERS, trials=20, batch=10, sampler="cmaes")
    search(tmp_path, section)

    with pytest.raises(DlcliError, match="trial 1 has values that this search does not give"):
        Study(tmp_path, section, 8, larger_is_better=False)


def test_a_grid_has_every_combination_once_in_an_order_of_the_seed(tmp_path):
    grid = {"a": SearchRange(choice=(0.1, 0.2, 0.3)), "b": SearchRange(choice=(0.01, 0.1, 0.1))}
    section = TuneConfig(search=grid, batch=4, sampler="grid")

    whole = search(tmp_path / "whole", section)

    assert section.most_trials == 6
    assert {tuple(own.values()) for own in whole} == {
        (a, b) for a in (0.1, 0.2, 0.3) for b in (0.01, 0.1)
    }
    assert search(tmp_path / "resumed", section, "reopened") == whole
    few = section.model_copy(update={"trials": 4})
    assert len({str(own) for own in search(tmp_path / "few", few)}) == 4


@pytest.mark.parametrize(
    ("ranges", "sampler", "message"),
    [
        (NUMBERS, "grid", "grid takes choices only, and a is uniform"),
        ({"a": SearchRange(choice=(1, 2))}, "cmaes", "cmaes is for numbers"),
        (
            {f"k{n}": SearchRange(choice=tuple(range(10))) for n in range(9)},
            "grid",
            "1,000,000,000 combinations, more than 1,000,000",
        ),
    ],
)
def test_ranges_that_a_sampler_does_not_take(ranges, sampler, message):
    with pytest.raises(ValueError, match=message):
        TuneConfig(search=ranges, sampler=sampler)


@pytest.mark.parametrize(
    ("sampler", "package", "hint"),
    [("gp", "torch", "pip install torch"), ("cmaes", "cmaes", 'pip install "dlcli[tune]"')],
)
def test_an_absent_package_is_told(monkeypatch, sampler, package, hint):
    monkeypatch.setitem(__import__("sys").modules, package, None)

    with pytest.raises(DlcliError) as error:
        check_packages(TuneConfig(search=NUMBERS, sampler=sampler))

    assert hint in str(error.value.hint)


def test_gaussian_processes_repeat_and_go_on(tmp_path):
    pytest.importorskip("torch", reason="sampler: gp needs PyTorch: pip install torch")
    section = TuneConfig(search=NUMBERS, trials=24, batch=8, sampler="gp")

    whole = search(tmp_path / "whole", section)

    assert search(tmp_path / "resumed", section, "reopened") == whole
    assert min(valley(own) for own in whole[16:]) < 0.05
