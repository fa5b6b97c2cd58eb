"""The weights of a small network after each epoch, in a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from dlcli.errors import DlcliError
from dlcli.files import write_csv
from dlcli.training.callbacks import Callback, Logs
from dlcli.types import Array


class WeightHistory(Callback):
    """Write a row of weights for epoch 0, before the training, and for each epoch.

    Parameters
    ----------
    path : Path
        The CSV file. A resumed training continues it.
    names : sequence of str
    values : callable
        Maps the weights of the model to one number for each name.
    """

    def __init__(
        self, path: Path, names: Sequence[str], values: Callable[[list[Array]], Array]
    ) -> None:
        super().__init__()
        self.path, self.names, self.values = path, names, values
        self.is_begun = False

    def keep(self, epochs: int) -> None:
        """Cut the file to a number of epochs, from which the training is resumed.

        Raises
        ------
        DlcliError
            If the file lacks some of them.
        """
        rows = read_rows(self.path)
        if len(rows) < epochs + 1 and (rows or epochs):
            raise DlcliError(
                f"{self.path} has {max(0, len(rows) - 1)} of the {epochs} epochs before the stop",
                hint="without them, the history of the weights would have a gap: train anew",
            )
        if rows:
            write_csv(self.path, ["epoch", *self.names], rows[: epochs + 1])
            self.is_begun = True

    def on_train_begin(self, logs: Logs = None) -> None:
        if not self.is_begun:
            write_csv(self.path, ["epoch", *self.names], [self._row(0)])

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(self._row(epoch + 1))

    def _row(self, epoch: int) -> list[str]:
        values = self.values(self.model.get_weights())
        return [str(epoch), *(repr(float(value)) for value in values)]


def read_rows(path: Path) -> list[list[str]]:
    """Return the complete rows of a file of weights, without its header; none without a file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return [row for row in rows if len(row) == len(header)]
