"""The metadata of a model that was just trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.config.own_components import used_own
from dlcli.models.metadata import Metadata
from dlcli.network.environment import versions
from dlcli.preparation.calibration import Calibration
from dlcli.preparation.column_summaries import summarize_columns
from dlcli.preparation.preprocessor import Preprocessor
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.preparation.targets import output_kind
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.preparation.prepare import Prepared


def make_metadata(
    prepared: Prepared,
    preprocessor: Preprocessor,
    target_preprocessor: TargetPreprocessor,
    data: Mapping[str, Any],
    digest: str,
    calibration: Calibration | None = None,
    rows: Array | None = None,
) -> Metadata:
    """Return the metadata of a trained model.

    Parameters
    ----------
    prepared : Prepared
    preprocessor : Preprocessor
    target_preprocessor : TargetPreprocessor
    data : mapping
        From `dlcli.runs.description.describe_data`, as plain data.
    digest : str
        SHA-256 of the weights.
    calibration : Calibration, optional
    rows : ndarray of int, optional
        Training rows, whose columns are summarized.
    """
    config, dataset = prepared.config, prepared.dataset
    return Metadata(
        name=config.name,
        target=dataset.target,
        columns=() if preprocessor.shape else dataset.columns,
        dialect=dataset.dialect,
        medium=dataset.medium,
        preprocess=preprocessor.to_json(),
        target_preprocess=target_preprocessor.to_json(),
        output=output_kind(dataset.target, config.loss),
        calibration=calibration,
        summaries=() if rows is None else summarize_columns(dataset, rows),
        config=_portable(config.plain()),
        data=dict(data),
        sampled=dataset.sampled,
        own_components={item.name: Path(item.file).name for item in used_own(config)},
        versions=versions(),
        weights_sha256=digest,
    )


def _portable(plain: dict[str, Any]) -> dict[str, Any]:
    """Replace the path of the data by the file's name, since model files are shared."""
    dataset = plain["dataset"]
    if isinstance(dataset, dict):
        loader, arguments = next(iter(dataset.items()))
        if "path" in arguments:
            portable = {**arguments, "path": Path(arguments["path"]).name}
            return {**plain, "dataset": {loader: portable}}
    return plain
