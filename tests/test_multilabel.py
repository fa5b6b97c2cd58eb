"""Several labels, or several numbers, per row: from the file to the prediction."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import slow
from sklearn import metrics as sklearn_metrics

from dlcli import (
    ConfigError,
    DatasetError,
    ModelFileError,
    baseline,
    evaluate,
    kfold,
    load_config,
    load_model,
    predict,
    train,
)
from dlcli.datasets.card import describe
from dlcli.datasets.dataset import Column, Dataset, Target
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.tables.label_lists import parse_labels, propose_separator
from dlcli.experiments.check import check
from dlcli.models.metadata import parse_metadata
from dlcli.network.several_scores import label_scores, regression_scores
from dlcli.plots.data import draw_dataset
from dlcli.plots.several import draw_labels
from dlcli.preparation.labels import best_thresholds, decode_labels

RNG = np.random.default_rng(0)
ROWS = 60
X = RNG.normal(size=(ROWS, 3)).round(3)
Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0.5, X[:, 0] + X[:, 2] > 0]).astype(int)
Y[5] = 0  # a row without labels
NAMES = ["a", "b", "c"]
TAGS = [[name for name, has in zip(NAMES, row, strict=True) if has] for row in Y]
NUMBERS = np.column_stack([2 * X[:, 0] + X[:, 1], X[:, 2] - 3 * X[:, 1]]).round(3)
SIGMOID = "model: [{Dense: 8}, {Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
REST = (
    "optimizer: sgd\nmetrics: [accuracy]\nsplit: {test: 0.3, validation: 0.2}\nfit: {epochs: 2}\n"
)
LINEAR = (
    "model: [{Dense: 8}, Dense]\nloss: mse\noptimizer: sgd\nsplit: {test: 0.3}\nfit: {epochs: 2}\n"
)


def table(**columns):
    frame = pd.DataFrame(X, columns=["x", "y", "z"])
    return frame.assign(**columns)


def labels_table(true=1, false=0):
    return table(**{n: np.where(Y[:, at], true, false) for at, n in enumerate(NAMES)})


def config(write, dataset, rest=SIGMOID + REST):
    return load_config(write("my.yaml", f"dataset: {dataset}\n{rest}"))


def read(write, options, rest=SIGMOID + REST, loader="csv"):
    return load_dataset(config(write, f"{{{loader}: {{{options}}}}}", rest))


@pytest.mark.parametrize(
    ("true", "false"), [(1, 0), ("true", "false"), ("Yes", "no"), ("1.0", "0.0")]
)
def test_columns_of_two_values_are_labels(write, true, false):
    labels_table(true, false).to_csv("t.csv", index=False)

    dataset = read(write, "path: t.csv, target: [a, -2, c]")

    assert dataset.target.task == "multilabel"
    assert dataset.target.class_names == ("a", "b", "c")
    assert dataset.y.dtype == np.int32
    assert np.array_equal(dataset.y, Y)
    assert [column.name for column in dataset.columns] == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        (json.dumps, ""),
        (str, ""),  # ['a', 'b'], as pandas writes it
        (lambda tags: "; ".join(tags) or "[]", ', target_separator: ";"'),
        (lambda tags: "|".join(tags) or "[]", ', target_separator: "|", task: multilabel'),
        (lambda tags: " ".join(tags) or "[]", ', target_separator: " "'),
    ],
)
def test_a_column_of_lists_holds_labels(write, cell, options):
    table(tags=[cell(tags) for tags in TAGS]).to_csv("t.csv", index=False)

    dataset = read(write, f"path: t.csv, target: tags{options}")

    assert dataset.target.class_names == ("a", "b", "c")
    assert np.array_equal(dataset.y, Y)


@pytest.mark.parametrize("ending", ["jsonl", "xlsx", "parquet"])
def test_other_files_hold_labels_too(write, ending):
    frame = table(tags=TAGS)
    if ending == "jsonl":
        frame.to_json("t.jsonl", orient="records", lines=True)
    elif ending == "xlsx":
        frame.assign(tags=list(map(json.dumps, TAGS))).to_excel("t.xlsx", index=False)
    else:
        pytest.importorskip("pyarrow")
        frame.to_parquet("t.parquet")

    dataset = read(write, f"path: t.{ending}, target: tags")

    assert np.array_equal(dataset.y, Y)


def test_columns_of_numbers_are_predicted_together(write):
    table(u=NUMBERS[:, 0], v=NUMBERS[:, 1]).to_csv("t.csv", index=False)

    dataset = read(write, "path: t.csv, target: [u, v], unit: mm", LINEAR)

    assert (dataset.target.task, dataset.target.outputs) == ("regression", ("u", "v"))
    assert np.array_equal(dataset.y, NUMBERS)


def test_texts_have_several_labels_without_a_task(write):
    pd.DataFrame({"text": ["good film", "bad"] * 30, "tags": list(map(json.dumps, TAGS))}).to_csv(
        "t.csv", index=False
    )

    dataset = read(write, "path: t.csv, target: tags", loader="text")

    assert dataset.target.task == "multilabel"
    assert np.array_equal(dataset.y, Y)


def test_rows_without_one_of_the_targets_are_left_out_with_a_count(write):
    frame = labels_table().astype(object)
    frame.loc[3, "b"] = frame.loc[7, "c"] = None
    frame.to_csv("t.csv", index=False)

    with pytest.raises(DatasetError, match="no 'b' in 1 row") as error:
        read(write, "path: t.csv, target: [a, b, c]")
    dataset = read(write, "path: t.csv, target: [a, b, c], missing_target: drop")

    assert "t.csv:9: no 'c'" in str(error.value)
    assert np.array_equal(dataset.y, np.delete(Y, [3, 7], axis=0))
    assert sum("left out: 1 row without" in notice for notice in dataset.notices) == 2


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"b": NUMBERS[:, 0]}, "target: [a, b]", "mix labels (a) and numbers (b)"),
        ({"b": ["red", "1"] * 30}, "target: [a, b]", "'red' in the target 'b' is no number"),
        ({"b": NUMBERS[:, 0]}, "target: [a, b], task: multilabel", "neither true nor false"),
        ({"b": Y[:, 1]}, "target: [a, b], task: classification", "`task: classification` is for"),
        ({"b": ["p;q", "q", "p"] * 20}, "target: b, task: multilabel", "no list of labels"),
        ({"b": ["p;p", "p"] * 30}, 'target: b, target_separator: ";"', "has 1 label"),
        ({"b": ["[]"] * 60}, "target: b", "has 0 labels"),
    ],
)
def test_targets_that_do_not_fit_are_refused_in_a_sentence(write, columns, options, message):
    table(a=Y[:, 0], **columns).to_csv("t.csv", index=False)

    with pytest.raises(DatasetError) as error:
        read(write, f"path: t.csv, {options}")

    assert message in str(error.value)


def test_separators_are_proposed(write, dlcli):
    table(tags=[";".join(tags) or "none" for tags in TAGS]).to_csv("t.csv", index=False)
    softmax = "model: [{Dense: {activation: softmax}}]\nloss: categorical_crossentropy\n" + REST

    assert propose_separator(["a;b", "b", "a", "b;c;a", "c"]) == ";"
    assert propose_separator(["New York, NY", "Boston, MA"]) == ""
    assert any(
        '`target_separator: ";"`' in notice
        for notice in read(write, "path: t.csv, target: tags", softmax).notices
    )
    code, _, err = dlcli("init", "t.csv", "--target", "tags", "-o", "mine.yaml")
    assert code == 0, err
    assert load_config("mine.yaml").dataset.loader.target_separator == ";"


@pytest.mark.parametrize(
    ("arguments", "target", "task"),
    [
        (["--target", "a,b,c"], ("a", "b", "c"), "multilabel"),
        (["--target", "u", "--target", "-2"], ("u", "v"), "regression"),
        ([], "tags", "multilabel"),
    ],
)
def test_init_writes_several_targets(write, dlcli, arguments, target, task):
    labels_table().assign(u=NUMBERS[:, 0], v=NUMBERS[:, 1], tags=TAGS).rename(
        columns={"y": "w"}
    ).to_json("t.jsonl", orient="records", lines=True)

    code, _, err = dlcli("init", "t.jsonl", "-o", "mine.yaml", *arguments)

    assert code == 0, err
    dataset = load_dataset(load_config("mine.yaml"))
    assert load_config("mine.yaml").dataset.loader.target == target
    assert dataset.target.task == task
    assert "tags" not in [column.name for column in dataset.columns]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('["a", "b"]', ("a", "b")), ("['a', \"it's\"]", ("a", "it's")), ("[1, 2]", ("1", "2")),
        ("[a, b]", ("a", "b")), ("[]", ()), ('["a",]', ("a",)), ("[[1], 2]", None),
        ("[" * 100_000 + "]" * 100_000, None), ("['" + "\\" * 50_001 + "]", None),
        ("['a'" + ", 'a'" * 20_000 + " x]", None), ("['a'" + " " * 100_000 + "x]", None),
        ("[" + "," * 100_000 + "]", None), ("[" + " a" * 50_000 + "]", None), ("a", None), ("{'a': 1}", None), ("[null]", None),
    ],
)  # fmt: skip
def test_lists_are_parsed_and_nothing_is_evaluated(text, labels):
    assert parse_labels(text, "") == labels


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("model: [{Dense: {activation: softmax}}]\nloss: binary_crossentropy\n", "use categorical_crossentropy, or sigmoid if a row has several labels"),
        ("model: [{Dense: {activation: softmax}}]\nloss: mse\n", "softmax is for classes that exclude each other, but the target has 3 labels (a, b, c)"),
        ("model: [{Dense: {activation: softmax}}]\nloss: categorical_crossentropy\n", "use binary_crossentropy with sigmoid"),
        ("model: [{Dense: {activation: sigmoid}}]\nloss: sparse_categorical_crossentropy\n", "my.yaml:3: loss: is for classes that exclude"),
        ("model: [{Dense: {units: 1, activation: sigmoid}}]\nloss: binary_crossentropy\n", "the last layer has 1 unit; use 3"),
        ("model: [Dense]\nloss: binary_crossentropy\n", "activation 'linear' gives no probabilities; use sigmoid"),
        (SIGMOID + "metrics: [categorical_accuracy]\n", "not for several labels per row; try accuracy"),
        (SIGMOID + "thresholds: {a: 0.3, d: 0.5}\n", "thresholds.d: unknown label 'd'"),
        (SIGMOID + "thresholds: tune\n", "'tune' needs validation rows"),
        (SIGMOID + "thresholds: {a: 1.5}\n", "thresholds.a"),
    ],
)  # fmt: skip
def test_heads_and_losses_that_do_not_fit_labels_are_located(write, rest, message):
    labels_table().to_csv("t.csv", index=False)

    with pytest.raises(ConfigError) as error:
        text = f"dataset: {{csv: {{path: t.csv, target: [a, b, c]}}}}\n{rest}fit: {{epochs: 1}}\n"
        check(load_config(write("my.yaml", text)), build=False)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("options", "rest", "message"),
    [
        ("target: [u, v]", LINEAR.replace("Dense]", "{Dense: 1}]"), "the target is 2 numbers, but the last layer has 1 unit"),
        ("target: [u, v]", SIGMOID + "fit: {epochs: 1}\n", "is a loss for classes"),
        ("target: [u, u]", LINEAR, "column 'u' is named twice"),
        ("target: []", LINEAR, "the list has 0 columns"),
        ("target: [u, v], window: 3", LINEAR, "predicts one series"),
        ("target: [u, v]", LINEAR + "thresholds: {u: 0.5}\n", "is for targets with several labels"),
    ],
)  # fmt: skip
def test_several_numbers_are_checked_too(write, options, rest, message):
    table(u=NUMBERS[:, 0], v=NUMBERS[:, 1]).to_csv("t.csv", index=False)

    with pytest.raises(ConfigError) as error:
        check(config(write, f"{{csv: {{path: t.csv, {options}}}}}", rest), build=False)

    assert message in str(error.value)


def test_scores_are_those_of_scikit_learn():
    target = Target("t", "multilabel", ("a", "b", "c"))
    shares = RNG.random(Y.shape)
    predicted = decode_labels(shares, "probability", target)

    metrics, labels, averages = label_scores(Y, predicted, shares, target)

    assert metrics["subset_accuracy"] == sklearn_metrics.accuracy_score(Y, predicted)
    assert metrics["hamming_loss"] == pytest.approx(sklearn_metrics.hamming_loss(Y, predicted))
    report = sklearn_metrics.classification_report(
        Y, predicted, target_names=NAMES, output_dict=True, zero_division=0.0
    )
    for item in (*labels, *averages):
        expected = report.get(item.name) or report[f"{item.name} avg"]
        assert item.f1 == pytest.approx(expected["f1-score"])
        assert item.recall == pytest.approx(expected["recall"])
        assert item.precision == pytest.approx(expected["precision"])
    assert labels[1].roc_auc == sklearn_metrics.roc_auc_score(Y[:, 1], shares[:, 1])
    assert np.isnan(label_scores(Y * 0, predicted, shares, target)[1][0].roc_auc)
    noisy = NUMBERS + RNG.normal(size=NUMBERS.shape)
    expected = sklearn_metrics.r2_score(NUMBERS, noisy)
    assert regression_scores(NUMBERS, noisy)["r2"] == pytest.approx(expected)


def test_tuned_thresholds_have_the_best_f1():
    shares = np.clip(0.3 * Y + 0.5 * RNG.random(Y.shape), 0, 1)

    thresholds = best_thresholds(Y, shares, "probability")

    def f1(at, threshold):
        predicted = shares[:, at] > threshold
        return 2 * (predicted & (Y[:, at] == 1)).sum() / (predicted.sum() + Y[:, at].sum())

    for at, threshold in enumerate(thresholds):
        assert f1(at, threshold) >= max(f1(at, t) for t in np.linspace(0, 1, 500)) - 1e-12
    assert best_thresholds(Y * 0, shares, "probability") == (0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Train once with several labels; tests leave the run as it is."""
    folder = tmp_path_factory.mktemp("labels")
    labels_table().to_csv(folder / "t.csv", index=False)
    text = f"dataset: {{csv: {{path: t.csv, target: [a, b, c]}}}}\n{SIGMOID}{REST}"
    (folder / "my.yaml").write_text(text + "thresholds: tune\nkfold: {folds: 3}\n")
    return train(folder / "my.yaml", runs=folder / "runs")


