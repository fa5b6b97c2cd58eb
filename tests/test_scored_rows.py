"""How often the same test rows were scored in a folder of runs."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dlcli import baseline, evaluate, kfold, train
from dlcli.runs.records import read_record
from dlcli.runs.scored_rows import COUNTS, count_scoring, rows_digest

pytestmark = pytest.mark.usefixtures("few_trees")


def notes_on_looks(result):
    return [note for note in result.notices if "looks" in note]


def test_the_third_look_at_the_test_rows_is_noticed(dlcli, people, tmp_path):
    first = train(people, runs="runs")
    second = train(people, runs="runs")
    shutil.rmtree(second.path)  # its score was seen all the same
    _, out, err = dlcli("evaluate", first.path, "--json")
    third = train(people, runs="runs")

    assert not notes_on_looks(first)
    assert not notes_on_looks(second)
    note = "test rows scored {} times: the best of several looks is too good"
    assert note.format(3) in json.loads(out)["notes"]
    assert note.format(3) in err
    assert notes_on_looks(third) == [note.format(4)]
    assert read_record(first.path).scored_rows.times == 1
    assert read_record(third.path).scored_rows.times == 4


def test_other_rows_other_folders_and_samples_are_counted_apart(people, tmp_path):
    from dlcli import load_config

    first = train(people, runs="runs")

    assert (
        read_record(train(load_config(people, ["seed=1"]), runs="runs").path).scored_rows.times == 1
    )
    assert read_record(train(people, runs="others").path).scored_rows.times == 1
    assert read_record(train(people, runs="runs", sample=True).path).scored_rows is None
    second, third = (notes_on_looks(evaluate(first)) for _ in range(2))
    assert not second
    assert third


@pytest.mark.slow
def test_folds_are_counted_apart_from_the_split_of_train(dlcli, people):
    results = [kfold(people, folds=2, runs="runs") for _ in range(2)]
    code, _, err = dlcli("baseline", people, "--folds", "2", "-q")
    first = train(people, runs="runs")

    note = "test rows of the same 2 folds scored 3 times: the best of several looks is too good"
    assert code == 0
    assert note in err
    assert not any(map(notes_on_looks, results))
    assert read_record(first.path).scored_rows.times == 1
    assert baseline(people, split=True, runs="runs").path.joinpath("run.json").is_file()
    assert read_record(train(people, runs="runs").path).scored_rows.times == 3


def test_a_reproduction_is_no_look(dlcli, people):
    path = train(people, runs="runs").path

    assert dlcli("reproduce", path, "-q")[0] == 0
    assert read_record(train(people, runs="runs").path).scored_rows.times == 2


def test_many_at_once_lose_no_count(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        counts = list(
            pool.map(lambda n: count_scoring(tmp_path, "d" * 64, f"train x/{n}"), range(400))
        )

    assert sorted(counts) == list(range(1, 401))


def test_a_folder_that_cannot_be_written_costs_the_count_alone(people):
    first = train(people, runs="runs")
    shutil.rmtree("runs/" + COUNTS)
    (first.path.parents[1] / COUNTS).write_text("in the way")

    result = train(people, runs="runs")

    assert result.status == "finished"
    assert read_record(result.path).scored_rows is None


def test_the_digest_tells_folds_data_and_rows_apart():
    rows = np.arange(6)
    cases = [("a", [rows]), ("b", [rows]), ("a", [rows[:3], rows[3:]]), ("a", [rows[:5]])]

    assert len({rows_digest(*case) for case in cases}) == len(cases)
