"""In what two runs, or their circumstances, differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dlcli.network.environment import versions
from dlcli.runs.directory import machine

# What of the machine shows in the last bits; the rest of its description does not.
DECISIVE = ("processor", "cpus", "TF_ENABLE_ONEDNN_OPTS")


def circumstances(record: Mapping[str, Any]) -> list[str]:
    """Say in what the present process differs from that of a run."""
    here, there = machine(), record.get("machine", {})
    return [
        *differences(record.get("versions", {}), versions(), "versions."),
        *differences(
            {name: there.get(name) for name in DECISIVE}, {name: here[name] for name in DECISIVE}
        ),
    ]


def differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Say where two plain values differ, a line per place.

    Parameters
    ----------
    before, after : object
        As JSON has them.
    path : str
        Of both, ending in a dot.
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