def test_a_run_has_scores_per_label(run):
    scores = json.loads((run.path / "metrics.json").read_text())["test"]
    metadata = load_model(run.path).metadata

    assert list(scores["labels"]) == NAMES
    assert {"loss", "accuracy", "subset_accuracy", "hamming_loss", "f1_micro", "f1_macro"} == set(
        scores["metrics"]
    )
    assert set(scores["averages"]) == {"micro", "macro"}
    assert "confusion_matrix" not in scores
    assert (run.path / "labels.png").exists()
    assert not (run.path / "confusion.png").exists()
    assert len(metadata.target.thresholds) == 3
    assert metadata.target.thresholds != (0.5, 0.5, 0.5)


def test_labels_are_predicted_with_their_thresholds_by_both_engines(run, dlcli):
    frame = table()
    fast, slow = (predict(load_model(run.path, e), frame).to_frame() for e in ("onnx", "keras"))
    thresholds = load_model(run.path).metadata.target.thresholds

    assert list(fast) == [*(f"prediction_{n}" for n in NAMES), *(f"p_{n}" for n in NAMES)]
    shares = fast[[f"p_{n}" for n in NAMES]].to_numpy()
    assert np.array_equal(fast[[f"prediction_{n}" for n in NAMES]], shares > thresholds)
    assert np.allclose(fast, slow, atol=1e-6)

    frame.to_csv("new.csv", index=False)
    code, out, _ = dlcli("predict", run.path, "new.csv", "--json")
    rows = json.loads(out)["predictions"]
    assert code == 0
    assert list(rows[0]) == ["prediction", "p_a", "p_b", "p_c"]
    assert [n for n in NAMES if fast[f"prediction_{n}"][0]] == rows[0]["prediction"]
    code, out, _ = dlcli("predict", run.path, "new.csv", "-o", "new.xlsx")
    assert code == 0
    assert pd.read_excel("new.xlsx")["prediction_a"].tolist() == fast["prediction_a"].tolist()


