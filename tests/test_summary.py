"""The picture of a training: which panels it has, and how they are drawn."""

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import slow
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dlcli.datasets.dataset import Target
from dlcli.network.scores import Scores, class_scores, confusion_matrix
from dlcli.plots import summary
from dlcli.plots.canvas import colours
from dlcli.plots.data.panels import draw_histogram, single_group

NO_FAULTS = ([], [])
KOREAN = [f"{name} {n} 전공" for n in range(5) for name in (
    "소프트웨어공학과 인공지능", "컴퓨터공학과 데이터사이언스", "전자전기공학부 반도체", "국어국문학과",
    "경영학과 글로벌비즈니스", "기계공학과 로봇시스템", "화학생명공학과", "건축도시환경공학과",
)]  # fmt: skip
ENGLISH = [
    f"Department of Computer Science and {name} {n}"
    for n in range(20)
    for name in ("Law", "Business Administration")
]
FALLING = {"loss": [10.0 ** -min(n, 4) for n in range(20)]}


@pytest.fixture
def pictures(monkeypatch):
    """Keep the figures that are drawn."""
    drawn = []
    add = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda fig, *a, **k: (drawn.append(fig), add(fig, *a, **k))
    )
    return drawn


@pytest.mark.parametrize(
    ("config", "changes", "titles"),
    [
        ("iris", [], ["loss", "accuracy", "rows, and shares of the true class", "classes (and their rows)"]),
        ("digits_cnn", ["model=[Flatten, {Dense: {activation: softmax}}]"], ["loss", "accuracy", "rows, and shares of the true class", "classes (and their rows)", "calibration"]),
        ("diabetes", [], ["loss", "mae", "predicted and true values", "residuals"]),
        ("tide_lstm", ["model=[Flatten, {Dense: 1}]"], ["loss", "mae", "the last 120 values and their forecasts", "residuals"]),
    ],
)  # fmt: skip
def test_a_training_is_one_picture_without_empty_places(
    dlcli, tmp_path, pictures, with_pictures, config, changes, titles
):
    options = [part for change in changes for part in ("--set", change)]
    code, _, err = dlcli("train", config, "--epochs", 2, *options)

    assert code == 0
    assert "pictures are missing" not in err
    (picture,) = [figure for figure in pictures if figure.get_suptitle().startswith(config)]
    assert [axes.get_title() for axes in picture.axes] == titles
    areas = [axes.get_subplotspec().get_position(picture) for axes in picture.axes]
    assert sum(area.width > 0.2 for area in areas) == len(titles)
    assert {path.name for path in (tmp_path / "runs" / config / "1").glob("*.png")} == {
        "results.png"
    }


def test_a_curve_that_would_be_flat_is_logarithmic():
    axes = Figure().add_subplot()
    summary._draw_curve(FALLING, 0, "loss", axes)
    assert axes.get_yscale() == "log"

    for values in ([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [1.0, 0.1, 0.0] * 5, [1.0, 0.01]):
        axes = Figure().add_subplot()
        summary._draw_curve({"loss": values}, 0, "loss", axes)
        assert axes.get_yscale() == "linear"


def test_the_best_epoch_is_that_of_the_weights_or_of_the_lowest_loss():
    history = {"loss": [3.0, 2.0, 1.0, 0.5], "val_loss": [3.0, 1.0, 2.0, 3.0]}
    for best, label in ((3, "best epoch: 3"), (0, "best epoch: 2")):
        axes = Figure().add_subplot()
        summary._draw_curve(history, best, "loss", axes)
        assert label in [line.get_label() for line in axes.lines]


def test_calibration_compares_probabilities_with_shares():
    random = np.random.default_rng(0)
    probability = random.uniform(0.5, 1, 4000)
    y = (random.uniform(size=4000) < probability).astype(int)
    axes = Figure().add_subplot()

    outputs = probability[:, None].astype(np.float32)
    summary._draw_calibration(SimpleNamespace(outputs=outputs, kind="probability", y=y), axes)

    x, share = axes.lines[1].get_data()
    assert len(x) == 10
    assert np.abs(np.asarray(x) - share).max() < 0.06


def test_bins_of_whole_numbers_hold_equally_many():
    axes = Figure().add_subplot()
    values = np.arange(90.0)

    draw_histogram(axes, "age", values, single_group(90))

    assert {patch.get_height() for patch in axes.patches} == {3.0}


def test_up_to_ten_colours_are_distinct_and_safe():
    import matplotlib as mpl

    for count, name in ((3, "petroff6"), (8, "petroff8"), (10, "petroff10"), (15, "tab20")):
        shades = colours(count)
        assert len(set(shades)) == count
        assert shades[0] == mpl.colors.to_hex(mpl.color_sequences[name][0])


@pytest.mark.parametrize(
    ("target", "last"),
    [("label", [f"{'ab'[n % 2]}" for n in range(40)]), ("price", [f"{n % 2 + n / 1e3}" for n in range(40)])],
)  # fmt: skip
def test_the_most_telling_column_is_drawn_first(dlcli, write, pictures, target, last):
    rows = (f"{n % 7},{n % 2 + n % 3 / 10},5,{value}\n" for n, value in enumerate(last))
    write("t.csv", f"noise,telling,constant,{target}\n" + "".join(rows))

    code, _, err = dlcli("data", "plot", "t.csv", "--target", target, "-o", "t.png")

    assert code == 0, err
    (picture,) = pictures
    names = [axes.get_title() or axes.get_xlabel() for axes in picture.findobj(Axes)]
    assert names.index("telling") < names.index("noise")


def classification(names):
    random = np.random.default_rng(0)
    y = random.integers(0, len(names), 400)
    outputs = random.dirichlet(np.ones(len(names)), 400).astype(np.float32)
    matrix = confusion_matrix(y, outputs.argmax(axis=1), len(names))
    scores = Scores(400, {}, class_scores(matrix, names), tuple(map(tuple, matrix.tolist())))
    target = Target("학과", "classification", tuple(names))
    return summary.HeldOut("test", y, outputs, scores, target, "probability", is_series=False)


@pytest.mark.parametrize(
    "names",
    [slow(KOREAN[:2]), KOREAN[:14], slow(KOREAN), slow(ENGLISH[:4]), slow(ENGLISH[:20]), ENGLISH],
    ids=lambda names: f"{len(names)} {names[0][:5]}",
)  # fmt: skip
def test_long_names_of_classes_do_not_overlap(tmp_path, text_faults, names):
    history = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.6]}

    summary.draw_results(tmp_path / "r.png", history, 0, classification(names), "학과")

    assert text_faults == [NO_FAULTS]
    assert (tmp_path / "r.png").stat().st_size < 300_000


@pytest.mark.parametrize(
    "values",
    [
        (123456.7, 20_000), (-50_000, 30_000),
        slow((0, 1e-6)), slow((5e8, 1e9)), slow((1e6, 3e5)), slow((1234567.8, 1e-3)), slow((123456.7, 0)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_series", [False, slow(True)])
def test_numbers_at_the_axes_of_residuals_do_not_overlap(tmp_path, text_faults, values, is_series):
    random = np.random.default_rng(0)
    y = random.normal(*values, 300)
    outputs = (y + random.normal(0, values[1] / 3, 300))[:, None]
    target = Target("sale_price_of_the_house_in_the_last_year", "regression", unit="KRW per m²")
    held_out = summary.HeldOut("test", y, outputs, Scores(300, {}), target, "value", is_series)

    summary.draw_results(tmp_path / "r.png", {"loss": [2.0, 1.0]}, 0, held_out, "a long title " * 9)

    assert text_faults == [NO_FAULTS]
