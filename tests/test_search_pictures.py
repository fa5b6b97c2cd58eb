"""Pictures of searches."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from dlcli.plots.parallel_coordinates import draw_parallel_coordinates
from dlcli.plots.sweep import SweepPoints, draw_search, draw_sweep

MOMENTUM = [{"SGD": {"learning_rate": 0.1, "momentum": rate}} for rate in (0.8, 0.9)]
VALUES = [
    {"rate": 10.0**-power, "share": power / 10, "optimizer": MOMENTUM[power % 2], "shuffle": True}
    for power in range(1, 9)
]
SCORES = np.array([0.1, 0.2, 0.9, 0.3, 0.4, 0.5, 0.6, 0.7])


@pytest.mark.parametrize(("larger_is_better", "best"), [(True, 2), (False, 0)])
def test_parallel_coordinates_have_an_axis_for_each_key_and_the_score(larger_is_better, best):
    axes = Figure().add_subplot()
    names = {key: key for key in VALUES[0]}

    draw_parallel_coordinates(
        axes, VALUES, SCORES, names, "accuracy", larger_is_better=larger_is_better,
        log={"rate": True, "share": False},
    )  # fmt: skip

    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == ["rate", "share", "optimizer", "shuffle", "accuracy"]
    ticks = {(round(text.xy[0]), text.get_text()): text.xy[1] for text in axes.texts}
    assert ticks[0, "0.001"] == pytest.approx(5 / 7)  # logarithmic
    assert ticks[1, "0.3"] == pytest.approx(2 / 7)  # linear
    assert sum(place == 2 for place, _ in ticks) == 1  # labels are short …
    assert len({text.xy[1] for text in axes.texts if text.xy[0] == 2}) == 2  # … values are not
    assert (3, "true") in ticks
    line = next(line for line in axes.lines if line.get_label() == "best trial")
    assert line.get_ydata()[0] == pytest.approx((7 - best) / 7)
    assert line.get_ydata()[-1] == pytest.approx(float(larger_is_better))


@pytest.mark.slow
@pytest.mark.parametrize(
    "trials",
    [
        [SweepPoints({"a": 1, "b": 0.5}, (1.0,))] * 2,
        [SweepPoints({"a": a, "b": a}, (a,) if a else ()) for a in range(12)],
        [SweepPoints({"a": a, "b": None}, ()) for a in range(2)],
        [SweepPoints({"a": a}, (a,)) for a in range(2)],
    ],
    ids=["equal", "one without a score", "none has a score", "one key"],
)
def test_few_and_equal_trials_are_drawn(tmp_path, trials):
    draw_search(tmp_path / "search.png", trials, {}, "loss", "x", larger_is_better=False, log={})

    assert (tmp_path / "search.png").stat().st_size > 10_000


def tick_texts(axes):
    low, high = axes.get_xlim()
    return [t.get_text() for t in axes.get_xticklabels() if low <= t.get_position()[0] <= high]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_trials_and_trainings_have_whole_numbers(tmp_path, monkeypatch, count):
    drawn, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda fig, *a, **k: (drawn.append(fig), save(fig, *a, **k))
    )
    trials = [SweepPoints({"a": value}, (value / 2,)) for value in range(count)]
    draw_search(tmp_path / "a.png", trials, {}, "loss", "x", larger_is_better=False, log={})
    draw_sweep(tmp_path / "b.png", [SweepPoints({}, tuple(range(count)))], "loss", "x")

    for picture in drawn:
        assert tick_texts(picture.axes[0]) == [str(number + 1) for number in range(count)]


@pytest.mark.slow
def test_long_values_do_not_overlap(tmp_path, text_faults):
    names = ("relu", "tanh", "leaky_relu", "exponential", "hard_sigmoid")
    trials = [
        SweepPoints({"model.2.Dense.activation": names[n % 5], "fit.batch_size": 10**n,
                     "seed": 20260000 + n, "rate": 1e-5 * 7**n}, (n / 10,)) for n in range(5)
    ]  # fmt: skip
    draw_search(tmp_path / "a.png", trials, {}, "loss", "x", larger_is_better=False, log={})
    draw_sweep(tmp_path / "b.png", trials, "loss", "a long title " * 20)

    assert text_faults == [([], [])] * 2
