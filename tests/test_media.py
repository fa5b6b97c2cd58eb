"""Pictures, recordings, raw text and series: loaded, trained on, and predicted from what they are."""

import csv
import io
import json
import struct
import tarfile
import time
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest
from conftest import writer
from PIL import Image
from scipy.io import wavfile

from dlcli import (
    ConfigError,
    DatasetError,
    ModelFileError,
    evaluate,
    load_config,
    load_model,
    predict,
    train,
)
from dlcli.datasets.loading import load_dataset
from dlcli.datasets.media import decode_audio, decode_image
from dlcli.experiments.check import check
from dlcli.preparation.fitting import fit_preprocessor, resolve

RATE = 1000


def config_of(write, dataset, model, **changes):
    keys = {
        "dataset": dataset,
        "split": {"test": 0.25},
        "model": model,
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"Adam": {"learning_rate": 0.02}},
        "metrics": ["accuracy"],
        "fit": {"epochs": 20, "batch_size": 8},
        **changes,
    }
    return load_config(write("c.yaml", json.dumps(keys)))


# Pictures

DENSE = ["Flatten", {"Dense": {"activation": "softmax"}}]


def draw(kind, number, size=(8, 6), mode="L"):
    """Draw a light bar, upright or lying, on a dark ground."""
    pixels = np.full(size, 20, np.uint8)
    if kind == "upright":
        pixels[:, 1 + number % 4] = 230
    else:
        pixels[1 + number % 5, :] = 230
    return Image.fromarray(pixels).convert(mode)


def save_pictures(folder):
    for kind in ("lying", "upright"):
        (folder / kind).mkdir(parents=True)
        for number in range(20):
            ending = "png" if number % 2 else "JPG"
            draw(kind, number).save(folder / kind / f"{number:02d}.{ending}")
    (folder / ".DS_Store").write_text("no picture")
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def pictures(tmp_path):
    return save_pictures(tmp_path / "bars")


IMAGES = {"images": {"path": "bars", "color_mode": "grayscale"}}
SCALED = {"preprocess": {"numeric": {"scale": 255}}}


@pytest.fixture(scope="module")
def picture_run(tmp_path_factory):
    """Return the run of a model that tells lying from upright bars."""
    folder = tmp_path_factory.mktemp("pictures")
    save_pictures(folder / "bars")
    return train(config_of(writer(folder), IMAGES, DENSE, **SCALED), runs=folder / "runs").path


def test_pictures_are_loaded_from_class_folders(pictures, write):
    dataset = load_dataset(config_of(write, IMAGES, DENSE))

    assert dataset.x.shape == (40, 8, 6, 1)
    assert dataset.x.dtype == np.uint8
    assert dataset.target.class_names == ("lying", "upright")
    assert dataset.x[0, :, 0, 0].max() > 200


@pytest.mark.parametrize("form", ["png", "jpg", "folder", "several", "zip"])
def test_pictures_are_predicted_as_files_folders_and_archives(picture_run, tmp_path, form):
    (tmp_path / "new").mkdir()
    large = draw("upright", 2).resize((60, 80)).convert("RGBA")
    large.save(tmp_path / "new" / "a.png")
    draw("lying", 3, mode="RGB").save(tmp_path / "new" / "b.jpg")
    with zipfile.ZipFile(tmp_path / "new.zip", "w") as archive:
        archive.write(tmp_path / "new" / "a.png", "a.png")
        archive.write(tmp_path / "new" / "b.jpg", "b.jpg")
    source, wanted = {
        "png": (tmp_path / "new" / "a.png", ["upright"]),
        "jpg": (tmp_path / "new" / "b.jpg", ["lying"]),
        "folder": (tmp_path / "new", ["upright", "lying"]),
        "several": ([tmp_path / "new" / "a.png", tmp_path / "new" / "b.jpg"], ["upright", "lying"]),
        "zip": (tmp_path / "new.zip", ["upright", "lying"]),
    }[form]

    found = predict(picture_run, source).to_frame()

    assert list(found.columns) == ["file", "prediction", "p_lying", "p_upright"]
    assert found["prediction"].tolist() == wanted
    assert [name.rpartition("/")[2] for name in found["file"]] == ["a.png", "b.jpg"][
        slice(None) if len(wanted) == 2 else slice(int(form == "jpg"), int(form == "jpg") + 1)
    ]


def test_pixels_in_a_csv_give_what_the_picture_gives(picture_run, write, tmp_path):
    draw("upright", 1).save(tmp_path / "a.png")
    row = ",".join(map(str, np.asarray(draw("upright", 1)).ravel()))

    from_picture = predict(picture_run, tmp_path / "a.png").to_frame().drop(columns="file")
    from_row = predict(picture_run, write("pixels.csv", row + "\n")).to_frame()

    pd.testing.assert_frame_equal(from_picture, from_row)


def test_light_pictures_for_a_model_of_dark_ones_are_noticed_and_inverted(
    picture_run, tmp_path, dlcli
):
    negative = Image.fromarray(255 - np.asarray(draw("upright", 2)))
    negative.save(tmp_path / "negative.png")

    _, _, err = dlcli("predict", picture_run, tmp_path / "negative.png")
    code, out, quiet = dlcli("predict", picture_run, tmp_path / "negative.png", "--invert")

    assert "--invert" in err
    assert "--invert" not in quiet
    assert (code, next(csv.DictReader(out.splitlines()))["prediction"]) == (0, "upright")


