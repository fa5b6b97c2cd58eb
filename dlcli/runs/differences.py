"""Compare two runs: their data, engine, versions and machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dlcli.runs.records import RunRecord


def environment_differences(before: RunRecord, after: RunRecord) -> list[str]:
    """List the differences between two runs that can change the last bits of a result.

    Data with the same fingerprint are the same, whatever their file is called.
    """
    with_data = before.data.fingerprint != after.data.fingerprint
    earlier, now = (_environment(record, with_data=with_data) for record in (before, after))
    return [*differences(earlier, now)]


def _environment(record: RunRecord, *, with_data: bool) -> dict[str, Any]:
    """Return the parts of a record that decide the bits: not the platform, nor the reason."""
    engine, machine = record.engine, record.machine
    return {
        "data": record.data.model_dump(exclude_unset=True) if with_data else {},
        "engine": {"name": engine.name, "jobs": engine.jobs} if engine else None,
        "code": {Path(item.path).name: item.sha256[:12] for item in record.code},
        "versions": record.versions,
        "processor": machine.processor,
        "cpus": machine.cpus,
        "TF_ENABLE_ONEDNN_OPTS": machine.onednn,
    }


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """List the places where two JSON values differ, one line each.

    Parameters
    ----------
    before, after : object
        JSON values.
    path : str
        Prefix of the places, ending in a dot.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from differences(before.get(key), after.get(key), f"{path}{key}.")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path.removesuffix('.')}[{number}].")
    elif before != after:
        one, other = (json.dumps(value, ensure_ascii=False) for value in (before, after))
        yield f"{path.removesuffix('.')}: {one}, now {other}"
