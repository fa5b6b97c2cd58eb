"""Run the script in a fresh process, and compare what it computes with what dlcli computes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlcli.eject.child import NEW_OUTPUTS, PARTS
from dlcli.eject.fitting import NEW_ROWS
from dlcli.errors import DlcliError, plural
from dlcli.preparation.rows import LazyRows
from dlcli.preparation.split import Split
from dlcli.training.session import Session
from dlcli.types import Array

# Largest difference of preprocessed values, relative to 1 or to the value; float32 has 7 digits.
ROWS_TOLERANCE = 1e-5
# Rounding grows in a training. Without grounds for a difference the weights are the same bits.
WEIGHTS_TOLERANCE = 1e-3
MAX_LINES = 6


@dataclass(frozen=True)
class Comparison:
    """What was compared, and how far it differs.

    Parameters
    ----------
    name : str
        ``"training rows"``, …
    difference : float
        The largest, relative to the larger of 1 and the value of dlcli; 0: the same bits.
    tolerance : float
    detail : str
        What there is of it, such as the number of rows.
    """

    name: str
    difference: float
    tolerance: float
    detail: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether the difference is tolerated."""
        return self.difference <= self.tolerance  # False for NaN

    def __str__(self) -> str:
        how = "the same bits"
        if self.difference != 0:
            sign = "≤" if self.is_equal else ">"
            how = f"largest difference {self.difference:.2g} ({sign} {self.tolerance:g})"
        return f"{self.name}{f' ({self.detail})' if self.detail else ''}: {how}"


def prove(
    script: str,
    session: Session,
    folder: Path,
    epochs: int | None,
    splits: Sequence[Split] = (),
) -> list[Comparison]:
    """Run a script and compare its rows, weights and outputs with those of dlcli.

    Parameters
    ----------
    script : str
        The text of the script.
    session : Session
        Whose model has its initial weights; it is trained.
    folder : Path
        From where the script is run.
    epochs : int, optional
        Epochs of both trainings; default: those of the config.
    splits : sequence of Split
        Those of a cross-validation, of which the session has the last.

    Raises
    ------
    DlcliError
        If the script fails.
    """
    arrays = _run(script, folder, epochs)
    comparisons = [
        *_compare_folds(splits, arrays),
        *_compare_rows(session, arrays, len(splits)),
        _compare_weights("initial weights", session, arrays, "initial", 0.0),
    ]
    detail = plural(session.fit(epochs=epochs).epochs, "epoch")
    name = "weights after training"
    comparisons.append(
        _compare_weights(name, session, arrays, "trained", WEIGHTS_TOLERANCE, detail)
    )
    if NEW_OUTPUTS in arrays:
        outputs, name = arrays[NEW_OUTPUTS], "predictions of new rows"
        comparisons.append(_difference(name, _outputs(session), outputs, WEIGHTS_TOLERANCE))
    return comparisons


def _run(script: str, folder: Path, epochs: int | None) -> Mapping[str, Array]:
    """Run the script in a process of its own, and return what it computed."""
    with tempfile.TemporaryDirectory() as temporary:
        path, arrays = Path(temporary) / "script.py", Path(temporary) / "arrays.npz"
        path.write_text(script, encoding="utf-8")
        command = [sys.executable, "-m", "dlcli.eject.child", str(path), str(arrays)]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        root = str(Path(__file__).parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, [root, os.environ.get("PYTHONPATH")])
        )
        completed = subprocess.run(  # noqa: S603 (the script that was just written)
            [*command, str(epochs or 0)],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if completed.returncode:
            lines = completed.stderr.strip().splitlines()
            raise DlcliError(
                f"the script fails: {lines[-1] if lines else f'status {completed.returncode}'}",
                hint="--no-proof writes it without running it; please report the config as a bug",
            )
        with np.load(arrays) as loaded:
            return dict(loaded)


def _compare_folds(splits: Sequence[Split], arrays: Mapping[str, Array]) -> Iterator[Comparison]:
    """Yield the comparison of the test rows of all folds, if there are some."""
    if splits:
        same = all(
            np.array_equal(split.test, arrays.get(f"fold_{number}", ()))
            for number, split in enumerate(splits)
        )
        yield Comparison("folds", 0.0 if same else float("inf"), 0.0, f"{len(splits)}")


def _compare_rows(
    session: Session, arrays: Mapping[str, Array], folds: int
) -> Iterator[Comparison]:
    """Yield the comparisons of the split, or the last fold, of its rows and the targets."""
    rows = session.split.parts()
    same = all(
        name in arrays and np.array_equal(arrays[name], rows[name]) if name in rows
        else name not in arrays
        for name in PARTS
    )  # fmt: skip
    counts = ", ".join(f"{len(part)} {name}" for name, part in rows.items())
    name = f"fold {folds}" if folds else "split"
    yield Comparison(name, 0.0 if same else float("inf"), 0.0, counts)
    if not same:
        return
    data = session.fit_data()
    pairs = {"train": (data.x, data.y), "validation": data.validation}
    for name in rows:
        pair = pairs.get(name)
        x = pair[0] if pair else session.x(name)
        x = x[:] if isinstance(x, LazyRows) else np.asarray(x)
        yield _difference(f"{name} rows", x, arrays[f"x_{name}"], ROWS_TOLERANCE)
        if pair:
            y = np.asarray(pair[1])
            yield _difference(f"{name} targets", y, arrays[f"y_{name}"], ROWS_TOLERANCE)


def _compare_weights(
    name: str, session: Session, arrays: Mapping[str, Array], key: str, tolerance: float,
    detail: str = "",
) -> Comparison:  # fmt: skip
    ours = [np.asarray(weight) for weight in session.model.get_weights()]
    theirs = [arrays[f"{key}_{number}"] for number in range(int(arrays[f"{key}_count"]))]
    if [w.shape for w in ours] != [w.shape for w in theirs]:
        return Comparison(name, float("inf"), tolerance, "other layers")
    largest = max(
        (_difference(name, one, other, tolerance) for one, other in zip(ours, theirs, strict=True)),
        key=lambda comparison: comparison.difference,
        default=Comparison(name, 0.0, tolerance),
    )
    return Comparison(name, largest.difference, tolerance, detail or f"{len(ours)} arrays")


def _difference(name: str, ours: Array, theirs: Array, tolerance: float) -> Comparison:
    """Compare two arrays; other shapes differ infinitely."""
    if ours.shape != theirs.shape:
        return Comparison(name, float("inf"), tolerance, f"{theirs.shape} instead of {ours.shape}")
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if not ours.size:
        return Comparison(name, 0.0, tolerance)
    difference = float((np.abs(ours - theirs) / np.maximum(1.0, np.abs(ours))).max())
    return Comparison(name, difference, tolerance, "×".join(map(str, ours.shape)))


def _outputs(session: Session) -> Array:
    """Return the outputs for the rows that the script predicts."""
    name = next(name for name in ("test", "validation", "train") if name in session.rows)
    outputs: Array = session.predictor(session.x(name)[:NEW_ROWS])
    return session.target_preprocessor.invert(outputs)
