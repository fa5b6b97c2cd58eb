"""Short labels of several runs: what differs between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlcli.errors import DlcliError
from dlcli.runs.changed_keys import changed_keys, read_plain_config, short_value

MAX_LENGTH = 60


def run_labels(runs: Sequence[tuple[Path, str]]) -> list[str]:
    """Return a label for each run, all of them different.

    It is the name of the config, or for several runs of one name what differs between them, as in
    ``learning_rate 0.1``. Where that is the same, or too long, the number of the run or its path
    tells them apart.

    Parameters
    ----------
    runs : sequence of (path, name)
        Run directories and the names of their configs.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for at, (_, name) in enumerate(runs):
        groups[name].append(at)
    labels = [name for _, name in runs]
    for name, places in groups.items():
        if len(places) == 1:
            continue
        paths = [runs[at][0] for at in places]
        texts = differing_texts(paths)
        if len({*texts}) < len(texts) or "" in texts or max(map(len, texts)) > MAX_LENGTH:
            texts = [path.name for path in paths]
        for at, text in zip(places, texts, strict=True):
            labels[at] = text if len(groups) == 1 and not text.isdecimal() else f"{name} {text}"
    counts = Counter(labels)
    return [
        str(path) if counts[label] > 1 else label
        for (path, _), label in zip(runs, labels, strict=True)
    ]


def differing_texts(paths: Sequence[Path]) -> list[str]:
    """Return what differs between runs as short texts, such as ``units 8, seed 1``."""
    configs = []
    for path in paths:
        with suppress(DlcliError):
            configs.append(read_plain_config(path))
    if len(configs) < len(paths):
        return [""] * len(paths)
    changes = changed_keys(configs)
    ends = Counter(key.rpartition(".")[2] for key in changes)

    def text(key: str, value: Any) -> str:
        end = key.rpartition(".")[2]
        return f"{end if ends[end] == 1 else key} {short_value(value) or '–'}"

    return [
        ", ".join(text(key, values[at]) for key, values in changes.items())
        for at in range(len(paths))
    ]
