"""Pictures of data sets: the form of the data chooses what is drawn."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import slow
from sklearn.metrics import adjusted_rand_score

from dlcli import DatasetError
from dlcli.datasets.dataset import Column, Dataset, Medium, Target
from dlcli.network.scores import Scores
from dlcli.plots.data import DRAWERS, draw_dataset, draw_structure, read_file
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


@pytest.mark.parametrize("classes", [slow(2), 20, slow(25), slow(40)])
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


def two_groups():
    """Return a table of two groups of rows with a gap, a constant and a category; row 9 is far off."""
    rng = np.random.default_rng(0)
    y = np.arange(40, dtype=np.int32) % 2
    x = {f"길이 {at}": rng.normal(size=40) + 8 * y for at in range(3)}
    x["길이 0"][8] = 60.0
    x["길이 1"][3] = np.nan
    x |= {"same": np.ones(40), "town": np.array(["a", "b"] * 20, object)}
    kinds = ["numeric"] * 4 + ["categorical"]
    columns = tuple(Column(n, kind, at) for at, (n, kind) in enumerate(zip(x, kinds, strict=True)))
    return Dataset(
        "table", pd.DataFrame(x), y, Target("kind", "classification", ("a", "b")), columns
    )


def test_components_have_their_variance_and_weights(tmp_path):
    from sklearn.decomposition import PCA

    structure = draw_structure(make_table(3), tmp_path / "pca.svg", "pca")

    values = make_table(3).x.to_numpy()
    pca = PCA().fit((values - values.mean(axis=0)) / values.std(axis=0))
    shares = [f"{share:.1%}" for share in pca.explained_variance_ratio_]
    assert [row[1] for row in structure.table[1:]] == shares
    assert structure.table[3][2] == "100.0%"
    svg = (tmp_path / "pca.svg").read_text()
    assert f"component 1 ({shares[0]} of the variance)" in svg
    assert "table: 40 rows, 3 numeric columns, standardized" in svg


def test_clusters_stand_beside_classes_with_their_agreement(tmp_path):
    structure = draw_structure(two_groups(), tmp_path / "clusters.svg", "clusters")
    other = draw_structure(two_groups(), tmp_path / "three.svg", "clusters", 3)

    assert structure.table[0] == ("cluster", "rows", "a", "b")
    # The row that is far off is nearer to the rows of the other class.
    assert structure.table[1:] == (("cluster 1", "19", "19", "0"), ("cluster 2", "21", "1", "20"))
    expected = adjusted_rand_score([0] * 20 + [1] * 20, [0] * 19 + [1] * 21)
    assert structure.sentences[0].startswith(f"adjusted Rand index {expected:.4f}")
    assert "left out, no numbers: town" in structure.notices
    assert "left out, equal in all rows: same" in structure.notices
    assert "gaps in 1 column are filled with the median" in structure.notices
    assert len(other.table) == 4
    assert f"adjusted Rand index {expected:.2f}" in (tmp_path / "clusters.svg").read_text()


def test_without_classes_the_most_distinct_clusters_are_drawn(tmp_path, write):
    rows = "".join(f"{at % 3 * 9 + at / 50},{at % 3 * -7 + at / 60}\n" for at in range(30))
    table = read_file(write("x.csv", f"a,b\n{rows}"))

    structure = draw_structure(table, tmp_path / "x.png", "clusters")

    assert structure.table == (
        ("cluster", "rows"), ("cluster 1", "10"), ("cluster 2", "10"), ("cluster 3", "10")
    )  # fmt: skip
    assert "3 clusters are the most distinct of 2 to 8" in structure.sentences[0]


def test_the_most_unusual_row_is_the_first(tmp_path):
    structure = draw_structure(two_groups(), tmp_path / "anomalies.png", "anomalies")

    assert structure.table[1][0] == "9"
    assert structure.table[1][2].startswith("길이 0 +")
    assert len(structure.table) == 11
    assert (tmp_path / "anomalies.png").read_bytes().startswith(PNG)


def test_images_are_compared_by_their_values(tmp_path):
    structure = draw_structure(make_images(), tmp_path / "pca.svg", "pca")

    assert structure.table[1][3].startswith("value ")
    assert "30 values each, not scaled" in (tmp_path / "pca.svg").read_text()


def test_the_command_prints_what_it_draws(dlcli, people, tmp_path):
    code, out, _ = dlcli("data", "plot", "iris", "--kind", "clusters")
    answers = [
        (dlcli("data", "plot", "iris", "--clusters", "3"), "--clusters is for --kind clusters"),
        (dlcli("data", "plot", "xor", "--kind", "clusters", "--clusters", "9"), "9 clusters of 4"),
        (dlcli("data", "plot", "study_hours", "--kind", "pca"), "at least 3 rows of 2 numbers"),
    ]

    assert code == 0
    assert "adjusted Rand index 0.62" in out
    assert out.endswith("iris_clusters.png\n")
    for (status, _, error), message in answers:
        assert status == 2
        assert message in error


@pytest.mark.parametrize("classes", [3, slow(14), 0])
def test_long_names_in_pictures_of_tables_do_not_overlap(tmp_path, text_faults, classes):
    dataset = make_table(columns=3, classes=classes)
    names = {name: f"Faculty of 소프트웨어공학과 and the like, {name}" for name in dataset.x}
    columns = tuple(replace(column, name=names[column.name]) for column in dataset.columns)
    labels = tuple(f"Department of {n} 컴퓨터공학과 데이터사이언스" for n in range(classes))
    target = replace(dataset.target, name="학과 " * 20, class_names=labels)
    x = dataset.x.rename(columns=names) * 123456.7
    long = replace(dataset, x=x, columns=columns, target=target, name="a long name " * 12)

    draw_dataset(long, tmp_path / "a.png")

    assert text_faults == [([], [])]
