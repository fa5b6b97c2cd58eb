"""The machine and the software that a run is computed with."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

from dlcli.version import __version__

# Packages whose versions a run records, and the distributions that install them.
PACKAGES = {
    "keras": ("keras",),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-macos"),
    "numpy": ("numpy",),
    "scikit-learn": ("scikit-learn",),
}
# Device files of the drivers of NVIDIA and AMD, and of Windows's Linux.
GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def versions() -> dict[str, str]:
    """Return the versions of Python, dlcli and `PACKAGES`, without importing the packages."""
    installed = {"dlcli": __version__, "python": platform.python_version()}
    for name, distributions in PACKAGES.items():
        for distribution in distributions:
            try:
                installed[name] = metadata.version(distribution)
            except metadata.PackageNotFoundError:
                continue
            break
    return installed


def has_gpu() -> bool:
    """Return whether the system has a driver of a GPU, without importing TensorFlow."""
    return any(Path(device).exists() for device in GPU_DEVICES)


def processor() -> str:
    """Return the model name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
