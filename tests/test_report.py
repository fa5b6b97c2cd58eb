"""Reports: one HTML file, in two languages, with what the run says."""

import json
import re
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile

from dlcli import DlcliError, card, evaluate, load_model, report
from dlcli.experiments.baseline.comparison import Verdict
from dlcli.experiments.baseline.models import MODELS, NAIVE_FORECAST
from dlcli.experiments.held_out import load_held_out
from dlcli.experiments.importance import permutation_importance
from dlcli.reports.texts import catalogue
from dlcli.runs.records import Kind, Status

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """The elements of a page, its texts, and whether all elements are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.texts.append(data)

    @property
    def sections(self):
        return [attrs["id"] for tag, attrs in self.elements if tag == "section"]

    @property
    def text(self):
        return " ".join(self.texts)


def placeholders(sentence):
    return sorted(name for _, name, _, _ in string.Formatter().parse(sentence) if name)


def test_both_languages_have_the_same_sentences():
    english, korean = catalogue("en"), catalogue("ko")

    assert english.keys() == korean.keys()
    for key, sentence in english.items():
        assert placeholders(sentence) == placeholders(korean[key]), key


def test_every_model_kind_and_status_has_its_word():
    words = catalogue("ko")

    names = {model.name for model in (*MODELS, NAIVE_FORECAST)}
    assert {f"models.{name}" for name in names} <= words.keys()
    assert {f"kinds.{kind}" for kind in get_args(Kind)} <= words.keys()
    assert {f"statuses.{status}" for status in get_args(Status)} <= words.keys()
    assert {f"verdicts.{verdict}" for verdict in get_args(Verdict)} <= words.keys()


def test_no_korean_particle_depends_on_a_value():
    particles = re.compile(r"}(은|는|이|가|을|를|과|와|으로|로|이나|나)(?= )")
    for key, sentence in catalogue("ko").items():
        assert not particles.search(sentence), key


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_report_is_one_accessible_page_that_asks_for_nothing(trained, lang):
    page = Page(report(trained.path, lang=lang, baselines=False))

    assert page.sections == [
        "overview", "data", "split", "config", "training", "scores", "classes", "worst",
        "calibration", "importance", "reproduction",
    ]  # fmt: skip
    tags = [tag for tag, _ in page.elements]
    assert not {"script", "link", "iframe", "object"} & {*tags}
    assert ("html", {"lang": lang}) in page.elements
    assert tags.count("h1") == 1
    for tag, attrs in page.elements:
        for value in (attrs.get("src"), attrs.get("href")):
            assert value is None or value.startswith(("data:", "#")), value
        assert tag != "img" or attrs["alt"]
        assert tag != "svg" or attrs["aria-label"]
        assert tag != "th" or attrs["scope"] in ("row", "col")
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert not re.search(r"{\w+}", page.text)


def test_figures_are_those_of_the_run(trained):
    metrics = json.loads((trained.path / "metrics.json").read_text())["test"]
    record = json.loads((trained.path / "run.json").read_text())

    text = Page(report(trained.path, baselines=False)).text

    right = sum(row[at] for at, row in enumerate(metrics["confusion_matrix"]))
    assert f"{right} of {metrics['rows']} rows are predicted correctly" in text
    assert f"{metrics['metrics']['loss']:.4f}" in text
    assert record["data"]["fingerprint"] in text
    assert "dlcli reproduce runs/people/1" in text


def test_cells_and_names_of_strangers_are_text(dlcli, tmp_path):
    attack = '<script>alert("1")</script>'
    rows = [
        f"{at % 7};{attack if at % 2 else 'b'};{'<b>x</b>' if at % 3 else 'c'}" for at in range(40)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["n<img src=x>;city;label", *rows]))
    (tmp_path / "rows.yaml").write_text(
        "dataset: {csv: {path: rows.csv, target: label, delimiter: ';'}}\nsplit: {test: 0.5}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\noptimizer: sgd\n"
        "metrics: [accuracy]\nfit: {epochs: 1}\n"
    )
    assert dlcli("train", "rows.yaml", "-q")[0] == 0
    assert dlcli("runs", "note", "runs/rows/1", "<script>note</script>")[0] == 0

    html = report("runs/rows/1", baselines=False)
    page = Page(html)

    assert "importance" in page.sections
    assert not {"script", "b"} & {tag for tag, _ in page.elements}
    assert attack in page.text
    assert "<script>note</script>" in page.text
    assert "n<img src=x>" in page.text
    assert not [attrs for tag, attrs in page.elements if tag == "img"]
    # Data that are gone: the report has what the run itself says.
    (tmp_path / "rows.csv").rename(tmp_path / "moved.csv")
    page = Page(report("runs/rows/1"))
    assert "classes" in page.sections
    assert "importance" not in page.sections
    assert "The data were not read for this report" in page.text
    moved = Page(report("runs/rows/1", data="moved.csv", baselines=False))
    assert "importance" in moved.sections
    with pytest.raises(DlcliError):
        report("runs/rows/1", data="nowhere.csv")


def test_the_command_writes_a_file_and_replaces_none(dlcli, trained):
    command = ["report", trained.path, "-o", "out.html", "--no-baselines", "--no-importance"]
    assert dlcli(*command)[:2] == (0, "out.html\n")
    code, _, err = dlcli(*command)
    assert code == 2
    assert "out.html exists" in err
    assert "is written as .html" in dlcli("report", trained.path, "-o", "out.pdf")[2]


@pytest.mark.parametrize("name", ["history.csv", "predictions.csv", "metrics.json"])
def test_damaged_files_are_named(trained, name):
    (trained.path / name).write_text("a,b\n1,x,y\n")

    with pytest.raises(DlcliError, match=f"{name} is damaged"):
        report(trained.path, baselines=False, importance=False)


def test_predictions_without_numbers_of_rows_are_damaged(trained):
    path = trained.path / "predictions.csv"
    path.write_text("true,prediction,p_a,p_b\na,b,0.4,0.6\n")

    with pytest.raises(DlcliError, match="damaged: it has no columns 'row'"):
        report(trained.path, baselines=False, importance=False)


def test_a_line_of_predictions_that_is_cut_is_damage(trained):
    path = trained.path / "predictions.csv"
    path.write_text(path.read_text().rstrip().rpartition(",")[0])

    with pytest.raises(DlcliError, match=r"damaged: line .* fields"):
        report(trained.path, baselines=False, importance=False)


def test_a_run_that_ended_before_its_first_epoch_has_no_curves(trained):
    (trained.path / "history.csv").write_text("")

    assert "training" not in Page(report(trained.path, baselines=False, importance=False)).sections


def test_what_is_asked_for_and_cannot_be_computed_is_refused(dlcli, trained):
    (trained.path / "model.keras").unlink()

    code, _, err = dlcli("report", trained.path, "--baselines")

    assert code == 2
    assert "has no model" in err
    assert "dlcli baseline people" in err


def test_a_run_that_failed_is_reported_as_far_as_it_came(trained):
    for name in ("metrics.json", "predictions.csv", "model.keras"):
        (trained.path / name).unlink()
    record = json.loads((trained.path / "run.json").read_text())
    record |= {"status": "failed", "error": "the loss is not finite"}
    (trained.path / "run.json").write_text(json.dumps(record))

    page = Page(report(trained.path))

    assert {"overview", "data", "training", "reproduction"} <= {*page.sections}
    assert "the loss is not finite" in page.text


def test_values_that_are_not_finite_draw_nothing_wrong(trained):
    header = (trained.path / "history.csv").read_text().partition("\n")[0]
    extreme = ["1,nan,1e308", "2,inf,-1e308", "3,,nan"]
    assert header.count(",") == 2
    (trained.path / "history.csv").write_text("\n".join([header, *extreme]))

    html = report(trained.path, baselines=False, importance=False)

    assert Page(html).sections.count("training") == 1
    assert not re.search(r'"[^"]*\b(nan|inf)\b[^"]*"', html)


def test_a_language_that_there_is_not(trained):
    with pytest.raises(DlcliError, match="lang"):
        report(trained.path, lang="fr")


@pytest.mark.slow
def test_each_of_several_numbers_has_its_own_error(dlcli, tmp_path):
    rows = [f"{n % 9},{n % 7},{1000 * (n % 9)},{n % 5}" for n in range(60)]
    (tmp_path / "two.csv").write_text("\n".join(["a,b,large,small", *rows]))
    (tmp_path / "two.yaml").write_text(
        "dataset: {csv: {path: two.csv, target: [large, small]}}\nmodel: [Dense]\n"
        "loss: mean_squared_error\nmetrics: [mae]\nfit: {epochs: 2}\n"
    )
    assert dlcli("train", "two.yaml", "-q")[0] == 0
    numbers = json.loads((tmp_path / "runs/two/1/metrics.json").read_text())["test"]["numbers"]

    page = Page(report("runs/two/1", baselines=False, importance=False))

    assert "always predicting the mean" not in page.text  # of numbers in different units
    assert f"small: a prediction is wrong by about {numbers['small']['rmse']:.4f}" in page.text
    assert "worst" in page.sections
    predictions = pd.read_csv("runs/two/1/predictions.csv")
    true = predictions[["true_large", "true_small"]].to_numpy()
    errors = np.abs(true - predictions[["prediction_large", "prediction_small"]].to_numpy())
    worst = predictions.iloc[int((errors / true.std(axis=0)).mean(axis=1).argmax())]
    rows = page.text.partition("mean error in standard deviations")[2]
    assert f" {int(worst['row'])} " in rows[: rows.index("large")]


@pytest.mark.slow
def test_the_rows_with_most_wrong_labels_come_first(dlcli, tmp_path):
    lines = [f"{at % 5},{at % 2},{at // 2 % 2},{at // 4 % 2}" for at in range(40)]
    (tmp_path / "tags.csv").write_text("\n".join(["n,red,big,old", *lines]))
    (tmp_path / "tags.yaml").write_text(
        "dataset: {csv: {path: tags.csv, target: [red, big, old]}}\nsplit: {test: 0.5}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\nfit: {epochs: 1}\n"
    )
    assert dlcli("train", "tags.yaml", "-q", "--set", "metrics=[accuracy]")[0] == 0

    text = Page(report("runs/tags/1", baselines=False, importance=False)).text

    assert "share of right answers over all rows and labels" in text
    assert "rows whose class is predicted" not in text
    assert "Scores per label (test rows)" in text
    assert "per class" not in text
    frame = pd.read_csv("runs/tags/1/predictions.csv")
    names = ["red", "big", "old"]
    wrong = sum(frame[f"true_{name}"] != frame[f"prediction_{name}"] for name in names)
    worst = frame.iloc[int(wrong.to_numpy().argmax())]
    assert f"At least one label is wrong: {int((wrong > 0).sum())} rows" in text
    true = ", ".join(name for name in names if worst[f"true_{name}"]) or "–"
    cells = " ".join(text.split())
    predicted = ", ".join(name for name in names if worst[f"prediction_{name}"]) or "–"
    assert f"{int(worst['row'])} {true} {predicted} {wrong.max()}" in cells


@pytest.mark.slow
def test_recordings_have_the_names_of_their_files(dlcli, tmp_path):
    (tmp_path / "said").mkdir()
    for number in range(24):
        samples = np.random.default_rng(number).integers(-9000, 9000, 90).astype(np.int16)
        wavfile.write(
            tmp_path / "said" / f"{['yes', 'no'][number % 2]}_{number}.wav", 1000, samples
        )
    (tmp_path / "said.yaml").write_text(
        'dataset: {audio: {path: said, pattern: "{class}_{take}"}}\nsplit: {test: 0.5}\n'
        "model: [{Dense: {activation: softmax}}]\nloss: sparse_categorical_crossentropy\n"
        "fit: {epochs: 1}\n"
    )
    assert dlcli("train", "said.yaml", "-q")[0] == 0

    page = Page(report("runs/said/1", lang="ko"))

    names = sorted(path.name for path in (tmp_path / "said").iterdir())
    frame = pd.read_csv("runs/said/1/predictions.csv")
    wrong = frame[frame["true"] != frame["prediction"]]
    assert len(wrong)
    for row in wrong.head(2).itertuples():
        assert f"{names[row.row - 1]}: 실제 {row.true}, 예측 {row.prediction}" in page.text


@pytest.mark.slow
class TestImportance:
    """Columns of which it is known whether the network uses them."""

    @pytest.fixture
    def held_out(self, dlcli, tmp_path):
        random = np.random.default_rng(0)
        x = random.normal(size=(200, 2))
        lines = [f"{a:.3f},{b:.3f},{'yes' if a > 0 else 'no'}" for a, b in x]
        (tmp_path / "rows.csv").write_text("\n".join(["used,unused,label", *lines]))
        (tmp_path / "rows.yaml").write_text(
            "dataset: {csv: {path: rows.csv, target: label}}\nsplit: {test: 0.3}\n"
            "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
            "optimizer: {SGD: {learning_rate: 0.5}}\nmetrics: [accuracy]\nfit: {epochs: 5}\n"
        )
        assert dlcli("train", "rows.yaml", "-q")[0] == 0
        model = load_model("runs/rows/1")
        return model, load_held_out(model, model.metadata)

    def test_the_column_that_is_used_is_found(self, held_out):
        model, rows = held_out

        first, second = (
            permutation_importance(model, model.metadata, rows, seed=seed) for seed in (0, 0)
        )

        assert first == second
        assert first.score == pytest.approx(evaluate(model).scores.metrics["accuracy"])
        assert [column.name for column in first.columns] == ["used", "unused"]
        used, unused = first.columns
        assert used.mean > 0.3
        assert abs(unused.mean) < 0.1
        baselines = Page(report("runs/rows/1", importance=False)).text
        assert "The network is better than majority class" in baselines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "sections", "words"),
    [
        ("kfold iris --folds 3 --epochs 2 -q", {"folds", "classes", "worst"}, "Over 3 folds"),
        ("kfold diabetes --folds 3 --epochs 2 -q", {"folds", "numbers", "worst"}, "RMSE of 442"),
        ("sweep iris --over fit.batch_size=8,16 --epochs 2 -q", {"search"}, "2 trials"),
        ("baseline iris --split -q", {"baselines"}, "McNemar"),
        ("learning-curve iris --folds 3 --epochs 1 -q", {"sizes"}, "twice as many"),
        ("train diabetes --epochs 2 -q", {"numbers", "baselines", "importance"}, "t-test"),
        ("train digits_cnn --epochs 1 -q", {"worst", "calibration"}, "digits"),
    ],
)
@pytest.mark.usefixtures("few_trees")
def test_every_kind_of_run_has_its_sections(dlcli, command, sections, words):
    assert dlcli(*command.split())[0] == 0
    name = command.split()[1]

    html = report(f"runs/{name}/1")
    page = Page(html)

    assert sections <= {*page.sections}
    assert len(html) < 2_000_000
    assert words in page.text
    assert "once" not in page.text
    if command.startswith("sweep"):
        assert "the trials are compared by their scores on them, after each training" in page.text
    if command.startswith("baseline"):
        path = Path("runs/iris/1/metrics.json")
        metrics = json.loads(path.read_text())
        metrics["models"][0] |= {"model": "naive Bayes", "p": None, "network_is": "untested"}
        path.write_text(json.dumps(metrics))
        assert "There is no p-value for naive Bayes." in Page(report("runs/iris/1")).text
    if name == "digits_cnn":
        pictures = [attrs["src"] for tag, attrs in page.elements if tag == "img"]
        assert pictures
        assert all(picture.startswith("data:image/png;base64,") for picture in pictures)


@pytest.mark.slow
def test_a_search_has_the_sections_of_its_best_trial(dlcli, tmp_path):
    (tmp_path / "my.yaml").write_text(
        "dataset: iris\nsplit: {test: 0.2, validation: 0.2}\nmodel: [{Dense: {activation: softmax}}]\n"
        "loss: sparse_categorical_crossentropy\noptimizer: sgd\nmetrics: [accuracy]\n"
        "fit: {epochs: 2}\ntune: {trials: 3, search: {fit.batch_size: {choice: [8, 16, 32]}}}\n"
    )
    assert dlcli("tune", "my.yaml", "-q")[0] == 0

    page = Page(report("runs/my/1"))

    assert {"search", "best-classes", "best-importance", "reproduction"} <= {*page.sections}
    assert page.sections[-1] == "reproduction"
    assert "library_name: keras" in card("runs/my/1")
