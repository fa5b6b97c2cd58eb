"""The sentences below the table of ``dlcli baseline``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dlcli.cli.formatting import enumeration
from dlcli.number_text import number

if TYPE_CHECKING:
    from dlcli.experiments.baseline.comparison import Comparison, ScoredModel
    from dlcli.experiments.baseline.result import BaselineResult


def sentences(result: BaselineResult) -> Iterator[str]:
    """Summarise a comparison in words.

    Yields
    ------
    str
        Whether the network fails to beat the majority class or the mean, which models it beats,
        which beat it, which differences are not significant, and which have no p-value, and why.
    """
    if result.unbeaten is not None:
        score = number(result.unbeaten.mean)
        if result.metric != "accuracy":
            score = f"RMSE {score} {result.unit}".rstrip()
        yield (
            f"The network does not beat the {result.unbeaten.name} ({score}): it has learned "
            f"nothing that improves {result.metric_name}."
        )
    if result.test is None:
        yield "Such scores of a single split have no p-values; use --folds to compute them."
        return
    better, worse, chance = (
        [row for row in result.models if row.verdict == verdict]
        for verdict in ("better", "worse", "chance")
    )
    if better:
        yield f"The network beats {enumeration(list(map(_model_with_p, better)))}."
    if worse:
        yield f"The network is beaten by {enumeration(list(map(_model_with_p, worse)))}."
    equal = [row for row in chance if _is_equal(result.network, row.model)]
    chance = [row for row in chance if row not in equal]
    if chance:
        models = enumeration(list(map(_model, chance)))
        verb = "differences to {} are" if len(chance) > 1 else "difference to {} is"
        values = sorted({p_value(row.p) for row in chance})
        sign = "≥" if len(values) > 1 else "="
        yield f"The {verb.format(models)} not significant (p {sign} {values[0]})."
    if equal:
        places = "in every fold" if len(result.network.scores) > 1 else "on these rows"
        yield f"The network scores the same as {_names(equal)} {places}."
    yield from _untested_sentences([row for row in result.models if row.verdict == "untested"])


def _is_equal(network: ScoredModel, model: ScoredModel) -> bool:
    """Tell whether two models have the same score in every fold, but for rounding."""
    return all(
        math.isclose(own, other, rel_tol=0, abs_tol=1e-12)
        for own, other in zip(network.scores, model.scores, strict=True)
    )


def _untested_sentences(rows: Sequence[Comparison]) -> Iterator[str]:
    """Say why differences have no p-value."""
    missing = [row for row in rows if math.isnan(row.model.mean)]
    constant = [row for row in rows if not math.isnan(row.model.mean)]
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        yield f"No comparison with {_names(missing)}, which {verb} no score."
    if constant:
        differences = ", ".join(f"{_model(row)} {signed_difference(row)}" for row in constant)
        yield (
            "The difference is the same everywhere, so that its spread is unknown and there is no "
            f"p-value: {differences}."
        )


def _names(rows: Sequence[Comparison]) -> str:
    return enumeration(list(map(_model, rows)))


def _model(row: Comparison) -> str:
    return f"the {row.model.name}" if row.model.trivial else row.model.name


def _model_with_p(row: Comparison) -> str:
    p = "p < 0.001" if row.p < 0.001 else f"p = {row.p:.3f}"
    p = f"p = {row.p:.4f}" if p == "p = 0.050" else p  # below the threshold, as the verdict says
    return f"{_model(row)} ({signed_difference(row)}, {p})"


def signed_difference(row: Comparison) -> str:
    """Return what the network has more than a model, with the decimals of the scores."""
    sign = "−" if row.difference < 0 else "+" if row.difference >= 0 else ""
    return sign + with_decimals_of(row.model.mean, abs(row.difference))


def with_decimals_of(score: float, value: float) -> str:
    """Format `value` with the decimals that `number` gives to `score`."""
    text = number(score)
    if value != value or "e" in text:
        return number(value)
    return f"{value:.{len(text.partition('.')[2])}f}"


def p_value(p: float) -> str:
    """Return a p-value for a table; NaN is a dash."""
    if p != p:
        return "–"
    return "<0.001" if p < 0.001 else f"{p:.3f}"
