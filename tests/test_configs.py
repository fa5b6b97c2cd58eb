"""Every config that comes along trains, on the data that are here or on a sample."""

import csv
import json
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from conftest import slow
from PIL import Image
from scipy.io import wavfile

from dlcli import load_config, predict, train
from dlcli.config.known import NAMED_DATASETS
from dlcli.config.load import bundled_folder, config_names
from dlcli.datasets.loading import load_dataset

ROOT = Path(__file__).parents[1]
FOLDER = Path(bundled_folder("configs"))
CONFIGS = {name: FOLDER / f"{name}.yaml" for name in config_names()}
DOWNLOADED = [
    name
    for name, path in CONFIGS.items()
    if (config := load_config(path)).dataset.known and NAMED_DATASETS[config.dataset.name].files
]


# One of each kind of rows and task is trained in every run of the tests, the others in CI. Sound and
# series are trained in test_media.py.
TYPICAL = {
    "breast_cancer", "boston_housing", "digits_cnn", "imdb_text", "wine",
}  # fmt: skip
REAL = {"sonar"}


COURSE = {name for name in CONFIGS if name.startswith("course/")}


def some(names, quick):
    """Return test parameters; all but the quick ones are slow."""
    return [name if name in quick else slow(name) for name in names]


def raw_input(dataset, folder):
    """Write two samples as a user has them: a CSV, sentences, pictures, recordings, a series."""
    first = dataset.x[:2] if isinstance(dataset.x, np.ndarray) else dataset.x.iloc[:2]
    if dataset.is_text:
        (folder / "raw.txt").write_text("\n".join(first.iloc[:, 0]) + "\n", encoding="utf-8")
        return folder / "raw.txt"
    if dataset.medium.kind == "series":
        values = [*dataset.x[0, :, 0], dataset.y[0]]
        lines = [dataset.target.name, *(f"{value:.4f}" for value in values)]
        (folder / "raw.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder / "raw.csv"
    if dataset.medium.kind == "rows":
        first.to_csv(folder / "raw.csv", index=False)
        return folder / "raw.csv"
    raw = folder / "raw"
    raw.mkdir()
    for number in range(2):
        if dataset.medium.kind == "audio":
            rate = dataset.medium.sampling_rate
            wavfile.write(raw / f"{number}.wav", rate, first.iloc[number, 0])
        else:
            pixels = first[number, ..., 0] * (255 / dataset.medium.high)
            Image.fromarray(pixels.astype(np.uint8)).resize((56, 56)).save(raw / f"{number}.png")
    return raw


@pytest.mark.parametrize("name", some(CONFIGS, CONFIGS.keys() - COURSE))
def test_config_is_right_and_its_layers_fit(name, dlcli):
    # The configs of the course keep what is noted about them, such as inputs that are not scaled.
    strict = () if name in COURSE else ("--strict",)
    code, out, err = dlcli("check", name, "--build", *strict)

    assert code == 0, err
    assert out.startswith(f"{name}: ")


# Those of the course train on a slice of the real data below, if they are downloaded.
@pytest.mark.parametrize(
    "name", some([name for name in CONFIGS if name not in COURSE & {*DOWNLOADED}], TYPICAL)
)
def test_config_trains_an_epoch_and_predicts_from_raw_input(name, tmp_path, with_pictures):
    config = load_config(name, ["fit.epochs=1"])

    result = train(config, runs=tmp_path / "runs", sample=name in DOWNLOADED)
    source = raw_input(load_dataset(config, sample=name in DOWNLOADED), tmp_path)
    found = predict(result.path, source).to_frame()

    assert result.status == "finished"
    assert not config.warnings
    assert len(found) == 2
    assert found["prediction"].notna().all()


@pytest.mark.data
@pytest.mark.parametrize("name", some(DOWNLOADED, REAL))
def test_config_trains_an_epoch_on_a_slice_of_the_real_data(name, tmp_path):
    dataset = load_config(name).dataset.name
    rows = 4000 if dataset == "reuters" else 600  # 46 topics, some of them rare
    config = load_config(name, ["fit.epochs=1", f"dataset.{dataset}.limit={rows}"])

    result = train(config, runs=tmp_path / "runs")

    assert result.status == "finished"
    assert not result.sampled
    run = json.loads((result.path / "run.json").read_text(encoding="utf-8"))
    assert run["data"]["rows"] == min(rows, NAMED_DATASETS[dataset].facts.rows)


@pytest.mark.parametrize("name", CONFIGS)
def test_config_says_what_it_is_how_to_run_it_and_what_it_measured(name):
    lines = CONFIGS[name].read_text(encoding="utf-8").splitlines()
    header = [line for line in lines if line.startswith("#")]

    assert len(header[0]) > 20
    measured = re.compile(rf"# dlcli (train|kfold) {name} .*→.*\d")
    assert any(measured.match(line) for line in header)


def test_the_page_of_the_course_has_its_configs_and_their_measured_figures():
    page = (ROOT / "docs/course.md").read_text(encoding="utf-8")
    stored = json.loads((ROOT / "benchmarks/catalogue.json").read_text(encoding="utf-8"))
    results = {result["command"]: result for result in stored}
    figures = re.findall(r"<!-- (dlcli [^:>]*): ([a-z ]+) -->(.*?)<!-- / -->", page)

    assert set(re.findall(r"`(course/\w+)`", page)) == COURSE
    assert len(figures) >= len(COURSE)
    for command, metric, figure in figures:
        result = results[command]
        mean = result["scores"][metric][0] if "scores" in result else float(result["value"])
        assert figure.startswith(f"{mean:.4f} "), command


def test_bare_names_find_the_bundled_configs():
    assert set(FOLDER.rglob("*.yaml")) == set(CONFIGS.values())
    assert {"optimizers/adam", "regularization/dropout", "sonar"} <= set(CONFIGS)


def weights_of(name, tmp_path):
    """Return slope and intercept, by predicting at the unit points.

    After 1200 epochs gradient descent is within half the tolerances, computed in float64.
    """
    result = train(load_config(name, ["fit.epochs=1200"]), runs=tmp_path / "runs")
    width = len(NAMED_DATASETS[name].facts.columns)
    points = np.vstack([np.zeros(width), np.eye(width)])
    values = predict(result.path, points).to_frame()["prediction"].to_numpy()
    return [*(values[1:] - values[0]), values[0]]


@pytest.mark.slow
def test_study_hours_finds_the_least_squares_line(tmp_path):
    slope, intercept = weights_of("study_hours", tmp_path)

    assert slope == pytest.approx(2.3, abs=0.05)
    assert intercept == pytest.approx(79, abs=0.3)


@pytest.mark.slow
def test_study_hours_tutoring_finds_the_least_squares_plane(tmp_path):
    hours, lessons, intercept = weights_of("study_hours_tutoring", tmp_path)

    assert hours == pytest.approx(1.5, abs=0.05)
    assert lessons == pytest.approx(2.2857, abs=0.05)
    assert intercept == pytest.approx(77.857, abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["perceptron", "xor", "grades", "pass_fail"])
def test_small_tables_are_learned_by_heart(name, tmp_path):
    """In 1200 epochs of the thousands that make a config's probabilities sure."""
    config = load_config(name)
    epochs = min(config.fit.epochs, 1200)

    result = train(load_config(name, [f"fit.epochs={epochs}"]), runs=tmp_path / "runs")

    assert result.scores["train"].metrics["accuracy"] == 1.0


@pytest.mark.slow
def test_pass_fail_tutoring_predicts_a_probability(dlcli, write):
    dlcli("train", "pass_fail_tutoring", "--quiet", "--set", "fit.epochs=2000")

    code, out, _ = dlcli(
        "predict", "runs/pass_fail_tutoring/latest", write("student.csv", "hours,lessons\n7,6\n")
    )

    assert code == 0
    row = next(csv.DictReader(out.splitlines()))
    assert row["prediction"] == "pass"
    assert 0.6 < float(row["p_pass"]) < 0.99


def test_bmi_takes_centimetres_and_kilograms(dlcli, write, tmp_path):
    dlcli("train", "bmi_softmax", "--quiet", "--set", "fit.epochs=5")
    people = write("people.csv", "weight,height\n48,180\n65,175\n79,150\n")

    code, out, _ = dlcli("predict", "runs/bmi_softmax/latest", people)

    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["thin", "normal", "fat"]


def test_tables_of_our_own_are_those_that_their_page_lists():
    folder = Path(bundled_folder("data"))
    listed = dict(
        re.findall(r"`(\w+\.csv)`.*`([0-9a-f]{64})`", (folder / "README.md").read_text("utf-8"))
    )

    assert listed == {
        path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.csv")
    }


def test_the_tables_with_a_formula_come_from_their_script(tmp_path):
    scope = {"__name__": "made", "__file__": str(tmp_path / "make.py")}
    script = Path(bundled_folder("data")) / "make.py"
    exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), scope)

    scope["write"]("bmi.csv", ("height", "weight", "label"), scope["people"]())
    scope["write"]("tide.csv", ("hour", "height"), scope["tide"]())

    for name in ("bmi.csv", "tide.csv"):
        assert (tmp_path / name).read_bytes() == script.with_name(name).read_bytes()


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("noisy_scores", "mean_absolute_percentage_error"),
        ("pass_fail", "binary_crossentropy"),
        ("iris", "categorical_crossentropy"),
        *(
            slow(*case)
            for case in (
                ("noisy_scores", "mean_squared_error"),
                ("noisy_scores", "mean_absolute_error"),
                ("noisy_scores", "mean_squared_logarithmic_error"),
                ("iris", "sparse_categorical_crossentropy"),
            )
        ),
    ],
)
def test_every_loss_of_the_courses_becomes_smaller(name, loss, tmp_path):
    changes = [f"loss={loss}", "optimizer={Adam: {learning_rate: 0.3}}", "fit.epochs=40"]

    history = train(load_config(name, changes), runs=tmp_path / "runs").history["loss"]

    assert history[-1] < 0.7 * history[0]