def test_a_labelled_folder_of_pictures_is_evaluated(picture_run, pictures):
    scores = evaluate(picture_run, pictures).scores

    assert scores.rows == 40
    assert scores.metrics["accuracy"] == 1.0


def test_train_and_test_folders_are_the_split(pictures, write, tmp_path):
    (tmp_path / "parts").mkdir()
    pictures.rename(tmp_path / "parts" / "train")
    for kind in ("lying", "upright"):
        (tmp_path / "parts" / "test" / kind).mkdir(parents=True)
        for number in range(3):
            draw(kind, number).save(tmp_path / "parts" / "test" / kind / f"{number}.png")

    loader = {"images": {"path": "parts", "color_mode": "grayscale"}}
    result = train(
        config_of(write, loader, DENSE, split={}, fit={"epochs": 1}), runs=tmp_path / "runs"
    )

    assert {name: scores.rows for name, scores in result.scores.items()} == {"train": 40, "test": 6}


def test_sizes_that_differ_need_one(pictures, write):
    draw("upright", 1, size=(9, 9)).save(pictures / "upright" / "odd.png")

    with pytest.raises(DatasetError, match="2 sizes, 8×6 to 9×9") as error:
        load_dataset(config_of(write, IMAGES, DENSE))
    sized = {"images": {**IMAGES["images"], "image_size": [4, 4]}}

    assert "image_size" in error.value.hint
    assert load_dataset(config_of(write, sized, DENSE)).x.shape == (41, 4, 4, 1)


def test_a_broken_picture_is_named(pictures, write):
    (pictures / "upright" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n not really")

    with pytest.raises(DatasetError, match=r"upright/broken\.png is not a readable image"):
        load_dataset(config_of(write, IMAGES, DENSE))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_decoded(mode):
    grey = Image.fromarray(np.full((5, 4), 200, np.uint8))
    if mode == "I;16":
        picture = Image.fromarray(np.full((5, 4), 200 * 256, np.uint16))
    else:
        picture = grey.convert("RGB").convert(mode)
    data = io.BytesIO()
    picture.save(data, "JPEG" if mode == "CMYK" else "PNG")

    decoded = decode_image(data.getvalue(), "x", 3)

    assert decoded.shape == (5, 4, 3)
    assert abs(float(decoded.mean()) - (255 if mode == "1" else 200)) < 60


def test_a_bomb_of_pixels_is_refused():
    data = io.BytesIO()
    Image.new("1", (1, 1)).save(data, "PNG")
    content = bytearray(data.getvalue())
    content[16:24] = struct.pack(">II", 30_000, 30_000)  # width and height, in the first chunk
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))

    with pytest.raises(DatasetError, match="too many pixels"):
        decode_image(bytes(content), "x", 1)


def test_folders_that_hold_nothing_say_so(write, tmp_path):
    (tmp_path / "bars").mkdir()

    with pytest.raises(DatasetError, match="no file that this loader reads"):
        load_dataset(config_of(write, IMAGES, DENSE))
    with pytest.raises(DatasetError, match="no file or folder 'nowhere'"):
        load_dataset(config_of(write, {"images": {"path": "nowhere"}}, DENSE))


# Recordings

HEARS = [
    {"Reshape": {"target_shape": [-1, 1]}},
    {"Conv1D": {"filters": 8, "kernel_size": 16, "strides": 4, "activation": "relu"}},
    "GlobalMaxPooling1D",
    {"Dense": {"activation": "softmax"}},
]


