"""A report on a run: one HTML file that needs nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dlcli.errors import check_choice
from dlcli.models.loading import LoadedModel, load_model
from dlcli.reports.blocks import Section
from dlcli.reports.card import BEST
from dlcli.reports.material import Material, gather
from dlcli.reports.sections import (
    classes,
    comparisons,
    data,
    folds,
    numbers,
    overview,
    reproduction,
    search,
    training,
    worst,
)
from dlcli.reports.templating import check_jinja2, render
from dlcli.reports.texts import LANGUAGES, Language, Texts
from dlcli.runs.finding import existing_run, named_run
from dlcli.runs.records import read_record
from dlcli.version import __version__

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    overview.overview,
    folds.folds,
    folds.sizes,
    search.search,
    data.data,
    data.split,
    training.config,
    training.training,
    training.scores,
    classes.classes,
    numbers.numbers,
    worst.worst,
    classes.calibration,
    comparisons.baselines,
    comparisons.importance,
    reproduction.reproduction,
)
# Of the best trial of a search, beside the sections on the search itself.
FINAL: tuple[Callable[[Material], Section | None], ...] = (
    overview.overview, training.training, training.scores, classes.classes, numbers.numbers,
    worst.worst, classes.calibration, comparisons.baselines, comparisons.importance,
)  # fmt: skip


def _no_status(_: str) -> None:
    """Default callback: do nothing."""


def model_of_run(run: str | os.PathLike[str]) -> Path | None:
    """Return the run that has the model that a report uses: the run itself, or the best trial."""
    path = named_run(run) or existing_run(Path(run))
    kind = read_record(path).kind
    inside = path / BEST if kind == "tune" else path
    has_model = any((inside / name).is_file() for name in ("model.keras", "model.h5"))
    return inside if has_model and kind in ("train", "tune") else None


def report(
    run: str | os.PathLike[str],
    *,
    data: str | os.PathLike[str] | None = None,
    lang: Language = "en",
    baselines: bool | None = None,
    importance: bool | None = None,
    model: LoadedModel | None = None,
    on_status: Callable[[str], None] = _no_status,
) -> str:
    """Return a report on a run as one HTML page, which needs no network and no script.

    Parameters
    ----------
    run : path
        A run directory, or the name of runs in ``./runs``, whose latest is meant.
    data : path, optional
        Where the data of the run are now, if they were moved.
    lang : {"en", "ko"}
        Language of the sentences; messages of the checks are English.
    baselines : bool, optional
        Whether to fit scikit-learn models on the training rows and score them on the same rows as
        the network. Default: for tables and texts of up to 2 million training values; not for
        recordings and series.
    importance : bool, optional
        Whether to compute the permutation importance of the columns. Default: for tables.
    model : LoadedModel, optional
        The model of the run, if it is loaded already.
    on_status : callable, optional
        Called with a line before work that takes longer.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    DlcliError
        If it is no run, the run is damaged or still running, or Jinja2 is not installed.
    """
    check_choice("lang", lang, LANGUAGES)
    check_jinja2()
    path = named_run(run) or existing_run(Path(run))
    with_model = model_of_run(path)
    if model is None and with_model is not None:
        model = load_model(with_model)
    say = Texts(lang)

    def material_of(part: Path, loaded: LoadedModel | None) -> Material:
        return gather(
            part, say, loaded, data=data, baselines=baselines, importance=importance,
            on_status=on_status,
        )  # fmt: skip

    material = material_of(path, model if with_model == path else None)
    sections = _sections(SECTIONS, material)
    if with_model is not None and with_model != path:
        best = _sections(FINAL, material_of(with_model, model))
        sections[-1:-1] = [
            replace(part, key=f"{BEST}-{part.key}", title=say("page.best", title=part.title))
            for part in best
        ]
    return render("report.html", _values(material, sections), is_html=True)


def _sections(
    writers: Sequence[Callable[[Material], Section | None]], material: Material
) -> list[Section]:
    return [section for write in writers if (section := write(material)) is not None]


def _values(material: Material, sections: Sequence[Section]) -> dict[str, Any]:
    say, record = material.say, material.facts.record
    date = record.started.partition("T")[0]
    return {
        "lang": say.language,
        "title": say("page.title", name=material.facts.name),
        "subtitle": say(
            "page.subtitle", kind=say.word("kinds", record.kind), date=date,
            status=say.word("statuses", record.status), run=material.facts.shown_path,
        ),
        "tags": material.facts.notes.tags,
        "contents": say("page.contents"),
        "footer": say("page.footer", version=__version__),
        "sections": sections,
    }  # fmt: skip
