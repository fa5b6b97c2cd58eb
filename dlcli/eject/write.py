"""Write a config as a plain script of Keras, pandas and scikit-learn, and prove it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.config.in_memory import override_texts
from dlcli.config.known import NAMED_DATASETS
from dlcli.config.load import load_config
from dlcli.config.sections import Config
from dlcli.datasets.dataset import Dataset
from dlcli.eject.context import Ejection
from dlcli.eject.fitting import write_evaluation, write_fit, write_prediction
from dlcli.eject.folds import write_folds, write_loop
from dlcli.eject.network import write_network
from dlcli.eject.preprocessing import write_preprocessing
from dlcli.eject.proof import Comparison, prove
from dlcli.eject.reading import write_reading
from dlcli.eject.script import Script
from dlcli.eject.splitting import write_split
from dlcli.errors import DlcliError
from dlcli.experiments.inputs import ConfigLike
from dlcli.experiments.resume import run_config
from dlcli.files import write_text
from dlcli.preparation.folds import prepare_folds
from dlcli.preparation.prepare import prepare
from dlcli.preparation.split import Split
from dlcli.runs.finding import find_run
from dlcli.training.session import Session, open_session, open_sessions

ONE_TRAINING = (
    write_split, write_preprocessing, write_network, write_fit, write_evaluation, write_prediction,
)  # fmt: skip
ENDINGS = {False: ".py", True: ".ipynb"}
TASKS = {
    "classification": "a classification", "multilabel": "several labels",
    "regression": "a regression",
}  # fmt: skip
# A file of such a name in the folder of the script would be imported in place of the module.
SHADOWED = sys.stdlib_module_names | {
    "PIL", "h5py", "keras", "numpy", "openpyxl", "pandas", "pyarrow", "scipy", "sklearn",
    "tensorflow",
}  # fmt: skip


@dataclass(frozen=True)
class Ejected:
    """A script that was written.

    Parameters
    ----------
    path : Path
    text : str
        Of the script; a notebook has the same statements in cells.
    notes : tuple of str
        What the script has not, or does in another way.
    comparisons : tuple of Comparison
        What was compared with dlcli; empty without a proof.
    copies : tuple of Path
        Tables of dlcli that were copied beside the script, which reads them.
    """

    path: Path
    text: str
    notes: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    copies: tuple[Path, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether everything that was compared is equal within its tolerance."""
        return bool(self.comparisons) and all(item.is_equal for item in self.comparisons)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without the text of the script."""
        comparisons = [
            {
                "what": item.name,
                "difference": item.difference,
                "tolerance": item.tolerance,
                "equal": item.is_equal,
            }
            for item in self.comparisons
        ]
        return {
            "script": str(self.path),
            "proven": self.is_proven,
            "comparisons": comparisons,
            "notes": list(self.notes),
        }


def eject(
    config: ConfigLike,
    output: str | os.PathLike[str] | None = None,
    *,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    kfold: bool = False,
    notebook: bool = False,
    proof: bool = True,
    proof_epochs: int | None = None,
    force: bool = False,
    download_bar: bool = False,
) -> Ejected:
    """Write a config as a plain script of Keras, pandas and scikit-learn, without dlcli.

    Parameters
    ----------
    config : Config, str, path or mapping
        As `load_config` takes it, or a run directory.
    output : path, optional
        The script; default: the name of the config with ``.py`` or ``.ipynb``.
    overrides : iterable of str, or mapping
        Changed keys, as `load_config` takes them.
    kfold : bool
        Whether the script is a cross-validation, with the folds of `dlcli.kfold`.
    notebook : bool
        Whether to write a Jupyter notebook.
    proof : bool
        Whether to run the script in a process of its own, and to compare its split, its
        preprocessed rows, its initial weights and its trained weights with dlcli's.
    proof_epochs : int, optional
        Epochs of the two trainings that are compared; default: those of the config.
    force : bool
        Whether to replace an existing file.
    download_bar : bool
        Whether to show a download's progress on standard error.

    Returns
    -------
    Ejected

    Raises
    ------
    DlcliError
        If the config has something that a plain script cannot have; the reason says what. Or if
        the script fails.
    ConfigError, DatasetError
        If config and data do not fit.
    """
    config = _config_of(config, overrides)
    path = Path(output) if output is not None else Path(f"{config.name}{ENDINGS[notebook]}")
    _check_output(path, force=force)
    prepared = prepare(config, progress=download_bar)
    splits: Sequence[Split] = ()
    if kfold:
        prepared, splits = prepare_folds(prepared, None)
    # Of the folds the last one is compared in full: its variables are left at the end.
    session = open_sessions(prepared, splits)[-1] if kfold else open_session(prepared)
    session.transform_parts()
    session.prepare_model()
    folder = Path(os.path.abspath(path.parent))  # noqa: PTH100 (links stay as the user has them)
    if not folder.is_dir():
        raise DlcliError(f"no folder {path.parent}")
    ejection = write_script(session, folder, kfold=kfold)
    script, text = ejection.script, ejection.script.text()
    content = json.dumps(script.notebook(), indent=1, ensure_ascii=False) + "\n"
    write_text(path, content if notebook else text)
    copies = [path.parent / name for name in ejection.copies]
    for copy, source in zip(copies, ejection.copies.values(), strict=True):
        write_text(copy, source.read_text(encoding="utf-8"))
    comparisons = prove(text, session, folder, proof_epochs, splits) if proof else []
    return Ejected(path, text, tuple(script.notes), tuple(comparisons), tuple(copies))


def _check_output(path: Path, *, force: bool) -> None:
    """Refuse to replace a file without being asked, and to hide a module that scripts import."""
    if path.exists() and not force:
        raise DlcliError(f"{path} exists", hint="--force replaces it; -o names another file")
    if path.suffix == ENDINGS[False] and path.stem in SHADOWED:
        raise DlcliError(
            f"{path.name} would hide the module {path.stem} from Python in its folder",
            hint="-o names another file",
        )


def write_script(session: Session, folder: Path, *, kfold: bool = False) -> Ejection:
    """Write the script of a session, to no file.

    Parameters
    ----------
    session : Session
        With fitted preprocessors and a built model.
    folder : Path
        Where the script will be.
    kfold : bool
        Whether to write a cross-validation.
    """
    config = session.prepared.config
    ejection = Ejection(
        session, Script(_title(config, session.prepared.dataset), _description(config)), folder
    )
    _write_settings(ejection, kfold=kfold)
    write_reading(ejection)
    writers = (write_folds, write_loop) if kfold else ONE_TRAINING
    for write in writers:
        write(ejection)
    _note_rest(ejection, kfold=kfold)
    return ejection


def _config_of(source: ConfigLike, overrides: Iterable[str] | Mapping[str, Any]) -> Config:
    """Return the config of a run, or one as `load_config` takes it."""
    if isinstance(source, Config):
        return source
    if isinstance(source, str | os.PathLike) and (run := find_run(Path(source))) is not None:
        return run_config(run, override_texts(overrides))
    return load_config(source, overrides)


def _title(config: Config, dataset: Dataset) -> str:
    section = config.dataset
    if section.known:
        subject = NAMED_DATASETS[section.name].title
        return f"{config.name}: {subject[0].lower() + subject[1:]}."
    place = Path(next(iter(dataset.files), dataset.name)).name
    return f"{config.name}: {TASKS[dataset.target.task]} on {place}."


def _description(config: Config) -> str:
    return (
        "A network trained with Keras: read, split, preprocess, build, fit, evaluate, predict.\n"
        f"Written by `dlcli eject {config.name}`; it does not need dlcli."
    )


def _write_settings(ejection: Ejection, *, kfold: bool) -> None:
    """Write the numbers that people change first."""
    config = ejection.config
    part = ejection.script.part("Settings", "What one changes first.")
    part.add(f"SEED = {config.seed}")
    if config.split.seed is not None:
        part.add(f"SPLIT_SEED = {config.split.seed}  # of the split alone")
    if kfold:
        part.add(f"FOLDS = {config.kfold.folds}")
    part.add(f"EPOCHS = {config.fit.epochs}", f"BATCH_SIZE = {config.fit.batch_size}")


def _note_rest(ejection: Ejection, *, kfold: bool) -> None:
    """Note the sections of the config that the script does not have."""
    config = ejection.config
    if config.calibrate:
        ejection.note("`calibrate`: the script predicts without calibration.")
    if config.thresholds == "tune":
        ejection.note("`thresholds: tune`: the script takes 0.5 as the threshold of each label.")
    if config.weight_history:
        ejection.note("`weight_history`: the script keeps the last weights alone.")
    if config.tune is not None:
        ejection.note("`tune`: the script trains once, with the values of the config.")
    if config.hardware.memory_growth:
        ejection.note("`hardware.memory_growth` is left out.")
    steps = config.preprocess.target or ()
    if steps and config.metrics:
        names = ", ".join(metric.spelled or metric.name for metric in config.metrics)
        when = "In all folds" if kfold else "During the training"
        ejection.note(f"{when} the metrics {names} are those of the preprocessed target.")
