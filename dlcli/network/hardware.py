"""Precision, XLA, memory of GPUs, and training on several devices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

from dlcli.config.sections import Config, HardwareConfig
from dlcli.errors import ConfigError, DlcliError, first_line, plural
from dlcli.network.backend import import_keras
from dlcli.network.internals import enable_xla

Scope = AbstractContextManager[Any]
KINDS = ("GPU", "CPU")


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Create layers in the block with a dtype policy, such as ``mixed_float16``."""
    keras = import_keras()
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(previous)


def use_xla(model: Any, config: Config) -> None:
    """Compile the steps of a compiled model with XLA.

    Parameters
    ----------
    model : keras.Sequential
    config : Config
        For the line of ``hardware.jit_compile``.

    Raises
    ------
    ConfigError
        If XLA cannot compile a layer, or not reproducibly.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        is_reproducible = not kind.startswith("MaxPooling")
        if not layer.supports_jit or not is_reproducible:
            message = f"XLA does not compile {kind}"
            if not is_reproducible:
                message += " reproducibly"
            elif kind in ("LSTM", "GRU"):
                message += "; with `use_cudnn: false` it does"
            path = ("hardware", "jit_compile")
            raise ConfigError([config.document.problem(path, message)])
    enable_xla(model)


def set_memory_growth(section: HardwareConfig) -> None:
    """Let TensorFlow allocate the memory of GPUs as needed, if the config says so.

    Raises
    ------
    DlcliError
        If TensorFlow has already initialized a GPU in this process.
    """
    if not section.memory_growth:
        return
    import_keras()  # imports TensorFlow without its messages
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        if tf.config.experimental.get_memory_growth(gpu):
            continue
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError as error:
            raise DlcliError(
                f"memory_growth cannot be set for {gpu.name}: {first_line(error)}",
                hint="train in a new process, or set TF_FORCE_GPU_ALLOW_GROWTH=true",
            ) from error


def prepare_devices(section: HardwareConfig, devices: str) -> list[str]:
    """Configure the memory of GPUs, and return the names of the devices; see `find_devices`."""
    set_memory_growth(section)
    return find_devices(devices) if devices else []


def find_devices(devices: str) -> list[str]:
    """Return the names of the devices that ``--devices`` selects.

    Parameters
    ----------
    devices : str
        A number of GPUs, or names as in ``gpu:0,gpu:1``.

    Raises
    ------
    DlcliError
        If a device does not exist or is named twice.
    """
    import_keras()  # imports TensorFlow without its messages
    import tensorflow as tf

    existing = [
        f"{kind}:{number}".lower()
        for kind in KINDS
        for number in range(len(tf.config.list_logical_devices(kind)))
    ]
    hint = f"available devices: {', '.join(existing)}"
    if devices.strip().isdecimal():
        gpus = [name for name in existing if name.startswith("gpu")]
        count = int(devices)
        if not 1 <= count <= len(gpus):
            gpu_count = plural(len(gpus), "GPU")
            raise DlcliError(f"--devices {count}: this machine has {gpu_count}", hint=hint)
        return gpus[:count]
    names = [name.strip().lower() for name in devices.split(",")]
    for name in names:
        if name not in existing:
            raise DlcliError(f"--devices: no device {name!r}", hint=hint)
        if names.count(name) > 1:
            raise DlcliError(f"--devices: {name} is named twice")
    return names


def device_scope(devices: Sequence[str]) -> Scope:
    """Return the context in which to build a model that is trained on some devices.

    Parameters
    ----------
    devices : sequence of str
        From `find_devices`; if empty, TensorFlow chooses. Several devices share each batch, with
        a copy of the model on each.
    """
    if not devices:
        return nullcontext()
    import tensorflow as tf

    if len(devices) == 1:
        return cast("Scope", tf.distribute.OneDeviceStrategy(devices[0]).scope())
    return cast("Scope", tf.distribute.MirroredStrategy(list(devices)).scope())
