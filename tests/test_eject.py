"""`dlcli eject`: plain scripts that train as dlcli does."""

import ast
import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import wavfile

from dlcli import load_config
from dlcli.config.loader_base import LOADERS
from dlcli.config.steps import STEPS
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables import read_table
from dlcli.eject import eject, reading, steps, write
from dlcli.eject.network import write_network
from dlcli.errors import DlcliError

ROWS = 40


@pytest.fixture
def table(tmp_path):
    """Write a table with columns of all types, gaps, and a class that is text."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": random.normal(5, 2, ROWS).round(3),
            "price": [f"{n:,}" for n in random.integers(900, 5000, ROWS)],
            "colour": random.choice(["red", " green", "blue"], ROWS),
            "new": random.choice(["yes", "no"], ROWS),
            "day": pd.date_range("2024-01-30", periods=ROWS, freq="36h").strftime("%d.%m.%Y %H:%M"),
            "code": [f"0{n}" for n in random.integers(1, 4, ROWS)],
            "kind": ["cat", "dog"] * (ROWS // 2),
        }
    )
    frame.loc[[3, 7], "size"] = np.nan
    frame.loc[[5], "colour"] = "NA"
    frame.to_csv(tmp_path / "pets.csv", index=False)
    return tmp_path / "pets.csv"


def config_of(table, **changes):
    return {
        "dataset": {
            "csv": {
                "path": str(table), "target": "kind", "thousands": ",",
                "types": {"code": "categorical"}, "dates": {"day": "%d.%m.%Y %H:%M"},
            }
        },
        "split": {"test": 0.25, "validation": 0.2},
        "model": [{"Dense": {"units": 4, "activation": "relu"}}, {"Dropout": 0.5}, {"Dense": {"activation": "sigmoid"}}],
        "loss": "binary_crossentropy",
        "metrics": ["accuracy"],
        "fit": {"epochs": 2, "batch_size": 8, "class_weight": "balanced"},
        **changes,
    }  # fmt: skip


def assert_proven(result):
    assert result.is_proven, [str(item) for item in result.comparisons]


def test_every_step_and_loader_has_a_writer_or_a_reason():
    for name in STEPS:
        assert (STEPS[name] in steps.WRITERS) != (STEPS[name] in steps.INEXPRESSIBLE), name
    for name in LOADERS:
        reasons = [
            r for kind, r in reading.INEXPRESSIBLE.items() if issubclass(LOADERS[name], kind)
        ]
        assert (LOADERS[name] in reading.READERS) != bool(reasons), name


def test_script_trains_as_dlcli_and_does_not_need_it(table, scripts_in_this_process):
    result = eject(config_of(table), table.with_name("train.py"))

    assert_proven(result)
    assert [item.difference for item in result.comparisons] == [0] * len(result.comparisons)
    text = table.with_name("train.py").read_text(encoding="utf-8")
    code = [line for line in text.splitlines() if "dlcli" in line]
    assert code == ["Written by `dlcli eject config`; it does not need dlcli."]
    assert 'Path("pets.csv")' in text
    assert text.startswith('"""config: a classification on pets.csv.')


def test_proof_of_a_few_epochs_has_the_schedule_of_all(table, scripts_in_this_process):
    changes = {
        "callbacks": [{"LearningRateScheduler": {"schedule": "CosineDecay"}}],
        "fit": {"epochs": 50, "batch_size": 8},
    }

    result = eject(config_of(table, **changes), table.with_name("train.py"), proof_epochs=2)

    assert [item.difference for item in result.comparisons] == [0] * len(result.comparisons)
    [trained] = [item for item in result.comparisons if item.name == "weights after training"]
    assert trained.detail == "2 epochs"
    assert "decay_steps=50" in result.text


