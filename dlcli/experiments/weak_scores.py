"""Say when a model is no better than a guess, and what to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlcli.errors import plural
from dlcli.network.scores import Scores

FEW_EPOCHS = 4
# Labels that are ranked better are learned, although their probabilities stay below 0.5.
MIN_ROC_AUC = 0.6
# Loss that falls by less than this share over the last quarter of the epochs does not fall.
STILL_FALLING = 0.02


def weak_score_notice(
    scores: Scores, rows: str, history: Mapping[str, Sequence[float]] | None = None
) -> str | None:
    """Return a notice if the model is not better than a constant prediction, else None.

    Parameters
    ----------
    scores : Scores
        Of rows that were not trained on, if there are any.
    rows : str
        What these rows are, as in ``"test rows"``.
    history : mapping, optional
        The metrics of each epoch, for the advice.
    """
    if scores.labels:
        reason = _labels(scores, rows)
    else:
        reason = _classification(scores, rows) if scores.classes else _regression(scores, rows)
    if reason is None:
        return None
    return f"{reason}; {_advice((history or {}).get('loss', ()))}"


def _advice(losses: Sequence[float]) -> str:
    """Return what to try, by the losses of the epochs."""
    more = "try more, as in `--set fit.epochs=…`"
    if 0 < len(losses) < FEW_EPOCHS:
        return f"{plural(len(losses), 'epoch')} may be too few: {more}"
    if losses and losses[-1] < (1 - STILL_FALLING) * losses[-1 - len(losses) // 4]:
        return f"the loss is still falling, so the epochs are too few: {more}"
    return "try another learning rate or more units; `dlcli baseline` shows what others reach"


def _regression(scores: Scores, rows: str) -> str | None:
    r2 = scores.metrics.get("r2")
    if r2 is None or not r2 < 0:
        return None
    return f"R² is {_two_decimals(r2)} for the {rows}: their mean would be the better prediction"


def _labels(scores: Scores, rows: str) -> str | None:
    """Compare with the prediction of each label's more frequent value for all rows."""
    right = float(np.mean([label.accuracy for label in scores.labels]))
    shares = [label.support / scores.rows for label in scores.labels]
    constant = float(np.mean([max(share, 1 - share) for share in shares]))
    ranked = [label.roc_auc for label in scores.labels if not np.isnan(label.roc_auc)]
    if right > constant or not ranked or float(np.mean(ranked)) > MIN_ROC_AUC:
        return None
    return (
        f"the accuracy of the labels, {right:.2f} for the {rows}, is not above that of the same "
        f"labels for every row, {constant:.2f}"
    )


def _classification(scores: Scores, rows: str) -> str | None:
    confusion = np.array(scores.confusion)
    support = confusion.sum(axis=1)
    largest = int(support.argmax())
    right, count = int(confusion.trace()), int(support.sum())
    if right > support[largest] or support[largest] == count:
        return None
    share, name = support[largest] / count, scores.classes[largest].name
    largest_class = f"the share of the largest class {name!r}, {share:.2f}"
    return f"accuracy {right / count:.2f} for the {rows} is not above {largest_class}"


def _two_decimals(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 1e5 else f"{value:.3g}"
