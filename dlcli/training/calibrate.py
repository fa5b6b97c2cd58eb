"""Fit to the validation rows what follows the network: calibration, and thresholds of labels."""

from __future__ import annotations

from dataclasses import replace

from dlcli.config.sections import Config
from dlcli.errors import DatasetError, plural
from dlcli.preparation.calibration import (
    DEFAULT_COVERAGE,
    fit_intervals,
    fit_temperature,
    least_rows,
)
from dlcli.preparation.labels import best_thresholds
from dlcli.preparation.targets import output_kind
from dlcli.training.session import Session
from dlcli.types import Array


def _coverage(config: Config) -> float:
    """Return the wanted coverage of intervals; 0 without calibration."""
    return DEFAULT_COVERAGE if config.calibrate is True else float(config.calibrate)


def check_calibration(session: Session) -> None:
    """Check that there are enough validation rows, if the config wants calibration.

    Raises
    ------
    DatasetError
    """
    coverage = _coverage(session.prepared.config)
    rows = len(session.split.validation)
    if not coverage or rows >= least_rows(coverage):
        return
    count = f"there {'is' if rows == 1 else 'are'} {plural(rows, 'validation row')}"
    raise DatasetError(
        f"calibrate: a coverage of {coverage:g} needs {least_rows(coverage)} validation rows; "
        f"{count}",
        hint="set a larger share, as in `split: {validation: 0.2}`",
    )


def calibrate(session: Session) -> None:
    """Fit the calibration of a trained model, if the config wants it."""
    config, target = session.prepared.config, session.prepared.dataset.target
    coverage = _coverage(config)
    if not coverage:
        return
    y, kind = session.y("validation"), output_kind(target, config.loss)
    outputs = session.predictor(session.x("validation"))
    if kind == "value":
        y = session.target_preprocessor.transform(y, target)
        session.calibration = fit_intervals(outputs, y, coverage)
    elif kind == "score" or (kind == "probability" and not _are_shares(outputs)):
        session.notices.append("not calibrated: the outputs are no probabilities")
    else:
        session.calibration = fit_temperature(outputs, y, target, kind, coverage)


def tune_thresholds(session: Session) -> None:
    """Choose the threshold of each label, if the config wants it."""
    config, dataset = session.prepared.config, session.prepared.dataset
    if config.thresholds != "tune" or "validation" not in session.rows:
        return
    outputs = session.outputs(session.x("validation"))
    kind = output_kind(dataset.target, config.loss)
    values = best_thresholds(session.y("validation"), outputs, kind)
    target = replace(dataset.target, thresholds=values)
    session.prepared = replace(session.prepared, dataset=replace(dataset, target=target))


def _are_shares(outputs: Array) -> bool:
    return bool(((outputs >= 0) & (outputs <= 1)).all())
