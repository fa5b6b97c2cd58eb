"""Keras on TensorFlow: imported late, quietly, and set up to repeat itself."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlcli.errors import DlcliError

# What Keras converts data from, wraps or draws with, if it is there.
OPTIONAL = ("matplotlib", "pandas", "PIL", "pyarrow", "scipy", "sklearn")

_quiet = False


def silence() -> None:
    """Keep TensorFlow's start-up messages from standard error from now on.

    They come from C++ before any logger can be set, so that only the file descriptor helps.
    A library has no business doing that; the command line calls it.
    """
    global _quiet  # noqa: PLW0603 (a switch of the process, as is the descriptor)
    _quiet = True
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def is_quiet() -> bool:
    """Tell whether `silence` was called."""
    return _quiet


def use_threads(count: int) -> None:
    """Have TensorFlow compute in so many threads; to be called before it computes."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def import_keras() -> Any:
    """Import Keras and return it.

    Raises
    ------
    DlcliError
        If Keras runs on another backend than TensorFlow, or does not import.
    """
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    first = _quiet and "keras" not in sys.modules
    with _held_stderr() if first else _nothing(), _left_out() if first else _nothing():
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
    """Make what follows repeat itself: Python, NumPy, Keras and TensorFlow's kernels.

    Parameters
    ----------
    seed : int
    """
    keras = import_keras()
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _left_out() -> Iterator[None]:
    """Have Keras do without what it imports only where it is installed, for uses not made here.

    Together they take as long as TensorFlow. A library leaves that to its user.
    """
    names = [name for name in OPTIONAL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


@contextmanager
def _held_stderr() -> Iterator[None]:
    """Hold back what is written to descriptor 2; let it out if the block fails."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
