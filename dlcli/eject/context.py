"""What the writers of the parts know: config, data, split, and the script so far."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from dlcli.config.known import NAMED_DATASETS
from dlcli.config.sections import Config
from dlcli.datasets.dataset import Dataset
from dlcli.eject.python_text import Code, expression
from dlcli.eject.script import Script
from dlcli.errors import DlcliError
from dlcli.preparation.split import Split
from dlcli.training.session import Session

# A path that leads further up is written in full.
MAX_UP = 2


@dataclass
class Ejection:
    """A config that becomes a script.

    Parameters
    ----------
    session : Session
        Of the resolved config; its preprocessors are fitted.
    script : Script
    folder : Path
        Where the script will be, and from where it is run.
    copies : dict
        Tables of dlcli that the script needs beside it, by the names of their copies.
    """

    session: Session
    script: Script
    folder: Path
    copies: dict[str, Path] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """The resolved config."""
        return self.session.prepared.config

    @property
    def dataset(self) -> Dataset:
        """The data of the config."""
        return self.session.prepared.dataset

    @property
    def split(self) -> Split:
        """The rows of the parts."""
        return self.session.split

    @property
    def is_classes(self) -> bool:
        """Whether a row has one class."""
        return self.dataset.target.task == "classification"

    def note(self, text: str) -> None:
        """Say what the script has not, or does in another way."""
        if text not in self.script.notes:
            self.script.notes.append(text)

    def path(self, path: Path | str) -> Code:
        """Return the expression of a path: relative to the script if it is near, else absolute."""
        self.script.need("from pathlib import Path")
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 (links stay as the user has them)
        if self._is_bundled and self._can_copy(absolute):
            self.copies[absolute.name] = absolute
            return Code(f"Path({expression(absolute.name)})")
        relative = Path(os.path.relpath(absolute, self.folder))
        if relative.parts.count("..") <= MAX_UP and not self._is_outside(relative, absolute):
            return Code(f"Path({expression(relative.as_posix())})")
        home = Path.home()
        if absolute.is_relative_to(home) and home != Path("/"):
            return Code(f"Path.home() / {expression(absolute.relative_to(home).as_posix())}")
        return Code(f"Path({expression(absolute.as_posix())})")

    @property
    def _is_bundled(self) -> bool:
        """Whether the data are a table of dlcli itself, which may be removed one day."""
        section = self.config.dataset
        return section.known and not NAMED_DATASETS[section.name].files

    def _can_copy(self, path: Path) -> bool:
        """Tell whether no other file has the name of a copy."""
        copy = self.folder / path.name
        return not copy.exists() or copy.read_bytes() == path.read_bytes()

    def _is_outside(self, relative: Path, absolute: Path) -> bool:
        """Tell whether the way to a path leads over the root."""
        above = len([part for part in relative.parts if part == ".."])
        return above > 0 and len(self.folder.parts) - above <= 1 and absolute.is_absolute()


def inexpressible(subject: str, reason: str) -> DlcliError:
    """Return the error for what no plain script can have."""
    return DlcliError(f"{subject} cannot be ejected: {reason}")
