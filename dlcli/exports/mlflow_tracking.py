"""Log a training to MLflow: parameters, metrics of each epoch, the model, pictures."""

from __future__ import annotations

import csv
import json
import logging
import math
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dlcli.errors import DlcliError, first_line, missing_package
from dlcli.exports.mlflow_folder import write_mlflow
from dlcli.models.loading import load_model
from dlcli.runs.changed_keys import read_plain_config
from dlcli.training.progress import Progress
from dlcli.version import __version__

SECONDS_BETWEEN_BATCHES = 1.0
MAX_PARAMETERS, MAX_METRICS, MAX_TEXT = 100, 1000, 6000  # of a request, in MLflow's limits
MAX_REASON = 240
ARTIFACTS = ("config.yaml", "history.csv", "metrics.json", "folds.csv", "predictions.csv", "*.png")
# Nothing but the address that was named is called, and not for minutes.
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
Status = Literal["FINISHED", "FAILED", "KILLED"]


class MlflowTracker:
    """A run of MLflow that a training fills.

    Parameters
    ----------
    uri : str
        Where MLflow stores its runs, as in ``sqlite:///mlflow.db`` or ``http://host:5000``.
    name : str
        Of the experiment, which is created if there is none.

    Raises
    ------
    DlcliError
        If MLflow is not installed, or the store cannot be opened.
    """

    def __init__(self, uri: str, name: str) -> None:
        self.uri = uri
        self._client = _client(uri)
        self._metrics: list[Any] = []
        self._epochs: set[int] = set()
        self._sent = time.monotonic()
        self._failure = ""
        try:
            known = self._client.get_experiment_by_name(name)
            number = known.experiment_id if known else self._client.create_experiment(name)
            self.run = self._client.create_run(number, tags={"dlcli": __version__}).info.run_id
        except Exception as error:  # of a store or of the network
            raise _unreachable(uri, error) from error

    def __call__(self, progress: Progress) -> None:
        """Take the metrics at the end of an epoch."""
        if not progress.epoch_done:
            return
        if progress.fold:
            self._add(progress.logs, progress.epoch, f"fold_{progress.fold}/")
        elif progress.copies:
            for copy, logs in progress.copies.items():
                self._add(logs, progress.epoch, f"fold_{copy + 1}/")
        else:
            self._add(progress.logs, progress.epoch)
            self._epochs.add(progress.epoch)
        if time.monotonic() - self._sent >= SECONDS_BETWEEN_BATCHES:
            self._send()

    def finish(self, run: Path, model: Path | None, status: Status) -> list[str]:
        """Log a run directory: config, scores, pictures and the model; end the run of MLflow.

        Parameters
        ----------
        run : Path
        model : Path or None
            The model file.
        status : {"FINISHED", "KILLED"}

        Returns
        -------
        list of str
            A notice if something could not be logged: the training is not lost.
        """
        try:
            self._log_parameters(read_plain_config(run))
            for epoch, metrics in _history(run / "history.csv"):
                if epoch not in self._epochs:  # of a run that was resumed
                    self._add(metrics, epoch)
            self._add(_final_metrics(run / "metrics.json"), 0)
            self._send()
            self._client.set_tag(self.run, "mlflow.runName", f"{run.parent.name}/{run.name}")
            for pattern in ARTIFACTS:
                for path in sorted(run.glob(pattern)):
                    self._client.log_artifact(self.run, str(path))
            if model is not None:
                self._log_model(model)
            self._client.set_terminated(self.run, status)
        except Exception as error:  # noqa: BLE001 (a store must not cost the training)
            self._failure = self._failure or first_line(error)
        if self._failure:
            return [f"MLflow at {self.uri} has only a part of the run: {self._failure}"]
        return []

    def fail(self, status: Status) -> None:
        """End the run of MLflow after an error."""
        with suppress(Exception):
            self._send()
            self._client.set_terminated(self.run, status)

    def remove(self) -> None:
        """Remove the run of MLflow, of a training that did not begin."""
        with suppress(Exception):
            self._client.delete_run(self.run)

    def _add(self, metrics: Mapping[str, Any], step: int, prefix: str = "") -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._metrics += [
            Metric(_key(f"{prefix}{name}"), float(value), now, step)
            for name, value in metrics.items()
            if value is not None and math.isfinite(float(value))
        ]

    def _send(self) -> None:
        """Log the metrics that wait; after a failure they wait for the next time."""
        self._sent = time.monotonic()
        try:
            while self._metrics:
                self._client.log_batch(self.run, metrics=self._metrics[:MAX_METRICS])
                del self._metrics[:MAX_METRICS]
        except Exception as error:  # noqa: BLE001 (a store must not cost the training)
            self._failure = first_line(error)
        else:
            self._failure = ""

    def _log_parameters(self, config: Any) -> None:
        from mlflow.entities import Param

        items = [Param(_key(key), str(value)[:MAX_TEXT]) for key, value in flattened(config)]
        for start in range(0, len(items), MAX_PARAMETERS):
            self._client.log_batch(self.run, params=items[start : start + MAX_PARAMETERS])

    def _log_model(self, model: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="dlcli-") as folder:
            path = Path(folder) / "model"
            write_mlflow(load_model(model), path)
            self._client.log_artifacts(self.run, str(path), "model")


def _client(uri: str) -> Any:
    if find_spec("mlflow") is None:
        raise missing_package("--mlflow needs", "MLflow", "mlflow")
    if urlsplit(uri).password:
        raise DlcliError(
            "--mlflow: the address has a password, which would stay in run.json",
            hint="leave it out, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        return MlflowClient(tracking_uri=uri)
    except Exception as error:
        raise _unreachable(uri, error) from error


def _unreachable(uri: str, error: Exception) -> DlcliError:
    hint = "name a database, as in sqlite:///mlflow.db, or the address of a server"
    reason = first_line(error)
    reason = f"{reason[:MAX_REASON]}…" if len(reason) > MAX_REASON else reason
    return DlcliError(f"--mlflow {uri}: {reason}", hint=hint)


def flattened(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of a config with their keys, as in ``fit.epochs`` and ``model.0.Dense``."""
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield key, value
    for name, item in items:
        yield from flattened(item, f"{key}.{name}" if key else str(name))


def _key(name: str) -> str:
    """Return a name with the characters that MLflow allows."""
    return re.sub(r"[^\w\-. :/]", "_", name)[:250]


def _history(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the epochs of a history with their metrics."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            epoch = int(row.pop("epoch"))
            yield epoch, {name: float(value) for name, value in row.items() if value}


def _final_metrics(path: Path) -> dict[str, Any]:
    """Return the scores of a run: by part, or means and deviations of folds."""
    if not path.is_file():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    metrics: dict[str, Any] = {}
    for part in ("train", "validation", "test", "out_of_fold"):
        scores = document.get(part) or {}
        metrics |= {f"{part}/{name}": value for name, value in scores.get("metrics", {}).items()}
    for name, summary in (document.get("summary") or {}).items():
        metrics |= {f"{name}_{key}": summary[key] for key in ("mean", "std")}
    return metrics
