"""Plots of what whole rows have in common: principal components, clusters and anomalies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dlcli.datasets.dataset import Dataset
from dlcli.datasets.tables import FileTable
from dlcli.errors import DatasetError, plural
from dlcli.plots.canvas import BLUE, MAX_COLOURS, ORANGE, colours, figure
from dlcli.plots.data.numbers import Numbers, numbers_of
from dlcli.plots.data.panels import Groups, draw_scatter
from dlcli.text_width import shortened
from dlcli.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["pca", "clusters", "anomalies"]
MOST_COMPONENTS, MOST_COLUMNS = 10, 4
MOST_ANOMALIES = 10
CLUSTERS = range(2, 9)  # numbers of clusters that are tried
SILHOUETTE_ROWS = 2_000


@dataclass(frozen=True)
class Structure:
    """What a picture shows, in words.

    Parameters
    ----------
    table : tuple of tuple of str
        The first row is the header.
    sentences : tuple of str
    notices : tuple of str
        What is left out.
    """

    table: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...] = field(default=())
    notices: tuple[str, ...] = field(default=())


def draw_structure(
    data: Dataset | FileTable, path: Path, kind: Kind, clusters: int | None = None
) -> Structure:
    """Plot principal components, clusters or anomalies of the numbers of a data set.

    Parameters
    ----------
    data : Dataset or FileTable
    path : Path
        Ends in ``.png``, ``.svg`` or ``.pdf``.
    kind : {"pca", "clusters", "anomalies"}
    clusters : int, optional
        Number of clusters. Default: that of the classes; without any, the number from 2 to 8
        whose clusters are most distinct.

    Raises
    ------
    DatasetError
        If there are too few numbers, or more clusters than rows.
    """
    numbers = numbers_of(data)
    if clusters is not None and clusters >= len(numbers.values):
        raise DatasetError(f"{clusters} clusters of {plural(len(numbers.values), 'row')}")
    if kind == "clusters":
        return _draw_clusters(numbers, path, clusters)
    return (_draw_components if kind == "pca" else _draw_anomalies)(numbers, path)


def _components(numbers: Numbers) -> tuple[Any, Array]:
    """Return the fitted PCA, and the rows by their components."""
    from sklearn.decomposition import PCA

    count = min(MOST_COMPONENTS, *numbers.values.shape)
    pca = PCA(count, random_state=0)
    return pca, pca.fit_transform(numbers.values)


def _scatter(axes: Axes, pca: Any, points: Array, groups: Groups, title: str = "") -> None:
    """Draw the first two components, with their shares of the variance."""
    names = tuple(
        f"component {at + 1} ({share:.1%} of the variance)"
        for at, share in enumerate(pca.explained_variance_ratio_[:2])
    )
    draw_scatter(axes, points[:, 0], points[:, 1], groups, ("", ""))
    axes.set(xlabel=names[0], ylabel=names[1], title=title)
    if len(groups.names) > 1:
        axes.legend(handles=groups.handles, fontsize=8, ncols=1 + len(groups.names) // 8)


def _draw_components(numbers: Numbers, path: Path) -> Structure:
    pca, points = _components(numbers)
    shares = pca.explained_variance_ratio_
    with figure(path, (10.4, 4.8)) as fig:
        fig.suptitle(numbers.title, fontsize=12)
        left, right = fig.subplots(1, 2, width_ratios=[3, 2])
        _scatter(left, pca, points, numbers.groups)
        places = np.arange(1, len(shares) + 1)
        right.bar(places, 100 * shares, color=BLUE, label="of each component")
        right.plot(places, 100 * np.cumsum(shares), "o-", color=ORANGE, label="of all up to it")
        right.set(xlabel="component", ylabel="% of the variance", ylim=(0, 104))
        right.set_xticks(places)
        right.legend()
    header = ("component", "variance", "together", "columns with the largest weights")
    rows = [
        (str(at + 1), f"{share:.1%}", f"{total:.1%}", _weights(numbers, pca.components_[at]))
        for at, (share, total) in enumerate(zip(shares, np.cumsum(shares), strict=True))
    ]
    return Structure((header, *rows), notices=numbers.notices)


def _weights(numbers: Numbers, weights: Array) -> str:
    order = np.argsort(-abs(weights), kind="stable")[:MOST_COLUMNS]
    return ", ".join(f"{shortened(numbers.columns[at], 24)} {weights[at]:+.2f}" for at in order)


def _draw_clusters(numbers: Numbers, path: Path, count: int | None) -> Structure:
    from sklearn.metrics import adjusted_rand_score

    classes = len(numbers.groups.names)
    has_classes = classes > 1
    sentences = []
    if count is None and has_classes:
        count = classes
    elif count is None:
        count, silhouette = _most_distinct(numbers.values)
        sentences.append(
            f"{count} clusters are the most distinct of {CLUSTERS[0]} to {CLUSTERS[-1]} "
            f"(silhouette {silhouette:.2f})"
        )
    labels = _labels(numbers.values, count)
    if has_classes and count == classes:
        labels = _numbered_as_classes(labels, numbers.groups.codes, count)
    names = tuple(f"cluster {at + 1}" for at in range(count))
    shades = colours(count) if count <= MAX_COLOURS else colours(MAX_COLOURS) * count
    clusters = Groups(names, labels, tuple(shades[:count]))
    pca, points = _components(numbers)
    title = f"{count} clusters of k-means"
    if has_classes:
        rand = adjusted_rand_score(numbers.groups.codes, labels)
        title += f", adjusted Rand index {rand:.2f}"
        sentences.append(
            f"adjusted Rand index {rand:.4f}: 1 if clusters and classes are the same, "
            "about 0 if they have nothing in common"
        )
    with figure(path, (11.0 if has_classes else 6.4, 5.0)) as fig:
        fig.suptitle(numbers.title, fontsize=12)
        panels = fig.subplots(1, 1 + has_classes, squeeze=False, sharey=True)[0]
        if has_classes:
            _scatter(panels[0], pca, points, numbers.groups, "classes")
        _scatter(panels[-1], pca, points, clusters, title)
    table = _counts(numbers.groups if has_classes else None, clusters)
    return Structure(table, tuple(sentences), numbers.notices)


def _labels(values: Array, count: int) -> Array:
    """Return the cluster of each row; the largest cluster is the first."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):  # threads take longer than they save
        labels = KMeans(count, n_init=10, random_state=0).fit_predict(values)
    sizes = np.bincount(labels, minlength=count)
    places = np.empty(count, int)
    places[np.argsort(-sizes, kind="stable")] = np.arange(count)
    return np.asarray(places[labels])


