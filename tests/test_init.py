"""`dlcli init`: a config for a stranger's file, with the reasons, that `check` passes."""

import csv
import io
import json
import tarfile

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy.io import wavfile

from dlcli import DatasetError, load_config, predict, train
from dlcli.config.yaml_text import parse
from dlcli.datasets.loading import load_dataset
from dlcli.experiments.init import init
from dlcli.experiments.init.commented_yaml import Commented, plain, render
from dlcli.experiments.init.distributions import choose_target_step, has_far_values

rng = np.random.default_rng(0)


def people(rows=120, **columns):
    """Return a CSV text with a few columns of different kinds."""
    age = rng.integers(18, 80, rows)
    table = {
        "age": age,
        "city": rng.choice(["Seoul", "Busan", "Daegu"], rows),
        "member": rng.choice(["yes", "no"], rows),
        **columns,
        "bought": np.where(age + rng.normal(0, 9, rows) > 45, "yes", "no"),
    }
    lines = [
        ",".join(table),
        *(",".join(map(str, row)) for row in zip(*table.values(), strict=True)),
    ]
    return "\n".join(lines) + "\n"


def as_csv(**columns):
    """Return a CSV text of columns."""
    return "\n".join(
        [
            ",".join(columns),
            *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
        ]
    )


def test_a_table_becomes_a_config_that_trains_and_predicts(dlcli, write, tmp_path):
    table = write("people.csv", people())

    code, out, error = dlcli("init", table)
    trained = dlcli("train", "people.yaml", "-q", "--set", "fit.epochs=1")
    rows = write("new.csv", "age,city,member\n30,Seoul,yes\n70,Busan,no\n")
    predicted = dlcli("predict", "runs/people/1", rows)

    assert code == 0, error
    assert "people.csv: 120 rows" not in error
    assert "classes: no " in out
    assert "dataset.csv.target: bought" in out
    assert out.endswith("next: dlcli train people.yaml\n")
    assert trained[0] == 0, trained[2]
    assert predicted[0] == 0, predicted[2]
    assert [line.split(",")[0] for line in predicted[1].splitlines()[1:]] in (
        [a, b] for a in ("yes", "no") for b in ("yes", "no")
    )
    config = yaml.safe_load((tmp_path / "people.yaml").read_text())
    assert config["dataset"] == {"csv": {"path": "people.csv", "target": "bought"}}
    assert config["preprocess"] == {"numeric": "standardize", "categorical": "one_hot"}
    assert config["loss"] == "binary_crossentropy"


def test_a_long_setting_is_not_cut_within_a_number(dlcli, write):
    code, out, error = dlcli("init", write("people.csv", people(rows=400)))

    assert code == 0, error
    assert "{monitor: val_loss, patience: …" in out


def test_the_same_file_gives_the_same_config(write, tmp_path):
    table = write("people.csv", people())

    texts = {init(table, output=tmp_path / "a.yaml", force=True).text for _ in range(2)}

    assert len(texts) == 1


def test_paths_are_relative_to_the_config(dlcli, write, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "configs").mkdir()
    write("data/people.csv", people())

    code, _, error = dlcli("init", "data/people.csv", "-o", "configs/mine.yaml")
    monkeypatch.chdir("/")

    assert code == 0, error
    assert "path: ../data/people.csv" in (tmp_path / "configs/mine.yaml").read_text()
    assert dlcli("check", tmp_path / "configs/mine.yaml")[0] == 0


def test_nothing_is_overwritten(dlcli, write, tmp_path):
    write("people.csv", people())
    mine = write("people.yaml", "mine")

    refused = dlcli("init", "people.csv")
    replaced = dlcli("init", "people.csv", "--force")

    assert refused[0] == 2
    assert "people.yaml exists" in refused[2]
    assert "--force replaces it; -o names another file" in refused[2]
    assert replaced[0] == 0, replaced[2]
    assert mine.read_text() != "mine"


