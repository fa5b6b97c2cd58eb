"""Trials of one structure are trained together, each as it would be alone."""

import pytest

from dlcli import load_config
from dlcli.preparation.folds import make_folds
from dlcli.preparation.prepare import prepare
from dlcli.training.trials.halving import Halving
from dlcli.training.trials.structure import structure_of
from dlcli.training.trials.trainer import TrialTrainer
from dlcli.training.trials.trial import Training

MODEL = "model=[{Dense: {units: 8, activation: relu, kernel_regularizer: l2}}, BatchNormalization, {Dense: {units: 4, activation: tanh}}, {Dense: {activation: softmax}}]"
SMALL = ["fit.epochs=3", "fit.batch_size=16", "split.validation=0.2", MODEL]
VARIANTS = [
    ["seed=3"],
    ["model[0].Dense.units=3", "model[0].Dense.kernel_regularizer.L2.l2=0.3"],
    ["model[0].Dense.units=5", "model[2].Dense.units=2", "seed=7"],
    ["optimizer.learning_rate=0.1", "optimizer.beta_1=0.5"],
]


def trainings(variants, splits=(0,)):
    """Return data, splits, and a training of each variant on each split."""
    prepared = prepare(load_config("iris", SMALL))
    config = prepared.config
    folds = make_folds(prepared.dataset, config.split, 3, config.seed)
    return prepared, folds, [
        Training(trial, prepare(load_config("iris", [*SMALL, *changes]), dataset=prepared.dataset).config, split)
        for trial, changes in enumerate(variants)
        for split in splits
    ]  # fmt: skip


def scores(prepared, folds, trainings, **options):
    trainer = TrialTrainer(prepared, folds, ("train", "test"), **options)
    outcomes = {}
    for piece in trainer.pieces(trainings):
        outcomes |= zip(piece.indices, trainer.run(piece), strict=True)
    return [outcomes[index] for index in range(len(trainings))]


@pytest.mark.slow
def test_trials_have_the_scores_of_each_alone():
    variants = [["optimizer.learning_rate=0.001", "optimizer.beta_1=0.9", *v] for v in VARIANTS]
    prepared, folds, own = trainings(variants)
    assert len({training.structure.key for training in own}) == 1

    together = scores(prepared, folds, own)
    alone = scores(prepared, folds, own, together=False)

    assert len(together) == 4
    for mine, theirs in zip(together, alone, strict=True):
        for part in ("train", "test"):
            assert mine.metrics[part] == pytest.approx(theirs.metrics[part], rel=1e-4, abs=1e-6)
    assert len({outcome.metrics["test"]["loss"] for outcome in together}) == 4


@pytest.mark.slow
def test_a_trial_that_diverges_is_a_result():
    variants = [[f"optimizer={{SGD: {{learning_rate: {rate}}}}}"] for rate in ("0.01", "1e30")]
    prepared, folds, own = trainings(variants)

    for together in (True, False):
        good, bad = scores(prepared, folds, own, together=together)
        assert good.metrics["test"]["accuracy"] > 0.2
        assert "diverged" in bad.failure
        assert bad.metrics == {}


def test_the_worse_half_is_given_up():
    rates = (0.3, 0.1, 0.01, 1e-8)
    prepared, folds, own = trainings(
        [[f"optimizer={{SGD: {{learning_rate: {rate}}}}}", "fit.epochs=8"] for rate in rates]
    )

    outcomes = scores(prepared, folds, own, halving=Halving("val_loss", larger_is_better=False))

    assert [outcome.failure for outcome in outcomes].count("pruned") == 3
    assert sorted(outcome.epochs for outcome in outcomes) == [2, 2, 4, 8]
    assert outcomes[3].epochs == 2


@pytest.mark.parametrize(
    ("first", "second", "is_equal"),
    [
        ("model[0].Dense.units=3", "model[0].Dense.units=30", True),
        ("fit.batch_size=3", "fit.batch_size=30", False),
        ("model[0].Dense.activation=relu", "model[0].Dense.activation=tanh", False),
        ("optimizer={Adam: 0.1}", "optimizer={Adam: 0.2}", True),
        ("optimizer={Adam: 0.1}", "optimizer={SGD: 0.1}", False),
        ("optimizer={SGD: {momentum: 0.0}}", "optimizer={SGD: {momentum: 0.9}}", False),
        ("seed=1", "seed=2", True),
    ],
)
def test_which_configs_are_copies_of_one_model(first, second, is_equal):
    keys = [structure_of(load_config("iris", [*SMALL, change])).key for change in (first, second)]

    assert (keys[0] == keys[1]) == is_equal


def test_a_width_before_dropout_or_a_sigmoid_is_not_flexible():
    """Dropout would draw other numbers, and a sigmoid is not 0 at 0."""
    for layers in (
        "[{Dense: {units: 8, activation: sigmoid}}, {Dense: {activation: softmax}}]",
        "[{Dense: {units: 8}}, {Dropout: 0.2}, {Dense: {activation: softmax}}]",
        "[{Dense: {units: 8}}, LayerNormalization, {Dense: {activation: softmax}}]",
    ):
        assert structure_of(load_config("iris", [*SMALL, f"model={layers}"])).units == ()


def test_long_pieces_are_divided_unless_trials_are_pruned(monkeypatch):
    prepared, folds, own = trainings(VARIANTS)

    def sizes(**options):
        trainer = TrialTrainer(prepared, folds, **options)
        return [len(piece.trainings) for piece in trainer.pieces(own)]

    halving = Halving("val_loss", larger_is_better=False)
    whole = sizes()
    monkeypatch.setattr("dlcli.training.trials.trainer.PIECE_SECONDS", 1e-9)
    pruned, divided = sizes(halving=halving), sizes()

    assert max(whole) > 1
    assert pruned == whole
    assert divided == [1] * len(own)


@pytest.mark.parametrize("layer", [0, 1])
def test_a_width_is_not_flexible_where_a_regularizer_is_a_mean_over_units(layer):
    dense = ["Dense: {units: 8}", "Dense: {units: 6}", "Dense: {activation: softmax}"]
    regularizer = "kernel_regularizer: {OrthogonalRegularizer: {mode: rows}}"
    dense[layer] = dense[layer].replace("units", f"{regularizer}, units")
    model = f"model=[{', '.join(f'{{{item}}}' for item in dense)}]"

    structure = structure_of(load_config("iris", [*SMALL, model]))

    assert structure.units == ((6,) if layer == 0 else ())


def test_a_trial_whose_metric_is_not_defined_is_the_worst():
    halving = Halving("val_auc", larger_is_better=True)
    prune = halving.of(range(4), load_config("iris", ["fit.epochs=4"]))

    values = [float("nan"), 0.7, float("nan"), 0.9]
    assert prune(0, {copy: {"val_auc": value} for copy, value in enumerate(values)}) == [0, 2]


def test_pruned_trials_are_not_divided_between_pieces(monkeypatch):
    prepared, folds, own = trainings([["seed=1"], ["seed=2"], ["seed=3"]], splits=(0, 1, 2))
    monkeypatch.setattr("dlcli.training.trials.trainer.MOST_COPIES", 5)

    halving = Halving("val_loss", larger_is_better=False)
    pieces = TrialTrainer(prepared, folds, halving=halving).pieces(own)

    assert [piece.indices for piece in pieces] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