def tone(pitch, seconds, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    return (0.4 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


PITCHES = {"low": 50, "high": 350}


def save_recordings(folder):
    folder.mkdir()
    for number in range(40):
        name = ("low", "high")[number % 2]
        sound = tone(PITCHES[name] + number % 5, 0.2 + 0.01 * number)
        wavfile.write(folder / f"{name}_{'ab'[number // 2 % 2]}_{number}.wav", RATE, sound)
    return folder


@pytest.fixture
def recordings(tmp_path):
    return save_recordings(tmp_path / "tones")


AUDIO = {"audio": {"path": "tones", "pattern": "{class}_{speaker}_{take}"}}


@pytest.fixture(scope="module")
def sound_run(tmp_path_factory):
    """Return the run of a model that tells low from high tones."""
    folder = tmp_path_factory.mktemp("sound")
    save_recordings(folder / "tones")
    return train(config_of(writer(folder), AUDIO, HEARS), runs=folder / "runs").path


@pytest.fixture(scope="module")
def volumes(tmp_path_factory):
    """Return the run of a network with spectrograms, and recordings of different volumes."""
    folder = tmp_path_factory.mktemp("volumes")
    save_recordings(folder / "tones")
    layer = {"MelSpectrogram": {"fft_length": 64, "sampling_rate": RATE, "num_mel_bins": 8}}
    config = config_of(
        writer(folder), AUDIO, [layer, "Flatten", HEARS[-1]], fit={"epochs": 2},
        preprocess={"audio": {"pad": {"normalize": False}}},
    )  # fmt: skip
    for number, volume in enumerate([1, 1e-3, 1e-6]):
        samples = (tone(200, 0.3) * volume).astype(np.float32)
        wavfile.write(folder / f"volume{number}.wav", RATE, samples)
    return train(config, runs=folder / "runs").path, sorted(folder.glob("volume*.wav"))


def shares(model, paths, engine="auto"):
    return predict(model, paths, engine=engine).to_frame().filter(like="p_").to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_the_answer_for_a_recording_does_not_depend_on_the_others(volumes, engine):
    run, paths = volumes

    together = shares(run, paths, engine)

    alone = np.concatenate([shares(run, [path], engine) for path in paths])
    np.testing.assert_allclose(together, alone, rtol=1e-3)


@pytest.mark.slow
def test_an_earlier_graph_with_influence_between_recordings_is_replaced(volumes, tmp_path, dlcli):
    run, paths = volumes
    path = tmp_path / "earlier.keras"
    with zipfile.ZipFile(run / "model.keras") as source, zipfile.ZipFile(path, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "dlcli.json":
                document = json.loads(content)
                del document["graph"]["revision"]
                content = json.dumps(document)
            archive.writestr(name, content)

    code, first, err = dlcli("predict", path, *paths)
    again, later, rest = dlcli("predict", path, *paths)

    assert (code, again) == (0, 0)
    assert "an earlier dlcli, in which recordings influence each other" in err
    assert "influence" not in rest
    assert load_model(path).network.engine == "onnx"
    for text in (first, later):
        values = pd.read_csv(io.StringIO(text)).filter(like="p_")
        np.testing.assert_allclose(values, shares(run, paths), rtol=1e-3)


def test_recordings_of_mixed_lengths_train_and_predict(sound_run, tmp_path, dlcli):
    wavfile.write(tmp_path / "new.wav", RATE, tone(352, 0.3))
    stereo = np.stack([tone(51, 2.0, 8000)] * 2, axis=1)
    wavfile.write(tmp_path / "other.wav", 8000, (stereo * 32767).astype(np.int16))

    code, out, _ = dlcli("predict", sound_run, tmp_path / "new.wav", tmp_path / "other.wav")

    assert code == 0
    rows = list(csv.DictReader(out.splitlines()))
    assert [row["prediction"] for row in rows] == ["high", "low"]
    assert rows[0]["file"].endswith("new.wav")


def test_the_pattern_marks_speakers_that_never_part(recordings, write):
    config = config_of(write, AUDIO, HEARS, split={"test": 0.5, "group": "speaker"})

    dataset = load_dataset(config)

    assert set(dataset.groups) == {"a", "b"}


def test_the_pattern_marks_test_files(recordings, write):
    marked = {"audio": {**AUDIO["audio"], "test": {"speaker": ["b"]}}}

    dataset = load_dataset(config_of(write, marked, HEARS, split={}))

    assert np.bincount(dataset.parts).tolist() == [20, 0, 20]


def test_a_tar_of_recordings_is_read_in_place(recordings, write, tmp_path):
    with tarfile.open(tmp_path / "tones.tar.gz", "w:gz") as archive:
        archive.add(recordings, "../../tones")
    packed = {"audio": {**AUDIO["audio"], "path": "tones.tar.gz"}}

    one, other = (load_dataset(config_of(write, loader, HEARS)) for loader in (AUDIO, packed))

    assert sorted(map(len, one.x["recording"])) == sorted(map(len, other.x["recording"]))
    assert not (tmp_path.parent / "tones").exists()


def test_a_table_of_recordings_is_read(recordings, write):
    lines = [f"tones/{path.name},{path.name.split('_')[0]}" for path in recordings.iterdir()]
    write("list.csv", "file,word\n" + "\n".join(lines) + "\n")
    config = config_of(write, {"audio": {"path": "list.csv", "target": "word"}}, HEARS)

    dataset = load_dataset(config)

    assert dataset.target.class_names == ("high", "low")
    assert len(dataset) == 40


def test_padding_is_learned_from_training_rows_alone(recordings, write):
    config = config_of(write, AUDIO, HEARS)
    dataset = load_dataset(config)
    section = resolve(dataset, config.preprocess)
    short = np.array([i for i, x in enumerate(dataset.x["recording"]) if len(x) < 300])

    preprocessor = fit_preprocessor(dataset, short, section)

    longest = max(len(x) for x in dataset.x["recording"].iloc[short])
    assert preprocessor.input_shape == (longest,)
    made = preprocessor.transform(dataset.x)
    assert made.shape == (40, longest)
    assert np.abs(made).max(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32])
def test_wav_of_every_width_has_the_same_sound(kind):
    sound = tone(100, 0.1)
    scale = {np.uint8: 127, np.int16: 32767, np.int32: 2**31 - 128, np.float32: 1}[kind]
    shift = 128 if kind == np.uint8 else 0
    data = io.BytesIO()
    wavfile.write(data, RATE, (sound * scale + shift).astype(kind))

    decoded, rate = decode_audio(data.getvalue(), "x")

    assert rate == RATE
    assert decoded == pytest.approx(sound, abs=0.01)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\x24\0\0\0WAVEfmt ", b"not a sound at all"])
def test_what_is_no_wav_is_named(data):
    with pytest.raises(DatasetError, match=r"x\.wav is not a readable WAV file"):
        decode_audio(data, "x.wav")


def test_a_model_of_sound_refuses_rows(sound_run, write):
    with pytest.raises(DatasetError, match=r"the model takes \.wav files"):
        predict(sound_run, write("rows.csv", "1,2\n"))


# Text

READS = [
    {"Embedding": {"input_dim": 10_000, "output_dim": 4}},
    "GlobalAveragePooling1D",
    {"Dense": {"activation": "softmax"}},
]
TEXT = {"text": {"path": "mail.csv", "text": "message", "target": "kind"}}
WORDS = {"preprocess": {"text": {"vectorize": {"max_tokens": 50, "output_sequence_length": 6}}}}


def write_mail(write):
    rows = [
        f'"Win a PRIZE, now! no{n % 3}",spam\n"See you, at {n % 7} then",ham\n' for n in range(20)
    ]
    return write("mail.csv", "message,kind\n" + "".join(rows))


@pytest.fixture
def mail(write):
    return write_mail(write)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Return the run of a model that tells spam from ham."""
    folder = tmp_path_factory.mktemp("mail")
    write_mail(writer(folder))
    return train(config_of(writer(folder), TEXT, READS, **WORDS), runs=folder / "runs").path


@pytest.mark.parametrize("form", ["csv", "txt", "jsonl", "option", "frame"])
def test_raw_sentences_are_predicted_in_many_forms(reader, write, dlcli, form):
    sentences = ["win the prize", "see you THEN…"]
    source = {
        "csv": lambda: [write("new.csv", "message\n" + "\n".join(sentences) + "\n")],
        "txt": lambda: [write("new.txt", "\n".join(sentences) + "\n")],
        "jsonl": lambda: [
            write("new.jsonl", "".join(json.dumps({"message": s}) + "\n" for s in sentences))
        ],
        "option": lambda: ["--text", sentences[0], "--text", sentences[1]],
    }
    if form == "frame":
        found = predict(reader, pd.DataFrame({"message": sentences})).to_frame()
        assert found["prediction"].tolist() == ["spam", "ham"]
        return

    code, out, _ = dlcli("predict", reader, *source[form]())

    assert code == 0
    assert [row["prediction"] for row in csv.DictReader(out.splitlines())] == ["spam", "ham"]


def test_sentences_come_through_standard_input(reader, process):
    done = process("predict", reader, "-", input="win a prize, now\nsee you then\n")

    assert [row["prediction"] for row in csv.DictReader(done.stdout.splitlines())] == [
        "spam",
        "ham",
    ]


def test_a_text_without_a_known_word_is_noticed(reader, dlcli):
    _, _, err = dlcli("predict", reader, "--text", "zwölf Boxkämpfer")

    assert "1 text without a word known from training" in err


def test_the_vocabulary_is_learned_from_training_rows_alone(write):
    write("mail.csv", "message,kind\n" + "alpha beta,x\n" * 6 + "gamma delta,y\n" * 6)
    config = config_of(write, TEXT, READS, **WORDS)
    dataset = load_dataset(config)

    preprocessor = fit_preprocessor(dataset, np.arange(6), resolve(dataset, config.preprocess))

    assert preprocessor.transform(dataset.x)[0].tolist() == [0, 0, 0, 0, 2, 3]
    assert preprocessor.transform(dataset.x)[-1].tolist() == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    ("options", "text", "wanted"),
    [
        ({}, "b a", [0, 0, 3, 2]),
        ({"padding": "post"}, "b a", [3, 2, 0, 0]),
        ({}, "a b c a b", [3, 4, 2, 3]),
        ({"truncating": "post"}, "a b c a b", [2, 3, 4, 2]),
        ({}, "A, (B)! isn't", [0, 2, 3, 1]),
        ({}, "…", [0, 0, 0, 1]),
        ({"standardize": "lower"}, "A, b", [0, 0, 1, 3]),
        ({"standardize": "none"}, "A b", [0, 0, 1, 3]),
        ({"split": "character"}, "ab c", [0, 2, 3, 4]),
        ({"max_tokens": 3}, "a b c", [0, 2, 1, 1]),
        ({"output_mode": "multi_hot"}, "b zzz b", [0, 1, 0]),
    ],
)
def test_vectorize(write, options, text, wanted):
    write("mail.csv", "message,kind\na a a b b c,x\na,y\n")
    step = {"vectorize": {"output_sequence_length": 4, **options}}
    config = config_of(write, TEXT, READS[-1:], preprocess={"text": step})
    dataset = load_dataset(config)

    preprocessor = fit_preprocessor(dataset, np.arange(1), resolve(dataset, config.preprocess))

    given = {"message": np.array([text], object)}
    assert preprocessor.transform(given)[0].tolist() == wanted
    again = type(preprocessor).from_json(json.loads(json.dumps(preprocessor.to_json())))
    assert again.transform(given)[0].tolist() == wanted


def test_an_embedding_smaller_than_its_vocabulary_is_told_before_training(write):
    small = [{"Embedding": {"input_dim": 500, "output_dim": 4}}, *READS[1:]]

    with pytest.raises(ConfigError, match="500 is less than the vocabulary's max_tokens, 10000"):
        config_of(write, TEXT, small)


def test_an_embedding_of_bags_of_words_is_told_before_training(write):
    bag = {"text": {"vectorize": {"output_mode": "multi_hot"}}}

    with pytest.raises(ConfigError, match="Embedding needs word indices"):
        config_of(write, TEXT, READS, preprocess=bag)


def test_tf_idf_weighs_rare_words_up_and_has_unit_rows(write):
    write("mail.csv", "message,kind\ncommon rare,x\ncommon,y\ncommon,y\n")
    step = {"vectorize": {"output_mode": "tf_idf"}}
    config = config_of(write, TEXT, READS[-1:], preprocess={"text": step})
    dataset = load_dataset(config)

    made = fit_preprocessor(dataset, np.arange(3), resolve(dataset, config.preprocess)).transform(
        dataset.x
    )

    assert np.linalg.norm(made, axis=1) == pytest.approx(1.0)
    assert made[0, 1] > made[0, 0] > 0


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ("whitespace", ["good", "not", "not good", "so", "so good"]),
        ("character", ["d", "g", "go", "n", "no", "o", "od", "og", "oo", "ot", "s", "so", "t", "tg"]),
    ],
)  # fmt: skip
def test_ngrams_are_words_of_their_own(write, split, words):
    write("mail.csv", "message,kind\nNot good.,x\nso good,y\n")
    step = {"vectorize": {"output_mode": "multi_hot", "ngrams": 2, "split": split}}
    config = config_of(write, TEXT, READS[-1:], preprocess={"text": step})
    dataset = load_dataset(config)

    fitted = fit_preprocessor(dataset, np.arange(2), resolve(dataset, config.preprocess))

    names = [name.removeprefix("message=") for name in fitted.feature_names]
    assert sorted(names) == words
    x = fitted.transform(pd.DataFrame({"message": ["good so good not"]}))
    if split == "whitespace":  # no word of the training texts follows "good"
        assert {names[column] for column in np.flatnonzero(x[0])} == {*words} - {"not good"}


def test_ngrams_of_sequences_are_refused(write):
    step = {"vectorize": {"ngrams": 2}}

    with pytest.raises(ConfigError, match="ngrams are for output_mode: tf_idf and multi_hot"):
        config_of(write, TEXT, READS, preprocess={"text": step})


def test_korean_text_is_cut_at_blanks(write):
    write("mail.csv", "message,kind\n오늘 날씨가 좋다,x\n내일은 비가 온다。,y\n")
    config = config_of(write, TEXT, READS)
    dataset = load_dataset(config)

    made = fit_preprocessor(dataset, np.arange(2), resolve(dataset, config.preprocess)).transform(
        dataset.x
    )

    assert made.shape == (2, 3)
    assert made.min() >= 2


def test_class_folders_of_texts_are_read(write, tmp_path):
    for part in ("train", "test"):
        for kind in ("neg", "pos", "unsup"):
            (tmp_path / "reviews" / part / kind).mkdir(parents=True)
            for number in range(4):
                path = tmp_path / "reviews" / part / kind / f"{number}.txt"
                path.write_text(f"{kind} {part} {number}")
    loader = {
        "text": {"path": "reviews", "classes": ["neg", "pos"], "class_names": ["bad", "good"]}
    }

    dataset = load_dataset(config_of(write, loader, READS, split={}))

    assert dataset.target.class_names == ("bad", "good")
    assert np.bincount(dataset.parts).tolist() == [8, 0, 8]
    assert set(dataset.x["text"]) == {
        f"{kind} {part} {n}"
        for kind in ("neg", "pos")
        for part in ("train", "test")
        for n in range(4)
    }


def test_text_columns_and_numbers_go_into_one_network(write, tmp_path):
    rows = "".join(f"win {n},{n},spam\nsee {n},{-n},ham\n" for n in range(1, 20))
    write("both.csv", "message,size,kind\n" + rows)
    loader = {"csv": {"path": "both.csv", "target": "kind", "types": {"message": "text"}}}
    bag = {"text": {"vectorize": {"output_mode": "multi_hot"}}}

    result = train(
        config_of(write, loader, [{"Dense": {"activation": "softmax"}}], preprocess=bag),
        runs=tmp_path / "runs",
    )

    assert result.scores["test"].metrics["accuracy"] == 1.0


def test_texts_option_is_for_models_of_text(picture_run, dlcli):
    code, _, err = dlcli("predict", picture_run, "--text", "hello")

    assert code == 2
    assert "not a model of text" in err


@pytest.mark.slow
@pytest.mark.data
def test_a_model_of_the_indexed_archive_predicts_raw_sentences(tmp_path):
    config = load_config("reuters_lstm", ["fit.epochs=1", "dataset.reuters.limit=4000"])

    run = train(config, runs=tmp_path / "runs").path
    found = predict(run, pd.DataFrame({"text": ["Grain shipments rose, the ministry said."]}))

    assert len(found.to_frame()) == 1
    assert "texts without" not in str(found.notices())


# Series

FORECAST = [{"LSTM": 8}, "Dense"]


def series_config(write, **changes):
    values = np.sin(np.arange(200) / 3)
    write("s.csv", "time,level\n" + "".join(f"{i},{v:.4f}\n" for i, v in enumerate(values)))
    loader = {"csv": {"path": "s.csv", "target": "level", "window": 10}}
    return config_of(
        write,
        loader,
        FORECAST,
        loss="mse",
        metrics=["mae"],
        preprocess={"numeric": "none"},
        **changes,
    )


def test_a_series_is_cut_into_windows_and_split_in_time(write):
    dataset = load_dataset(series_config(write))

    from dlcli.preparation.folds import make_folds
    from dlcli.preparation.split import split_rows

    assert dataset.x.shape == (190, 10, 1)
    assert dataset.x[1, -1, 0] == dataset.y[0]
    split = split_rows(dataset, series_config(write).split, 0)
    assert split.train.max() < split.test.min()
    for fold in make_folds(dataset, series_config(write).split, 4, 0):
        assert fold.train.max() < fold.test.min()


@pytest.fixture(scope="module")
def series_run(tmp_path_factory):
    """Return the run of a model that continues a sine."""
    folder = tmp_path_factory.mktemp("series")
    return train(series_config(writer(folder)), runs=folder / "runs").path


def test_a_series_is_forecast_one_step_beyond_its_end(series_run, write, dlcli):
    assert (series_run / "results.png").is_file()
    values = np.sin(np.arange(40) / 3)
    source = write("more.csv", "level\n" + "".join(f"{v:.4f}\n" for v in values))

    code, out, _ = dlcli("predict", series_run, source)

    assert code == 0
    rows = list(csv.DictReader(out.splitlines()))
    assert [int(row["row"]) for row in rows] == list(range(11, 42))
    assert float(rows[-1]["prediction"]) == pytest.approx(np.sin(40 / 3), abs=0.2)
    assert evaluate(series_run, source).scores.rows == 30


def test_a_series_too_short_for_the_window_is_refused(series_run, write):
    with pytest.raises(DatasetError, match="5 rows; the model needs at least 10"):
        predict(series_run, write("few.csv", "level\n" + "1\n" * 5)).to_frame()


DAYS = [f"{day:02d}.{month:02d}.2024" for month in range(1, 8) for day in range(1, 29)]


def dated_series(write, dates):
    lines = [f"{date},{np.sin(at / 3):.4f}" for at, date in enumerate(dates)]
    write("days.csv", "\n".join(["date,level", *lines]))
    loader = {"csv": {"path": "days.csv", "target": "level", "window": 10}}
    return config_of(write, loader, FORECAST, loss="mse", preprocess={"numeric": "none"})


def test_a_series_that_begins_with_its_newest_row_is_refused(write, series_run, tmp_path):
    config = dated_series(write, DAYS[::-1])

    with pytest.raises(DatasetError, match="'date' fall: the file begins with the newest row"):
        load_dataset(config)
    with pytest.raises(DatasetError, match="the newest row"):
        predict(series_run, tmp_path / "days.csv").to_frame()


@pytest.mark.parametrize("form", ["{}.{:02}", "{}{:02}", "{}{:02}0124"])
def test_dates_that_are_written_as_numbers_fall_too(write, form):
    months = [form.format(2021 - at // 12, 12 - at % 12) for at in range(60)]

    with pytest.raises(DatasetError, match="'date' fall: the file begins with the newest row"):
        load_dataset(dated_series(write, months))
    assert not load_dataset(dated_series(write, months[::-1])).notices
    # Neither months alone nor other numbers that fall are dates.
    assert not load_dataset(dated_series(write, [12] * 30 + [1] * 30)).notices
    assert not load_dataset(dated_series(write, range(2100, 2040, -1))).notices
    assert not load_dataset(dated_series(write, [at % 12 + 1 for at in range(60)])).notices


def test_dates_that_do_not_rise_or_are_repeated_are_noted(write):
    dates = [*DAYS[:40], DAYS[39], *DAYS[40:60], DAYS[70], *DAYS[60:]]

    notices = load_dataset(dated_series(write, dates)).notices

    assert not load_dataset(dated_series(write, DAYS)).notices
    assert any("'date' are repeated (line 42); each row counts" in notice for notice in notices)
    assert any("'date' do not rise (line 64); each row counts" in notice for notice in notices)


def test_window_looks_at_the_target_alone(write):
    with pytest.raises(ConfigError, match="'window' uses the target only"):
        config_of(
            write,
            {"csv": {"path": "s.csv", "target": "level", "window": 3, "drop": ["time"]}},
            FORECAST,
        )


# Names of classes


def test_class_names_stand_for_the_files_texts(write, tmp_path, dlcli):
    write("t.csv", "x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40)))
    loader = {"csv": {"path": "t.csv", "target": "y", "class_names": ["even", "odd"]}}
    config = config_of(write, loader, [{"Dense": {"activation": "softmax"}}], fit={"epochs": 1})
    run = train(config, runs=tmp_path / "runs").path

    assert list(predict(run, tmp_path / "t.csv").to_frame())[1:] == ["p_even", "p_odd"]
    assert evaluate(run, tmp_path / "t.csv").scores.rows == 40
    assert evaluate(run, write("named.csv", "x,y\n1,odd\n2,even\n")).scores.rows == 2


def test_many_class_folders_are_checked_quickly(tmp_path, write):
    with io.BytesIO() as buffer:
        draw("lying", 0).save(buffer, "PNG")
        picture = buffer.getvalue()
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for number in range(2000):
            archive.writestr(f"class {number}/1.png", picture)
    config = config_of(write, {"images": {"path": "pets.zip"}}, DENSE)
    started = time.process_time()

    dataset = load_dataset(config)

    assert time.process_time() - started < 5  # 16 s when each folder was compared with all others
    assert len(dataset.target.class_names) == 2000


def test_class_names_must_be_as_many_as_classes(write):
    write("t.csv", "x,y\n" + "".join(f"{n},{n % 2}\n" for n in range(40)))
    loader = {"csv": {"path": "t.csv", "target": "y", "class_names": ["a", "b", "c"]}}

    with pytest.raises(DatasetError, match="2 classes"):
        load_dataset(config_of(write, loader, DENSE))


def test_a_number_may_stand_for_a_missing_value(write, tmp_path):
    write(
        "t.csv",
        "pulse,y\n" + "".join(f"{0 if n % 4 == 0 else 60 + n},{'ab'[n % 2]}\n" for n in range(40)),
    )
    loader = {"csv": {"path": "t.csv", "target": "y"}}
    steps = [{"impute": {"missing_values": 0, "strategy": "median"}}, "standardize"]
    config = config_of(write, loader, DENSE[1:], preprocess={"numeric": steps}, fit={"epochs": 1})
    dataset = load_dataset(config)

    made = fit_preprocessor(dataset, np.arange(40), resolve(dataset, config.preprocess))

    assert float(made.transform({"pulse": np.array([0.0])})[0, 0]) == pytest.approx(
        float(
            made.transform(
                {"pulse": np.array([np.median(dataset.x["pulse"][dataset.x["pulse"] > 0])])}
            )[0, 0]
        )
    )
    run = train(config, runs=tmp_path / "runs").path
    assert len(predict(run, write("new.csv", "pulse\n0\n70\n")).to_frame()) == 2


# Seen


@pytest.mark.parametrize("form", ["text", "sound", "series"])
def test_media_are_described_and_drawn(form, recordings, mail, write, tmp_path, dlcli):
    from dlcli.datasets.card import describe
    from dlcli.plots.data import draw_dataset

    if form == "series":
        config = series_config(write)
    else:
        loader, model = (TEXT, READS) if form == "text" else (AUDIO, HEARS)
        config = config_of(write, loader, model)
    dataset = load_dataset(config)

    draw_dataset(dataset, tmp_path / "seen.png")
    card = describe(dataset)

    with Image.open(tmp_path / "seen.png") as picture:
        assert picture.size[0] > 600
    assert card.rows == len(dataset)
    assert (
        card.columns[0].type
        == {
            "text": "text, in words",
            "sound": "audio, in seconds",
            "series": "numeric",
        }[form]
    )


# What a trial found


def test_a_header_with_other_names_is_no_text(reader, write):
    with pytest.raises(DatasetError, match="no column 'message'"):
        predict(reader, write("other.csv", "comment,label\nwin a prize,spam\n")).to_frame()


def test_a_header_with_other_names_is_no_category(write, tmp_path):
    write("t.csv", "town,y\n" + "Seoul,a\nBusan,b\n" * 10)
    loader = {"csv": {"path": "t.csv", "target": "y"}}
    config = config_of(write, loader, DENSE[1:], fit={"epochs": 1})
    run = train(config, runs=tmp_path / "runs").path

    with pytest.raises(DatasetError, match="no column 'town'"):
        predict(run, write("other.csv", "city\nSeoul\n")).to_frame()
    assert len(predict(run, write("bare.csv", "Seoul\nBusan\n")).to_frame()) == 2


def test_a_wanted_class_without_files_is_an_error(pictures, write):
    wanted = {"images": {**IMAGES["images"], "classes": ["lying", "standing"]}}

    with pytest.raises(DatasetError, match="no file of class 'standing'"):
        load_dataset(config_of(write, wanted, DENSE))


def test_files_of_other_kinds_and_empty_folders_are_noticed(pictures, write):
    (pictures / "uprihgt").mkdir()

    notices = " ".join(load_dataset(config_of(write, IMAGES, DENSE)).notices)

    assert "notes.txt" in notices
    assert "'uprihgt' is empty" in notices


def test_a_file_beside_class_folders_is_an_error(pictures, write):
    draw("upright", 1).save(pictures / "cover.png")

    with pytest.raises(DatasetError, match="is in no class folder"):
        load_dataset(config_of(write, IMAGES, DENSE))
    (pictures / "cover.png").rename(pictures / "upright" / "cover.png")
    for kind in ("upright", "lying"):
        (pictures / "bars" / "train").mkdir(parents=True, exist_ok=True)
        (pictures / kind).rename(pictures / "bars" / "train" / kind)
    (pictures / "bars" / "train" / "upright" / "cover.png").rename(
        pictures / "bars" / "train" / "cover.png"
    )
    with pytest.raises(DatasetError, match="is beside class folders"):
        load_dataset(config_of(write, IMAGES, DENSE))


def test_names_that_a_pattern_reads_in_two_ways_are_refused(recordings, write):
    wavfile.write(recordings / "very_low_a_1.wav", RATE, tone(50, 0.3))

    with pytest.raises(DatasetError, match="very_low_a_1"):
        load_dataset(config_of(write, AUDIO, HEARS))


def test_speakers_in_the_official_test_cannot_also_be_kept_together(recordings, write, tmp_path):
    marked = {"audio": {**AUDIO["audio"], "test": {"take": ["0", "1", "2", "3"]}}}
    config = config_of(write, marked, HEARS, split={"group": "speaker"})

    with pytest.raises(DatasetError, match=r"share the group 'a' \(split.group\)"):
        train(config, runs=tmp_path / "runs")


def test_a_spectrogram_of_another_rate_is_an_error(recordings, write, tmp_path):
    layer = {"MelSpectrogram": {"fft_length": 64, "sampling_rate": 500}}
    config = config_of(write, AUDIO, [layer, "Flatten", *HEARS[-1:]])

    with pytest.raises(ConfigError, match="the recordings have 1000 Hz, but the layer has 500"):
        train(config, runs=tmp_path / "runs")


def test_an_embedding_beside_numbers_is_an_error(write, tmp_path):
    write("both.csv", "message,size,kind\n" + "win,1.5,spam\nsee,2,ham\n" * 9)
    loader = {"csv": {"path": "both.csv", "target": "kind", "types": {"message": "text"}}}

    with pytest.raises(ConfigError, match="but the data also have numeric columns"):
        train(config_of(write, loader, READS), runs=tmp_path / "runs")


def test_steps_of_text_without_text_are_an_error(write, tmp_path):
    write("t.csv", "word,y\n" + "win,a\nsee,b\n" * 9)
    loader = {"csv": {"path": "t.csv", "target": "y"}}
    config = config_of(write, loader, DENSE[1:], preprocess={"text": "vectorize"})

    with pytest.raises(DatasetError, match="no column of type text, but categorical"):
        train(config, runs=tmp_path / "runs")


def test_numbers_of_words_without_an_embedding_are_noticed(mail, write):
    config = config_of(write, TEXT, [{"Dense": {"activation": "softmax"}}])

    assert any("start with an Embedding" in str(warning) for warning in config.warnings)


@pytest.mark.parametrize(
    ("own", "others", "is_noticed"),
    [
        ("tf_idf", None, False),
        ("tf_idf", "int", False),
        ("int", None, True),
        ("int", "tf_idf", True),
    ],
)
def test_steps_of_a_text_column_decide_whether_there_are_word_indices(
    write, own, others, is_noticed
):
    write("both.csv", "message,size,kind\n" + "win now,1.5,spam\nsee you,2,ham\n" * 9)
    loader = {"csv": {"path": "both.csv", "target": "kind", "types": {"message": "text"}}}
    steps = {"columns": {"message": {"vectorize": {"output_mode": own}}}}
    if others:
        steps["text"] = {"vectorize": {"output_mode": others}}
    config = config_of(write, loader, [{"Dense": {"activation": "softmax"}}], preprocess=steps)

    notices = check(config).notices

    assert any("start with an Embedding" in notice for notice in notices) is is_noticed


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_other_kinds_of_files_are_refused_by_name(kind, reader, write, dlcli):
    source = write("anim.gif" if kind == "picture" else "song.mp3", "GIF89a")

    code, _, err = dlcli("predict", reader, source)

    assert code == 2
    assert source.name in err
    assert "the model takes .txt files" in err


def test_a_folder_of_texts_is_predicted_and_evaluated(reader, tmp_path):
    for kind, text in (("spam", "win a prize"), ("ham", "see you then")):
        (tmp_path / "texts" / kind).mkdir(parents=True)
        (tmp_path / "texts" / kind / "1.txt").write_text(text)

    found = predict(reader, tmp_path / "texts").to_frame()

    assert found["prediction"].tolist() == ["ham", "spam"]
    assert evaluate(reader, tmp_path / "texts").scores.metrics["accuracy"] == 1.0


def test_folders_that_are_no_classes_cannot_be_evaluated(reader, tmp_path):
    (tmp_path / "texts" / "junk").mkdir(parents=True)
    (tmp_path / "texts" / "junk" / "1.txt").write_text("win")

    with pytest.raises(DatasetError, match="folder 'junk' is not a class of the model"):
        evaluate(reader, tmp_path / "texts")


def test_invert_is_for_pictures_and_their_pixels(picture_run, reader, write):
    row = np.asarray(draw("upright", 1)).ravel()
    straight = write("a.csv", ",".join(map(str, row)) + "\n")
    negative = write("b.csv", ",".join(map(str, 255 - row)) + "\n")

    pd.testing.assert_frame_equal(
        predict(picture_run, straight).to_frame(),
        predict(picture_run, negative, invert=True).to_frame(),
    )
    with pytest.raises(DatasetError, match="only images can be inverted"):
        predict(reader, negative, invert=True)


def test_a_gap_in_a_series_is_located(write):
    write("s.csv", "day,level\n" + "1,1.0\n" * 10 + "1,\n" + "1,1.0\n" * 10)
    loader = {"csv": {"path": "s.csv", "target": "level", "window": 3}}

    with pytest.raises(DatasetError, match=r"s.csv:12: the series 'level' has a gap"):
        load_dataset(config_of(write, loader, FORECAST, loss="mse", metrics=["mae"]))


def test_a_tar_of_a_header_of_gigabytes_is_refused(tmp_path, write):
    member = tarfile.TarInfo("././@PaxHeader")
    member.type, member.size = tarfile.XHDTYPE, 3 << 30
    with (tmp_path / "bars.tar").open("wb") as file:
        file.write(member.tobuf())
        file.seek(3 << 30)
        file.write(b"\0" * 1024)
    loader = {"images": {"path": "bars.tar"}}

    with pytest.raises(DatasetError, match="is too large when unpacked"):
        load_dataset(config_of(write, loader, DENSE))


@pytest.mark.parametrize("rate", [1, 20_000_003])
def test_wav_headers_of_absurd_rates_are_refused(rate):
    data = io.BytesIO()
    wavfile.write(data, rate, np.zeros(100, np.int16))

    with pytest.raises(DatasetError, match="sampling rate"):
        decode_audio(data.getvalue(), "x.wav", 8000)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("length", 2 * 10**8), ("length", -5), ("length", "x"), ("vocabulary", 5),
        ("vocabulary", [["a"]]), ("weights", [1.0]), ("output_mode", "both"), ("extra", 1),
    ],
)  # fmt: skip
def test_stored_steps_of_strangers_are_checked(mail, write, key, value):
    config = config_of(write, TEXT, READS)
    dataset = load_dataset(config)
    fitted = fit_preprocessor(dataset, np.arange(8), resolve(dataset, config.preprocess))
    stored = fitted.to_json()
    stored["groups"][0]["steps"][0][key] = value

    with pytest.raises(ModelFileError, match="the stored preprocessing is damaged"):
        type(fitted).from_json(stored)


def test_a_sample_of_numbers_from_text_has_numbers(write):
    write("t.csv", "message,price\n" + "".join(f"word{n},{n}.5\n" for n in range(30)))
    loader = {"csv": {"path": "t.csv", "target": "price", "types": {"message": "text"}}}
    config = config_of(write, loader, ["Dense"], loss="mse", metrics=["mae"])

    dataset = load_dataset(config, sample=True)

    assert dataset.target.task == "regression"
    assert np.ptp(dataset.y) > 1
