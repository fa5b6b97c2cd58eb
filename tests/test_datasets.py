"""Named data sets: where they are found, how they are checked, and generated samples."""

import functools
import gzip
import http.server
import io
import re
import threading
import zipfile
from dataclasses import replace
from hashlib import sha256
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from dlcli import DatasetError, load_config
from dlcli.config.known import NAMED_DATASETS, Archive
from dlcli.config.known.reading import NamedDatasets
from dlcli.config.loaders import LOADERS
from dlcli.datasets import cache
from dlcli.datasets.loading import load_dataset
from dlcli.preparation.prepare import prepare


def config_of(write, name, **changes):
    facts = NAMED_DATASETS[name].facts if name in NAMED_DATASETS else None
    head = "[Flatten, Dense]" if facts and facts.shape else "[Dense]"
    keys = {"dataset": name, "model": head, "loss": "mse", "fit": "{epochs: 1}", **changes}
    return load_config(write("c.yaml", "".join(f"{k}: {v}\n" for k, v in keys.items())))


@pytest.mark.parametrize(
    ("name", "rows", "shape"),
    [
        ("iris", 150, (4,)),
        ("wine", 178, (13,)),
        ("breast_cancer", 569, (30,)),
        ("diabetes", 442, (10,)),
        ("digits", 1797, (8, 8, 1)),
        ("study_hours", 4, (1,)),
        ("pass_fail", 7, (1,)),
        ("study_hours_tutoring", 4, (2,)),
        ("noisy_scores", 10, (1,)),
        ("exam_final", 5, (3,)),
        ("pass_fail_tutoring", 7, (2,)),
        ("perceptron", 6, (2,)),
        ("xor", 4, (2,)),
        ("grades", 5, (2,)),
        ("bmi", 20_000, (2,)),
        ("tide", 1976, (24, 1)),
    ],
)
def test_bundled_sets_are_what_their_facts_say(write, name, rows, shape):
    dataset = load_dataset(config_of(write, name))
    facts = NAMED_DATASETS[name].facts

    assert dataset.x.shape == (rows, *shape)
    assert (facts.task, facts.rows) == (dataset.target.task, rows)
    assert facts.num_classes == len(dataset.target.class_names)
    assert facts.class_names in ((), dataset.target.class_names)


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name, known in NAMED_DATASETS.items() if known.files])
def test_published_sets_are_what_their_facts_say(write, name):
    dataset = load_dataset(config_of(write, name))
    facts = NAMED_DATASETS[name].facts

    assert len(dataset) == facts.rows
    assert dataset.target.class_names == facts.class_names
    assert dataset.facts.shape == facts.shape
    assert (dataset.parts is not None) == facts.official_test
    if dataset.is_table:
        assert tuple(column.name for column in dataset.columns) == facts.columns


def test_without_file_and_network_the_error_says_what_to_do(write, monkeypatch, tmp_path):
    monkeypatch.setenv("DLCLI_DATA", str(tmp_path / "mine"))

    with pytest.raises(DatasetError) as error:
        load_dataset(config_of(write, "sonar"))

    said = f"{error.value} {error.value.hint}"
    for part in (
        "sonar.all-data",
        "https://archive.ics.uci.edu/",
        str(tmp_path / "mine"),
        "--sample",
    ):
        assert part in said