def test_tables_and_held_out_rows_are_evaluated(run, dlcli):
    labels_table("yes", "no").to_csv("other.csv", index=False)

    held_out, other = evaluate(run.path), evaluate(run.path, "other.csv")

    assert held_out.scores.metrics == pytest.approx(run.scores["test"].metrics, abs=1e-5)
    predicted = predict(run.path, table()).to_frame()[[f"prediction_{n}" for n in NAMES]]
    expected = float((predicted.to_numpy() == Y).all(axis=1).mean())
    assert other.scores.metrics["subset_accuracy"] == pytest.approx(expected)
    labels_table().drop(columns="b").to_csv("fewer.csv", index=False)
    with pytest.raises(DatasetError, match="no target column 'a' and 'b' and 'c'"):
        evaluate(run.path, "fewer.csv")
    out = dlcli("evaluate", run.path)[1]
    assert "roc_auc" in out
    assert "micro average" in out
    assert "multilabel of a, b, c" in dlcli("inspect", run.path)[1]


def test_a_run_repeats_itself(run, dlcli):
    code, out, err = dlcli("reproduce", run.path)

    assert code == 0, err
    assert "identical" in out + err


def test_a_training_is_resumed_with_the_same_bits(run, dlcli, tmp_path):
    folder = tmp_path / "runs" / "my" / "1"
    shutil.copytree(run.path, folder)
    config = load_config(run.path / "config.yaml", overrides=["fit.epochs=3"])

    resumed = train(config, runs=tmp_path / "runs", resume=folder)

    whole = train(config, runs=tmp_path / "other")
    assert resumed.scores == whole.scores


