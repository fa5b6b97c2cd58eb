"""What is said about the data before a training."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.preparation.prepare import row_notices, scale_notice
from dlcli.preparation.variation import outlier_notices
from dlcli.training.session import Session

VALIDATED_ON_TEST = (
    "the validation rows are the test rows (`split: {validation: test}`): a training that is "
    "stopped or chosen by them scores too well"
)


def data_notices(sessions: Sequence[Session]) -> list[str]:
    """Return all notices about the data before a training, as `split_notices` does, and its own."""
    first = sessions[0]
    notices = [*first.prepared.notices, *split_notices(sessions), *_loss_notices(first)]
    if first.prepared.config.split.validates_on_test:
        notices.append(VALIDATED_ON_TEST)
    return notices


def split_notices(sessions: Sequence[Session]) -> list[str]:
    """Describe what is suspicious about the training rows of a split, or of all folds.

    Parameters
    ----------
    sessions : sequence of Session
        Of one data set; input scale and repeated rows are checked in the first.

    Raises
    ------
    DatasetError
        If inputs are too large for a network.
    """
    first = sessions[0]
    x, dataset = first.x("train"), first.prepared.dataset
    layers, is_image = first.prepared.config.model, dataset.medium.kind == "image"
    scale = scale_notice(x, first.preprocessor, layers, is_image=is_image)
    is_known = first.prepared.config.dataset.known
    outliers = (
        [] if is_known else outlier_notices(x, first.preprocessor, dataset, first.split.train)
    )
    rows = row_notices(first.prepared, [session.split for session in sessions])
    return [*rows, *filter(None, [scale]), *outliers]


def _loss_notices(session: Session) -> list[str]:
    """Say in which unit the loss of a training is, if the target is preprocessed."""
    steps = session.target_preprocessor.steps
    if not steps:
        return []
    names = " and ".join(step.name for step in steps)
    target = session.prepared.dataset.target
    loss = f"the loss is that of the target after {names}"
    return [f"{loss}; metrics and predictions are in the unit of {target.name!r}"]
