"""Changes good model files at random and opens them: all that may happen is a ModelFileError.

python benchmarks/fuzz_models.py --seconds 60 --seed 0
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS, MEGABYTES, ENDLESS = 5.0, 500, 20
BATCH = 100
Random = random.Random

# Values that break what expects others.
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 255, 10**5, 10**9, -(10**12), 2**63, 10**30, 0.5, 1e308,
    "", "x", "Lambda", "keras.layers", "__lambda__", "../x", "\x1b[31m", [], [[]], {},
    {"class_name": "Dense"}, [1, 2, 3], [None, 4], ["a", 0, 0], "relu", "float16",
]  # fmt: skip
MAKE = """
import sys, keras
from pathlib import Path
from dlcli import load_config, train
layers, folder = keras.layers, Path(sys.argv[1])
for ending in ("keras", "h5"):
    run = train(load_config("iris", ["fit.epochs=1"]), runs=folder / "runs", format=ending)
    run.model_path.rename(folder / f"iris.{ending}")
models = {
    "conv": [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.MaxPooling2D(), layers.Flatten()],
    "words": [keras.Input((7,)), layers.Embedding(9, 4), layers.Bidirectional(layers.LSTM(3))],
}
for name, stack in models.items():
    model = keras.Sequential([*stack, layers.Dense(2)])
    model.compile("adam", "mse")
    for ending in ("keras", "h5"):
        model.save(folder / f"{name}.{ending}")
inputs = keras.Input((4,))
x = layers.Concatenate()([layers.Dense(3)(inputs), inputs])
keras.Model(inputs, layers.Dense(2)(x)).save(folder / "graph.keras")
"""


def fuzz_models(seconds: float, seed: int) -> dict[str, Any]:
    """Open changed model files for some time.

    Parameters
    ----------
    seconds : float
    seed : int
        The same seed makes the same files.

    Returns
    -------
    dict
        ``files``, ``refused`` and ``opened`` count them, ``kinds`` the changes that were tried;
        ``failures`` lists what else happened, with the number that makes the file again;
        ``slowest`` is in seconds, ``megabytes`` the most that one of them took.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, "-c", MAKE, folder], check=True, capture_output=True, cwd=folder,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )  # fmt: skip
        found: dict[str, Any] = {
            "seed": seed, "files": 0, "refused": 0, "opened": 0, "kinds": {}, "failures": [],
            "slowest": 0.0, "megabytes": 0,
        }  # fmt: skip
        kinds: Counter[str] = Counter()
        end, number = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            numbers = range(number, number + BATCH)
            _add(found, kinds, *_batch(folder, seed, numbers))
            number += BATCH
        return {**found, "kinds": dict(kinds)}


def _add(
    found: dict[str, Any], kinds: Counter[str], records: list[dict[str, Any]], crash: str
) -> None:
    for record in records:
        found["files"] += 1
        kinds[record["kind"]] += 1
        found[record["end"]] = found.get(record["end"], 0) + 1
        found["slowest"] = max(found["slowest"], record["seconds"])
        found["megabytes"] = max(found["megabytes"], record["megabytes"])
        large = record["seconds"] > SECONDS or record["megabytes"] > MEGABYTES
        if record["end"] == "failed" or large:
            found["failures"].append(record)
    if crash:
        found["failures"].append({"end": "crashed", "reason": crash})


def _batch(folder: Path, seed: int, numbers: range) -> tuple[list[dict[str, Any]], str]:
    """Open some files in a process of its own, and say how that ended if not well."""
    from dlcli.models.guard import declare_confined

    log = folder / "log.jsonl"
    log.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries write there
            declare_confined()
            with log.open("w") as file:
                for number in numbers:
                    signal.alarm(ENDLESS)  # ends the process, even where a library goes round
                    file.write(json.dumps(_one(folder, seed, number)) + "\n")
                    file.flush()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    records = [json.loads(line) for line in log.read_text().splitlines()]
    crash = "" if status == 0 else f"status {status} at file {numbers[0] + len(records)}"
    return records, crash


def _one(folder: Path, seed: int, number: int) -> dict[str, Any]:
    from dlcli.errors import DlcliError

    chance = random.Random(f"{seed} {number}")  # noqa: S311 (repeatable, not secret)
    path, kind = change(folder, chance)
    Path("/proc/self/clear_refs").write_text("5")  # the peak of memory starts anew
    before, start, end, reason = _memory("VmRSS"), time.monotonic(), "opened", ""
    try:
        open_file(path)
    except DlcliError:
        end = "refused"
    except BaseException:  # noqa: BLE001 (that is what is looked for)
        end, reason = "failed", traceback.format_exc()[-1500:]
    return {
        "number": number, "kind": kind, "end": end, "reason": reason,
        "seconds": round(time.monotonic() - start, 3),
        "megabytes": max(0, _memory("VmHWM") - before),
    }  # fmt: skip


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return int(status[key].split()[0]) // 1024


def open_file(path: Path) -> None:
    """Open a model file as far as that goes without Keras."""
    import numpy as np

    from dlcli.models.contents import inspect
    from dlcli.models.file import read_model_file
    from dlcli.models.loading import load_model
    from dlcli.models.signature import signature_of

    inspect(path).to_json()
    file = read_model_file(path)
    facts = file.metadata.graph if file.metadata else None
    if facts is None or facts.refused:
        return
    loaded = load_model(path, "onnx")
    signature_of(loaded)
    loaded.network(np.zeros((2, *loaded.network.input_shape), np.float32))


