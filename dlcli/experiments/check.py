"""Check a config, its data, and the shapes of its layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlcli.config.sections import Config
    from dlcli.datasets.dataset import Dataset
    from dlcli.training.session import Session


@dataclass(frozen=True)
class CheckResult:
    """Result of a check without problems.

    Parameters
    ----------
    checked : tuple of str
        ``"config"``; ``"data"`` if they were read; ``"layers"`` if their shapes were inferred,
        ``"model"`` if Keras built it.
    notices : tuple of str
        Settings that are legal but probably not intended.
    rounded_shares : tuple of str
        How the shares of the split become whole numbers of rows.
    """

    checked: tuple[str, ...]
    notices: tuple[str, ...]
    rounded_shares: tuple[str, ...] = ()


def check(
    config: Config,
    *,
    build: bool | None = None,
    data: bool = True,
    dataset: Dataset | None = None,
) -> CheckResult:
    """Check a config against its data, without training.

    Parameters
    ----------
    config : Config
    build : bool or None
        None infers the shapes of the layers, and builds the model with Keras only if it has
        layers whose shapes only Keras knows; a sample replaces data that would have to be
        downloaded. True always builds and compiles the model, False checks no shapes.
    data : bool
        Whether to read the data, if no download is needed.
    dataset : Dataset, optional
        The data, if they are loaded already.

    Raises
    ------
    ConfigError
        If config and data do not fit.
    DatasetError
        If the data cannot be read.
    """
    is_quick = build is False or (build is None and not data)
    if is_quick and not (data and _needs_no_download(config)):
        return CheckResult(("config",), _unique(map(str, config.warnings)))
    from dlcli.preparation.prepare import prepare
    from dlcli.preparation.split_sizes import rounded_shares
    from dlcli.training.data_notices import split_notices
    from dlcli.training.network_check import check_network
    from dlcli.training.session import open_session

    prepared = prepare(config, sample=not _needs_no_download(config), dataset=dataset)
    session = open_session(prepared)
    dataset = prepared.dataset
    sample_notices = dataset.notices if dataset.sampled else ()
    notices = [notice for notice in prepared.notices if notice not in sample_notices]
    session.fit_preprocessors()
    notices += split_notices([session])
    checked = ["config"] if dataset.sampled else ["config", "data"]
    # Only Keras knows how many weights there are.
    known = build is False or (check_network(session) and not config.weight_history)
    if build is None and known:
        checked.append("layers")
    elif build is not False:
        build_untrained_model(session)
        from dlcli.experiments.weight_history import check_weight_history

        check_weight_history(session)
        checked.append("model")
    shares = rounded_shares(dataset, config.split, session.split)
    return CheckResult(tuple(checked), _unique(notices), () if dataset.sampled else shares)


def build_untrained_model(session: Session) -> Any:
    """Return the compiled Keras model of a session, with its initial weights."""
    from dlcli.network import backend

    backend.silence()
    session.prepare_model()
    return session.model


def _needs_no_download(config: Config) -> bool:
    from dlcli.config.known import NAMED_DATASETS
    from dlcli.datasets.cache import is_available

    name = config.dataset.name
    return not config.dataset.known or not NAMED_DATASETS[name].files or is_available(name)


def _unique(notices: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notices))