NUMERIC = [
    "standardize", "min_max", "robust", {"robust": {"smooth_clip": False}}, "quantile",
    {"quantile": {"output_distribution": "uniform", "n_quantiles": 10}}, "power",
    {"power": {"method": "box-cox"}}, ["log", "standardize"], {"scale": 3}, {"clip": {"min": 2}},
    {"clip": {"quantiles": [0.1, 0.9]}}, ["polynomial", "standardize"],
    {"polynomial": {"degree": 3, "interaction_only": True}}, {"periodic": [24, 7.5]},
]  # fmt: skip
CATEGORICAL = [
    "one_hot", {"one_hot": {"max_categories": 2}}, {"one_hot": {"min_frequency": 0.3}}, "ordinal",
    {"hash": {"buckets": 8}}, {"hash": {"buckets": 8, "alternate_sign": False, "split": "whitespace"}},
]  # fmt: skip
DATES = [
    "date_parts", {"date_parts": {"cyclic": True}},
    {"date_parts": {"parts": ["elapsed", "month", "weekday"]}},
]  # fmt: skip
TEXTS = [
    "vectorize", {"vectorize": {"output_mode": "multi_hot", "ngrams": 2}},
    {"vectorize": {"output_mode": "tf_idf", "max_tokens": 12, "standardize": "lower"}},
    {"vectorize": {"padding": "post", "truncating": "post", "output_sequence_length": 3}},
    {"vectorize": {"split": "character", "standardize": "none", "output_mode": "tf_idf", "ngrams": 2}},
    {"hash": {"buckets": 8, "split": "whitespace"}},
]  # fmt: skip


