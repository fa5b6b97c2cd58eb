"""Draw how the cost grows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from measure import median

mpl.use("Agg")
from matplotlib import pyplot as plt

COLOURS = {"script": "#8c8c8c", "dlcli": "#1f5fa8"}


def draw(stored: Mapping[str, Any], path: Path) -> None:
    """Draw cross-validations as bars, predictions as lines over the rows."""
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
    _draw_kfold(axes[0], stored["kfold"]["cases"])
    few = [case for case in stored["predict"]["cases"] if case["columns"] == 4]
    _draw_predict(axes[1], few, "seconds", "seconds")
    _draw_predict(axes[2], few, "peak", "peak memory, MB")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _draw_kfold(axes: Any, cases: list[dict[str, Any]]) -> None:
    width = 0.4
    for offset, side in enumerate(COLOURS):
        places = [index + width * (offset - 0.5) for index in range(len(cases))]
        heights = [median(case[side]["seconds"]) for case in cases]
        bars = axes.bar(places, heights, width, color=COLOURS[side], label=side)
        axes.bar_label(bars, [f"{height:.0f}" for height in heights], fontsize=8)
    axes.margins(y=0.15)
    names = [case["what"].replace(" ×", "\n×") for case in cases]
    axes.set_xticks(range(len(cases)), names)
    axes.set_ylabel("seconds, whole process")
    axes.set_title("kfold, 200 rows × 60, 10 folds, 10 epochs", fontsize=10)
    axes.legend()


def _draw_predict(axes: Any, cases: list[dict[str, Any]], what: str, label: str) -> None:
    for side, colour in COLOURS.items():
        drawn = [case for case in cases if side in case]
        values = [median(case[side][what]) for case in drawn]
        axes.plot([case["rows"] for case in drawn], values, "o-", color=colour, label=side)
    axes.set_xscale("log")
    if what == "seconds":
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel("rows of 4 columns")
    axes.set_ylabel(label)
    axes.set_title(f"predict: {label}", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend()
