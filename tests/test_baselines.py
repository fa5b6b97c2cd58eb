"""The network beside scikit-learn's models: the same rows, no leak, an honest test, plain words."""

import csv
import json
import math
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import MultinomialNB

from dlcli import DatasetError, TrainingError, baseline, kfold, load_config, train
from dlcli.cli.baseline_sentences import sentences, signed_difference
from dlcli.experiments.baseline.comparison import Comparison, ScoredModel, compare_models
from dlcli.experiments.baseline.estimators import fit_and_predict, model_inputs
from dlcli.experiments.baseline.models import MODELS, BaselineModel, build_estimator, models_for
from dlcli.experiments.baseline.result import BaselineResult
from dlcli.experiments.baseline.words import deciding_words
from dlcli.experiments.statistics import corrected_t_test, mcnemar_test
from dlcli.preparation.fitting import fit_preprocessor
from dlcli.preparation.folds import make_folds
from dlcli.preparation.prepare import prepare

pytestmark = pytest.mark.usefixtures("few_trees")
FAST = ["fit.epochs=3", "fit.batch_size=16"]
NAMES = {
    "majority class", "k-nearest neighbours", "naive Bayes", "logistic regression",
    "support vector machine", "decision tree", "random forest", "gradient boosting",
}  # fmt: skip


UNKNOWN_SPREAD = (
    "The difference is the same everywhere, so that its spread is unknown and there is no p-value: "
    "shifted +0.1000."
)


@pytest.fixture(scope="module")
def iris(tmp_path_factory, few_trees):
    """Compare on the folds of iris, once for all tests that only look at the result."""
    return baseline(load_config("iris", FAST), folds=3, runs=tmp_path_factory.mktemp("runs"))


def row(result, name):
    return next(row for row in result.models if row.model.name == name)


def test_the_t_test_has_the_variance_of_overlapping_folds():
    # By hand: mean 0.03, variance 0.0005, spread (1/5 + 1/4) * 0.0005 = 0.000225, t = 2.0.
    differences = [0.0, 0.02, 0.03, 0.04, 0.06]

    p = corrected_t_test(differences, train_rows=80, test_rows=20)

    assert np.var(differences, ddof=1) == pytest.approx(0.0005)
    assert p == pytest.approx(0.1161165, abs=1e-6)  # Student's t of 2.0 with 4 degrees of freedom


def test_the_t_test_is_scipys_paired_one_with_a_smaller_statistic():
    rng = np.random.default_rng(0)
    mine, theirs = rng.normal(0.80, 0.05, 10), rng.normal(0.75, 0.05, 10)
    usual = stats.ttest_rel(mine, theirs)

    p = corrected_t_test(mine - theirs, train_rows=187.2, test_rows=20.8)

    shrunk = usual.statistic / math.sqrt(1 + 10 * 20.8 / 187.2)
    assert p == pytest.approx(2 * stats.t.sf(abs(shrunk), 9))
    assert p > usual.pvalue


def test_differences_that_do_not_vary_need_no_distribution():
    assert corrected_t_test([0.0, 0.0, 0.0], 10, 5) == 1
    assert math.isnan(corrected_t_test([0.9 - 0.8, 0.8 - 0.7, 0.1], 10, 5))
    with pytest.raises(ValueError, match="at least two"):
        corrected_t_test([0.1], 10, 5)


def test_mcnemar_counts_the_rows_that_tell_two_models_apart():
    right = np.array([True] * 9 + [False] + [True] * 40 + [False] * 10)
    other = np.array([False] * 9 + [True] + [True] * 40 + [False] * 10)

    # Nine of ten for one side: 2 * (1 + 10) / 2**10.
    assert mcnemar_test(right, other) == pytest.approx(22 / 1024)
    assert mcnemar_test(other, right) == pytest.approx(22 / 1024)
    assert mcnemar_test(right, right) == 1


def test_the_network_has_the_folds_and_scores_of_kfold(iris, tmp_path):
    folds = kfold(load_config("iris", FAST), folds=3, runs=tmp_path / "runs").folds

    assert iris.network.scores == pytest.approx([fold.metrics["accuracy"] for fold in folds])
    assert {row.model.name for row in iris.models} == NAMES
    assert all(len(row.model.scores) == 3 for row in iris.models)
    means = [row.model.mean for row in iris.models]
    assert means == sorted(means, reverse=True)


