"""One session per split: what is fitted, built and kept how often."""

import numpy as np
import pytest

from dlcli import baseline, kfold, load_config, train

pytestmark = pytest.mark.usefixtures("few_trees", "weights_only")
FAST = ["fit.epochs=1", "fit.batch_size=50"]


def test_train_fits_the_preprocessor_once(fits, tmp_path):
    train(load_config("iris", FAST), runs=tmp_path)

    assert fits == [120]


@pytest.mark.parametrize("engine", ["serial", "stacked"])
def test_kfold_fits_the_preprocessor_once_per_fold(fits, tmp_path, engine):
    kfold(load_config("iris", FAST), folds=3, engine=engine, runs=tmp_path)

    assert fits == [100, 100, 100]


@pytest.mark.parametrize("engine", ["serial", "stacked"])
def test_baseline_fits_the_preprocessor_once_per_fold(fits, tmp_path, engine):
    baseline(load_config("iris", FAST), folds=3, engine=engine, runs=tmp_path)

    assert fits == [100, 100, 100]


@pytest.mark.parametrize("option", ["--build", "--no-data", None])
def test_check_fits_the_preprocessor_at_most_once(fits, dlcli, option):
    code, _, error = dlcli("check", "iris", *filter(None, [option]))

    assert code == 0, error
    assert len(fits) == (0 if option == "--no-data" else 1)


def test_folds_share_one_model_unless_their_inputs_differ(write, tmp_path, monkeypatch):
    from dlcli.training import reusable_model

    shapes = []
    build = reusable_model.build_model

    def recording(config, shape, facts):
        shapes.append(shape)
        return build(config, shape, facts)

    monkeypatch.setattr(reusable_model, "build_model", recording)
    rows = "".join(f"{n},{'rare' if n == 5 else 'usual'},{'ab'[n % 2]}\n" for n in range(24))
    write("data.csv", f"x,kind,label\n{rows}")
    config = load_config(
        write("c.yaml", "dataset: {csv: {path: data.csv, target: label}}\n"
              "model: [{Dense: {activation: sigmoid}}]\nloss: mse\nfit: {epochs: 1}\n")
    )  # fmt: skip

    kfold(config, folds=2, engine="serial", runs=tmp_path / "runs")
    differing = len(shapes)
    kfold(load_config("iris", FAST), folds=4, engine="serial", runs=tmp_path / "runs")

    assert sorted(set(shapes[:differing])) == [(2,), (3,)]
    assert len(shapes) == differing + 1


def test_the_rows_of_a_fold_are_freed_when_it_is_done():
    from dlcli.preparation.folds import make_folds
    from dlcli.preparation.prepare import prepare
    from dlcli.training.folds.outcome import train_fold
    from dlcli.training.session import open_sessions

    prepared = prepare(load_config("iris", FAST))
    folds = make_folds(prepared.dataset, prepared.config.split, 2, 0)
    sessions = open_sessions(prepared, folds)

    outcomes = [train_fold(session) for session in sessions]

    assert not any(session._x for session in sessions)
    assert [len(outcome.outputs) for outcome in outcomes] == [75, 75]
    assert all(np.isfinite(outcome.outputs).all() for outcome in outcomes)