@pytest.fixture
def server(tmp_path):
    """Serve a folder on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        running.RequestHandlerClass.func.log_message = lambda *_: None
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture
def published(server, monkeypatch):
    """Publish a small sonar set on this machine."""
    folder, address = server
    rows = "".join(f"{','.join(['0.1'] * 60)},{'MR'[n % 2]}\n" for n in range(10)).encode()
    (folder / "sonar.all-data").write_bytes(rows)
    sonar = NAMED_DATASETS["sonar"]
    file = replace(
        sonar.files[0],
        url=f"{address}/sonar.all-data",
        sha256=sha256(rows).hexdigest(),
        size=len(rows),
    )
    monkeypatch.setitem(NAMED_DATASETS.parsed, "sonar", replace(sonar, files=(file,)))
    return folder


def test_a_download_is_checked_and_kept(write, published):
    config = config_of(write, "sonar")

    first = load_dataset(config)
    (published / "sonar.all-data").unlink()
    second = load_dataset(config)

    assert len(first) == len(second) == 10
    assert cache.is_available("sonar")


def test_a_download_with_another_checksum_is_refused_and_removed(write, published):
    (published / "sonar.all-data").write_bytes(b"something else")

    with pytest.raises(DatasetError, match="checksum differs"):
        load_dataset(config_of(write, "sonar"))
    assert not list((cache.cache_folder() / "sonar").iterdir())


def test_a_server_that_says_no_is_quoted(write, published):
    (published / "sonar.all-data").unlink()

    with pytest.raises(DatasetError, match="HTTP status 404"):
        load_dataset(config_of(write, "sonar"))


def publish_in_zip(server, monkeypatch, *, good=True):
    """Publish a small set of messages in a zip file."""
    folder, address = server
    rows = b"ham\tsee you\nspam\twin now\n" * 5
    with zipfile.ZipFile(folder / "sms.zip", "w") as archive:
        archive.writestr("SMSSpamCollection", rows if good else b"other\n")
        archive.writestr("readme", "…")
    packed = (folder / "sms.zip").read_bytes()
    spam = NAMED_DATASETS["sms_spam"]
    file = replace(
        spam.files[0],
        url=f"{address}/sms.zip",
        sha256=sha256(rows).hexdigest(),
        size=len(rows),
        archive=Archive("SMSSpamCollection", sha256(packed).hexdigest()),
    )
    monkeypatch.setitem(NAMED_DATASETS.parsed, "sms_spam", replace(spam, files=(file,)))


@pytest.mark.parametrize("good", [True, False])
def test_a_file_that_is_published_in_a_zip_is_taken_out_and_checked(
    write, server, monkeypatch, good
):
    publish_in_zip(server, monkeypatch, good=good)

    if not good:
        with pytest.raises(DatasetError, match="checksum differs"):
            load_dataset(config_of(write, "sms_spam"))
        assert not cache.is_available("sms_spam")
        return
    assert len(load_dataset(config_of(write, "sms_spam"))) == 10
    assert [path.name for path in (cache.cache_folder() / "sms_spam").iterdir()] == [
        "SMSSpamCollection"
    ]


@pytest.mark.parametrize("step", ["ZipFile.__init__", "ZipFile.read"])
def test_two_processes_download_the_same_zip(write, server, monkeypatch, step):
    publish_in_zip(server, monkeypatch)
    original = attrgetter(step)(zipfile)

    def other_process_first(*arguments):
        monkeypatch.setattr(f"zipfile.{step}", original)
        cache.find_files("sms_spam")
        return original(*arguments)

    monkeypatch.setattr(f"zipfile.{step}", other_process_first)

    assert len(load_dataset(config_of(write, "sms_spam"))) == 10
    assert [path.name for path in (cache.cache_folder() / "sms_spam").iterdir()] == [
        "SMSSpamCollection"
    ]


def test_another_packing_of_the_data_is_taken_where_it_lies(write, tmp_path, monkeypatch):
    rows = "".join(f"{n},1,1,1,1,1,1,1,{n % 2}\n" for n in range(10)).encode()
    pima = NAMED_DATASETS["pima"]
    packing = replace(pima.packings[0][0], sha256=sha256(rows).hexdigest(), size=len(rows))
    monkeypatch.setitem(NAMED_DATASETS.parsed, "pima", replace(pima, packings=((packing,),)))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / packing.name).write_bytes(rows)
    monkeypatch.setenv("DLCLI_DATA", str(tmp_path / "mine"))

    dataset = load_dataset(config_of(write, "pima"))

    assert len(dataset) == 10
    assert dataset.target.class_names == ("no", "yes")


def pickled(value):
    file = io.BytesIO()
    np.lib.format.write_array(file, value, allow_pickle=True)
    return file.getvalue()


@pytest.fixture
def newswires(server, monkeypatch):
    """Publish a small indexed archive on this machine."""
    folder, address = server

    def publish(x):
        with zipfile.ZipFile(folder / "reuters.npz", "w") as archive:
            archive.writestr("x.npy", pickled(x))
            archive.writestr("y.npy", pickled(np.array([0, 1, 1])))
        (folder / "reuters_word_index.json").write_text('{"oil": 2, "the": 1, "rose": 3}')
        files = tuple(
            replace(
                file,
                url=f"{address}/{file.name}",
                sha256=sha256((folder / file.name).read_bytes()).hexdigest(),
                size=(folder / file.name).stat().st_size,
            )
            for file in NAMED_DATASETS["reuters"].files
        )
        known = replace(
            NAMED_DATASETS["reuters"], files=files, arguments={"class_names": ("a", "b")}
        )
        monkeypatch.setitem(NAMED_DATASETS.parsed, "reuters", known)

    return publish


def test_an_indexed_archive_is_read_as_words(write, newswires):
    texts = np.empty(3, object)
    texts[:] = [[1, 2], [2, 3, 1], [3]]
    newswires(texts)

    dataset = load_dataset(config_of(write, "reuters"))

    assert dataset.x["text"].tolist() == ["the oil", "oil rose the", "rose"]
    assert dataset.y.tolist() == [0, 1, 1]


def test_an_indexed_archive_with_anything_else_pickled_is_refused(write, newswires, tmp_path):
    class Trap:
        def __reduce__(self):
            return open, (str(tmp_path / "sprung"), "w")

    texts = np.empty(3, object)
    texts[:] = [[1], Trap(), [2]]
    newswires(texts)

    with pytest.raises(DatasetError, match="is damaged"):
        load_dataset(config_of(write, "reuters"))
    assert not (tmp_path / "sprung").exists()


def test_a_file_of_the_user_with_another_checksum_is_refused_and_kept(write, tmp_path, monkeypatch):
    own = tmp_path / "mine" / "sonar.csv"
    own.parent.mkdir()
    own.write_text("not the file\n")
    monkeypatch.setenv("DLCLI_DATA", str(own.parent))

    with pytest.raises(DatasetError, match="not the published file"):
        load_dataset(config_of(write, "sonar"))
    assert own.exists()


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(head + array.tobytes())


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    made = {}
    for part, rows in (("train", 30), ("t10k", 10)):
        made[f"{part}-images-idx3-ubyte"] = rng.integers(0, 256, (rows, 5, 4), np.uint8)
        made[f"{part}-labels-idx1-ubyte"] = (np.arange(rows) % 2 + 3).astype(np.uint8)
    for name, array in made.items():
        (tmp_path / f"{name}.gz").write_bytes(idx(array))
    np.savez(
        tmp_path / "pictures.npz",
        **dict(zip(("x_train", "y_train", "x_test", "y_test"), made.values(), strict=True)),
    )
    return made


@pytest.mark.parametrize("names", ["[a, a]", "[a, '']", "[a, b, c]"])
def test_class_names_of_arrays_are_checked_like_those_of_tables(tmp_path, write, names):
    x, y = np.zeros((4, 2, 2), np.uint8), np.arange(4) % 2
    np.savez(tmp_path / "x.npz", x_train=x, y_train=y, x_test=x, y_test=y)

    with pytest.raises(DatasetError, match="`class_names`"):
        load_dataset(config_of(write, f"{{npz: {{path: x.npz, class_names: {names}}}}}"))


def test_a_sample_of_a_series_is_not_called_generated(tmp_path, write):
    write("s.csv", "level\n" + "".join(f"{n * 37 % 101}\n" for n in range(400)))
    config = config_of(write, "{csv: {path: s.csv, target: level, window: 5}}")

    real, sample = (load_dataset(config, sample=sample) for sample in (False, True))

    assert sample.sampled
    assert not real.sampled
    assert np.array_equal(sample.x, real.x[:240])
    assert np.array_equal(sample.y, real.y[:240])
    assert sample.files == real.files
    assert sample.notices == ("sample: the first 240 windows of the series, not the full data",)


@pytest.mark.parametrize("loader", ["{idx: {path: .}}", "{npz: {path: pictures.npz}}"])
def test_image_archives_keep_their_official_test_rows(write, images, loader):
    dataset = load_dataset(config_of(write, loader))

    assert dataset.x.shape == (40, 5, 4, 1)
    assert np.array_equal(dataset.x[:30, ..., 0], images["train-images-idx3-ubyte"])
    assert dataset.target.class_names == ("3", "4")
    assert dataset.parts.tolist() == [0] * 30 + [2] * 10


def test_a_damaged_idx_file_is_refused(write, images, tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(
        gzip.compress(b"\0\0\x08\x03" + bytes(20))
    )

    with pytest.raises(DatasetError, match="damaged"):
        load_dataset(config_of(write, "{idx: {path: .}}"))


def test_pickles_in_an_archive_are_not_opened(write, tmp_path):
    harmful = np.array([{"a": 1}], object)
    np.savez(tmp_path / "x.npz", x_train=harmful, y_train=harmful, x_test=harmful, y_test=harmful)

    with pytest.raises(DatasetError, match="not an archive of plain arrays"):
        load_dataset(config_of(write, "{npz: {path: x.npz}}"))


@pytest.mark.parametrize("name", sorted(NAMED_DATASETS))
def test_samples_have_the_columns_types_and_shapes_of_the_data(write, name):
    config = config_of(write, name)

    dataset = prepare(config, sample=True).dataset
    again = load_dataset(config, sample=True)

    facts = NAMED_DATASETS[name].facts
    assert dataset.sampled
    assert dataset.facts.shape == facts.shape
    assert dataset.target.task == facts.task
    assert dataset.facts.num_classes == facts.num_classes
    assert dataset.fingerprint() == again.fingerprint()
    if facts.num_classes:
        assert set(dataset.y) == set(range(facts.num_classes))


def test_a_sample_of_a_users_table_imitates_it(people):
    real, made = (load_dataset(load_config(people), sample=sample) for sample in (False, True))

    assert list(made.x) == list(real.x)
    assert made.columns == real.columns
    assert set(made.x["city"]) - {None} == {"Seoul", "Busan", "Daegu"}
    assert made.x["age"].isna().any()


def test_limit_draws_rows_with_the_seed(write):
    config = config_of(write, "{iris: {limit: 40}}")

    first, second = load_dataset(config), load_dataset(config)

    assert len(first) == 40
    assert np.array_equal(first.y, second.y)
    assert len(set(first.y)) == 3


@pytest.mark.parametrize("name", sorted(NAMED_DATASETS))
def test_a_named_data_set_has_whole_files_a_source_and_arguments_of_its_loader(name):
    known = NAMED_DATASETS[name]

    section = LOADERS[known.loader]
    arguments = {"path": name} if "path" in section.model_fields else {}
    section.model_validate({**arguments, **known.arguments})
    assert known.source
    assert (known.facts.task == "regression") == (known.facts.num_classes == 0)
    assert len(known.facts.class_names) == known.facts.num_classes
    for file in (*known.files, *(file for packing in known.packings for file in packing)):
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size > 0
    assert all(file.url for file in known.files)


@pytest.mark.parametrize(
    ("facts", "message"),
    [("{task: regression, row: 3}", "row"), ("{rows: 3}", "task"), ("{task: regres}", "task")],
)
def test_an_entry_with_wrong_facts_is_refused(write, facts, message):
    path = write(
        "sets.yaml", f"a:\n  title: A\n  loader: csv\n  arguments: {{}}\n  facts: {facts}\n"
    )

    with pytest.raises(ValueError, match=rf"facts\.{message}"):
        NamedDatasets(Path(path))["a"]
