"""Splits and folds: shuffled, stratified, disjoint, repeatable."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcli import DatasetError, load_config
from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import Dataset, Target
from dlcli.datasets.loading import load_dataset
from dlcli.preparation.folds import make_folds, prepare_folds
from dlcli.preparation.prepare import prepare
from dlcli.preparation.split import split_rows
from dlcli.training.session import open_session


def classes(*counts, groups=None, parts=None):
    y = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    names = tuple("abcdefgh"[: len(counts)])
    return Dataset(
        "data",
        np.zeros((len(y), 2)),
        y,
        Target("t", "classification", names),
        groups=groups,
        parts=parts,
    )


@given(
    st.lists(st.integers(10, 60), min_size=2, max_size=5),
    st.sampled_from([0.1, 0.2, 0.3]),
    st.sampled_from([0.0, 0.25]),
    st.integers(0, 2**32 - 1),
)
def test_every_row_is_in_one_part_and_classes_keep_their_share(counts, test, validation, seed):
    dataset = classes(*counts)
    section = SplitConfig(test=test, validation=validation)

    split = split_rows(dataset, section, seed)

    rows = np.concatenate([split.train, split.validation, split.test])
    assert sorted(rows) == list(range(len(dataset)))
    assert abs(len(split.test) - test * len(dataset)) <= 1
    for code, count in enumerate(counts):
        assert abs((dataset.y[split.test] == code).sum() - test * count) <= 1
    again = split_rows(dataset, section, seed)
    assert np.array_equal(split.train, again.train)


def test_without_shuffle_the_last_rows_are_held_out():
    section = SplitConfig(test=0.2, validation=0.25, shuffle=False)

    split = split_rows(classes(12, 8), section, seed=3)

    assert split.train.tolist() == list(range(12))
    assert split.validation.tolist() == [12, 13, 14, 15]
    assert split.test.tolist() == [16, 17, 18, 19]


def test_folds_without_shuffle_follow_each_other():
    folds = make_folds(classes(6, 4), SplitConfig(shuffle=False), 3, seed=0)

    assert [fold.test.tolist() for fold in folds] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert [len(fold.train) for fold in folds] == [6, 7, 7]


def test_validation_rows_that_are_the_test_rows():
    section = SplitConfig(test=0.3, validation="test")

    split = split_rows(classes(10, 10), section, seed=0)
    folds = make_folds(classes(10, 10), section, 5, seed=0)

    assert np.array_equal(split.validation, split.test)
    assert list(split.scored_parts()) == ["train", "test"]
    assert not set(split.train) & set(split.test)
    assert all(np.array_equal(fold.validation, fold.test) for fold in folds)
    with pytest.raises(DatasetError, match="needs test rows"):
        split_rows(classes(10, 10), SplitConfig(test=0.0, validation="test"), seed=0)


def test_another_seed_gives_another_split():
    dataset = classes(50, 50)

    first, second = (split_rows(dataset, SplitConfig(), seed).test for seed in (0, 1))

    assert not np.array_equal(first, second)


def test_official_test_rows_are_kept_and_validation_comes_from_the_others():
    parts = np.array([0] * 80 + [2] * 20, np.int8)
    split = split_rows(classes(50, 50, parts=parts), SplitConfig(validation=0.25), 0)

    assert split.test.tolist() == list(range(80, 100))
    assert len(split.validation) == 20


def test_a_column_can_say_which_part_a_row_belongs_to(write):
    rows = "".join(f"{n},{['train', 'val', 'test'][n % 3]},{'ab'[n % 2]}\n" for n in range(12))
    write("data.csv", f"x,part,label\n{rows}")
    config = load_config(
        write("c.yaml", "dataset: {csv: {path: data.csv, target: label}}\nsplit: {column: part}\n"
              "model: [Dense]\nloss: mse\nfit: {epochs: 1}\n")
    )  # fmt: skip
    dataset = load_dataset(config)

    split = split_rows(dataset, config.split, 0)

    assert list(dataset.x) == ["x"]
    assert split.validation.tolist() == [1, 4, 7, 10]
    assert split.test.tolist() == [2, 5, 8, 11]


def test_groups_never_part():
    groups = np.repeat([f"g{number}" for number in range(20)], 5).astype(object)
    dataset = classes(50, 50, groups=groups)

    split = split_rows(dataset, SplitConfig(test=0.2, validation=0.2), 0)
    folds = make_folds(dataset, SplitConfig(), 4, 0)

    sides = [set(groups[rows]) for rows in (split.train, split.validation, split.test)]
    assert not sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2]
    for fold in folds:
        assert not set(groups[fold.train]) & set(groups[fold.test])


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=12, max_size=80),
    test=st.sampled_from([0.1, 0.25, 0.5]),
    validation=st.sampled_from([0.0, 0.2]),
    folds=st.integers(2, 5),
    seed=st.integers(0, 1000),
)
def test_parts_are_disjoint_and_complete_and_groups_never_part_whatever_they_are(
    rows, test, validation, folds, seed
):
    y = np.array([label for label, _ in rows], np.int32)
    groups = np.array([f"g{group}" for _, group in rows], object)
    target = Target("t", "classification", ("a", "b", "c"))
    dataset = Dataset("data", np.zeros((len(y), 2)), y, target, groups=groups)
    section = SplitConfig(test=test, validation=validation)
    try:
        splits = [split_rows(dataset, section, seed), *make_folds(dataset, section, folds, seed)]
    except DatasetError:  # too few groups
        return

    for split in splits:
        parts = [split.train, split.validation, split.test]
        assert sorted(np.concatenate(parts)) == list(range(len(y)))
        owners = [set(groups[part]) for part in parts]
        assert len(set.union(*owners)) == sum(map(len, owners))
    assert sorted(np.concatenate([fold.test for fold in splits[1:]])) == list(range(len(y)))


def test_each_row_is_tested_once_in_k_fold():
    dataset = classes(20, 31)

    folds = make_folds(dataset, SplitConfig(validation=0.2), 10, 0)

    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(51))
    for fold in folds:
        assert not set(fold.test) & (set(fold.train) | set(fold.validation))
        assert (dataset.y[fold.test] == 0).sum() == 2


def test_a_class_with_fewer_rows_than_folds_says_the_largest_number():
    with pytest.raises(
        DatasetError, match="class 'a' has 3 rows, too few for 10 folds; use --folds 3"
    ):
        make_folds(classes(3, 40), SplitConfig(), 10, 0)


@pytest.mark.parametrize(
    ("counts", "section", "message"),
    [
        ((1, 1, 1), SplitConfig(), "every class has a single row"),
        ((2, 2), SplitConfig(test=0.2), "too few to have 2 classes"),
    ],
)
def test_what_cannot_be_divided_is_said(counts, section, message):
    with pytest.raises(DatasetError, match=message):
        split_rows(classes(*counts), section, 0)


def test_the_only_row_of_a_class_is_for_training():
    split = split_rows(classes(1, 20), SplitConfig(validation=0.2), 0)

    assert 0 in split.train
    assert (len(split.validation), len(split.test)) == (3, 4)


def test_a_short_series_whose_first_fold_has_no_training_rows_is_refused(write, dlcli, tmp_path):
    write("s.csv", "level\n" + "".join(f"{n % 5}\n" for n in range(9)))
    config = write(
        "c.yaml",
        "dataset: {csv: {path: s.csv, target: level, window: 3}}\nsplit: {validation: 0.2}\n"
        "model: [Flatten, Dense]\nloss: mse\nfit: {epochs: 1}\n",
    )

    code, _, error = dlcli("kfold", config, "--folds", 5)

    assert code == 2
    assert "1 row cannot be split, with a share of 0.2 for validation or test (fold 1)" in error
    assert "fewer folds" in error
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [(0, 1, "train rows and validation"), (1, 2, "validation rows and test")],
)
def test_a_group_in_two_official_parts_is_refused(first, second, names):
    parts = np.array([0] * 60 + [1] * 20 + [2] * 20, np.int8)
    groups = np.array([f"g{part}{n % 4}" for n, part in enumerate(parts)], object)
    groups[np.flatnonzero(parts == first)[0]] = groups[np.flatnonzero(parts == second)[0]] = "both"
    dataset = classes(50, 50, groups=groups, parts=parts)

    with pytest.raises(DatasetError, match=f"official {names} rows share the group 'both'"):
        split_rows(dataset, SplitConfig(), 0)
    if second == 2:
        with pytest.raises(DatasetError, match="share the group 'both'"):
            make_folds(dataset, SplitConfig(), 3, 0)
    else:  # folds mix official training and validation rows, and keep groups together
        assert len(make_folds(dataset, SplitConfig(), 3, 0)) == 3


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.5, 0.02])
def test_groups_are_stratified_unless_that_is_switched_off(share):
    # Each group has one class; one group in four has class 1.
    groups = np.repeat([f"g{number:02}" for number in range(40)], 5).astype(object)
    y = np.repeat([1 if number % 4 == 0 else 0 for number in range(40)], 5).astype(np.int32)
    target = Target("t", "classification", ("a", "b"))
    dataset = Dataset("data", np.zeros((200, 2)), y, target, groups=groups)

    for seed in range(5):
        split = split_rows(dataset, SplitConfig(test=share), seed)
        plain = split_rows(dataset, SplitConfig(test=share, stratify=False), seed)
        assert not set(groups[split.train]) & set(groups[split.test])
        assert abs(len(split.test) - share * 200) <= 10
        assert abs(y[split.test].sum() - share * 50) <= 5
        assert sorted(np.concatenate([plain.train, plain.test])) == list(range(200))


def test_another_seed_leaves_the_test_rows_if_the_split_has_one_of_its_own(tmp_path):
    config = load_config("iris", ["split.seed=5"])
    others = [load_config("iris", ["split.seed=5", "seed=3"]), load_config("iris", ["seed=5"])]
    other_rows = load_config("iris", ["seed=3"])

    def tests_of(config):
        prepared = prepare(config)
        split = open_session(prepared).split
        folds = prepare_folds(prepared, 3)[1]
        return [split.test.tolist(), split.validation.tolist(), *(f.test.tolist() for f in folds)]

    assert all(tests_of(other) == tests_of(config) for other in others)
    assert tests_of(other_rows) != tests_of(config)
    assert config.plain()["split"]["seed"] == 5


@pytest.mark.parametrize(
    ("section", "sentences"),
    [
        ("{test: 0.15}", ["test rows: 0.15 × 150 = 22.5, rounded to 22"]),
        ("{test: 0.2, validation: 0.25}", []),
        ("{test: 0.07}", ["test rows: 0.07 × 150 = 10.5, rounded to 11"]),
        ("{test: 0.2, shuffle: false, validation: 0.33}",
         ["validation rows: 0.33 × 120 = 39.6, rounded to 40"]),
        ("{test: 0.15, validation: test}", ["test rows: 0.15 × 150 = 22.5, rounded to 22"]),
        ("{test: 0.001, stratify: false}", ["test rows: 0.001 × 150 = 0.15, rounded to 1"]),
    ],
)  # fmt: skip
def test_check_says_how_shares_of_the_rows_are_rounded(section, sentences, dlcli):
    code, out, _ = dlcli("check", "iris", "--set", f"split={section}")

    assert code == 0
    assert [line.strip() for line in out.splitlines()[1:]] == sentences


def test_check_says_that_groups_stay_whole(write, dlcli):
    rows = "".join(f"{row},{row % 7},{'ab'[row % 2]}\n" for row in range(31))
    write("t.csv", f"a,group,label\n{rows}")
    write("t.yaml", "dataset: {csv: {path: t.csv, target: label}}\n"
          "split: {test: 0.2, group: group}\nmodel: [{Dense: {activation: sigmoid}}]\n"
          "loss: binary_crossentropy\nfit: {epochs: 1}\n")  # fmt: skip

    _, out, _ = dlcli("check", "t.yaml", "--no-build")

    sentence = out.splitlines()[1]
    assert sentence.startswith("  test rows: 0.2 × 31 = 6.2, with whole groups ")
    assert int(sentence.split()[-1]) != 6