def test_a_single_row_is_refused_as_such(dlcli, write):
    code, _, err = dlcli("init", write("one.csv", "a,b,y\n1,2,3\n"))

    assert code == 2
    assert "one.csv: 1 row; at least 2 are needed" in err


@pytest.mark.parametrize(
    ("answers", "target"), [(["city"], "city"), (["agee", "age"], "age"), ([""], "bought")]
)
def test_the_target_is_asked_for_on_a_terminal(dlcli, write, monkeypatch, answers, target):
    write("people.csv", people())
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    code, out, error = dlcli("init", "people.csv")

    assert code == 0, error
    assert "which column is to be predicted [bought]" in out
    assert ("Did you mean 'age'?" in error) == (answers[0] == "agee")
    assert load_config("people.yaml").dataset.loader.target == target


@pytest.mark.parametrize(("option", "target"), [("city", "city"), ("0", "age"), ("-2", "member")])
def test_the_target_is_named(dlcli, write, option, target):
    write("people.csv", people())

    code, _, error = dlcli("init", "people.csv", f"--target={option}")

    assert code == 0, error
    assert load_config("people.yaml").dataset.loader.target == target


def test_ratings_are_classes_or_numbers_as_asked(dlcli, write, tmp_path):
    table = write("films.csv", as_csv(a=rng.normal(size=60), b=range(60), rating=[1, 2, 3, 4] * 15))

    code, out, error = dlcli("init", table)
    assert code == 0, error
    assert "'rating' are read as classes; `--task regression` predicts a number" in out

    code, out, error = dlcli("init", table, "--task", "regression", "--force")
    assert code == 0, error
    config = load_config("films.yaml")
    assert config.dataset.loader.task == "regression"
    assert config.loss.name == "MeanSquaredError"

    code, _, error = dlcli("init", write("p.csv", people()), "--task", "regression")
    assert code == 2
    assert "in column 'bought' is not a number" in error
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        write(f"pets/{kind}/1.txt", kind)
    assert "leave out --task" in dlcli("init", tmp_path / "pets", "--task", "regression")[2]