def change(folder: Path, chance: Random) -> tuple[Path, str]:
    """Make a changed copy of one of the good files; return it and the kind of change."""
    source = chance.choice(sorted([*folder.glob("*.keras"), *folder.glob("*.h5")]))
    path = folder / "changed" / source.name
    path.parent.mkdir(exist_ok=True)
    if source.suffix == ".h5":
        kinds: list[Callable[[Path, Path, Random], None]] = [_bytes, _attribute, _tree]
    else:
        kinds = [_bytes, _member, _json, _json, _graph, _zip]
    change_one = chance.choice(kinds)
    change_one(source, path, chance)
    return path, f"{source.suffix[1:]} {change_one.__name__[1:]}"


def mutated(data: bytes, chance: Random) -> bytes:
    """Change bytes: flip, cut, repeat, move, and put in numbers at the edges."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 1, 2, 4, 16])):
        at = chance.randrange(max(len(changed), 1))
        action = chance.randrange(6)
        if action == 0 and changed:
            changed[at % len(changed)] ^= 1 << chance.randrange(8)
        elif action == 1:
            changed[at : at + chance.choice([1, 2, 4, 8])] = chance.choice(
                [b"\xff" * 8, bytes(8), b"\x00\x00\x00\x80", b"\xff\xff\xff\x7f", b"\x01"]
            )
        elif action == 2:
            del changed[at : at + chance.choice([1, 8, 200])]
        elif action == 3:
            changed[at:at] = changed[at : at + chance.choice([1, 16, 500])]
        elif action == 4:
            changed[at : at + 4] = chance.randbytes(4)
        elif chance.random() < 0.2:
            del changed[at:]
    return bytes(changed)


def _bytes(source: Path, path: Path, chance: Random) -> None:
    path.write_bytes(mutated(source.read_bytes(), chance))


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _member(source: Path, path: Path, chance: Random) -> None:
    """Change bytes of a member, whose checksum is right again."""
    members = _members(source)
    name = chance.choice(sorted(members))
    _write(path, {**members, name: mutated(members[name], chance)})


def _zip(source: Path, path: Path, chance: Random) -> None:
    """Change what stands around the members."""
    data = source.read_bytes()
    at = data.find(b"PK\1\2")
    path.write_bytes(data[:at] + mutated(data[at:], chance))


def _json(source: Path, path: Path, chance: Random) -> None:
    members = _members(source)
    name = chance.choice([name for name in members if name.endswith(".json")])
    document = json.loads(members[name])
    for _ in range(chance.choice([1, 1, 2, 5])):
        _edit(document, chance)
        document = json.loads(json.dumps(document))  # what stands twice is no longer the same
    _write(path, {**members, name: json.dumps(document).encode()})


def _edit(document: Any, chance: Random) -> None:
    """Change one value somewhere in a document."""
    place = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and chance.random() < 0.85:
            place = place[key]
            continue
        action = chance.randrange(4)
        if action == 0:
            del place[key]
        elif action == 1 and isinstance(place, list):
            place.append(place[key])
        elif action == 2 and isinstance(place, dict):
            place[chance.choice(["x", "class_name", "config", "name", "units"])] = place[key]
        else:
            place[key] = chance.choice(ODD)
        return


def _graph(source: Path, path: Path, chance: Random) -> None:
    """Change the graph, and tie it to the file as its author would."""
    members = _members(source)
    if "dlcli.onnx" not in members:
        _member(source, path, chance)
        return
    graph = mutated(members["dlcli.onnx"], chance)
    metadata = json.loads(members["dlcli.json"])
    metadata["graph"]["sha256"] = hashlib.sha256(graph).hexdigest()
    _write(path, {**members, "dlcli.onnx": graph, "dlcli.json": json.dumps(metadata).encode()})


def _attribute(source: Path, path: Path, chance: Random) -> None:
    import h5py

    shutil.copyfile(source, path)
    with h5py.File(path, "r+") as file:
        name = chance.choice(sorted(file.attrs))
        value = file.attrs[name]
        if isinstance(value, str) and value.startswith("{") and chance.random() < 0.9:
            document = json.loads(value)
            _edit(document, chance)
            file.attrs[name] = json.dumps(document)
        else:
            file.attrs[name] = chance.choice([1, 2.5, "x", b"\xff", [1, 2], ["a", "b"], "[]", "{}"])


def _tree(source: Path, path: Path, chance: Random) -> None:
    """Move, link, delete and overwrite groups and data sets."""
    import h5py
    import numpy as np

    shutil.copyfile(source, path)
    names: list[str] = []
    with h5py.File(path, "r+") as file:
        file.visit(names.append)
        name, other = chance.choice(names), chance.choice(names)
        action = chance.randrange(5)
        if action == 0:
            del file[name]
        elif action == 1:
            file[f"{chance.choice(names)}_x"] = file[other]
        elif action == 2:
            file["soft"] = h5py.SoftLink(f"/{other}")
        elif action == 3:
            shape = chance.choice([(), (0,), (3,), (2, 2), (1, 1, 1)])
            file["more"] = np.full(shape, chance.choice([0.0, np.nan, 1e30]))
        elif isinstance(file[name], h5py.Dataset):
            del file[name]
            file[name] = chance.choice([np.zeros(3), np.zeros((2, 2), "f2"), np.zeros(2, "i8")])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(json.dumps(fuzz_models(arguments.seconds, arguments.seed), indent=1))


if __name__ == "__main__":
    main()
