"""The tables of ``yardstick.json`` in ``README.md``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

TEXT = """\
## Tables, untuned

`yardstick.py` splits each table at random, 80 % of the rows for training, and gives the same rows
to the config that `dlcli init` writes and to other models with their defaults. A score is the
accuracy for classes and R² for numbers, the mean of the splits. *Normalised*: 0 is the worst and 1
the best model of a table. *Rank*: 1 is the best. Intervals are 95 %, from 10,000 bootstrap samples
of the tables. CPU seconds are those of reading, fitting and predicting, the median of the tables;
each ran on one core; dlcli's two at a time, the others beside other programs. For the first split
of all tables RealMLP was measured again like dlcli: 568 CPU seconds (601 before), dlcli's are 151.

    DLCLI_DATA=/path/to/data python benchmarks/yardstick.py
"""
RESAMPLES = 10_000


def yardstick_section(results: Mapping[str, Any]) -> list[str]:
    """Return the text and the tables of all methods that were run on every table."""
    count = max(len(methods) for methods in results.values())
    names = {name: methods for name, methods in results.items() if len(methods) == count}
    methods = list(next(iter(names.values())))
    scores, seconds = (
        np.array([_means(names[name], methods, key) for name in names])
        for key in ("score", "cpu_seconds")
    )
    tasks = np.array([next(iter(names[name][methods[0]].values()))["task"] for name in names])
    return [
        TEXT,
        *_summary(methods, scores, seconds, tasks),
        "",
        *_details(methods, names, scores),
        "",
        _split_counts(names),
        "",
    ]


def _split_counts(names: Mapping[str, Any]) -> str:
    counts = {name: min(map(len, methods.values())) for name, methods in names.items()}
    usual = max(counts.values())
    fewer = ", ".join(f"{name} {count}" for name, count in counts.items() if count < usual)
    return f"Splits: {usual}" + (f"; fewer of: {fewer}." if fewer else ".")


def _means(results: Mapping[str, Any], methods: list[str], key: str) -> list[float]:
    """Return the mean of each method for a table, over the splits that all methods have."""
    splits = sorted(set.intersection(*[set(results[method]) for method in methods]))
    means = [np.mean([results[method][split][key] for split in splits]) for method in methods]
    return [round(float(mean), 9) for mean in means]  # equal scores are equal ranks


def _summary(methods: list[str], scores: Any, seconds: Any, tasks: Any) -> list[str]:
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    normalised = (scores - low) / np.where(high > low, high - low, 1)
    ranks = (scores[:, :, np.newaxis] < scores[:, np.newaxis, :]).sum(axis=2) + 1.0
    ranks += ((scores[:, :, np.newaxis] == scores[:, np.newaxis, :]).sum(axis=2) - 1) / 2
    classes = tasks == "classification"
    lines = [
        "| | normalised | rank | wins | accuracy | R² | CPU seconds |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for at in np.argsort(ranks.mean(axis=0)):
        accuracy, r2 = scores[classes, at].mean(), scores[~classes, at].mean()
        wins = int((scores[:, at] == high[:, 0]).sum())
        cells = [methods[at], _interval(normalised[:, at]), _interval(ranks[:, at]), str(wins)]
        cells += [f"{accuracy:.4f}", f"{r2:.4f}", f"{np.median(seconds[:, at]):.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _interval(values: Any) -> str:
    generator = np.random.default_rng(0)
    means = values[generator.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.2f} ({low:.2f} to {high:.2f})"


def _details(methods: list[str], names: Mapping[str, Any], scores: Any) -> list[str]:
    lines = ["| table | " + " | ".join(methods) + " |", "|---|" + "--:|" * len(methods)]
    for name, row in zip(names, scores, strict=True):
        cells = [f"**{v:.3f}**" if v == row.max() else f"{v:.3f}" for v in row]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines
