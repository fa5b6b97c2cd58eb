"""Import Keras on TensorFlow late and quietly, and make its computations reproducible."""

from __future__ import annotations

import gc
import importlib.abc
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dlcli.errors import DlcliError, plural
from dlcli.machine import cpu_count

# Packages that Keras and TensorFlow import only if they are installed, and that dlcli does not
# use through them. Importing them takes as long as importing TensorFlow.
OPTIONAL = ("matplotlib", "pandas", "PIL", "pyarrow", "scipy", "sklearn")

_quiet = False


def silence() -> None:
    """Suppress TensorFlow's start-up messages on standard error in this process.

    C++ code writes them before a logger can be configured, so they are caught at the file
    descriptor. A library must not do that to its caller; only the command line calls this.
    """
    global _quiet  # noqa: PLW0603 (a setting of the process, like the file descriptor)
    _quiet = True
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def is_quiet() -> bool:
    """Return whether `silence` was called."""
    return _quiet


def limit_threads(count: int) -> None:
    """Set the number of threads of TensorFlow.

    Raises
    ------
    DlcliError
        If TensorFlow computes with another number in this process already.
    """
    import_keras()  # with TensorFlow, without their start-up messages
    import tensorflow as tf

    setting = tf.config.threading
    present = setting.get_intra_op_parallelism_threads() or cpu_count()
    if present == count:
        return
    try:
        setting.set_intra_op_parallelism_threads(count)
        setting.set_inter_op_parallelism_threads(count)
    except RuntimeError:
        raise DlcliError(
            f"TensorFlow computes with {plural(present, 'thread')} in this process already, "
            f"not with {count}",
            hint="start a new process",
        ) from None


def import_keras() -> Any:
    """Import Keras and return it.

    Raises
    ------
    DlcliError
        If Keras cannot be imported or runs on another backend than TensorFlow.
    """
    with ExitStack() as stack:
        if "keras" not in sys.modules:
            os.environ.setdefault("KERAS_BACKEND", "tensorflow")
            if _quiet:
                stack.enter_context(_held_stderr())
                stack.enter_context(_without_optional_packages())
                stack.enter_context(_without_garbage_collection())
        try:
            import keras
        except ImportError as error:
            raise DlcliError(f"Keras cannot be imported: {error}") from error
    if keras.backend.backend() != "tensorflow":
        raise DlcliError(
            f"Keras runs on {keras.backend.backend()}; dlcli needs its TensorFlow backend",
            hint="unset KERAS_BACKEND, or set it to tensorflow",
        )
    return keras


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy, Keras and TensorFlow, and make TensorFlow's operations deterministic."""
    keras = import_keras()
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextmanager
def retracing_unmentioned() -> Iterator[None]:
    """Drop TensorFlow's advice on retracing, in this block.

    Every model has functions of its own, which TensorFlow counts by their name: after a few
    trainings in one process it takes them for one function in a loop.
    """

    def is_other(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(is_other)
    try:
        yield
    finally:
        logger.removeFilter(is_other)


class _OptionalPackageBlocker(importlib.abc.MetaPathFinder):
    """Make one thread's imports of `OPTIONAL` fail as if the packages were not installed.

    Other threads import them as usual, which a ``None`` in ``sys.modules`` would prevent.
    """

    def __init__(self) -> None:
        self.thread = threading.get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> None:
        if name in OPTIONAL and threading.get_ident() == self.thread:
            raise ModuleNotFoundError(f"{name} is left out while Keras is imported", name=name)


@contextmanager
def _without_optional_packages() -> Iterator[None]:
    """Import Keras without the packages of `OPTIONAL` that are not imported yet."""
    blocker = _OptionalPackageBlocker()
    sys.meta_path.insert(0, blocker)
    try:
        yield
    finally:
        sys.meta_path.remove(blocker)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Import a million objects without searching them for garbage, in this block and afterwards.

    The searches take a second of a small training. Objects from before the block are left out of
    them too: those of an imported package live as long as the process.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _held_stderr() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; write it if the block raises an error."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:  # which `Interrupted` is not
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextmanager
def quiet_converters() -> Iterator[None]:
    """Suppress the log messages and warnings of the converters of models."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