def test_the_models_learn_from_training_rows_and_their_scaling_alone(tmp_path, monkeypatch):
    from dlcli.experiments.baseline import fits

    config = load_config("iris", [*FAST, "split.validation=0.2", "preprocess.numeric=standardize"])
    given = []

    def spy(model, x, y, x_test, *options):
        given.append((x, y, x_test))
        return fit_and_predict(model, x, y, x_test, *options)

    monkeypatch.setattr(fits, "fit_and_predict", spy)
    baseline(config, folds=3, runs=tmp_path / "runs")
    prepared = prepare(config)
    folds = make_folds(prepared.dataset, config.split, 3, config.seed)

    raw = prepared.dataset.x.to_numpy()
    for (x, y, x_test), fold in zip(given, folds * (len(given) // 3), strict=True):
        mean, std = raw[fold.train].mean(axis=0), raw[fold.train].std(axis=0)
        assert np.allclose(x, (raw[fold.train] - mean) / std, atol=1e-5)
        assert np.allclose(x_test, (raw[fold.test] - mean) / std, atol=1e-5)
        assert np.array_equal(y, prepared.dataset.y[fold.train])
        assert len(x) == 80  # of the 100 rows beside the tested ones; 20 are for early stopping


class Plain:
    """A network that begins with nothing that the models could use."""

    layers = ("Dense",)


def test_text_is_counts_of_words_for_the_models(write):
    write("mail.csv", "message,kind\nwin win now,spam\nsee you now,ham\n" + "so it is,ham\n" * 3)
    config = load_config(
        write(
            "mail.yaml",
            "dataset: {text: {path: mail.csv, text: message, target: kind}}\n"
            "preprocess: {text: {vectorize: {max_tokens: 50}}}\n"
            "model: [{Embedding: {input_dim: 50, output_dim: 2}}, Flatten, Dense]\n"
            "loss: hinge\nfit: {epochs: 1}\n",
        )
    )
    prepared = prepare(config)
    rows = np.arange(5)
    preprocessor = fit_preprocessor(prepared.dataset, rows, prepared.config.preprocess)

    x = model_inputs(preprocessor, prepared.dataset, rows, network=Plain())

    words = preprocessor.groups[0].steps[0].vocabulary
    assert x.shape == (5, len(words))
    assert x[0, words.index("win")] == 2
    names = [model.estimator.rpartition(".")[2] for model in models_for(prepared.dataset)]
    assert "MultinomialNB" in names
    assert "GaussianNB" not in names


@pytest.fixture
def reviews(write):
    """Return a config of a table with a text, a number and two labels."""
    rows = "".join(f"word{n} good now,{n},{n % 2},{n % 3 // 2}\n" for n in range(30))
    write("reviews.csv", "review,stars,a,b\n" + rows)
    return load_config(
        write(
            "reviews.yaml",
            "dataset: {csv: {path: reviews.csv, target: [a, b], types: {review: text}}}\n"
            "preprocess: {columns: {review: {vectorize: {output_mode: tf_idf}}}}\n"
            "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
            "fit: {epochs: 1}\n",
        )
    )


@pytest.mark.parametrize("free", [None, 1_000])
def test_models_without_sparse_inputs_are_fitted_if_dense_ones_fit(reviews, monkeypatch, free):
    from dlcli.datasets import storage

    prepared = prepare(reviews)
    rows = np.arange(30)
    preprocessor = fit_preprocessor(prepared.dataset, rows, prepared.config.preprocess)
    x = model_inputs(preprocessor, prepared.dataset, rows)
    monkeypatch.setattr(storage, "available_memory", lambda: free)

    fits = {
        model.name: fit_and_predict(model, x, prepared.dataset.y, x, 0)
        for model in models_for(prepared.dataset)
    }

    assert np.allclose(x[:, 0].toarray()[:, 0], preprocessor.transform(prepared.dataset.x)[:, -1])
    notes = {name: made.note for name, made in fits.items() if made.predictions is None}
    if free is None:
        assert notes == {}
    else:
        assert set(notes) == {"naive Bayes", "gradient boosting"}
        assert "not fitted: inputs that are not sparse need about" in notes["naive Bayes"]


BOOSTING = next(m for m in MODELS if m.name == "gradient boosting" and m.task != "regression")


def test_words_too_many_for_a_model_are_the_commonest():
    x = csr_matrix(np.eye(40, 600, dtype=np.float32))

    made = fit_and_predict(BOOSTING, x, np.arange(40) % 2, x, 0, (600,))

    assert len(made.predictions) == 40
    assert made.note == "on the 500 most frequent words"


def test_each_text_has_its_words_in_a_model_that_takes_few(write, tmp_path):
    rows = "".join(
        f"{' '.join(f'w{n * 20 + k}' for k in range(20))},{'good' if n % 2 else 'bad'} one,{n % 2}\n"
        for n in range(60)
    )
    write("mail.csv", f"body,title,kind\n{rows}")
    config = load_config(
        write(
            "mail.yaml",
            "dataset: {csv: {path: mail.csv, target: kind, types: {body: text, title: text}}}\n"
            "preprocess: {columns: {body: {vectorize: {output_mode: multi_hot}}, "
            "title: {vectorize: {output_mode: multi_hot}}}}\n"
            "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
            "fit: {epochs: 1}\n",
        )
    )

    boosting = row(baseline(config, split=True, runs=tmp_path / "runs"), BOOSTING.name)

    assert boosting.model.scores == (1.0,)
    assert boosting.model.note == "on the 250 most frequent words of each text"


def test_columns_that_are_no_words_are_all_kept_beside_the_commonest():
    y = np.arange(60) % 2
    x = np.zeros((60, 1_200), np.float32)
    x[:, 599] = y

    made = fit_and_predict(BOOSTING, csr_matrix(x), y, csr_matrix(x), 0, (600,))

    assert made.predictions.tolist() == y.tolist()
    assert made.note == "on the 500 most frequent words, beside the other columns"


@pytest.mark.slow
def test_a_series_is_compared_with_its_last_value(tmp_path):
    result = baseline(
        load_config("tide_lstm", ["fit.epochs=1", "fit.batch_size=256", "model=[Flatten, Dense]"]),
        folds=2,
        runs=tmp_path / "runs",
    )
    dataset = prepare(load_config("tide_lstm")).dataset
    fold = make_folds(dataset, load_config("tide_lstm").split, 2, 0)[0]

    naive = row(result, "naive forecast (last value)")

    error = dataset.x[fold.test, -1, 0] - dataset.y[fold.test]
    assert naive.model.scores[0] == pytest.approx(np.sqrt((error**2).mean()))


def test_pictures_are_flat_rows_for_the_models():
    prepared = prepare(load_config("digits_cnn"))
    rows = np.arange(7)
    preprocessor = fit_preprocessor(prepared.dataset, rows, prepared.config.preprocess)

    x = model_inputs(preprocessor, prepared.dataset, rows, network=Plain())

    assert (x.shape, x.dtype) == ((7, 64), np.float32)


def test_the_run_directory_has_scores_per_fold_and_a_picture(iris):
    with (iris.path / "baselines.csv").open() as file:
        rows = list(csv.DictReader(file))
    metrics = json.loads((iris.path / "metrics.json").read_text())
    record = json.loads((iris.path / "run.json").read_text())

    assert list(rows[0]) == ["model", "fold", "score", "fit_seconds"]
    assert [(r["model"], r["fold"]) for r in rows[:3]] == [("network", f) for f in "123"]
    assert len(rows) == 3 * (1 + len(NAMES))
    assert metrics["network"]["mean"] == pytest.approx(
        np.mean([float(r["score"]) for r in rows[:3]])
    )
    assert metrics["test"] == "corrected resampled t-test"
    assert (record["kind"], record["status"], record["folds"]) == ("baseline", "finished", 3)
    assert (iris.path / "baselines.png").exists()
    assert (iris.path / "config.yaml").exists()
    assert not (iris.path.parent / "latest").exists()


def test_p_values_are_those_of_the_scores(iris):
    forest = row(iris, "random forest")
    differences = np.subtract(iris.network.scores, forest.model.scores)

    assert forest.difference == pytest.approx(differences.mean())
    assert forest.p == pytest.approx(corrected_t_test(differences, 100, 50))


def test_a_network_that_learned_nothing_is_told_so_first(tmp_path):
    constant = "model=[{Dense: {activation: softmax, kernel_initializer: zeros}}]"
    result = baseline(
        load_config("iris", [constant, "optimizer={SGD: {learning_rate: 1e-30}}", "fit.epochs=1"]),
        folds=5,
        runs=tmp_path / "runs",
    )
    said = list(sentences(result))

    assert result.unbeaten is not None
    assert said[0] == (
        "The network does not beat the majority class (0.3333): "
        "it has learned nothing that improves accuracy."
    )
    assert any(s.startswith("The network is beaten by ") and "p " in s for s in said)


def test_one_split_is_trains_own_and_has_mcnemars_test(tmp_path):
    config = load_config("iris", FAST)
    trained = train(config, runs=tmp_path / "runs")
    result = baseline(config, split=True, runs=tmp_path / "runs")

    assert result.folds == 1
    assert result.network.scores == pytest.approx([trained.scores["test"].metrics["accuracy"]])
    assert result.test == "McNemar's exact test"
    forest = row(result, "random forest")
    assert forest.p == pytest.approx(mcnemar_test(result.network.right[0], forest.model.right[0]))
    assert math.isnan(forest.model.std)
    assert len(result.network.right[0]) == 30


def test_official_test_rows_are_used_unless_folds_are_asked_for(write, tmp_path):
    rows = "".join(
        f"{n % 9},{n % 5},{'ab'[n % 2]},{'train' if n < 40 else 'test'}\n" for n in range(60)
    )
    write("data.csv", f"x,y,label,part\n{rows}")
    text = "dataset: {csv: {path: data.csv, target: label}}\nsplit: {column: part}\n"
    text += "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
    config = load_config(write("c.yaml", f"{text}metrics: [accuracy]\nfit: {{epochs: 1}}\n"))

    one = baseline(config, runs=tmp_path / "runs")
    several = baseline(config, folds=2, runs=tmp_path / "runs")

    assert (one.folds, len(one.network.right[0])) == (1, 20)
    assert (several.folds, sum(map(len, several.network.right))) == (2, 40)
    assert several.notices[-1] == "the 20 test rows are not used in the cross-validation"


def test_numbers_are_compared_by_rmse_in_their_unit(dlcli):
    code, out, _ = dlcli("baseline", "study_hours", "--folds", "3", "--set", "fit.epochs=1")

    assert code == 0
    assert "study_hours: RMSE in points on 3 folds" in out
    assert "The network does not beat the mean (RMSE " in out
    assert " points): it has learned nothing that improves RMSE." in out
    assert {line.split("  ")[0] for line in out.splitlines()} >= {"linear regression", "mean"}


def test_the_smaller_rmse_is_the_better_one():
    network = ScoredModel("network", (1.0, 1.1, 1.0), (0, 0, 0))
    models = [
        ScoredModel("poor", (9.0, 9.1, 9.2), (0, 0, 0)),
        ScoredModel("unfit", (math.nan, 1.0, 1.0), (0, 0, 0)),
        ScoredModel("good", (0.1, 0.25, 0.1), (0, 0, 0)),
        ScoredModel("like", (1.1, 1.0, 1.05), (0, 0, 0)),
    ]

    rows = compare_models(network, models, higher_is_better=False, train_rows=10, test_rows=5)

    assert [(row.model.name, row.verdict) for row in rows] == [
        ("good", "worse"), ("like", "chance"), ("poor", "better"), ("unfit", "untested"),
    ]  # fmt: skip


def test_every_model_is_in_a_sentence_also_one_without_p_value(tmp_path):
    network = ScoredModel("network", (0.8, 0.9, 0.8), (0, 0, 0))
    scores = {
        "equal": (0.8, 0.9, 0.8), "shifted": (0.7, 0.8, 0.7), "near": (0.9, 0.8, 0.8),
        "unfit": (math.nan,) * 3,
    }  # fmt: skip
    rows = compare_models(
        network,
        [ScoredModel(name, values, (0, 0, 0)) for name, values in scores.items()],
        higher_is_better=True,
        train_rows=10,
        test_rows=5,
    )
    result = BaselineResult(
        path=tmp_path, notices=(), seconds=1.0, config=load_config("iris"), metric="accuracy",
        unit="", folds=3, network=network, models=rows,
    )  # fmt: skip

    assert [*sentences(result)] == [
        "The difference to near is not significant (p = 1.000).",
        "The network scores the same as equal in every fold.",
        "No comparison with unfit, which has no score.",
        UNKNOWN_SPREAD,
    ]


def test_differences_have_the_decimals_of_the_scores():
    def text(mean, difference):
        return signed_difference(
            Comparison(ScoredModel("a", (mean,), (0,)), difference, math.nan, "untested")
        )

    assert text(0.8321, 0.000238) == "+0.0002"
    assert text(54.6582, -0.12934) == "−0.1293"
    assert text(216.34, -3.1234) == "−3.1"
    assert text(216340.0, -31234.4) == "−31234"
    assert text(math.nan, math.nan) == "–"


def test_one_split_of_numbers_has_no_p_values(dlcli):
    code, out, _ = dlcli("baseline", "diabetes", "--split", "--set", "fit.epochs=1", "--quiet")

    assert code == 0
    assert "Such scores of a single split have no p-values" in out
    assert "  p  " not in out


def test_the_command_prints_table_sentences_and_progress(dlcli, people):
    code, out, err = dlcli("baseline", people, "--folds", "3")

    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "people: accuracy on 3 folds"
    assert lines[2].split() == ["model", "accuracy", "std", "network", "−", "model", "p", "fit"]
    assert lines[3].startswith("network ")
    assert "majority class" in out
    assert "run: runs/people/1" in lines[-1]
    assert [line.split("  ")[0] for line in err.splitlines()][-1] == "gradient boosting"

    code, out, _ = dlcli("runs")
    assert "baseline  finished" in out
    assert "mean accuracy 0." in out
    for command in (["evaluate", "runs/people/1"], ["predict", "runs/people/1", "people.csv"]):
        code, _, err = dlcli(*command)
        assert code == 2
        assert "it is a comparison with other models" in err


def test_json_and_quiet(dlcli, people):
    code, out, err = dlcli("baseline", people, "--folds", "2", "--json", "--quiet")

    plain = json.loads(out)
    assert code == 0
    assert all(line.startswith("dlcli: note: values are missing") for line in err.splitlines())
    assert plain["run"] == "runs/people/1"
    assert (plain["metric"], plain["folds"], plain["sample"]) == ("accuracy", 2, False)
    assert {item["model"] for item in plain["models"]} == NAMES
    assert {item["network_is"] for item in plain["models"]} <= {
        "better",
        "worse",
        "chance",
        "untested",
    }


def test_a_sample_is_marked(dlcli):
    code, out, _ = dlcli("baseline", "sonar", "--sample", "--folds", "2", "--set", "kfold.epochs=1")

    assert code == 0
    assert out.splitlines()[0].endswith("SAMPLE: these metrics say nothing about the full data")
    assert json.loads(Path("runs/sonar/1/metrics.json").read_text())["sample"] is True
    assert "(sample)" in dlcli("runs")[1]


def test_what_cannot_be_compared_is_said_before_anything_is_written(dlcli, people, tmp_path):
    with pytest.raises(DatasetError, match="too few for 10 folds; use --folds 6"):
        baseline(load_config(people), runs=tmp_path / "runs")
    with pytest.raises(DatasetError, match="the split has no test rows") as error:
        baseline(load_config("pass_fail"), split=True, runs=tmp_path / "runs")
    with pytest.raises(ValueError, match="exclude each other"):
        baseline(load_config(people), folds=3, split=True)
    code, _, err = dlcli("baseline", people, "--folds", "3", "--split")

    assert "without --split" in error.value.hint
    assert code == 2
    assert "--folds and --split exclude each other" in err
    assert not (tmp_path / "runs").exists()


def test_a_training_that_diverges_is_a_failed_run(people, tmp_path):
    config = load_config(people, ["optimizer={SGD: {learning_rate: 1e38}}", "loss=mse"])

    with pytest.raises(TrainingError):
        baseline(config, folds=2, runs=tmp_path / "runs")

    record = json.loads((tmp_path / "runs/people/1/run.json").read_text())
    assert record["status"] == "failed"


def test_a_model_that_cannot_learn_these_rows_has_a_note():
    logistic = next(model for model in MODELS if model.name == "logistic regression")
    x = np.ones((4, 1), np.float32)

    tried = fit_and_predict(logistic, x, np.zeros(4, np.int32), x, seed=0)

    assert tried.predictions is None
    assert tried.note.startswith("cannot be fitted: ")


def test_a_model_that_does_not_converge_has_a_note_and_no_warning():
    rng = np.random.default_rng(0)
    hasty = BaselineModel(
        "hasty",
        "hasty",
        "classification",
        "sklearn.linear_model.LogisticRegression",
        {"max_iter": 1},
    )
    x = rng.normal(size=(50, 3)).astype(np.float32)

    tried = fit_and_predict(hasty, x, (x[:, 0] > 0).astype(np.int32), x, seed=0)

    assert tried.note == "did not converge"
    assert len(tried.predictions) == 50


def test_small_data_are_fitted_on_one_core():
    from threadpoolctl import threadpool_info

    from dlcli.experiments.baseline import estimators as baseline_models

    def threads():
        return {pool["num_threads"] for pool in threadpool_info()}

    before = threads()
    with baseline_models.limited_threads(1000):
        assert threads() <= {1}
    with baseline_models.limited_threads(baseline_models.SINGLE_CORE_VALUES + 1):
        assert threads() == before


def test_estimators_have_the_seed_and_no_more_neighbours_than_rows():
    for model in MODELS:
        known = build_estimator(model, seed=7, rows=3).get_params()
        assert known.get("random_state", 7) == 7
        assert known.get("n_neighbors", 3) == 3


def test_class_weights_are_said_to_be_the_networks_alone(people, tmp_path):
    config = load_config(people, ["fit.class_weight=balanced"])

    result = baseline(config, folds=2, runs=tmp_path / "runs")

    assert any("class_weight applies to the network only" in notice for notice in result.notices)


def test_ctrl_c_among_the_models_leaves_nothing(people, tmp_path, monkeypatch):
    from dlcli.experiments.baseline import fits

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(fits, "fit_and_predict", stop)
    with pytest.raises(KeyboardInterrupt):
        baseline(load_config(people), folds=2, runs=tmp_path / "runs")

    assert list((tmp_path / "runs/people").iterdir()) == []


def test_ctrl_c_in_the_network_ends_with_130_and_leaves_nothing(
    dlcli, people, tmp_path, monkeypatch
):
    def stop(display, progress):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("dlcli.cli.progress.ProgressDisplay.__call__", stop)

    code, out, err = dlcli("baseline", people, "--folds", "2", "--set", "fit.epochs=1000")

    assert code == 130, err
    assert "Traceback" not in err
    assert "no run was saved\ndlcli: stopped by SIGINT" in err
    assert "--resume" not in err
    assert out == ""
    assert not (tmp_path / "runs/people/1").exists()


@pytest.mark.slow
def test_with_several_seeds_a_fold_has_their_mean_score(tmp_path, few_trees):
    changes = ["fit.epochs=2", "fit.batch_size=16"]
    config = load_config("iris", changes)

    result = baseline(config, folds=2, seeds=[4, 9], runs=tmp_path / "runs")

    alone = [
        kfold(load_config("iris", [*changes, f"seed={seed}", "split.seed=0"]), folds=2, runs=tmp_path / "runs")
        for seed in (4, 9)
    ]  # fmt: skip
    means = np.mean([[fold.metrics["accuracy"] for fold in own.folds] for own in alone], axis=0)
    assert result.network.scores == pytest.approx(means.tolist())
    assert result.test == "corrected resampled t-test"


@pytest.mark.slow
def test_processes_give_the_same_scores(tmp_path, few_trees):
    config = load_config("iris", ["fit.epochs=2", "fit.batch_size=16"])
    shown = []

    here, elsewhere = (
        baseline(
            config, folds=2, engine="serial", jobs=jobs, runs=tmp_path / "runs",
            on_fold=lambda *fold: shown.append(fold),
        )
        for jobs in (1, 2)
    )  # fmt: skip

    assert elsewhere.network.scores == pytest.approx(here.network.scores)
    assert [row.model.scores for row in elsewhere.models] == [r.model.scores for r in here.models]
    assert sorted(shown[: len(shown) // 2]) == sorted(shown[len(shown) // 2 :])


def test_models_take_other_arguments(dlcli, tmp_path):
    options = ["--split", "--set", "fit.epochs=1", "-q", "--out", tmp_path / "runs"]

    code, out, _ = dlcli(
        "baseline",
        "iris",
        *options,
        "--with",
        "knn.n_neighbors=3",
        "--with",
        "tree.max_depth=2",
        "--with",
        "svm.kernel=linear",
    )

    assert code == 0
    for name in (
        "k-nearest neighbours (n_neighbors=3)",
        "decision tree (max_depth=2)",
        "support vector machine (kernel=linear)",
    ):
        assert name in out


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("knn.n_neighbours=3", "Did you mean 'n_neighbors'?"),
        ("knn.n_neighbors=-3", "n_neighbors"),
        ("knn.n_neighbors", "expected MODEL.KEY=VALUE"),
        ("ridge.alpha=1", "unknown model 'ridge'"),
        ("linear.fit_intercept=false", "unknown model 'linear'"),
    ],
)
def test_arguments_that_a_model_does_not_have(dlcli, tmp_path, setting, reason):
    code, _, error = dlcli("baseline", "iris", "--with", setting, "-q", "--out", tmp_path / "runs")

    assert code == 2
    assert reason in error
    assert not list(tmp_path.glob("runs/iris/*"))


def test_a_support_vector_machine_is_not_fitted_on_many_rows():
    svm = next(m for m in MODELS if m.key == "svm")
    x = np.zeros((svm.most_rows + 1, 1), np.float32)

    attempt = fit_and_predict(svm, x, np.zeros(len(x), int), x[:2], seed=0)

    assert attempt.predictions is None
    assert attempt.note == "not fitted on more than 10,000 rows"


def test_the_words_that_decide_have_the_ratio_of_naive_bayes():
    counts = np.array([[9.0, 1, 0, 4], [0, 1, 5, 4]])
    words = ["free", "call", "dinner", "the"]
    bayes = MultinomialNB(alpha=0.5).fit(counts, [0, 1])
    expected = np.exp(bayes.feature_log_prob_[0] - bayes.feature_log_prob_[1])

    # The folds have the words in another order.
    halves = [(words, counts[:, :]), (words[::-1], 0 * counts)]
    spam, ham = deciding_words(halves, ["spam", "ham"], 0.5)

    assert spam.name == "spam"
    assert list(spam.words) == ["free"]
    assert spam.words["free"] == pytest.approx(expected[0])
    assert next(iter(ham.words)) == "dinner"
    assert ham.words["dinner"] == pytest.approx(1 / expected[2])


@pytest.mark.slow
def test_a_comparison_of_texts_prints_the_words_that_decide(dlcli, tmp_path):
    rows = ["win cash now,spam", "see you now,ham"] * 12
    (tmp_path / "texts.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    (tmp_path / "texts.yaml").write_text(
        "dataset: {csv: {path: texts.csv, target: label, types: {text: text}}}\n"
        "preprocess: {text: {vectorize: {output_mode: multi_hot}}}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
        "fit: {epochs: 1}\n"
    )

    code, out, _ = dlcli("baseline", "texts.yaml", "--split", "-q")
    _, document, _ = dlcli("baseline", "texts.yaml", "--split", "-q", "--json")

    assert code == 0
    assert "words by which naive Bayes decides" in out
    assert "  ham   see " in out
    models = json.loads(document)["models"]
    bayes = next(model for model in models if model["model"] == "naive Bayes")
    assert [item["name"] for item in bayes["words"]] == ["ham", "spam"]
    assert {item["word"] for item in bayes["words"][1]["words"][:2]} == {"win", "cash"}
    assert all(model.get("words") is None for model in models if model is not bayes)
