"""Count how often the same test rows were scored in a folder of runs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dlcli.runs.description import now
from dlcli.runs.records import ScoredRowsRecord
from dlcli.types import Array

if TYPE_CHECKING:
    from dlcli.runs.directory import RunDirectory

# Below the folder of all runs: a file for each set of test rows, a line for each scoring. Runs
# that were deleted count, since their scores were seen.
COUNTS = ".scored"
# The best of two looks is hardly better than one.
MANY = 3


def record_scoring(run: RunDirectory, tests: Sequence[Array]) -> list[str]:
    """Record in ``run.json`` how often the test rows of a run have been scored, this time included.

    Parameters
    ----------
    run : RunDirectory
    tests : sequence of ndarray of int
        Row numbers of the test rows, of each fold.

    Returns
    -------
    list of str
        A notice from the third time on. Samples are not counted.
    """
    record = run.record
    if record.sample or not all(map(len, tests)):
        return []
    runs = run.root
    digest = rows_digest(record.data.fingerprint, tests)
    name = run.path.relative_to(runs).as_posix()
    count = count_scoring(runs, digest, f"{record.kind} {name}")
    if count:
        record.scored_rows = ScoredRowsRecord(sha256=digest, times=count)
    return scoring_notices(count, folds=len(tests))


def rows_digest(fingerprint: str, tests: Sequence[Array]) -> str:
    """Return the SHA-256 of data and test rows.

    Parameters
    ----------
    fingerprint : str
        SHA-256 of the data set.
    tests : sequence of ndarray of int
        Row numbers of the test rows, of each fold.
    """
    digest = hashlib.sha256(fingerprint.encode())
    for rows in tests:
        digest.update(len(rows).to_bytes(8, "little"))
        digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()


def count_scoring(runs: Path, digest: str, scored_by: str) -> int:
    """Add a scoring of test rows, and return how many there are now.

    Processes that count at once get different numbers: a line is appended in one write, and what
    stands before its end is counted.

    Parameters
    ----------
    runs : Path
        Folder of all runs.
    digest : str
        From `rows_digest`.
    scored_by : str
        Command and run, for readers of the file.

    Returns
    -------
    int
        0 if the folder cannot be written.
    """
    line = f"{now()} {scored_by}".replace("\n", " ")
    with suppress(OSError):
        folder = runs / COUNTS
        folder.mkdir(exist_ok=True)
        with (folder / digest[:16]).open("ab+", buffering=0) as file:
            file.write(f"{line}\n".encode())
            end = file.tell()
            file.seek(0)
            return file.read(end).count(b"\n")
    return 0


def scoring_notices(count: int, folds: int = 1) -> list[str]:
    """Return a notice if the test rows were scored so often that the best score is too good."""
    if count < MANY:
        return []
    rows = "test rows" if folds == 1 else f"test rows of the same {folds} folds"
    return [f"{rows} scored {count} times: the best of several looks is too good"]