def test_metadata_of_earlier_models_and_damaged_ones(run):
    plain = json.loads(load_model(run.path).metadata.model_dump_json())
    later = ("columns", "positions", "separator", "thresholds")
    earlier = {key: value for key, value in plain["target"].items() if key not in later}

    loaded = parse_metadata(json.dumps({**plain, "target": earlier}), "m.keras")

    assert loaded.target == Target("a, b, c", "multilabel", ("a", "b", "c"))
    for damage in (
        {"thresholds": [0.5, 2.0, 0.5]}, {"thresholds": [0.5]}, {"columns": ["a", "a", "b"]},
        {"positions": [1]}, {"class_names": []}, {"positions": [-1, 2, 3]},
    ):  # fmt: skip
        with pytest.raises(ModelFileError, match="damaged"):
            parse_metadata(json.dumps({**plain, "target": {**plain["target"], **damage}}), "m")


def test_lists_are_evaluated_with_the_labels_of_the_training(write):
    table(tags=TAGS).to_json("t.jsonl", orient="records", lines=True)
    table(tags=[";".join(t) or "[]" for t in TAGS]).to_csv("t.csv", index=False)
    options = 'path: t.csv, target: tags, target_separator: ";"'
    path = train(config(write, f"{{csv: {{{options}}}}}")).path

    by_csv, by_json = evaluate(path, "t.csv").scores, evaluate(path, "t.jsonl").scores

    assert by_csv == by_json
    table(tags=["a;d"] * ROWS).to_csv("d.csv", index=False)
    with pytest.raises(DatasetError, match="'d' did not occur in training"):
        evaluate(path, "d.csv")


