"""Time `dlcli kfold sonar` with both engines beside the same thing written by hand with Keras.

    DLCLI_DATA=/path/to/data python benchmarks/stacked.py [FOLDS]

10 folds, 100 epochs, batches of 5, 60-24-10-1. FOLDS has the hand-written loop train only so
many folds, and scales its time to 10; the table says so then.

Measured on 2026-11-21 on 2 cores shared with other work, Keras 3.15.1, TensorFlow 2.21, all 10
folds; a process spends most of the difference on importing Keras:

                                          process  trainings  accuracy
dlcli kfold --engine stacked                7.1 s      1.3 s    0.8324
dlcli kfold --engine serial                19.5 s     13.6 s    0.8324
hand-written Keras loop                   134.8 s    127.9 s    0.8517
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
FOLDS = 10


def timed(*command: str) -> tuple[float, str]:
    """Run a command; return the seconds of the process, and its standard output."""
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.monotonic() - started, done.stdout


def dlcli(engine: str) -> tuple[float, float, float]:
    """Return seconds of the process, seconds of the trainings with tracing, and accuracy."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["kfold", "sonar", "--engine", engine, "--out", folder, "--json"]
        whole, output = timed(sys.executable, "-m", "dlcli", *arguments)
        result = json.loads(output)
        with (Path(result["run"]) / "folds.csv").open(encoding="utf-8") as file:
            trainings = sum(float(row["seconds"]) for row in csv.DictReader(file))
    return whole, trainings, result["summary"]["accuracy"]["mean"]


def plain(folds: int) -> tuple[float, float, float]:
    """Return the same of the hand-written loop, scaled to all folds."""
    script = str(HERE / "plain_keras" / "sonar_kfold.py")
    whole, output = timed(sys.executable, script, str(folds))
    *_, accuracy, seconds = output.splitlines()
    trainings = float(seconds)
    missing = trainings * (FOLDS / folds - 1)
    return whole + missing, trainings + missing, float(accuracy.split()[1])


def main() -> None:
    """Print the table."""
    folds = int(sys.argv[1]) if len(sys.argv) > 1 else FOLDS
    mark = "" if folds == FOLDS else f" (scaled from {folds} folds)"
    print(f"{'':40}  process  trainings  accuracy")
    rows = [
        ("dlcli kfold --engine stacked", dlcli, "stacked"),
        ("dlcli kfold --engine serial", dlcli, "serial"),
        (f"hand-written Keras loop{mark}", plain, folds),
    ]
    for name, measure, argument in rows:
        whole, trainings, accuracy = measure(argument)  # type: ignore[operator]
        print(f"{name:40}  {whole:5.1f} s  {trainings:7.1f} s    {accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
