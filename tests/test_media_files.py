"""Folders, archives and tables of files as people have them: nested, damaged, renamed, mixed."""

import io
import json
import tarfile
import time
import unicodedata
import zipfile

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from dlcli import DatasetError, evaluate, load_config, predict, train
from dlcli.config.split_section import SplitConfig
from dlcli.config.table_loaders import TextLoader
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.media import decode_image, load_text

LIGHT, DARK = 200, 20


def image_bytes(value=LIGHT, form="PNG", size=(8, 6)):
    data = io.BytesIO()
    Image.new("RGB", size, (value, value, value)).save(data, form)
    return data.getvalue()


def save(folder, names, data=None):
    """Save an image, or other bytes, under each name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image_bytes() if data is None else data)


def load(write, loader, **split):
    keys = {
        "dataset": loader,
        "split": split,
        "model": ["Flatten", {"Dense": {"activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "fit": {"epochs": 1},
    }
    return load_dataset(load_config(write("c.yaml", json.dumps(keys))))


def load_images(write, path, **options):
    return load(write, {"images": {"path": path, **options}})


@pytest.mark.parametrize(
    ("names", "classes", "parts"),
    [
        (["cat/2020/1", "cat/2021/2", "dog/2020/3", "dog/2021/4"], ["cat", "dog"], None),
        (["cat/1", "cat/more/2", "dog/3"], ["cat", "dog"], None),
        (["pets/cat/1", "pets/dog/2"], ["cat", "dog"], None),
        (["a/b/cat/1", "a/b/dog/2"], ["cat", "dog"], None),
        (["train/cat/1", "train/dog/2", "test/cat/3"], ["cat", "dog"], [2, 0, 0]),
        (["p/Train/cat/1", "p/Val/dog/2", "p/test/cat/3"], ["cat", "dog"], [0, 1, 2]),
        (["train/cat/2020/1", "train/dog/2020/2", "test/dog/x/3"], ["cat", "dog"], [2, 0, 0]),
        (["train/train/cat/1", "train/train/dog/2", "test/test/dog/3"], ["cat", "dog"], [2, 0, 0]),
        (["cat/train/1", "cat/test/2", "dog/train/3", "dog/test/4"], ["cat", "dog"], [2, 0, 2, 0]),
        (["train/cat/1", "train/dog/2"], ["cat", "dog"], None),
        (["control/1", "test/2"], ["control", "test"], None),
        (["study/control/1", "study/test/2"], ["control", "test"], None),
        (["./cat/1", "../dog/2"], ["cat", "dog"], None),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_class_is_the_first_folder_below_the_split(
    write, tmp_path, names, classes, parts, packed
):
    if packed:
        with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
            for name in names:
                archive.writestr(f"{name}.png", image_bytes())
    else:
        save(tmp_path / "files", [f"{name}.png" for name in names if ".." not in name])
        if any(".." in name for name in names):
            return

    dataset = load_images(write, "files.zip" if packed else "files")

    assert list(dataset.target.class_names) == classes
    assert (None if dataset.parts is None else dataset.parts.tolist()) == parts


def test_equal_folders_in_several_classes_are_said_with_the_pattern_for_them(write, tmp_path):
    years = ["cat/2020/1.png", "cat/2021/2.png", "dog/2020/3.png", "dog/2021/4.png"]
    save(tmp_path / "pets", years)

    (notice,) = load_images(write, "pets").notices
    inner = load_images(write, "pets", pattern="{animal}/{class}/{number}")

    assert "cat/2020, cat/2021, dog/2020, …" in notice
    assert "'{group}/{class}/{name}'" in notice.replace('"', "'")
    assert inner.target.class_names == ("2020", "2021")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cat/1.png", "dog/2.png", "cover.png"], "cover.png is in no class folder"),
        (["p/cat/1.png", "p/dog/2.png", "p/cover.png"], "p/cover.png is beside class folders"),
        (
            ["train/cat/1.png", "train/dog/2.png", "train/cover.png"],
            "train/cover.png is beside class folders",
        ),
        (["train/1.png", "test/2.png"], "the folders test, train hold files and no class folders"),
        (["train/cat/1.png", "dog/2.png"], "some files are in train or test folders"),
        (["words/yes/1.png", "words/yes/2.png"], "the only class is 'yes'"),
    ],
)
def test_files_without_a_class_are_errors(write, tmp_path, names, message):
    save(tmp_path / "files", names)

    with pytest.raises(DatasetError, match=message):
        load_images(write, "files")


def test_unlabelled_test_files_of_a_competition_are_left_out_with_a_notice(write, tmp_path):
    names = ["train/cat/1.png", "train/dog/2.png", "test/3.png", "test/4.png"]
    save(tmp_path / "files", names)

    dataset = load_images(write, "files")

    assert len(dataset) == 2
    assert any("2 files in 'test' are in no class folder" in note for note in dataset.notices)


def test_names_of_macos_and_of_linux_are_one_class(write, tmp_path):
    composed, decomposed = "고양이", unicodedata.normalize("NFD", "고양이")
    save(tmp_path / "files", [f"train/{composed}/1.png", "train/개/2.png"])
    save(tmp_path / "files", [f"test/{decomposed}/3.png", "test/개/4.png"])

    dataset = load_images(write, "files", classes=[decomposed, "개"])

    assert dataset.target.class_names == ("개", composed)


class UnflaggedName(zipfile.ZipInfo):
    """A member with a name in the encoding of Windows, or of macOS, which it does not tell."""

    def _encodeFilenameFlags(self):  # noqa: N802 (its name in zipfile)
        return self.filename.encode("cp437"), 0


@pytest.mark.parametrize(
    ("encoding", "classes"),
    [
        ("cp949", ["강아지", "고양이"]),
        ("utf-8", ["강아지", "고양이"]),
        ("cp437", ["Bär", "Lüfter"]),
    ],
)
def test_names_in_zips_without_the_flag_of_their_encoding(write, tmp_path, encoding, classes):
    with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
        for name in classes:
            info = UnflaggedName("x")
            info.filename = f"{name}/1.png".encode(encoding).decode("cp437")
            archive.writestr(info, image_bytes())

    dataset = load_images(write, "files.zip")

    assert list(dataset.target.class_names) == classes
    assert any(f"read as {encoding}" in note for note in dataset.notices) == (encoding != "cp437")


def test_files_left_out_are_counted_by_their_endings(write, tmp_path):
    save(tmp_path / "files", ["cat/1.png", "dog/1.png"])
    save(tmp_path / "files", [f"cat/{n}.heic" for n in range(5)] + ["notes.txt", "LICENSE"], b"x")
    with zipfile.ZipFile(tmp_path / "files.zip", "w") as archive:
        for path in (tmp_path / "files").rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path))

    for path in ("files", "files.zip"):
        notices = " ".join(load_images(write, path).notices)
        assert "5 .heic (" in notices
        assert "cat/0.heic, …" in notices
        assert "1 .txt (" in notices


def test_files_left_out_are_named_before_an_error(write, tmp_path, dlcli):
    save(tmp_path / "files", ["cat/1.png", "dog/1.png", "dog/2.png"])
    save(tmp_path / "files", [f"cat/{n}.heic" for n in range(5)], b"x")
    load_images(write, "files")
    (tmp_path / "files" / "cat" / "1.png").unlink()

    code, _, err = dlcli("check", tmp_path / "c.yaml")

    assert code == 2
    assert err.index("5 .heic (cat/0.heic, …)") < err.index("the only class is 'dog'")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
def test_images_of_every_format_are_read(write, tmp_path, form):
    suffix = {"JPEG": "jpg", "TIFF": "tif"}.get(form, form.lower())
    save(tmp_path / "files", [f"light/1.{suffix}"], image_bytes(LIGHT, form))
    save(tmp_path / "files", [f"dark/1.{suffix.upper()}"], image_bytes(DARK, form))

    x = load_images(write, "files").x

    assert x.shape == (2, 6, 8, 3)
    assert [int(image.mean()) for image in x] == pytest.approx([DARK, LIGHT], abs=2)


def encoded(image, form="PNG", **options):
    data = io.BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def test_frames_transparency_orientation_and_16_bits():
    grey = [Image.new("L", (3, 2), value) for value in (LIGHT, DARK)]
    animated = encoded(grey[0], "GIF", save_all=True, append_images=grey[1:])
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    clear = encoded(palette, "GIF", transparency=1)
    turned = Image.new("RGB", (3, 2))
    exif = turned.getexif()
    exif[0x0112] = 6
    deep = Image.fromarray(np.full((2, 3), 40_000, np.uint16))

    assert decode_image(animated, "x", 1).mean() == pytest.approx(LIGHT, abs=2)
    assert decode_image(clear, "x", 1).min() == 255
    assert decode_image(encoded(turned, "JPEG", exif=exif), "x", 3).shape == (3, 2, 3)
    assert decode_image(encoded(deep, "TIFF"), "x", 1).max() == 40_000 >> 8
    for dtype, reason in ((np.float32, "floating-point"), (np.int32, "32 bits")):
        wide = Image.fromarray(np.full((2, 3), 70_000, dtype))
        with pytest.raises(DatasetError, match=reason):
            decode_image(encoded(wide, "TIFF"), "x", 1)


def test_all_unreadable_files_are_told_at_once_and_can_be_skipped(write, tmp_path):
    save(tmp_path / "files", [f"{kind}/{n}.png" for kind in ("cat", "dog") for n in range(3)])
    save(tmp_path / "files", [f"cat/bad{n:02d}.png" for n in range(11)], b"no image")
    save(tmp_path / "files", ["dog/0.jpg"], b"")

    with pytest.raises(DatasetError) as error:
        load_images(write, "files")
    dataset = load_images(write, "files", on_bad_file="skip")

    assert "12 files cannot be read" in str(error.value)
    assert "cat/bad09.png is not a readable image" in str(error.value)
    assert "and 2 more" in str(error.value)
    assert "on_bad_file: skip" in error.value.hint
    assert len(dataset) == len(dataset.x) == 6
    assert (dataset.x == LIGHT).all()
    assert dataset.y.tolist() == [0, 0, 0, 1, 1, 1]
    assert any("12 files are left out" in note for note in dataset.notices)


def test_only_unreadable_files_are_an_error_also_with_skip(write, tmp_path):
    save(tmp_path / "files", ["cat/1.png", "dog/1.png"], b"no image")

    with pytest.raises(DatasetError, match="no file can be read"):
        load_images(write, "files", on_bad_file="skip")


def save_sound(path, samples=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, 1000, np.linspace(-1, 1, samples).astype(np.float32))


def test_an_empty_recording_does_not_stop_the_others(write, tmp_path):
    for name in ("low/1.wav", "low/2.wav", "high/1.wav"):
        save_sound(tmp_path / "sounds" / name)
    save_sound(tmp_path / "sounds" / "high" / "0.wav", samples=0)
    loader = {"audio": {"path": "sounds"}}

    with pytest.raises(DatasetError, match=r"high/0\.wav"):
        load(write, loader)
    dataset = load(write, {"audio": {"path": "sounds", "on_bad_file": "skip"}})

    assert len(dataset) == 3
    assert any("high/0.wav" in note for note in dataset.notices)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w"])
def test_tars_of_every_compression_with_one_folder_above_all(write, tmp_path, mode):
    save(tmp_path / "made" / "pets", ["train/cat/1.png", "train/dog/2.png", "test/cat/3.png"])
    ending = mode.removeprefix("w").replace(":", ".")
    with tarfile.open(tmp_path / f"pets.tar{ending}", mode) as archive:
        archive.add(tmp_path / "made" / "pets", "pets-main/pets")

    dataset = load_images(write, f"pets.tar{ending}")

    assert dataset.target.class_names == ("cat", "dog")
    assert dataset.parts.tolist() == [2, 0, 0]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("filename,label\nimgs/1.png,dark\nimgs/2.png,light\n", "label"),
        ("image,kind\n1.png,dark\n2.png,light\n", "kind"),
        ("id,class\n1,dark\n2,light\n", "class"),
        ("kind;Photo\ndark;imgs\\1.png\nlight;imgs\\2.png\n", "kind"),
        ("imgs/1.png,dark\nimgs/2.png,light\n", "1"),
        ("n,width,file_name,label\n7,8,1.png,dark\n9,8,2.png,light\n", "label"),
    ],
)
def test_a_table_of_images_is_recognized_by_its_content(write, tmp_path, text, target):
    save(tmp_path, ["imgs/1.png"], image_bytes(DARK))
    save(tmp_path, ["imgs/2.png"], image_bytes(LIGHT))
    write("labels.csv", text)

    dataset = load_images(write, "labels.csv")

    assert dataset.target.name == target
    assert dataset.target.class_names == ("dark", "light")
    assert [int(image.mean()) for image in dataset.x] == [DARK, LIGHT]


def test_a_table_may_list_one_image_many_times(write, tmp_path):
    save(tmp_path, ["1.png", "2.png"])
    write("labels.csv", "file,label\n" + "1.png,a\n2.png,b\n" * 1500)

    started = time.process_time()
    dataset = load_images(write, "labels.csv")

    assert len(dataset) == 3000
    assert time.process_time() - started < 10  # 40 s when each name was looked for anew


def test_columns_of_a_table_of_images_are_the_split(write, tmp_path):
    save(tmp_path, [f"{n}.png" for n in range(4)])
    rows = ["0.png,a,train,x", "1.png,b,test,x", "2.png,b,Train,y", "3.png,a,val,y"]
    write("labels.csv", "file,label,set,owner\n" + "\n".join(rows) + "\n")
    loader = {"images": {"path": "labels.csv"}}

    parts = load(write, loader, column="set").parts
    groups = load(write, loader, group="owner").groups

    assert parts.tolist() == [0, 2, 0, 1]
    assert groups.tolist() == ["x", "x", "y", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\n1.png,a\nmissing.png,b\n", r"labels.csv:3: no file '.*missing.png'"),
        ("file,label\n1.png,a\n2.png,\n", r"labels.csv:3: no 'label'"),
        ("file,size,colour\n1.png,1,a\n2.png,2,b\n", "which column is the target"),
        ("length,width\n1.5,2.5\n", "no column names files"),
    ],
)
def test_a_table_of_images_with_mistakes(write, tmp_path, text, message):
    save(tmp_path, ["1.png", "2.png"])
    write("labels.csv", text)

    with pytest.raises(DatasetError, match=message):
        load_images(write, "labels.csv")


def test_missing_files_of_a_table_can_be_skipped(write, tmp_path):
    save(tmp_path, ["1.png", "2.png"])
    write("labels.csv", "file,label\n1.png,a\n2.png,b\n3.png,b\n")

    dataset = load_images(write, "labels.csv", on_bad_file="skip")

    assert len(dataset) == 2
    assert any("labels.csv:4: no file" in note for note in dataset.notices)


@pytest.fixture(scope="module")
def image_run(tmp_path_factory):
    """Return the run of a model that tells dark from light images, listed in a table."""
    folder = tmp_path_factory.mktemp("images")
    rows = []
    for number in range(12):
        kind = ("dark", "light")[number % 2]
        save(folder, [f"{number}.png"], image_bytes((DARK, LIGHT)[number % 2] + number))
        rows.append(f"{number}.png,{kind}")
    (folder / "shades.csv").write_text("image,shade\n" + "\n".join(rows) + "\n")
    keys = {
        "dataset": {"images": {"path": "shades.csv"}},
        "preprocess": {"numeric": {"scale": 255}},
        "split": {"test": 0},
        "model": ["Flatten", {"Dense": {"activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": {"learning_rate": 0.05}},
        "fit": {"epochs": 20},
    }
    (folder / "shades.yaml").write_text(json.dumps(keys))
    return train(load_config(folder / "shades.yaml"), runs=folder / "runs").path


def test_a_table_of_images_is_predicted_and_evaluated(image_run, write, tmp_path):
    save(tmp_path, ["new/a.bmp"], image_bytes(LIGHT, "BMP"))
    save(tmp_path, ["new/b.png"], image_bytes(DARK))
    bare = write("new.csv", "photo,date\na.bmp,2020\nb.png,2021\n")
    labelled = write("old.csv", "photo,shade\na.bmp,light\nb.png,dark\n")

    frame = predict(image_run, bare).to_frame()

    assert frame["file"].tolist() == ["a.bmp", "b.png"]
    assert frame["prediction"].tolist() == ["light", "dark"]
    assert evaluate(image_run, labelled).scores.rows == 2
    with pytest.raises(DatasetError, match="is not a class of the model"):
        evaluate(image_run, bare)


def test_predict_tells_files_left_out_and_all_unreadable_ones(image_run, tmp_path, dlcli):
    save(tmp_path, ["new/light/deep/1.png"], image_bytes(LIGHT))
    save(tmp_path, ["new/dark/2.heic", "new/dark/3.heic"], b"x")
    save(tmp_path, ["new/dark/4.png", "new/dark/5.gif"], b"x")

    code, out, err = dlcli("predict", image_run, tmp_path / "new")
    skipped = dlcli("predict", image_run, tmp_path / "new", "--on-bad-file", "skip")

    assert (code, out) == (2, "")
    assert "2 files cannot be read" in err
    assert "4.png" in err
    assert "5.gif" in err
    assert "--on-bad-file skip" in err
    assert skipped[0] == 0
    assert skipped[1].count("\n") == 2
    assert "2 files are left out: 2 .heic" in skipped[2]
    assert "2 files are left out (on_bad_file: skip)" in skipped[2]
    scored = dlcli("evaluate", image_run, tmp_path / "new", "--on-bad-file", "skip")
    assert scored[0] == 0, scored[2]
    assert "new: 1 row\n" in scored[1]
    (tmp_path / "new/dark/4.png").unlink()
    (tmp_path / "new/dark/5.gif").unlink()
    assert evaluate(image_run, tmp_path / "new").scores.rows == 1


def test_a_folder_without_readable_files_names_those_left_out(image_run, tmp_path, dlcli):
    save(tmp_path, ["new/2.heic", "new/3.heic"], b"x")

    code, _, err = dlcli("predict", image_run, tmp_path / "new")

    assert code == 2
    assert "2 .heic" in err


def test_a_table_of_recordings_is_predicted_and_evaluated(write, tmp_path):
    rows = []
    for number in range(8):
        save_sound(tmp_path / "sounds" / f"{number}.wav", 100 + number % 2 * 50)
        rows.append(f"{number},{('short', 'long')[number % 2]}")
    write("sounds.csv", "id,length\n" + "\n".join(rows) + "\n")
    keys = {
        "dataset": {"audio": {"path": "sounds.csv"}},
        "split": {"test": 0},
        "model": [{"Dense": {"activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "fit": {"epochs": 1},
    }
    run = train(load_config(write("c.yaml", json.dumps(keys))), runs=tmp_path / "runs").path

    frame = predict(run, write("new.csv", "id\n3\n4\n")).to_frame()

    assert frame["file"].tolist() == ["3", "4"]
    assert evaluate(run, tmp_path / "sounds.csv").scores.rows == 8


def test_init_writes_a_config_for_a_table_of_images(tmp_path, dlcli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(8):
        save(tmp_path, [f"imgs/{number}.bmp"], image_bytes(number * 30, "BMP"))
    rows = [f"imgs/{number}.bmp,{'ab'[number % 2]}" for number in range(8)]
    (tmp_path / "shades.csv").write_text("filename,label\n" + "\n".join(rows) + "\n")

    written = dlcli("init", "shades.csv")
    checked = dlcli("check", "shades.yaml")

    assert written[0] == checked[0] == 0
    assert "images:" in (tmp_path / "shades.yaml").read_text()
    assert "target: label" in (tmp_path / "shades.yaml").read_text()


def test_the_card_of_a_competition_tells_its_split(write, tmp_path, dlcli):
    names = ["train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "test/dog/4.png"]
    save(tmp_path / "pets", names)
    load_images(write, "pets")

    assert (
        "given split: train 2, validation 1, test 1"
        in dlcli("data", "show", tmp_path / "c.yaml")[1]
    )


def test_texts_are_predicted_in_the_encoding_of_the_training(write, tmp_path, dlcli):
    for n in range(12):
        word = ("été", "hiver")[n % 2]
        save(tmp_path, [f"texts/{'ab'[n % 2]}/{n}.txt"], f"{word} {n}".encode("latin-1"))
    save(tmp_path, ["new/old.txt"], "été".encode("latin-1"))
    save(tmp_path, ["new/utf.txt"], "été".encode())
    loader = {"text": {"path": "texts", "encoding": "latin-1"}}
    keys = {
        "dataset": loader, "preprocess": {"text": {"vectorize": {"output_mode": "multi_hot"}}},
        "model": [{"Dense": {"activation": "sigmoid"}}], "loss": "mse", "fit": {"epochs": 1},
    }  # fmt: skip
    write("c.yaml", json.dumps(keys))

    trained = train(load_config("c.yaml"), runs="runs")
    code, out, err = dlcli("predict", trained.path, "new")

    assert code == 0, err
    old, utf = (line.partition(",")[2] for line in out.splitlines()[1:])
    assert old == utf

    note = "lines.txt is predicted as a text; a folder of .txt files has a text in each"
    for lines, has_note in (("l'hiver\n", False), ("l'hiver\nest froid\n", True)):
        assert (note in dlcli("predict", trained.path, write("lines.txt", lines))[2]) == has_note


def test_notices_about_both_tables_of_texts_are_told(tmp_path):
    paths = [tmp_path / "train.csv", tmp_path / "test.csv"]
    for path in paths:
        path.write_text(f"text,class\ngood,a\nbad,b\n\n,\nfine,a\n{path.stem},b\n")

    dataset = load_text(TextLoader(path="x"), paths, "texts", SplitConfig())

    assert [note.split(":")[0].rpartition("/")[2] for note in dataset.notices] == [
        "train.csv", "test.csv",
    ]  # fmt: skip


def test_training_leaves_out_unreadable_files_on_request(tmp_path, dlcli, weights_only):
    save(tmp_path, [f"shades/dark/{n}.png" for n in range(5)], image_bytes(DARK))
    save(tmp_path, [f"shades/light/{n}.png" for n in range(5)], image_bytes(LIGHT))
    save(tmp_path, ["shades/light/bad.png"], b"x")
    keys = {
        "dataset": {"images": {"path": "shades"}},
        "preprocess": {"numeric": {"scale": 255}},
        "model": ["Flatten", {"Dense": {"activation": "softmax"}}],
        "loss": "sparse_categorical_crossentropy",
        "fit": {"epochs": 1},
    }
    (tmp_path / "shades.yaml").write_text(json.dumps(keys))

    strict = dlcli("train", "shades.yaml", "-q")
    skipped = dlcli("train", "shades.yaml", "-q", "--on-bad-file", "skip")

    assert strict[0] == 2
    assert "bad.png is not a readable image" in strict[2]
    assert skipped[0] == 0, skipped[2]
    assert "1 file is left out (on_bad_file: skip)" in skipped[2]
