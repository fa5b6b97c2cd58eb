"""Load a server of dlcli and one written by hand; write the figures into README.md.

    python benchmarks/serve.py
    python benchmarks/serve.py --faults 10000
    python benchmarks/serve.py --soak 60

Both servers have the network of iris and run on 127.0.0.1, one after the other, on the machine that
also sends the requests. With --faults, bodies that are changed at random are sent to dlcli's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import DLCLI, PLAIN, ROOT, as_installed, here
from readme import SERVE, load, write_readme

ROW = [5.1, 3.5, 1.4, 0.2]
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
CONNECTIONS = (1, 8, 32)
BATCH_ROWS = 1000
STARTS = 4


def bodies(name: str, rows: int) -> bytes:
    """Return a request of some rows, as each server takes it."""
    if name == "script":
        return json.dumps({"rows": [ROW] * rows}).encode()
    return json.dumps([dict(zip(COLUMNS, ROW, strict=True))] * rows).encode()


def free_port() -> int:
    """Return a port that no program uses."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@contextmanager
def running(
    command: list[str], port: int, name: str, env: Mapping[str, str]
) -> Iterator[tuple[int, float]]:
    """Start a server; yield its process and the seconds until it has answered a request."""
    environment = as_installed(**env)
    start = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=PLAIN, env=environment)
        try:
            while True:
                try:
                    post(port, bodies(name, 1))
                    break
                except (urllib.error.URLError, ConnectionError) as error:
                    if process.poll() is not None:
                        log.seek(0)
                        raise SystemExit(log.read().decode()[-2000:]) from error
                    time.sleep(0.02)
            yield process.pid, time.perf_counter() - start
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def post(port: int, body: bytes, kind: str = "application/json", path: str = "/predict") -> int:
    """Send a body, and return the status."""
    headers = {"Content-Type": kind}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def process_tree(pid: int) -> list[int]:
    """Return a process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(item for child in children for item in process_tree(int(child)))]


def memory(pid: int) -> float:
    """Return the memory of a server in MB; pages that its processes share count once."""
    total = 0
    for number in process_tree(pid):
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor seconds of a server."""
    ticks = 0
    for number in process_tree(pid):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def client(port: int, request: bytes, stop: float, seconds: list[float]) -> None:
    """Send one request after the other on a connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < stop:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        seconds.append(time.perf_counter() - start)
    writer.close()


async def send_load(port: int, body: bytes, connections: int, duration: float) -> list[float]:
    """Return the seconds of each request, sorted."""
    lines = ["POST /predict HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    seconds: list[float] = []
    stop = time.perf_counter() + duration
    request = head.encode() + body
    await asyncio.gather(*(client(port, request, stop, seconds) for _ in range(connections)))
    return sorted(seconds)


def measure(
    name: str, command: list[str], port: int, env: Mapping[str, str], duration: float
) -> Any:
    """Return the figures of a server; it starts several times, and the fastest start counts."""
    starts = []
    for _ in range(STARTS - 1):
        with running(command, port, name, env) as (_, start):
            starts.append(start)
    with running(command, port, name, env) as (pid, last):
        start = min(*starts, last)
        figures: dict[str, Any] = {"start": start, "memory": memory(pid), "load": []}
        total = 0
        for rows, connections in [*((1, count) for count in CONNECTIONS), (BATCH_ROWS, 4)]:
            body = bodies(name, rows)
            asyncio.run(send_load(port, body, connections, 0.3))  # warm up
            before = cpu_seconds(pid)
            seconds = asyncio.run(send_load(port, body, connections, duration))
            count = len(seconds)
            total += count
            figures["load"].append(
                {
                    "rows": rows,
                    "connections": connections,
                    "per_second": count / duration,
                    "p50": 1000 * seconds[count // 2],
                    "p99": 1000 * seconds[int(count * 0.99)],
                    "cpu": 1000 * (cpu_seconds(pid) - before) / count,
                }
            )
            print(name, figures["load"][-1], flush=True)
        return {**figures, "requests": total, "memory_after": memory(pid)}


def prepare(folder: Path) -> dict[str, str]:
    """Train iris, and return what the script needs of it."""
    import joblib
    from sklearn.datasets import load_iris
    from sklearn.preprocessing import StandardScaler

    command = [*DLCLI, "train", "iris", "--quiet", "-o", str(folder / "runs")]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    joblib.dump(StandardScaler().fit(load_iris().data), folder / "scaler.joblib")
    return {
        "MODEL": str(folder / "runs/iris/1/model.keras"),
        "SCALER": str(folder / "scaler.joblib"),
        "CLASSES": "setosa,versicolor,virginica",
    }


def dlcli_command(env: Mapping[str, str], port: int) -> list[str]:
    """Return the command of dlcli's server."""
    return [*DLCLI, "serve", env["MODEL"], "--port", str(port), "--quiet"]


