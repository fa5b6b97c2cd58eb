"""A model card: Markdown with the front matter of the Hugging Face Hub."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlcli.config.yaml_text import dump
from dlcli.errors import DlcliError, ModelFileError, plural
from dlcli.files import file_sha256
from dlcli.models.file import read_model_file
from dlcli.models.limits import DEFAULT, Limits
from dlcli.models.loading import find_model
from dlcli.models.metadata import Metadata
from dlcli.reports.results import PartResult, TrainResults, accuracy_interval, read_results
from dlcli.reports.run_facts import InputKind, RunFacts, input_kind, read_run_facts
from dlcli.reports.templating import render
from dlcli.runs.finding import existing_run, named_run
from dlcli.runs.records import read_record

# The Hub's names of tasks; kinds of models for which it has none are left out.
PIPELINES: dict[tuple[InputKind, str], str] = {
    ("table", "classification"): "tabular-classification",
    ("table", "multilabel"): "tabular-classification",
    ("table", "regression"): "tabular-regression",
    ("image", "classification"): "image-classification",
    ("image", "multilabel"): "image-classification",
    ("text", "classification"): "text-classification",
    ("text", "multilabel"): "text-classification",
    ("audio", "classification"): "audio-classification",
    ("audio", "multilabel"): "audio-classification",
    ("series", "regression"): "time-series-forecasting",
}
LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,49}")
MAX_NAMES, FEW_ROWS = 30, 100
# The directory of the best trial in the run of `tune`.
BEST = "best"


def card(run: str | os.PathLike[str], *, license: str = "", limits: Limits = DEFAULT) -> str:  # noqa: A002
    """Return the model card of a run.

    It states what the run has recorded, and nothing else: the licence of the model is not among
    these facts, so that the Hub's key ``license`` is there only if it is named.

    Parameters
    ----------
    run : path
        A run of `train` or `tune`, or the name of runs in ``./runs``, whose latest is meant.
    license : str
        The Hub's identifier of the licence of the model, such as ``"apache-2.0"``.
    limits : Limits
        Largest size of the model file.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    DlcliError
        If the run has no model, is damaged, or Jinja2 is not installed.
    """
    if license and not LICENSE.fullmatch(license):
        raise DlcliError(
            f"licence {license!r}: expected an identifier of letters, digits, '.', '+' and '-'",
            hint="for example apache-2.0, mit or cc-by-4.0; `other` for one without identifier",
        )
    facts = read_run_facts(run_with_model(run))
    path = find_model(facts.path)
    metadata = read_model_file(path, limits).metadata
    if metadata is None:
        raise ModelFileError(f"{path} was written by plain Keras: it says nothing of its training")
    results = read_results(facts.path, TrainResults)
    return render("card.md", _values(facts, path, metadata, results, license), is_html=False)


def run_with_model(run: str | os.PathLike[str]) -> Path:
    """Return the directory of a training, or that of the best trial of a search.

    Raises
    ------
    DlcliError
        If it is a run of another kind.
    """
    path = named_run(run) or existing_run(Path(run))
    kind = read_record(path).kind
    if kind == "tune" and (path / BEST).is_dir():
        return path / BEST
    if kind != "train":
        raise DlcliError(
            f"{path} is a run of `dlcli {kind}`, which has no model",
            hint=f"`dlcli train` makes one; `dlcli report {path}` reports on this run",
        )
    return path


def _values(
    facts: RunFacts, path: Path, metadata: Metadata, results: TrainResults, license_id: str
) -> dict[str, Any]:
    target, known = metadata.target, facts.known
    names = [column.name for column in metadata.columns]
    shape = tuple(metadata.preprocess.get("shape") or ())
    baselines = facts.baselines()
    return {
        "front_matter": dump(_front_matter(facts, metadata, results, license_id)).strip(),
        "name": facts.name,
        "note": facts.notes.note,
        "summary": known.title if known else "",
        "target": target,
        "outputs": _some(target.outputs if target.is_several else target.class_names),
        "inputs": _some(names),
        "columns": len(names),
        "kind": input_kind(metadata),
        "shape": " × ".join(map(str, shape)),
        "known": known,
        "record": facts.record,
        "parts": results.parts,
        "held_out": results.parts.get(results.held_out),
        "part": results.held_out,
        "metrics": [*dict.fromkeys(n for part in results.parts.values() for n in part.metrics)],
        "interval": _interval(results),
        "calibration": metadata.calibration,
        "baselines": baselines[1] if baselines else None,
        "limits": [*_limits(facts, metadata, results)],
        "model": path.name,
        "sha256": file_sha256(path),
        "config": dump({**metadata.config}).strip(),
        "command": facts.command,
    }


def _some(names: tuple[str, ...] | list[str]) -> tuple[list[str], int]:
    """Return the first names, and the number of the others."""
    return [*names[:MAX_NAMES]], max(0, len(names) - MAX_NAMES)


def _front_matter(
    facts: RunFacts, metadata: Metadata, results: TrainResults, license_id: str
) -> dict[str, Any]:
    """Return the Hub's metadata; what is not known is left out."""
    kind, task = input_kind(metadata), metadata.target.task
    pipeline = PIPELINES.get((kind, task))
    values: dict[str, Any] = {"license": license_id} if license_id else {}
    values["library_name"] = "keras"
    tags = ["keras", "dlcli", {"table": "tabular"}.get(kind, kind), task, *facts.notes.tags]
    values["tags"] = [*dict.fromkeys(tags)]
    if pipeline:
        values["pipeline_tag"] = pipeline
    test = results.test
    if test is None or results.sample:
        return values
    measured = {
        name: value for name, value in test.metrics.items() if name != "loss" and value is not None
    }
    if not measured:
        return values
    values["metrics"] = [*measured]
    # The Hub has an identifier for every task that it shows results of.
    dataset = {"name": facts.record.data.name, "type": facts.record.data.name, "split": "test"}
    values["model-index"] = [
        {
            "name": facts.name,
            "results": [
                {
                    "task": {"type": pipeline or task},
                    "dataset": dataset,
                    "metrics": [
                        {"type": name, "value": value, "name": f"test {name}"}
                        for name, value in measured.items()
                    ],
                }
            ],
        }
    ]
    return values