def test_columns_of_0_and_1_are_labels_if_asked(dlcli, write, tmp_path):
    labels = rng.integers(0, 2, (3, 60))
    write("t.csv", as_csv(a=rng.normal(size=60), lab1=labels[0], lab2=labels[1], b=labels[2] + 1))
    options = ("--task", "multilabel", "--force")

    code, _, error = dlcli("init", "t.csv", "--target", "lab1,lab2", *options)
    one = dlcli("init", "t.csv", "--target", "lab1", *options)
    other = dlcli("init", "t.csv", "--target", "lab1,b", *options)
    for kind in ("cat", "dog"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        write(f"pets/{kind}/1.txt", kind)
    folder = dlcli("init", "pets", *options)

    assert code == 0, error
    config = load_config("t.yaml")
    assert (config.dataset.loader.task, config.loss.name) == ("multilabel", "BinaryCrossentropy")
    assert [one[0], other[0], folder[0]] == [2, 2, 2]
    assert "'lab1' is no list of labels" in one[2]
    assert "name them all as the target" in one[2]
    assert "in the target 'b' is neither true nor false; a label is 0 or 1 in every row" in other[2]
    assert "leave out --task" in folder[2]


@pytest.mark.parametrize("form", ["{:,}", "{:,}원", "${:,}", "{:,} kg"])
def test_digits_between_commas_are_no_labels(dlcli, write, form):
    prices = [f'"{form.format(price)}"' for price in rng.integers(10, 300, 200) * 100]
    table = write("homes.csv", as_csv(area=rng.integers(30, 120, 200), price=prices))

    code, out, error = dlcli("init", table)

    assert code == 0, error
    assert "target_separator" not in out
    assert load_config("homes.yaml").loss.name == "MeanSquaredError"


def test_few_whole_numbers_of_other_names_are_classes_without_a_reason(dlcli, write):
    table = write("rows.csv", as_csv(a=rng.normal(size=60), species=[0, 1, 2] * 20))

    _, out, _ = dlcli("init", table)

    assert "task" not in out


def test_years_are_names_and_chosen_by_name(dlcli, write):
    rows = "".join(f"{n / 7:.3f},{n * 11 % 47},{n * 1.5},{'ab'[n % 2]}\n" for n in range(80))
    write("sales.csv", f"2019,2020,2021,region\n{rows}")

    code, _, error = dlcli("init", "sales.csv", "--target", "2020")
    trained = dlcli("train", "sales.yaml", "-q", "--set", "fit.epochs=1")
    write("new.csv", "2019,2020,2021,region\n1.5,3,2,a\n")
    predicted = dlcli("predict", "runs/sales/1", "new.csv")

    assert code == 0, error
    config = load_config("sales.yaml").dataset.loader
    assert (config.target, config.header) == ("2020", True)
    assert trained[0] == 0, trained[2]
    assert len(predicted[1].splitlines()) == 2


@pytest.mark.parametrize("kind", ["01", "ab"])
def test_numbers_that_count_up_beside_a_name_are_names(write, kind):
    rows = "".join(f"{n % 9},{n * 7 % 10},{n * 3 % 8},{kind[n % 2]}\n" for n in range(60))
    result = init(write("d.csv", f"0,1,2,target\n{rows}"), target="target")
    assert result.card.rows == 60
    missing = init(write("e.csv", f"0,1,2,NA\n{rows}"), target="0")
    assert missing.card.rows == 61


@pytest.mark.parametrize("first", ["2019,2020,2022", "3,4,5", "2019,2020,2021.5"])
def test_a_row_of_numbers_that_may_be_data_is_data(write, first):
    rows = "".join(f"{n % 9},{n * 7 % 10},{n * 3 % 8}\n" for n in range(60))
    table = write("d.csv", f"{first}\n{rows}")

    result = init(table, target="0")

    assert result.card.rows == 61
    assert "header" not in result.text


@pytest.mark.parametrize("text", ["user{0}", "this is the review number {0} of all of them"])
def test_a_text_in_each_row_is_no_target(dlcli, write, tmp_path, text):
    rows = "".join(f"{n % 13},{n % 7},{text.format(n)}\n" for n in range(2000))
    write("users.csv", f"a,b,name\n{rows}")

    code, _, error = dlcli("init", "users.csv", "--target", "name")

    assert code == 2
    assert "'name' cannot be the target: it has 2000 different values in 2000 rows" in error
    assert not (tmp_path / "users.yaml").exists()


def test_thousands_of_classes_with_a_few_rows_each_are_not_stratified(write):
    rows = "".join(f"{n % 13},{n % 7},shop {n * n % 1009}\n" for n in range(2500))
    table = write("shops.csv", f"a,b,name\n{rows}")

    result = init(table, target="name")

    assert (
        "stratify: false  # 2500 rows are too few to have 505 classes in each part" in result.text
    )
    assert len(result.notices) < 10


def test_a_word_for_nothing_among_numbers_may_be_a_category_elsewhere(write, tmp_path):
    jobs = ["clerk", "unknown", "cook"]
    rows = "".join(
        f"{'unknown' if n % 9 == 0 else 20 + n % 30},{jobs[n % 3]},{'ab'[n % 2]}\n"
        for n in range(90)
    )
    table = write("people.csv", f"age,job,label\n{rows}")

    result = init(table)
    run = train(load_config(result.path, ["fit.epochs=1"]), runs=tmp_path / "runs")
    new = write("new.csv", "age,job\nunknown,unknown\n31,cook\n")

    assert "missing_numbers:\n      - unknown  # 'age' has numbers in 80 of 90 rows" in result.text
    data = load_dataset(result.config)
    assert data.x["age"].isna().sum() == 10
    assert set(data.x["job"]) == set(jobs)
    assert len(predict(run.path, new).to_frame()) == 2


def test_a_column_that_does_not_exist_is_no_target(dlcli, write):
    write("people.csv", people())

    code, _, error = dlcli("init", "people.csv", "--target", "agee")

    assert code == 2
    assert "no column 'agee'. Did you mean 'age'?" in error


def test_a_numeric_target_is_standardized(write, tmp_path):
    rows = np.linspace(0, 1, 200)
    lines = [f"{x},{250_000 + 90_000 * x}" for x in rows]
    table = write("houses.csv", "\n".join(["size,price", *lines]))

    result = init(table, output=tmp_path / "houses.yaml", calibrate=True)
    trained = train(load_config(result.path, ["fit.epochs=12"]), runs=tmp_path / "runs")

    assert "target: standardize  # the network learns it at unit scale" in result.text
    assert {"lower", "upper"} <= set(predict(trained.path, table).to_frame())
    assert trained.scores["test"].metrics["r2"] > 0.9


@pytest.mark.slow
def test_a_column_with_typing_errors_is_scaled_by_its_quartiles(write, tmp_path):
    draw = np.random.default_rng(1)
    length, width = draw.normal(size=(2, 400))
    target = 3 * length + width
    length = np.where(np.arange(400) % 100 == 7, 1e6, length)
    table = write("typos.csv", as_csv(length=length, width=width, target=target))

    result = init(table, output=tmp_path / "typos.yaml")
    robust = train(result.config, runs=tmp_path / "runs")
    standardized = train(
        load_config(result.path, ["preprocess.columns.length=standardize"]), runs=tmp_path / "runs"
    )

    assert "numeric: standardize" in result.text
    assert "length: robust  # a few values are very far from the others" in result.text
    gain = robust.scores["test"].metrics["r2"] - standardized.scores["test"].metrics["r2"]
    assert gain > 0.2


def test_gaps_are_filled_before_quartiles_are_taken(write, tmp_path):
    length = np.where(np.arange(100) % 25 == 0, 1e6, np.arange(100.0))
    cells = ["" if row % 10 == 3 else value for row, value in enumerate(length)]
    table = write("typos.csv", as_csv(length=cells, target=np.arange(100) % 7 > 3))

    config = init(table, output=tmp_path / "typos.yaml").config

    steps = dict(config.preprocess.columns)["length"]
    assert [type(step).__name__ for step in steps] == ["Impute", "Robust"]
    assert steps[0].indicator


@pytest.mark.slow
def test_a_target_over_powers_of_ten_is_learned_by_its_logarithm(write, tmp_path):
    draw = np.random.default_rng(0)
    x, z = draw.normal(size=(2, 600))
    table = write("income.csv", as_csv(x=x, z=z, income=np.exp(8 + 2 * x + z * (x > 0))))

    result = init(table, output=tmp_path / "income.yaml")
    log = train(result.config, runs=tmp_path / "runs")
    standardized = train(
        load_config(result.path, ["preprocess.target=standardize"]), runs=tmp_path / "runs"
    )

    assert "target: log  # values from " in result.text
    assert log.scores["test"].metrics["mae"] < standardized.scores["test"].metrics["mae"]


@pytest.mark.parametrize("target", [
    np.arange(1.0, 201.0),  # over powers of ten, but not skewed
    np.random.default_rng(0).exponential(size=200),  # its logarithm is skewed to the other side
    np.exp(np.random.default_rng(0).normal(size=200)) - 0.5,  # below 0 too
    np.exp(np.random.default_rng(0).normal(size=200) / 4),  # hardly a power of ten
])  # fmt: skip
def test_other_targets_are_standardized(target, write, tmp_path):
    table = write("numbers.csv", as_csv(x=np.arange(len(target)), amount=target))

    result = init(table, target="amount", output=tmp_path / "numbers.yaml")

    assert "target: standardize" in result.text
    assert "loss: mean_squared_error" in result.text


@pytest.mark.slow
def test_typing_errors_among_targets_do_not_decide_alone(write, tmp_path):
    draw = np.random.default_rng(0)
    x, z = draw.normal(size=(2, 500))
    y = 50 + 10 * x - 6 * z
    far = np.arange(500) % 71 == 5
    table = write("typos.csv", as_csv(x=x, z=z, y=np.where(far, y * 1000, y)))

    result = init(table, output=tmp_path / "typos.yaml")
    predicted = predict(train(result.config, runs=tmp_path / "runs").path, table).to_frame()

    assert "target: quantile  # a few values are very far from the others" in result.text
    assert not result.notices
    errors = np.abs(predicted["prediction"].to_numpy("float64") - y)[~far]
    assert np.median(errors) < 0.2 * np.std(y)


@given(
    arrays(
        np.float64,
        st.integers(1, 80),
        elements=st.floats(allow_nan=True, allow_infinity=True),
    )
)
def test_any_numbers_have_a_distribution(values):
    far = has_far_values(values)
    finite = values[np.isfinite(values)]

    assert far in (True, False)
    if len(finite):
        assert choose_target_step(finite)[0] in ("log", "quantile", "standardize")
    assert not has_far_values(np.full(10, 3.0))


def test_missing_values_groups_and_identifiers_are_decided(write, tmp_path):
    table = write(
        "visits.csv",
        people(
            patient=np.repeat(np.arange(40), 3),
            pulse=["" if row % 9 == 0 else 60 + row % 30 for row in range(120)],
        ),
    )

    text = init(table, output=tmp_path / "visits.yaml").text

    assert "impute: {strategy: median, indicator: true}  # values are missing in pulse" in text
    assert "group: patient  # 40 values, 3.0 rows each: they stay in one set" in text


def test_a_column_of_parts_is_the_split(write, tmp_path):
    part = ["test" if row % 5 == 0 else "train" for row in range(120)]
    table = write("people.csv", people(part=part, User_Score=np.tile([0.5, 1.5, 2.5], 40)))

    result = init(table, output=tmp_path / "people.yaml")

    assert result.config.split.column == "part"
    assert result.config.split.group is None
    assert [callback.name for callback in result.config.callbacks] == ["LearningRateScheduler"]


@pytest.mark.parametrize(
    ("header", "last", "target"),
    [
        ("x,price,when", lambda row: f"2024-05-{row + 1:02d}", "price"),
        ("x,price,name", lambda row: f"car {row}", "price"),
        ("x,price,unit", lambda _: "kg", "price"),
        ("x,target,price", lambda row: str(row % 7), "target"),
    ],
)
def test_what_cannot_be_predicted_is_no_target(write, tmp_path, header, last, target):
    lines = [f"{row % 5},{row * 3.5},{last(row)}" for row in range(30)]

    result = init(write("t.csv", "\n".join([header, *lines])), output=tmp_path / "t.yaml")

    assert result.config.dataset.loader.target == target


def pictures(mode, size):
    for kind in ("cat", "dog"):
        for number in range(8):
            pixels = rng.integers(0, 255, (*size, 3), np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(pixels).convert(mode).save(buffer, "PNG")
            yield f"{kind}/{number}.png", buffer.getvalue()


def recordings():
    for kind in ("high", "low"):
        for number in range(6):
            tone = np.sin(np.arange(4000) / (3 if kind == "high" else 30) + number)
            buffer = io.BytesIO()
            wavfile.write(buffer, 4000, (tone * 20_000).astype(np.int16))
            yield f"{kind}_{number}.wav", buffer.getvalue()


def texts():
    for kind, word in (("good", "fine"), ("bad", "awful")):
        for number in range(30):
            yield f"{kind}/{number}.txt", f"a {word} film number {number}".encode()


def test_a_task_that_does_not_fit_names_the_option(dlcli, write, tmp_path):
    for name, content in pictures("L", (8, 8)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    rows = "".join(f"cat/{number}.png,{number}kg\n" for number in range(8))
    table = write("list.csv", f"file,weight\n{rows}")

    code, _, error = dlcli("init", table, "--target", "weight", "--task", "regression")

    assert code == 2
    assert "weight '0kg' is not a number" in error
    assert "hint: leave out --task if these are classes" in error


def test_numbers_are_files_only_if_all_of_a_sample_are(dlcli, write, tmp_path):
    table = write("rat.csv", as_csv(id=range(120), a=range(120), rating=[1, 2, 3, 4] * 30))
    [content, *_] = [content for _, content in pictures("L", (8, 8))]
    (tmp_path / "photos").mkdir()
    for number in range(30):  # all of the first rows
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(content)

        if number in (0, 29):
            assert dlcli("init", table, "--target", "rating", "--force")[0] == 0
            assert load_config("rat.yaml").dataset.name == "csv"
    for number in range(30, 120):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(content)

    assert dlcli("init", table, "--target", "rating", "--force")[0] == 0
    assert load_config("rat.yaml").dataset.name == "images"


FOLDERS = {
    "grey pictures": (lambda: pictures("L", (20, 30)), "color_mode: grayscale"),
    "large pictures": (lambda: pictures("RGB", (300, 200)), "image_size: [96, 64]"),
    "recordings in one folder": (recordings, "pattern: '{class}_{part1}'"),
    "texts": (texts, "output_mode: tf_idf"),
}


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("archive", [False, True])
def test_a_folder_or_archive_becomes_a_config_that_trains(tmp_path, name, archive):
    files, decision = FOLDERS[name]
    source = tmp_path / ("things.tar.gz" if archive else "things")
    if archive:
        with tarfile.open(source, "w:gz") as tar:
            for member, data in files():
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    else:
        for member, data in files():
            (source / member).parent.mkdir(parents=True, exist_ok=True)
            (source / member).write_bytes(data)

    result = init(source)

    assert decision in result.text
    if not archive:
        trained = train(load_config(result.path, ["fit.epochs=1"]), runs=tmp_path / "runs")
        first = next(source / member for member, _ in files())
        assert len(list(predict(trained.path, first))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.csv"], "no file or folder 'nothing.csv'"),
        ([], "name a file or folder, or a bundled config with --from"),
        (["a.csv", "--from", "iris"], "name a file or folder, or a bundled config with --from"),
        (["old.yaml"], "old.yaml is a config already"),
        (["empty"], "empty has no files that dlcli reads"),
        (["a.csv", "-o", "a.txt"], "a.txt: the name of a config ends in .yaml"),
        (["--from", "irs"], "no config 'irs'"),
    ],
)
def test_what_is_no_data_is_refused_in_a_sentence(dlcli, write, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    write("a.csv", people())
    write("old.yaml", "dataset: iris\n")

    code, _, error = dlcli("init", *arguments)

    assert code == 2
    assert message in error


def test_a_bundled_config_is_copied(dlcli, tmp_path):
    code, out, error = dlcli("init", "--from", "sonar", "-o", "my.yaml")

    assert (code, out) == (0, "my.yaml\n"), error
    assert dlcli("check", "my.yaml", "--no-data")[0] == 0
    assert dlcli("init", "--from", "sonar", "-o", "my.yaml")[0] == 2


def test_the_decisions_as_json(dlcli, write):
    write("people.csv", people())

    code, out, error = dlcli("init", "people.csv", "--json")

    assert code == 0, error
    result = json.loads(out)
    assert result["config"] == "people.yaml"
    assert result["data"]["rows"] == 120
    assert {"set": "dataset.csv.target: bought", "because": "last column"} in result["decisions"]


@pytest.mark.parametrize(
    "value",
    [
        "yes",
        "007",
        "1e3",
        "a: b",
        "# no comment",
        "- item",
        "null",
        "",
        " blank ",
        "줄\n바꿈",
        "{a}",
        "\x07\x85",
    ],
)
def test_any_text_of_a_file_is_written_so_that_it_is_read_back(value):
    document = {
        "dataset": {"csv": {"drop": [Commented(value, value), value], value: Commented(1, value)}},
        "model": [{"Dense": {"units": 1}}, Commented({value: [value]}, value)],
    }

    assert parse(render(document), "my.yaml").value == plain(document)


def test_an_export_of_excel_becomes_predictions_for_excel_in_three_commands(dlcli, tmp_path):
    """With thousands, percent, an identifier, a date and empty last rows, in Korea's encoding."""
    header = "고객번호,가입일,지역,매출,할인율,재구매"
    lines = [
        f"C{1000 + row},2024-{1 + row % 12:02d}-{1 + row % 28:02d},{'서울' if row % 3 else '부산'},"
        f'"{1 + row % 9},{row % 1000:03d}",{row % 30}%,{"예" if row % 9 > 4 else "아니오"}'
        for row in range(120)
    ]
    export = "\r\n".join([header, *lines, ",,,,,", ",,,,,"]) + "\r\n"
    (tmp_path / "고객.csv").write_bytes(export.encode("cp949"))
    rows = [line.rpartition(",")[0] for line in [header, *lines[:5]]]
    (tmp_path / "새고객.csv").write_bytes("\r\n".join(rows).encode("cp949"))

    steps = (
        dlcli("init", "고객.csv"),
        dlcli("train", "고객.yaml", "-q", "--set", "fit.epochs=2"),
        dlcli(
            "predict",
            "runs/고객/1",
            "새고객.csv",
            "--keep",
            "고객번호",
            "-o",
            "예측.csv",
            "--excel",
        ),
    )

    assert [code for code, _, _ in steps] == [0, 0, 0], steps
    data = (tmp_path / "예측.csv").read_bytes()
    assert data.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["고객번호"] for row in rows] == [f"C{1000 + row}" for row in range(5)]
    assert {row["prediction"] for row in rows} <= {"예", "아니오"}
    config = yaml.safe_load((tmp_path / "고객.yaml").read_text(encoding="utf-8"))
    options = config["dataset"]["csv"]
    assert (options["encoding"], options["thousands"], options["affixes"]) == ("cp949", ",", ["%"])
    assert options["drop"] == ["고객번호"]
    assert options["dates"] == {"가입일": "%Y-%m-%d"}


def test_texts_need_a_folder_per_class(tmp_path):
    for n in range(12):
        path = tmp_path / "texts" / f"{('pos', 'neg')[n % 2]}_{n}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"text {n}")

    with pytest.raises(DatasetError, match="is in no class folder"):
        init("texts")


def test_a_few_damaged_files_are_left_out_in_writing(dlcli, tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for n in range(6):
            pixels = rng.integers(0, 255, (9, 9, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / label / f"{n}.png")
    (tmp_path / "pets" / "cat" / "bad.jpg").write_bytes(b"\xff\xd8")

    code, _, err = dlcli("init", "pets")
    loader = yaml.safe_load((tmp_path / "pets.yaml").read_text())["dataset"]["images"]
    checked = dlcli("check", "pets.yaml")
    for n in range(9):
        (tmp_path / "pets" / "dog" / f"bad{n}.jpg").write_bytes(b"\xff\xd8")
    many = dlcli("init", "pets", "--force")

    assert code == 0, err
    assert loader["on_bad_file"] == "skip"
    assert (
        "on_bad_file: skip  # 1 of 13 files cannot be read" in (tmp_path / "pets.yaml").read_text()
    )
    assert "cat/bad.jpg is not a readable image" in err
    assert checked[0] == 0, checked[2]
    assert many[0] == 2
    assert "10 files cannot be read" in many[2]


@pytest.mark.parametrize(
    ("values", "loss"),
    [
        ([0, 1], "binary_crossentropy"),
        ([1, 2], "binary_crossentropy"),
        ([0, 1, 2], "sparse_categorical_crossentropy"),
        (range(10), "sparse_categorical_crossentropy"),
        ([0, 1, 2, 5, 9, 17, 40, 80], "mean_squared_error"),
        (range(60), "mean_squared_error"),
        ([0.5, 1.5], "mean_squared_error"),
    ],
)
def test_the_values_of_the_target_decide_the_task(write, values, loss):
    rows = [f"{rng.random():.3f},{value}" for value in list(values) * 20]
    table = write("table.csv", "x,y\n" + "\n".join(rows) + "\n")

    config = init(table).path

    written = yaml.safe_load(config.read_text())
    assert written["loss"] == loss
    assert ("target" in written["preprocess"]) == (loss == "mean_squared_error")
    task = "regression" if loss == "mean_squared_error" else "classification"
    assert load_dataset(load_config(config)).target.task == task


def test_gaps_in_rows_without_a_target_are_filled_in_predictions(dlcli, write):
    rows = [f"{row / 7},{'ab'[row % 2]},{'no' if row % 3 else 'yes'}\n" for row in range(40)]
    write("gaps.csv", "".join(["size,kind,label\n", *rows, ",a,\n", "3.5,,NA\n"]))
    write("new.csv", "size,kind\n,a\n3.5,\n")
    assert dlcli("init", "gaps.csv")[0] == 0
    assert dlcli("train", "gaps.yaml", "-q", "--set", "fit.epochs=1")[0] == 0

    code, out, error = dlcli("predict", "gaps", "new.csv")

    assert code == 0, error
    assert out.count("\n") == 3


def test_the_learning_rate_and_the_epochs_of_the_command_line_count(dlcli, write, tmp_path):
    write("people.csv", people(400))
    dlcli("init", "people.csv")

    dlcli("train", "people.yaml", "-q", "--epochs", "4", "--lr", "0.5")
    dlcli("train", "people.yaml", "-q", "--epochs", "6")
    swept = dlcli(
        "sweep", "people.yaml", "-q", "--over", "optimizer.learning_rate=0.00001,0.003,0.5",
        "--set", "fit.epochs=4",
    )  # fmt: skip

    rates = [
        [float(row["learning_rate"]) for row in csv.DictReader(open_run(tmp_path, number))]
        for number in (1, 2)
    ]
    assert rates[0] == pytest.approx([0.5 * (1 + np.cos(np.pi * at / 4)) / 2 for at in range(4)])
    assert rates[1] == pytest.approx([0.003 * (1 + np.cos(np.pi * at / 6)) / 2 for at in range(6)])
    assert swept[0] == 0, swept[2]
    with (tmp_path / "runs/people/3/trials.csv").open(encoding="utf-8") as file:
        assert len({row["validation_loss"] for row in csv.DictReader(file)}) == 3


def open_run(folder, number):
    """Return the lines of a run's history.csv."""
    return (folder / f"runs/people/{number}/history.csv").read_text(encoding="utf-8").splitlines()


def test_of_several_names_of_targets_the_most_certain_one_is_taken(write, tmp_path):
    number = np.arange(60)
    label = np.where(number % 3 == 0, "a", "b")
    table = write("points.csv", as_csv(x=number, y=number % 7, label=label, memo=number % 5))

    assert init(table, output=tmp_path / "points.yaml").config.dataset.loader.target == "label"


def test_numbers_that_are_codes_by_their_names_are_categories(write, tmp_path):
    number = np.arange(300)
    table = write("sales.csv", as_csv(
        postcode=10_000 + 97 * (number % 12), store_code=number, 매장번호=number % 7,
        size=number % 5, codes_of_2=number % 2, sold=np.where(number % 4 > 1, "y", "n"),
    ))  # fmt: skip

    result = init(table, output=tmp_path / "sales.yaml")

    types = dict(result.config.dataset.loader.types)
    assert {name: types[name] for name in types} == {
        "postcode": "categorical", "매장번호": "categorical",
    }  # fmt: skip
    assert "postcode: categorical  # 12 different codes, by its name" in result.text


def test_a_class_of_one_row_leaves_folds_that_can_be_trained(dlcli, write):
    label = np.where(np.arange(90) % 3 == 0, "a", "b")
    label[17] = "rare"
    write("rare.csv", as_csv(x=np.arange(90), label=label))

    dlcli("init", "rare.csv")
    code, _, error = dlcli("kfold", "rare.yaml", "--epochs", "1", "-q")

    assert code == 0, error