def changed(rng: random.Random) -> bytes:
    """Return a body of which bytes are changed, cut or repeated."""
    tensor = {"name": "x", "shape": [1, 4], "datatype": "FP64", "data": ROW}
    documents = [{"instances": [ROW]}, {"inputs": [tensor]}]
    valid = [bodies("dlcli", 2), b"a,b,c,d\n5.1,3.5,1.4,0.2\n"]
    valid += [json.dumps(document).encode() for document in documents]
    body = bytearray(rng.choice(valid))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(body) + 1)
        end = min(len(body), at + rng.randint(0, 12))
        part = rng.choice(
            [b"", rng.randbytes(4), bytes(body[at:end]) * 40, b"[" * 2000, b'"', b"1e999"]
        )
        body[at:end] = part
    return bytes(body)


def faults(env: Mapping[str, str], count: int) -> dict[str, Any]:
    """Send changed bodies, and return the statuses and the memory before and after."""
    port, rng = free_port(), random.Random(0)  # noqa: S311 (the same bodies every time)
    paths = ("/predict", "/invocations", "/v1/models/iris:predict", "/v2/models/iris/infer")
    statuses: Counter[int] = Counter()
    with running(dlcli_command(env, port), port, "dlcli", env) as (pid, _):
        for number in range(count):
            if number == min(1000, count // 10):
                before = memory(pid)
            kind = rng.choice(["application/json", "text/csv", "image/png", ""])
            statuses[post(port, changed(rng), kind, rng.choice(paths))] += 1
        after = memory(pid)
    ordered = {str(status): number for status, number in sorted(statuses.items())}
    return {"bodies": count, "statuses": ordered, "memory": before, "memory_after": after}


def soak(env: Mapping[str, str], seconds: float) -> list[list[float]]:
    """Send single rows for a while; return pairs of the requests so far and the memory in MB."""
    port, figures, total = free_port(), [], 0
    with running(dlcli_command(env, port), port, "dlcli", env) as (pid, _):
        for _ in range(6):
            total += len(asyncio.run(send_load(port, bodies("dlcli", 1), 8, seconds / 6)))
            figures.append([total, memory(pid)])
    return figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="of each load")
    parser.add_argument("--faults", type=int, default=0, help="bodies to send; measures no load")
    parser.add_argument(
        "--soak", type=float, default=0, help="seconds of many requests, for memory"
    )
    options = parser.parse_args()
    results = load(SERVE)
    with tempfile.TemporaryDirectory() as name:
        env = prepare(Path(name))
        if options.soak:
            results["soak"] = soak(env, options.soak)
            print(results["soak"])
        elif options.faults:
            results["faults"] = faults(env, options.faults)
            print(results["faults"])
        else:
            results["machine"] = here()
            results["load_average"] = round(os.getloadavg()[0], 1)  # of other programs
            port = free_port()
            results["dlcli"] = measure(
                "dlcli", dlcli_command(env, port), port, env, options.seconds
            )
            port = free_port()
            command = [sys.executable, "-m", "uvicorn", "serve:app", "--port", str(port)]
            command += ["--log-level", "warning"]
            results["script"] = measure("script", command, port, env, options.seconds)
    SERVE.write_text(json.dumps(results, indent=1) + "\n")
    write_readme()


if __name__ == "__main__":
    main()