@pytest.mark.slow
def test_folds_that_are_trained_together_have_the_scores_of_single_ones(run, write, few_trees):
    labels_table().to_csv("t.csv", index=False)
    rest = SIGMOID + REST + "kfold: {folds: 3}\n"
    cfg = config(write, "{csv: {path: t.csv, target: [a, b, c]}}", rest)

    together, single = kfold(cfg, engine="stacked"), kfold(cfg, engine="serial")

    for name, summary in together.summaries.items():
        assert summary.mean == pytest.approx(single.summaries[name].mean, abs=1e-5)
    columns = pd.read_csv(together.path / "out_of_fold.csv")
    assert np.array_equal(columns[["true_a", "true_b", "true_c"]], Y)
    result = baseline(cfg, folds=2)
    names = {row.model.name: row.model.mean for row in result.models}
    majority = np.maximum(Y.mean(axis=0), 1 - Y.mean(axis=0)).mean()
    assert names["majority of each label"] == pytest.approx(majority, abs=0.1)
    assert not any(np.isnan(value) for value in names.values())


@pytest.mark.slow
def test_numbers_are_trained_predicted_and_scored_one_by_one(write):
    table(u=NUMBERS[:, 0], v=NUMBERS[:, 1]).to_csv("t.csv", index=False)
    cfg = config(write, "{csv: {path: t.csv, target: [u, v]}}", LINEAR + "kfold: {folds: 2}\n")

    result = train(cfg)

    assert [item.name for item in result.scores["test"].numbers] == ["u", "v"]
    predicted = predict(result.path, "t.csv").to_frame()
    assert list(predicted) == ["prediction_u", "prediction_v"]
    scores = evaluate(result.path, "t.csv").scores
    rmse = sklearn_metrics.root_mean_squared_error(NUMBERS[:, 1], predicted["prediction_v"])
    assert scores.numbers[1].rmse == pytest.approx(rmse, rel=1e-5)
    assert {row.model.name for row in baseline(cfg, folds=2).models} >= {"mean", "random forest"}
    assert "numbers" in kfold(cfg).to_json()["out_of_fold"]