def _numbered_as_classes(labels: Array, codes: Array, count: int) -> Array:
    """Give each cluster the number, and so the colour, of the class that it resembles most."""
    from scipy.optimize import linear_sum_assignment

    shared = np.zeros((count, count))
    np.add.at(shared, (labels, codes), 1)
    _, numbers = linear_sum_assignment(-shared)
    return np.asarray(numbers[labels])


def _most_distinct(values: Array) -> tuple[int, float]:
    """Return the number of clusters with the largest mean silhouette, and the silhouette."""
    from sklearn.metrics import silhouette_score

    scores = {}
    for count in CLUSTERS:
        if count < len(values) - 1:
            labels = _labels(values, count)
            size = min(SILHOUETTE_ROWS, len(values))
            part = np.random.default_rng(0).permutation(len(values))[:size]
            if 1 < len(np.unique(labels[part])) < size:
                scores[count] = float(silhouette_score(values[part], labels[part]))
    best = max(scores, key=lambda count: scores[count], default=CLUSTERS[0])
    return best, scores.get(best, float("nan"))


def _counts(classes: Groups | None, clusters: Groups) -> tuple[tuple[str, ...], ...]:
    """Return how many rows of each class are in each cluster."""
    sizes = np.bincount(clusters.codes, minlength=len(clusters.names))
    if classes is None:
        rows = [(name, str(size)) for name, size in zip(clusters.names, sizes, strict=True)]
        return (("cluster", "rows"), *rows)
    crossed = [
        (
            name,
            str(sizes[at]),
            *(str(np.sum(part == at)) for part in classes.split(clusters.codes)),
        )
        for at, name in enumerate(clusters.names)
    ]
    return (("cluster", "rows", *classes.names), *crossed)


def _draw_anomalies(numbers: Numbers, path: Path) -> Structure:
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(random_state=0).fit(numbers.values)
    scores = -forest.score_samples(numbers.values)
    first = np.argsort(-scores, kind="stable")[:MOST_ANOMALIES]
    pca, points = _components(numbers)
    with figure(path, (7.2, 5.4)) as fig:
        axes = fig.add_subplot()
        title = f"{numbers.title}\nthe {len(first)} rows with the highest anomaly scores"
        _scatter(axes, pca, points, numbers.groups, title)
        axes.title.set_fontsize(11)
        axes.scatter(
            points[first, 0], points[first, 1], s=70, facecolors="none", edgecolors="black"
        )
        for at in first:
            axes.annotate(
                str(numbers.rows[at]),
                (points[at, 0], points[at, 1]),
                (6, 4),
                textcoords="offset points",
                fontsize=8,
            )
    rows = [(str(numbers.rows[at]), f"{scores[at]:.3f}", _extremes(numbers, at)) for at in first]
    above = int(np.sum(scores > 0.5))
    verb = "has" if above == 1 else "have"
    sentence = f"{plural(above, 'row')} of {len(scores):,} {verb} a score above 0.5"
    header = ("row", "score", "columns that differ most, in standard deviations from the mean")
    return Structure((header, *rows), (sentence,), numbers.notices)


def _extremes(numbers: Numbers, row: int) -> str:
    values = numbers.values
    spread = values.std(axis=0)
    distances = (values[row] - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    order = np.argsort(-abs(distances), kind="stable")[:MOST_COLUMNS]
    return ", ".join(f"{shortened(numbers.columns[at], 24)} {distances[at]:+.1f}" for at in order)