@pytest.mark.slow
def test_all_steps(tmp_path, scripts_in_this_process):
    random = np.random.default_rng(1)
    words = ["a big cat", "A small, dog!", "no fish", "the cat's dog", ""]
    columns, steps_of = {}, {}
    for kind, items in (("n", NUMERIC), ("c", CATEGORICAL), ("d", DATES), ("t", TEXTS)):
        for number, step in enumerate(items):
            steps_of[f"{kind}{number}"] = step
            columns[f"{kind}{number}"] = {
                "n": np.exp(random.normal(1, 0.5, ROWS)).round(4),
                "c": random.choice(["x", "y y", "z", "한"], ROWS),
                "d": pd.date_range("2023-11-29", periods=ROWS, freq="31h").strftime(
                    "%Y-%m-%d %H:%M"
                ),
                "t": [f"{a} {b}" for a, b in random.choice(words, (ROWS, 2))],
            }[kind]
    for number in (0, 1, 2, 4, 6):  # constant in training, or nearly so
        columns[f"k{number}"] = np.full(ROWS, 0.1 + number)
        steps_of[f"k{number}"] = NUMERIC[number]
    columns["y"] = ["p", "q"] * (ROWS // 2)
    pd.DataFrame(columns).to_csv(tmp_path / "table.csv", index=False, encoding="cp949")
    loader = {
        "path": str(tmp_path / "table.csv"), "target": "y",
        "dates": [name for name in columns if name[0] == "d"],
        "types": {name: {"c": "categorical", "t": "text"}[name[0]] for name in columns if name[0] in "ct"},
    }  # fmt: skip
    config = {
        "dataset": {"csv": loader}, "preprocess": {"columns": steps_of},
        "model": [{"Dense": {"activation": "softmax"}}], "loss": "categorical_crossentropy",
        "optimizer": {"SGD": {"learning_rate": 1e-6}}, "fit": {"epochs": 1},
    }  # fmt: skip

    assert_proven(eject(config, tmp_path / "train.py"))


def numbers(folder, **columns):
    """Write a table of numbers with some further columns; return its path."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(0, 1, (ROWS, 2)).round(3), columns=["a", "b"])
    for name, values in columns.items():
        frame[name] = values
    frame.to_csv(folder / "table.csv", index=False)
    return str(folder / "table.csv")


def network(loader, loss="mse", activation="linear", **changes):
    return {
        "dataset": loader, "model": [{"Dense": {"activation": activation}}], "loss": loss,
        "fit": {"epochs": 2, "batch_size": 16}, **changes,
    }  # fmt: skip


AMOUNTS = np.exp(np.random.default_rng(4).normal(3, 1, ROWS)).round(2)
LABELS = np.random.default_rng(5).integers(0, 2, (ROWS, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "loader", "changes"),
    [
        ({"y": AMOUNTS}, {"target": "y"}, {"preprocess": {"target": "standardize"}, "metrics": ["mae"]}),
        ({"y": AMOUNTS, "z": AMOUNTS[::-1]}, {"target": ["y", "z"]}, {"preprocess": {"target": "quantile"}, "split": {"test": 0}}),
        ({"p": LABELS[:, 0], "q": LABELS[:, 1]}, {"target": ["p", "q"]}, {"loss": "binary_crossentropy", "activation": "sigmoid"}),
        ({"y": np.where(LABELS[:, 0], "p; q", "q")}, {"target": "y", "target_separator": ";"}, {"loss": "binary_crossentropy", "activation": "sigmoid", "thresholds": {"p": 0.3}}),
        ({"y": np.where(LABELS[:, 0], "3", "-1")}, {"target": "y", "task": "classification"}, {"loss": {"BinaryCrossentropy": {"from_logits": True}}, "metrics": ["accuracy"]}),
        ({"y": ["x"] * 39 + ["z"]}, {"target": "y", "class_names": ["first", "second"]}, {"loss": "sparse_categorical_crossentropy", "activation": "softmax", "fit": {"epochs": 1, "class_weight": {"second": 3}}}),
        ({"y": AMOUNTS, "set": ["Train", "val", "test", "training"] * (ROWS // 4)}, {"target": "y"}, {"split": {"column": "set"}}),
        ({"y": AMOUNTS, "who": list("abcdefgh") * (ROWS // 8)}, {"target": "y"}, {"split": {"group": "who", "validation": 0.3}}),
        ({"y": np.where(LABELS[:, 0], "p", "q"), "who": list("abcdefgh") * (ROWS // 8)}, {"target": "y"}, {"split": {"group": "who", "validation": 0.3, "seed": 7}, "loss": "binary_crossentropy", "activation": "sigmoid"}),
        ({"y": AMOUNTS}, {"target": "y"}, {"split": {"shuffle": False, "validation": 0.1}}),
        ({"y": np.where(LABELS[:, 0], "p", "q")}, {"target": "y"}, {"split": {"validation": "test"}, "loss": "binary_crossentropy", "activation": "sigmoid"}),
        ({"y": ["n/a", *AMOUNTS[1:]]}, {"target": "y", "missing_target": "drop", "limit": 30}, {"seed": 3, "split": {"validation": 0.2}}),
        ({"c": [f"{n:,.1f} kg".replace(",", " ") for n in 100 * AMOUNTS], "None": ["none", "-", *["2"] * 38], "y": AMOUNTS}, {"target": "y", "affixes": ["kg"], "thousands": " "}, {"preprocess": {"target": ["log", "standardize"]}}),
        ({"y": AMOUNTS}, {"target": "y", "window": 5}, {"model": ["Flatten", "Dense"], "split": {"validation": 0.2}, "preprocess": {"numeric": "standardize"}}),
    ],
)  # fmt: skip
def test_targets_splits_and_numbers_as_people_write_them(
    columns, loader, changes, tmp_path, scripts_in_this_process
):
    loader = {"csv": {"path": numbers(tmp_path, **columns), **loader}}

    result = eject(network(loader, **changes), tmp_path / "train.py")

    assert_proven(result)
    assert "publishers" not in result.text
    text = result.text.replace("\n# ", " ")
    assert ("The column 'set' says which" in text) == ("set" in columns)


def picture(path, seed, mode="RGB", size=(9, 7)):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (size[1], size[0], len(mode)) if len(mode) > 1 else (size[1], size[0])
    values = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    Image.fromarray(values, mode if mode == "RGBA" else None).save(path)


def pictures(folder):
    """Write pictures of two kinds, one of them transparent, one hidden."""
    for number in range(24):
        kind = ["cat", "dog"][number % 2]
        picture(folder / "pets" / kind / f"{number}.png", number, "RGBA" if number == 5 else "RGB")
    picture(folder / "pets" / "cat" / ".hidden.png", 99)
    return folder / "pets"


def sounds(folder):
    """Write recordings of two speakers at two rates, one in stereo."""
    (folder / "said").mkdir()
    for number in range(24):
        rate, channels = (4000, 1) if number % 3 else (8000, 2)
        samples = np.random.default_rng(number).integers(-9000, 9000, (400 + number, channels))
        name = f"{['yes', 'no'][number % 2]}_{'ab'[number // 12]}_{number}.wav"
        wavfile.write(folder / "said" / name, rate, samples.astype(np.int16).squeeze())
    return folder / "said"


def letters(folder):
    """Write texts in class folders, with official test files, as an archive."""
    with tarfile.open(folder / "letters.tar.gz", "w:gz") as archive:
        for number in range(24):
            part, kind = ["train", "test"][number % 4 == 3], ["good", "bad"][number % 2]
            content = f" {kind} words {number} 한글 ".encode()
            member = tarfile.TarInfo(f"letters/{part}/{kind}/{number}.txt")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return folder / "letters.tar.gz"


def zipped(folder):
    """Write grey pictures in a zip archive."""
    path = pictures(folder)
    with zipfile.ZipFile(folder / "pets.zip", "w") as archive:
        for file in path.rglob("*.png"):
            archive.write(file, file.relative_to(folder))
    return folder / "pets.zip"


def zipped_by_windows(folder):
    """Write pictures whose folders have Korean names in cp949, without a flag that says so."""
    path = pictures(folder)
    with zipfile.ZipFile(folder / "pets.zip", "w") as archive:
        for file in path.rglob("[!.]*.png"):
            korean = {"cat": "고양이", "dog": "강아지"}[file.parent.name]
            member = WindowsName()
            member.filename = f"{korean}/{file.name}".encode("cp949").decode("cp437")
            archive.writestr(member, file.read_bytes())
    return folder / "pets.zip"


class WindowsName(zipfile.ZipInfo):
    """A member whose name is stored as Windows does."""

    def _encodeFilenameFlags(self):  # noqa: N802 (its name in zipfile)
        return self.filename.encode("cp437"), 0


def broken(folder):
    """Write pictures, two of which cannot be read."""
    path = pictures(folder)
    for name in ("cat/4.png", "dog/5.png"):
        (path / name).write_bytes(b"no picture")
    return path


def korean_texts(folder):
    """Write texts in the encodings that Korean files have, and one that is no text."""
    for number in range(24):
        kind = ["좋음", "나쁨"][number % 2]
        path = folder / "reviews" / kind / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = f"{kind} 영화 {number}번 보았습니다"
        path.write_bytes(content.encode(["utf-8", "cp949", "utf-8-sig", "utf-16"][number // 6]))
    (folder / "reviews" / "나쁨" / "24.txt").write_bytes(b"\x00\xff\x00\xfe\x81")
    return folder / "reviews"


CNN = [
    {"Conv2D": {"filters": 2, "kernel_size": 3}},
    "Flatten",
    {"Dense": {"activation": "softmax"}},
]
BAG = {"text": {"vectorize": {"output_mode": "tf_idf"}}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "name", "loader", "changes"),
    [
        (pictures, "images", {"image_size": [6, 5]}, {"model": CNN, "preprocess": {"numeric": {"scale": 255}}}),
        (zipped, "images", {"color_mode": "grayscale"}, {"model": CNN, "preprocess": {"numeric": "standardize"}}),
        (zipped_by_windows, "images", {"color_mode": "grayscale"}, {"model": CNN, "preprocess": {"numeric": "standardize"}}),
        (broken, "images", {"image_size": [6, 5], "on_bad_file": "skip"}, {"model": CNN, "preprocess": {"numeric": {"scale": 255}}}),
        (pictures, "images", {"image_size": [6, 5], "limit": 20}, {"model": CNN, "preprocess": {"numeric": {"scale": 255}}}),
        (korean_texts, "text", {"on_bad_file": "skip"}, {"preprocess": BAG}),
        (sounds, "audio", {"pattern": "{class}_{who}_{take}", "sampling_rate": 4000, "test": {"who": ["b"]}}, {"model": ["Flatten", {"Dense": {"activation": "softmax"}}]}),
        (sounds, "audio", {"pattern": "{class}_{who}_{take}", "sampling_rate": 4000}, {"split": {"group": "take"}, "model": ["Flatten", {"Dense": {"activation": "softmax"}}]}),
        (letters, "text", {"classes": ["bad", "good"], "class_names": ["Bad", "Good"]}, {"preprocess": BAG, "split": {"validation": 0.2}}),
    ],
)  # fmt: skip
def test_folders_and_archives(write, name, loader, changes, tmp_path, scripts_in_this_process):
    path = write(tmp_path)
    section = {name: {"path": str(path), **loader}}
    config = network(section, "sparse_categorical_crossentropy", "softmax", **changes)

    assert_proven(eject(config, tmp_path / "train.py"))


@pytest.mark.slow
def test_archives_of_arrays(tmp_path, scripts_in_this_process):
    random = np.random.default_rng(6)
    x, y = random.integers(0, 256, (ROWS, 5, 4)).astype(np.uint8), random.integers(3, 6, ROWS)
    arrays = {"x_train": x[:30], "y_train": y[:30], "x_test": x[30:], "y_test": y[30:]}
    np.savez(tmp_path / "a.npz", **arrays)
    config = network(
        {"npz": {"path": str(tmp_path / "a.npz")}}, "sparse_categorical_crossentropy",
        model=["Flatten", {"Dense": {"activation": "softmax"}}], preprocess={"numeric": "min_max"},
    )  # fmt: skip

    assert_proven(eject(config, tmp_path / "train.py"))


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["xlsx", "parquet", "jsonl"])
def test_tables_of_other_formats(ending, table, scripts_in_this_process):
    frame = pd.read_csv(table, dtype={"code": str, "price": str})
    frame["price"] = frame["price"].str.replace(",", "").astype(int)
    path = table.with_suffix(f".{ending}")
    if ending == "xlsx":
        frame.to_excel(path, index=False)
    elif ending == "parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    config = config_of(path)
    del config["dataset"]["csv"]["thousands"]

    assert_proven(eject(config, table.with_name("train.py")))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["linear", "sigmoid", "softmax"])
def test_ensembles_are_layers_of_keras(kind, tmp_path, scripts_in_this_process):
    columns = {"y": AMOUNTS if kind == "linear" else np.where(LABELS[:, 0], "p", "q")}
    first = {
        "EnsembleDense": {
            "members": 3,
            "units": 4,
            "activation": "relu",
            "kernel_regularizer": {"L2": 0.1},
        }
    }
    model = [first, {"Dropout": 0.2}, {"EnsembleDense": {"members": 3}}, {"EnsembleMean": kind}]
    loss = {"linear": "mse", "sigmoid": "binary_crossentropy"}.get(kind, "categorical_crossentropy")
    loader = {"csv": {"path": numbers(tmp_path, **columns), "target": "y"}}

    result = eject(network(loader, loss, model=model), tmp_path / "train.py")

    assert_proven(result)
    assert [item.difference for item in result.comparisons] == [0] * len(result.comparisons)


def test_merged_cells_are_no_part_of_a_script(table):
    import openpyxl

    path = table.with_suffix(".xlsx")
    pd.read_csv(table, dtype=str).to_excel(path, index=False)
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("C2:C4")
    book.save(path)

    with pytest.raises(DlcliError, match=r"cannot be ejected: pandas leaves merged cells empty"):
        eject(config_of(path), table.with_name("train.py"), proof=False)


def test_merged_cells_that_change_no_value_can_be_ejected(table):
    import openpyxl

    path = table.with_name("merged cells.xlsx")
    frame = pd.read_csv(table, dtype=str)
    frame.to_excel(path, index=False)
    book = openpyxl.load_workbook(path)
    book.active.merge_cells(f"A{len(frame) + 5}:B{len(frame) + 6}")
    book.save(path)

    assert read_table(path, Dialect()).notices
    assert eject(config_of(path), table.with_name("train.py"), proof=False).path.exists()


def test_what_no_script_can_have_is_said(tmp_path):
    path = numbers(tmp_path, y=['["p"]', '["q", "p"]'] * (ROWS // 2))
    config = network({"csv": {"path": path, "target": "y"}}, "binary_crossentropy", "sigmoid")
    with pytest.raises(
        DlcliError, match="the target 'y' cannot be ejected: it holds lists in JSON"
    ):
        eject(config, tmp_path / "train.py", proof=False)
    with pytest.raises(DlcliError, match=r"random\.py would hide the module random from Python"):
        eject("xor", tmp_path / "random.py", proof=False)
    (tmp_path / "train.py").write_text("mine")
    with pytest.raises(DlcliError, match=r"train\.py exists"):
        eject(config, tmp_path / "train.py", proof=False)


def test_notebook_has_explanations_between_the_cells(tmp_path):
    result = eject("xor", tmp_path / "xor.ipynb", notebook=True, proof=False)

    notebook = json.loads(result.path.read_text(encoding="utf-8"))
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds[::2] == ["markdown"] * len(kinds[::2])
    assert kinds[1::2] == ["code"] * len(kinds[1::2])
    assert all(cell["source"] in result.text for cell in notebook["cells"][1::2])


@pytest.mark.slow
def test_notebook_runs(tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    path = tmp_path / "iris.ipynb"
    eject("iris", path, overrides=["fit.epochs=2"], notebook=True, proof=False)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)

    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()

    printed = "".join(str(cell.get("outputs", "")) for cell in notebook.cells)
    assert "setosa" in printed


@pytest.mark.slow
def test_run_is_compared_in_a_fresh_process(dlcli):
    dlcli("train", "diabetes", "--epochs", "2", "--quiet")

    code, out, err = dlcli("eject", "runs/diabetes/1", "--json")

    assert code == 0, err
    document = json.loads(out)
    assert document["proven"]
    assert document["script"] == "diabetes.py"
    assert "EPOCHS = 2" in Path("diabetes.py").read_text(encoding="utf-8")


@pytest.mark.slow
def test_difference_is_an_exit_code(dlcli, monkeypatch, scripts_in_this_process):
    writers = [with_another_seed if one is write_network else one for one in write.ONE_TRAINING]
    monkeypatch.setattr(write, "ONE_TRAINING", writers)

    code, out, _ = dlcli("eject", "xor", "--proof-epochs", "1")

    assert code == 1
    assert "initial weights" in out
    assert "the script differs from dlcli" in out


def with_another_seed(ejection):
    write_network(ejection)
    part = ejection.script.parts[-1]
    part.lines = [
        line.replace("set_random_seed(SEED)", "set_random_seed(1)") for line in part.lines
    ]


def test_docs_show_what_is_written(tmp_path):
    page = Path(__file__).parents[1] / "docs" / "eject.md"

    text = eject("iris", tmp_path / "train.py", proof=False).text

    assert text in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "split"),
    [
        ({"y": ["p", "q"] * (ROWS // 2)}, {"validation": 0.2}),
        ({"y": ["p", "q"] * (ROWS // 2), "who": list("abcdefgh") * 5}, {"group": "who", "seed": 3}),
    ],
)
def test_folds_are_those_of_kfold(columns, split, tmp_path, scripts_in_this_process):
    loader = {"csv": {"path": numbers(tmp_path, **columns), "target": "y"}}
    config = network(
        loader, "binary_crossentropy", "sigmoid", split=split, kfold={"folds": 3, "epochs": 1}
    )

    result = eject(config, tmp_path / "folds.py", kfold=True)

    assert_proven(result)
    assert result.comparisons[0].name == "folds"
    assert "EPOCHS = 1" in result.text


HOSTILE = [
    '"""',
    "'''\nraise SystemExit(9)\n'''",
    "\\",
    "{x}",
    'a"b',
    "it's",
    "# no\rraise SystemExit(9)",
]


def test_names_are_no_code(tmp_path):
    """No text of a file becomes a statement of the script."""
    for number, kind in enumerate(HOSTILE[:2] * 6):
        name = f"{kind}\nraise SystemExit(9)\n_{'ab'[number % 2]}_{number}.png".replace("/", "")
        picture(tmp_path / 'x"""\nraise SystemExit(9)' / name, number)
    folder = {
        "path": str(tmp_path / 'x"""\nraise SystemExit(9)'),
        "pattern": "{who}_{class}_{number}",
    }
    frame = pd.DataFrame(
        {name: np.arange(ROWS) % 7 for name in HOSTILE if "\n" not in name and "\r" not in name}
    )
    frame["y"] = [HOSTILE[number % len(HOSTILE)] for number in range(ROWS)]
    frame.to_json(tmp_path / "hostile.jsonl", orient="records", lines=True)
    loaders = [
        {"csv": {"path": str(tmp_path / "hostile.jsonl"), "target": "y", "class_names": [f"{n}{name.strip()}" for n, name in enumerate(HOSTILE)]}},
        {"images": folder},
    ]  # fmt: skip
    for loader in loaders:
        model = (
            ["Flatten", {"Dense": {"activation": "softmax"}}]
            if "images" in loader
            else [{"Dense": {"activation": "softmax"}}]
        )
        config = load_config(
            {
                **network(loader, "categorical_crossentropy"),
                "model": model,
                "split": {"stratify": False},
            }
        )
        text = eject(config, tmp_path / f"of_{next(iter(loader))}.py", proof=False).text

        statements = ast.parse(text).body
        assert not any(isinstance(one, ast.Raise) for one in statements)
        assert "SystemExit(9)" not in [line.strip() for line in text.splitlines()]