@pytest.mark.parametrize(
    ("y", "options", "task", "names"),
    [
        (Y, "", "multilabel", ("0", "1", "2")),
        (Y, ", class_names: [a, b, c]", "multilabel", ("a", "b", "c")),
        (np.eye(3)[RNG.integers(0, 3, ROWS)], ", task: multilabel", "multilabel", ("0", "1", "2")),
        (NUMBERS, "", "regression", ("0", "1")),
        (Y, ", task: regression", "regression", ("0", "1", "2")),
    ],
)
def test_arrays_have_several_targets(write, y, options, task, names):
    np.savez("t.npz", x=X, y=y)
    rest = SIGMOID + REST if task == "multilabel" else LINEAR

    dataset = read(write, f"path: t.npz{options}", rest, loader="npz")

    assert (dataset.target.task, dataset.target.outputs) == (task, names)
    assert np.array_equal(dataset.y, y)


def test_a_table_of_images_has_several_labels(write, tmp_path):
    from PIL import Image

    for row in range(20):
        pixels = np.zeros((4, 4, 3), np.uint8)
        pixels[..., :2] = 200 * Y[row, :2]
        Image.fromarray(pixels).save(f"{row}.png")
    files = pd.DataFrame({"file": [f"{row}.png" for row in range(20)]})
    files.assign(red=Y[:20, 0], green=Y[:20, 1]).to_csv("list.csv", index=False)
    files.assign(tags=list(map(json.dumps, TAGS[:20]))).to_csv("tags.csv", index=False)
    rest = SIGMOID.replace("[{", "[Flatten, {") + REST.replace("0.3", "0.4")
    path = train(config(write, "{images: {path: list.csv, target: [red, green]}}", rest)).path

    assert np.array_equal(read(write, "path: tags.csv", rest, loader="images").y, Y[:20])
    predicted = predict(path, "list.csv").to_frame()
    assert list(predicted)[:3] == ["file", "prediction_red", "prediction_green"]
    accuracy = evaluate(path, "list.csv").scores.metrics["subset_accuracy"]
    right = (predicted[["prediction_red", "prediction_green"]].to_numpy() == Y[:20, :2]).all(axis=1)
    assert accuracy == pytest.approx(right.mean())


def test_several_targets_are_described_drawn_and_sampled(write, tmp_path):
    labels_table().to_csv("t.csv", index=False)
    cfg = config(write, "{csv: {path: t.csv, target: [a, b, c]}}")
    dataset, sample = load_dataset(cfg), load_dataset(cfg, sample=True)

    assert describe(dataset).classes == dict(zip(NAMES, Y.sum(axis=0).tolist(), strict=True))
    assert sample.y.shape[1] == 3
    assert set(np.unique(sample.y)) == {0, 1}
    draw_dataset(dataset, tmp_path / "labels.png")
    assert (tmp_path / "labels.png").stat().st_size > 1000


@pytest.mark.parametrize("count", [2, 14, slow(40)])
def test_long_names_of_labels_and_their_legend_are_whole(tmp_path, text_faults, count):
    names = [f"소프트웨어공학과 인공지능전공 {n} and a long name" for n in range(count)]
    y = np.random.default_rng(0).integers(0, 2, (50, count))
    x = pd.DataFrame({"x": np.arange(50.0)})
    target = Target("tags", "multilabel", tuple(names))
    dataset = Dataset("tags", x, y, target, (Column("x", "numeric", 0),))

    draw_labels(tmp_path / "a.png", label_scores(y, y, y.astype(float), target)[1], "a title " * 12)
    draw_dataset(dataset, tmp_path / "b.png")

    assert text_faults == [([], [])] * 2


def test_stratify_is_off_with_a_sentence_for_those_who_asked(write):
    labels_table().to_csv("t.csv", index=False)
    dataset = "{csv: {path: t.csv, target: [a, b, c]}}"
    asked = SIGMOID + "split: {stratify: true}\nfit: {epochs: 1}\n"

    silent = check(config(write, dataset), build=False)
    told = check(config(write, dataset, asked), build=False)

    assert not any("split at random" in notice for notice in silent.notices)
    assert any("rows with several labels are split at random" in n for n in told.notices)
