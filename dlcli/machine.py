"""The memory and the processors that this process may use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
# Files and fields of the memory controller of control groups: limit, usage, and the parts of
# `memory.stat` that the kernel reclaims before it refuses memory.
CGROUP_V1 = (
    "memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"),
)  # fmt: skip
CGROUP_V2 = (
    "memory.max", "memory.current", ("active_file", "inactive_file", "slab_reclaimable"),
)  # fmt: skip
UNLIMITED = 1 << 60  # version 1 writes the largest number of pages for "no limit"


def cpu_count() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory(root: Path = ROOT) -> int | None:
    """Return the bytes of memory that this process can still use; None if that is unknown.

    This is the least of what the machine has available and what is left in each control group
    (of a container, a batch job, a service) that the process belongs to. Page cache counts as
    free, because the kernel drops it when memory runs short.

    Parameters
    ----------
    root : Path
        Folder with ``proc`` and ``sys``.
    """
    try:
        text = (root / "proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    match = re.search(r"^MemAvailable:\s*([0-9]+) kB", text, re.MULTILINE)
    if match is None:
        return None
    left = [max(0, limit - usage) for limit, usage in _cgroups(root)]
    return min(int(match[1]) * 1024, *left) if left else int(match[1]) * 1024


def memory_limit(root: Path = ROOT) -> int | None:
    """Return the bytes that the control groups of this process allow; None without a limit."""
    return min((limit for limit, _ in _cgroups(root)), default=None)


def _cgroups(root: Path) -> Iterator[tuple[int, int]]:
    """Yield the limit and the bytes in use of each control group that limits this process."""
    for folder, (limit_name, usage_name, reclaimable) in _cgroup_folders(root):
        try:
            limit = int((folder / limit_name).read_text(encoding="ascii"))
            usage = int((folder / usage_name).read_text(encoding="ascii"))
            lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
            fields = dict(line.split() for line in lines)
            free = sum(int(fields.get(name, 0)) for name in reclaimable)
        except (OSError, ValueError):  # no memory controller here, or no limit ("max")
            continue
        if limit < UNLIMITED:
            yield limit, max(0, usage - free)


def _cgroup_folders(root: Path) -> Iterator[tuple[Path, tuple[str, str, tuple[str, ...]]]]:
    """Yield the folder of each control group of this process and of its ancestors.

    A container often shows only its own group, at the root of the mount, while ``/proc`` still
    names the group by its path on the host.
    """
    mounts = {
        "": (root / "sys/fs/cgroup", CGROUP_V2),
        "memory": (root / "sys/fs/cgroup/memory", CGROUP_V1),
    }
    paths = dict.fromkeys(mounts, "/")
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller in paths and ".." not in path:
                paths[controller] = path
    for controller, (mount, files) in mounts.items():
        folder = mount / paths[controller].lstrip("/")
        for ancestor in (folder, *folder.parents):
            yield ancestor, files
            if ancestor == mount:
                break
