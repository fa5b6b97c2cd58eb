"""Pictures of data sets: the form of the data chooses what is drawn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import slow

from dlcli import DatasetError
from dlcli.datasets.dataset import Column, Dataset, Medium, Target
from dlcli.network.scores import Scores
from dlcli.plots.data import DRAWERS, draw_dataset
from dlcli.plots.data.images import _mosaic, _sample_rows, draw_images
from dlcli.plots.data.panels import _bin_edges
from dlcli.plots.data.tables import _columns, draw_classes, draw_numbers
from dlcli.plots.several import draw_several

PNG = b"\x89PNG\r\n"


@pytest.fixture
def texts(tmp_path):
    """Draw a data set as SVG and return the texts in it."""

    def draw(dataset):
        path = tmp_path / "data.svg"
        draw_dataset(dataset, path)
        lines = path.read_text(encoding="utf-8").splitlines()
        return [line.strip()[5:-4] for line in lines if line.strip().startswith("<!-- ")]

    return draw


def make_table(columns=3, classes=2, rows=40, task="classification"):
    rng = np.random.default_rng(0)
    x = {f"c{at}": rng.normal(size=rows) for at in range(columns)}
    names = tuple(f"class {at}" for at in range(classes))
    target = Target("kind", task, names) if names else Target("size", "regression", (), "m²")
    y = np.arange(rows, dtype=np.int32) % classes if names else rng.normal(size=rows)
    described = tuple(Column(name, "numeric", at) for at, name in enumerate(x))
    return Dataset("table", pd.DataFrame(x), y, target, described)


def make_images(shape=(6, 5, 1), classes=3, rows=30, dtype=np.uint8):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (rows, *shape)).astype(dtype)
    names = tuple(f"class {at}" for at in range(classes))
    target = Target("kind", "classification", names) if names else Target("size", "regression")
    y = np.arange(rows, dtype=np.int32) % classes if names else rng.normal(size=rows)
    return Dataset("images", x, y, target)


def with_column(dataset, name, type, values):
    column = Column(name, type, len(dataset.columns))
    x = dataset.x.assign(**{name: pd.Series(values, dtype=np.asarray(values).dtype)})
    return replace(dataset, x=x, columns=(*dataset.columns, column))


@pytest.mark.parametrize(
    ("dataset", "drawer"),
    [
        (make_table(), draw_classes),
        (make_table(classes=0), draw_numbers),
        (make_images(), draw_images),
        (make_images((6, 5, 3), classes=0), draw_images),
        (make_images((6, 5, 2)), None),
        (make_images((9,)), None),
    ],
)
def test_the_form_of_the_data_chooses_the_drawer(dataset, drawer):
    fitting = [item.draw for item in DRAWERS if item.accepts(dataset)]

    assert (fitting[0] if fitting else None) is drawer


def test_data_without_a_picture_say_so(tmp_path):
    with pytest.raises(DatasetError, match="samples of shape 6×5×2 cannot be plotted"):
        draw_dataset(make_images((6, 5, 2)), tmp_path / "x.png")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("columns", "pairs"), [(1, 0), (2, 1), slow(5, 6), (7, 6)], ids=["one", "two", "five", "seven"]
)
def test_classes_show_balance_distributions_and_pairs(texts, columns, pairs):
    found = texts(make_table(columns))

    assert "kind: rows per class" in found
    assert found.count("20") >= 2
    labels = sum(found.count(f"c{number}") for number in range(columns))
    assert labels == columns + 2 * pairs  # a histogram each, and two axes of each pair


@pytest.mark.slow
def test_what_there_is_no_room_for_is_said(texts):
    assert "table: 40 rows, 20 columns; the most telling 12 of 20 numeric ones" in texts(
        make_table(20)
    )
    assert "table: 40 rows, 10 columns; the most telling 9 of 10 numeric ones" in texts(
        make_table(10, classes=0)
    )


@pytest.mark.parametrize("classes", [slow(2), 20, slow(25), 40])
def test_any_number_of_classes_is_drawn(texts, classes):
    found = texts(make_table(classes=classes, rows=80))

    if classes <= 20:
        assert "class 1" in found
        assert f"class {classes - 1}" in found
    else:
        assert f"kind: 20 of {classes} classes" in found


def test_numbers_show_the_target_over_every_column(texts):
    found = texts(make_table(2, classes=0))

    assert found.count("size (m²)") == 3
    assert {"c0", "c1"} <= set(found)


def test_gaps_constants_texts_and_signs_are_drawn(texts):
    dataset = make_table(1)
    city = np.array(["$a$", "_b", None, "c"] * 10, object)
    many = np.array([f"{at % 12}" for at in range(40)], object)
    dataset = with_column(dataset, "city", "categorical", city)
    dataset = with_column(dataset, "many", "categorical", many)
    dataset = with_column(
        dataset, "id", "categorical", np.array([f"r{n}" for n in range(40)], object)
    )
    dataset = with_column(dataset, "member", "boolean", np.array([0.0, 1.0, np.nan, 1.0] * 10))
    dataset = with_column(dataset, "empty", "numeric", np.full(40, np.nan))
    dataset = with_column(dataset, "constant", "numeric", np.full(40, 1e15))
    dataset = with_column(dataset, "7", "numeric", np.arange(40.0) % 3)

    found = texts(dataset)

    assert {
        "city (10 missing)",
        "$a$",
        "_b",
        "4 others",
        "member (10 missing)",
        "yes",
        "no",
    } <= set(found)
    assert {"empty (40 missing)", "column 7"} <= set(found)


def test_a_column_of_different_texts_is_not_drawn_as_bars(texts):
    column = np.array([f"text {at}" for at in range(200)], object)

    found = texts(with_column(make_table(1, rows=200), "text", "categorical", column))

    assert "200 different texts" in found
    assert "text 0" not in found


@pytest.mark.parametrize("count", range(1, 25))
def test_panels_leave_few_gaps(count):
    across = _columns(count)

    assert 1 <= across <= 5
    assert -count % across <= 2


def test_bins_of_few_whole_numbers_are_one_each():
    assert _bin_edges(np.array([1.0, 3.0, 3.0])).tolist() == [0.5, 1.5, 2.5, 3.5]
    assert set(np.diff(_bin_edges(np.array([0.0, 100.0])))) == {4.0}
    assert len(_bin_edges(np.array([0.0, 0.5, 100.0]))) == 31
    assert len(_bin_edges(np.array([0.25, 0.25]))) == 31


@pytest.mark.parametrize("shape", [(6, 5, 1), (6, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_samples_stand_in_rows_by_class(shape, dtype, texts):
    dataset = make_images(shape, dtype=dtype)
    rows = _sample_rows(dataset)
    canvas = _mosaic(dataset.x, rows)

    assert [set(dataset.y[row]) for row in rows] == [{0}, {1}, {2}]
    assert canvas.shape == (1 + 3 * 7, 1 + 8 * 6, 3)
    first = dataset.x[rows[0][0]] / 255
    assert np.allclose(canvas[1:7, 1:6], first, atol=0.02)
    found = texts(dataset)
    assert found.count("class 1") == 2
    assert "images: 30 images of 6×5 pixels" in found


def test_of_many_classes_ten_have_rows(texts):
    found = texts(make_images(classes=12, rows=36))

    assert "images: 36 images of 6×5 pixels, 10 of 12 classes" in found
    assert found.count("class 11") == 1


def test_images_with_numbers_are_drawn_without_classes(texts):
    assert "size" in texts(make_images(classes=0))


def test_recordings_with_numbers_are_drawn_without_classes(texts):
    x = pd.DataFrame({"recording": [np.sin(np.arange(400.0) * at) for at in range(12)]})
    dataset = Dataset(
        "sounds",
        x,
        np.linspace(0, 1, 12),
        Target("level", "regression", (), "dB"),
        (Column("recording", "audio", 0),),
        medium=Medium("audio", sampling_rate=8000),
    )

    shown = texts(dataset)

    assert {"level", "0.09091", "seconds per recording"} <= set(shown)
    assert "0.9091" not in shown  # of the eleventh: ten are drawn


def test_titles_say_how_many_of_several_targets_are_drawn(texts, tmp_path):
    y = np.random.default_rng(0).normal(size=(20, 11))
    columns = tuple(f"t{at}" for at in range(11))
    target = Target("t0, …", "regression", columns=columns, positions=tuple(range(1, 12)))
    table = make_table(columns=1, rows=20)

    assert "table: 20 rows, the first 9 of 11 targets" in texts(replace(table, y=y, target=target))

    draw_several(tmp_path, y, y, Scores(20, {}), target, "size, test rows")
    assert (tmp_path / "predicted.png").read_bytes().startswith(PNG)


def test_data_plot_draws_named_sets_and_files(dlcli, people, tmp_path):
    for arguments, name in (
        (["iris"], "iris.png"),
        (["people.csv"], "people.png"),
        (["people.csv", "--target", "label", "-o", "p.svg"], "p.svg"),
        (["people.csv", "--target", "-1", "-o", "q.svg"], "q.svg"),
        (["people.csv", "--target", "height", "-o", "r.svg"], None),
    ):
        code, out, err = dlcli("data", "plot", *arguments)

        if name is None:  # a target with a gap cannot be learned
            assert code == 2
            assert "no 'height' in 1 row" in err
            continue
        assert (code, out) == (0, f"{name}\n")
        assert f"wrote a plot of {arguments[0]}: {name}" in err
        assert (tmp_path / name).stat().st_size > 1000
    assert (tmp_path / "iris.png").read_bytes().startswith(PNG)
    assert (tmp_path / "p.svg").read_text() == (tmp_path / "q.svg").read_text()
    assert "label: rows per class" in (tmp_path / "p.svg").read_text()


def test_what_would_stop_a_training_is_said(dlcli, write):
    rows = "\n".join(map(str, range(20)))
    write("x.csv", f"a,b\n{rows.replace(chr(10), ',1' + chr(10))},1\nten,1\n")

    code, _, err = dlcli("data", "plot", "x.csv")

    assert code == 0
    assert "'ten' in column 'a' is not a number" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["irsi"], "Did you mean 'iris'?"),
        (["iris", "--target", "class"], "iris already has a target"),
        (["people.csv", "--target", "lable"], "Did you mean 'label'?"),
        (["people.csv", "-o", "x.jpeg"], "plots end in"),
        (["iris", "-o", "nowhere/x.png"], "no folder nowhere"),
    ],
)
def test_what_cannot_be_drawn_ends_with_2_and_a_sentence(dlcli, people, arguments, message):
    code, out, err = dlcli("data", "plot", *arguments)

    assert (code, out) == (2, "")
    assert message in err