def _interval(results: TrainResults) -> tuple[float, float] | None:
    """Return the 95 % interval of the accuracy on the held-out rows."""
    part = results.parts.get(results.held_out)
    if part is None or part.right is None or not part.rows or results.held_out == "train":
        return None
    return accuracy_interval(part.right, part.rows)


def _limits(facts: RunFacts, metadata: Metadata, results: TrainResults) -> Iterator[str]:
    """Yield what the figures do not say; each sentence follows from a fact of the run."""
    record, part = facts.record, results.parts.get(results.held_out)
    if results.sample or record.sample:
        yield "The model was trained on generated sample rows: its figures mean nothing."
    if record.status != "finished":
        yield f"The training was {record.status} after {plural(record.epochs or 0, 'epoch')}."
    if results.held_out == "train":
        yield "No rows were held out, so that the figures are those of the training rows."
    elif part is not None:
        rows = plural(part.rows, f"{results.held_out} row")
        yield f"It was scored on {rows} of the same data; rows of other sources were not measured."
        if part.rows < FEW_ROWS:
            yield f"With {rows}, the figures are uncertain."
    if results.held_out == "validation":
        yield "The training may have been guided by the validation rows, so that they are too good."
    if record.scored_rows is not None and record.scored_rows.times > 1:
        yield (
            f"The test rows have been scored {record.scored_rows.times} times in this folder of "
            "runs: the best of several looks is too good."
        )
    if part is not None:
        yield from _class_limits(part)
    if metadata.calibration is None and metadata.output in ("probability", "logit"):
        yield "Its probabilities are not calibrated."
    if metadata.own_components:
        names = ", ".join(metadata.own_components)
        yield f"It has components that are not Keras's own ({names}); training needs their code."


def _class_limits(part: PartResult) -> Iterator[str]:
    """Yield the class, or label, that is recognized least, and those that were not scored."""
    classes = part.classes or part.labels
    recalls = {n: c.recall for n, c in classes.items() if c.support and c.recall is not None}
    if recalls and min(recalls.values()) < 1:
        name = min(recalls, key=lambda name: recalls[name] or 0.0)
        support = classes[name].support
        right = round((recalls[name] or 0.0) * support)
        yield f"{name!r} is recognized least: {right} of its {plural(support, 'row')}."
    absent = [name for name, scores in classes.items() if not scores.support]
    if absent:
        listed = ", ".join(map(repr, absent[:MAX_NAMES]))
        yield f"No scored row had {listed}."
