"""The section about servers of the page that `readme` writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT = """\
## Servers

`serve.py` starts `dlcli serve` and a FastAPI script with Keras (`plain_keras/serve.py`), both with
the network of iris, and sends JSON over connections that stay open, one request after the other
on each. Server and client share the machine. *Ready* is the time from the start of the process
to its first answer; memory is the proportional set size of the server's processes, before and
after all requests; processor time is the server's.

    python benchmarks/serve.py
    python benchmarks/serve.py --faults 10000
    python benchmarks/serve.py --soak 60
"""
HEADER = (
    "rows", "connections", "requests/s", "script", "ratio", "p50", "script", "p99", "script",
    "CPU ms", "script",
)  # fmt: skip


def serve_section(stored: Mapping[str, Any]) -> list[str]:
    """Return the lines of the section."""
    ours, theirs = stored["dlcli"], stored["script"]
    lines = [TEXT, "| | dlcli | script | ratio |", "|---|--:|--:|--:|"]

    def add(what: str, key: str, unit: str) -> None:
        mine, other = ours[key], theirs[key]
        lines.append(f"| {what} | {mine:.3g} {unit} | {other:.3g} {unit} | {other / mine:.1f} |")

    add("ready", "start", "s")
    add("memory", "memory", "MB")
    add("memory after the requests", "memory_after", "MB")
    lines.append(f"| requests | {ours['requests']:,} | {theirs['requests']:,} | |")
    lines += [
        "",
        f"| {' | '.join(HEADER)} |",
        f"|{'--:|' * len(HEADER)}",
    ]
    for mine, other in zip(ours["load"], theirs["load"], strict=True):
        ratio = mine["per_second"] / other["per_second"]
        cells = [
            f"{mine['rows']:,}", f"{mine['connections']}", f"{mine['per_second']:.0f}",
            f"{other['per_second']:.0f}", f"{ratio:.1f}", f"{mine['p50']:.1f} ms",
            f"{other['p50']:.1f} ms", f"{mine['p99']:.1f} ms", f"{other['p99']:.1f} ms",
            f"{mine['cpu']:.2f}", f"{other['cpu']:.2f}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"The load average before the start, of other programs: {stored['load_average']}.",
    ]
    if found := stored.get("faults"):
        statuses = ", ".join(f"{count:,} × {status}" for status, count in found["statuses"].items())
        lines.append("")
        lines.append(
            f"{found['bodies']:,} bodies that were changed at random: {statuses}. Memory "
            f"{found['memory']:.0f} MB after the first {min(1000, found['bodies'] // 10):,}, "
            f"{found['memory_after']:.0f} MB after all."
        )
    if soak := stored.get("soak"):
        steps = ", ".join(f"{memory:.1f} MB after {count:,}" for count, memory in soak)
        lines += ["", f"Memory of dlcli's server after requests of one row: {steps}."]
    return lines
