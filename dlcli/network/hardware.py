"""How the machine computes: precision, XLA, the memory of GPUs, and several of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

from dlcli.config import Config
from dlcli.config.sections import HardwareConfig
from dlcli.errors import ConfigError, DlcliError, first_line, plural
from dlcli.network.backend import import_keras
from dlcli.network.internals import enable_xla

Scope = AbstractContextManager[Any]
KINDS = ("GPU", "CPU")


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Give the layers that are made in the block a dtype policy, and those after it the old one.

    Parameters
    ----------
    name : str
        As ``mixed_float16``.
    """
    keras = import_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def use_xla(model: Any, config: Config) -> None:
    """Have a compiled model's steps compiled by XLA.

    Parameters
    ----------
    model : keras.Sequential
    config : Config
        For the place of the key.

    Raises
    ------
    ConfigError
        If a layer is none that XLA compiles.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        repeats = not kind.startswith("MaxPooling")
        if not layer.supports_jit or not repeats:
            message = f"XLA does not compile {kind}"
            message += "" if repeats else " so that runs repeat to the bit"
            if kind in ("LSTM", "GRU"):
                message += "; with `use_cudnn: false` it does"
            path = ("hardware", "jit_compile")
            raise ConfigError([config.document.problem(path, message)])
    enable_xla(model)


def set_memory_growth(section: HardwareConfig) -> None:
    """Let TensorFlow take the memory of GPUs as it needs it, if that is asked for.

    Raises
    ------
    DlcliError
        If a GPU has been used in this process in another way.
    """
    if not section.memory_growth:
        return
    import_keras()  # which brings TensorFlow, and quietly
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        if tf.config.experimental.get_memory_growth(gpu):
            continue
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError as error:
            raise DlcliError(
                f"memory_growth comes too late for {gpu.name}: {first_line(error)}",
                hint="train in a process of its own, or set TF_FORCE_GPU_ALLOW_GROWTH=true",
            ) from error


def ready_devices(section: HardwareConfig, wanted: str) -> list[str]:
    """Return the devices that were asked for, GPUs made ready for their first use."""
    set_memory_growth(section)
    return find_devices(wanted) if wanted else []


def find_devices(wanted: str) -> list[str]:
    """Return the devices that ``--devices`` names.

    Parameters
    ----------
    wanted : str
        A number of GPUs, or names as in ``gpu:0,gpu:1``.

    Raises
    ------
    DlcliError
        If they are not all there, or one is named twice.
    """
    import_keras()  # which brings TensorFlow, and quietly
    import tensorflow as tf

    there = [
        f"{kind}:{number}".lower()
        for kind in KINDS
        for number in range(len(tf.config.list_logical_devices(kind)))
    ]
    hint = f"here are: {', '.join(there)}"
    if wanted.strip().isdecimal():
        gpus = [name for name in there if name.startswith("gpu")]
        count = int(wanted)
        if not 1 <= count <= len(gpus):
            found = plural(len(gpus), "GPU")
            raise DlcliError(f"--devices {count}: this machine has {found}", hint=hint)
        return gpus[:count]
    names = [name.strip().lower() for name in wanted.split(",")]
    for name in names:
        if name not in there:
            raise DlcliError(f"--devices: no device {name!r}", hint=hint)
        if names.count(name) > 1:
            raise DlcliError(f"--devices: {name} is named twice")
    return names


def device_scope(devices: Sequence[str]) -> Scope:
    """Return the scope that a model is made in to train on some devices.

    Parameters
    ----------
    devices : sequence of str
        From `find_devices`; empty: TensorFlow's choice. On several the model has a copy each,
        and they share the batches.
    """
    if not devices:
        return nullcontext()
    import tensorflow as tf

    if len(devices) == 1:
        return cast("Scope", tf.distribute.OneDeviceStrategy(devices[0]).scope())
    return cast("Scope", tf.distribute.MirroredStrategy(list(devices)).scope())
