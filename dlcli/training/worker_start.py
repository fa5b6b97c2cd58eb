"""What a process that trains does first."""

from __future__ import annotations

from dataclasses import dataclass, field

from dlcli.config.sections import Config
from dlcli.network import backend
from dlcli.network.code_files import Origin, load_absent, origins


@dataclass(frozen=True)
class WorkerStart:
    """Import Keras, fix the threads, and register components of one's own.

    Parameters
    ----------
    threads : int
        The last bits of the results depend on it.
    code : list of Origin
    quiet : bool
        Whether TensorFlow's start-up messages are suppressed.
    """

    threads: int
    code: list[Origin] = field(default_factory=list)
    quiet: bool = False

    @classmethod
    def of(cls, config: Config, threads: int) -> WorkerStart:
        """Return the start of processes like this one, for a config.

        Raises
        ------
        DlcliError
            If a component of the config is in no file.
        """
        return cls(threads, origins(config), backend.is_quiet())

    def __call__(self) -> None:
        """Prepare this process; nothing has been computed in it."""
        if self.quiet:
            backend.silence()
        backend.import_keras()
        backend.limit_threads(self.threads)
        load_absent(self.code)
