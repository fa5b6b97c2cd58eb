"""Write ``README.md`` from the measured figures; nothing is measured here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from measure import median
from serve_tables import serve_section
from yardstick_tables import yardstick_section

HERE = Path(__file__).parent
SPEED, GROWTH = HERE / "speed.json", HERE / "growth.json"
TORTURE, MEMORY = HERE / "torture.json", HERE / "memory.json"
YARDSTICK = HERE / "yardstick.json"
SEARCH = HERE / "search.json"
SERVE = HERE / "serve.json"
INTRODUCTION = """\
# Benchmarks

dlcli compared with plain Keras scripts as courses use them. The scripts are in `plain_keras/`:
the same model, epochs, batch size, optimizer, preprocessing and callbacks, written with pandas,
scikit-learn and Keras. Both run as whole processes, start-up included, in alternation on one
machine. The figures are medians of wall-clock seconds and of peak memory (maximum resident set
size). *Ratio* is script / dlcli. `speed.py`, `growth.py` and `torture.py` measure and write
this page; `catalogue.py` trains the bundled configs and writes the table in the README.

    DLCLI_DATA=/path/to/data python benchmarks/speed.py
    DLCLI_DATA=/path/to/data python benchmarks/growth.py

## Speed and memory
"""
GROWTH_TEXT = """\
## How the cost grows

![Seconds and memory of dlcli and of a script, as rows, columns, folds and epochs grow](growth.png)

A cross-validation starts from 200 rows of 60 columns, 10 folds, 10 epochs, batches of 5, with
sonar's network; one of the four grows at a time. Seconds of whole processes, and of the trainings
alone.
"""


TORTURE_TEXT = """\
## Kills, full disks, random input

`torture.py` kills trainings with SIGKILL, at random moments after the first checkpoint, resumes
them until they finish, and compares every bit with an uninterrupted training: weights,
optimizer state, history, metrics, the best model, out-of-fold predictions. It trains on disks
of a few kilobytes, enlarges them and resumes. It changes configs, tables and model files at
random and opens them; everything but an error message with its place counts as a failure.

    DLCLI_DATA=/path/to/data python benchmarks/torture.py --kills 200 --minutes 30
"""


MEMORY_TEXT = """\
## More data than memory should hold

`memory.py` trains on 20,000 JPEG images of 160×160 (1.5 GB of pixels, 6.1 GB as float32), for three
epochs with a small convolution, and on a table of 5 million rows × 50 columns, for one epoch. The
script uses `keras.utils.image_dataset_from_directory` with `cache` and `prefetch`, which keeps all
pixels in memory as float32. *An epoch* is the last one. Other work ran on the machine, so that the
seconds vary: a run before this one took 17 s per epoch with the script and 19 s with dlcli, its
first epoch and tracing included.

    python benchmarks/memory.py
"""


SEARCH_TEXT = """\
## Searches

`search.py` searches learning rate, L2 and units of a network for sonar, with ten folds of 60 epochs
for each trial, beside loops of Keras with Optuna and with KerasTuner (scaled from 3 trials); with
ever more trials; and trains several variants beside one. Whole processes.

    DLCLI_DATA=/path/to/data python benchmarks/search.py
"""


def load(path: Path) -> dict[str, Any]:
    """Return stored figures; none, if nothing was measured yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def number(value: float, unit: str) -> str:
    """Write seconds, megabytes or a ratio, as long as it needs to be."""
    digits = 0 if unit == "MB" or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}" + (f" {unit}" if unit in ("s", "MB") else "")


def bars(line: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each bar of a line, and whether it is met."""
    ours = median(line["dlcli"])
    if line["least"] is not None:
        yield f"ratio ≥ {line['least']:g}", median(line["script"]) / ours >= line["least"]
    if line["most"] is not None:
        unit = f" {line['unit']}" if line["unit"] != "×" else ""
        yield f"< {line['most']:g}{unit}", ours < line["most"]


def missed(stored: Mapping[str, Any]) -> list[str]:
    """Return the lines that miss a bar."""
    return [
        f"{comparison['title']}: {line['what']}: {bar}"
        for comparison in stored.values()
        for line in comparison["lines"]
        for bar, met in bars(line)
        if not met
    ]


def speed_table(stored: Mapping[str, Any]) -> str:
    """Return the table of all comparisons."""
    rows = ["| | script | dlcli | ratio | bar | |", "|---|--:|--:|--:|---|---|"]
    for comparison in stored.values():
        rows.append(f"| **{comparison['title']}** | | | | | {comparison['results']} |")
        for line in comparison["lines"]:
            ours = median(line["dlcli"])
            theirs = median(line["script"]) if line["script"] else None
            found = list(bars(line))
            cells = (
                line["what"],
                "" if theirs is None else number(theirs, line["unit"]),
                number(ours, line["unit"]),
                "" if theirs is None else number(theirs / ours, "×"),
                ", ".join(bar for bar, _ in found),
                ", ".join("met" if met else "missed" for _, met in found),
            )
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def below(stored: Mapping[str, Any]) -> str:
    """Return date, versions, machine and repeats, as often as they differ."""
    said: dict[str, int] = {}
    for found in stored.values():
        versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
        times = found.get("repeats")
        repeats = f"; medians of {times}" if times else ""
        repeats = "; one run each" if times == 1 else repeats
        text = f"{found['date']}, {found['machine']}: {versions}{repeats}."
        said[text] = said.get(text, 0) + 1
    return "\n".join(f"Measured on {text}" for text in said)


def growth_tables(stored: Mapping[str, Any]) -> str:
    """Return the tables of growing work."""
    rows = [
        "| kfold | script | trainings | dlcli | trainings |",
        "|---|--:|--:|--:|--:|",
    ]
    for case in stored["kfold"]["cases"]:
        cells = [
            number(median(case[side][what]), "s")
            for side in ("script", "dlcli")
            for what in ("seconds", "trainings")
        ]
        rows.append(f"| {case['what']} | {' | '.join(cells)} |")
    rows += [
        "",
        "| predict | script | memory | dlcli | memory |",
        "|---|--:|--:|--:|--:|",
    ]
    for case in stored["predict"]["cases"]:
        cells = [
            number(median(case[side][what]), unit) if case.get(side) else ""
            for side in ("script", "dlcli")
            for what, unit in (("seconds", "s"), ("peak", "MB"))
        ]
        rows.append(f"| {case['rows']:,} × {case['columns']} | {' | '.join(cells)} |")
    return "\n".join(rows)


def torture_tables(stored: Mapping[str, Any]) -> str:
    """Return the tables of what dlcli went through."""
    rows = ["| killed | kills | runs | not identical |", "|---|--:|--:|--:|"]
    rows += [
        f"| {row['what']} | {row['kills']} | {row['runs']} | {len(row['different'])} |"
        for row in stored.get("kills", {}).get("rows", [])
    ]
    rows += ["", "| changed at random | minutes | inputs | refused | slowest | failures |"]
    rows.append("|---|--:|--:|--:|--:|--:|")
    for row in stored.get("fuzzing", {}).get("rows", []):
        cells = (
            f"{row['seconds'] / 60:.0f}", f"{row['cases']:,}", f"{row['refused']:,}",
            number(row["slowest"], "s"), str(len(row["failures"])),
        )  # fmt: skip
        rows.append(f"| {row['what']} | {' | '.join(cells)} |")
    disks = stored.get("disks")
    if disks:
        went_on = disks["resumed"] - len(disks["problems"])
        sentence = (
            f"Of {disks['sizes']} disks of different sizes {disks['full']} were too small for "
            f"`train sonar`: it reported the full disk, and after the disk was enlarged {went_on} "
            "of these runs resumed to identical bits."
        )
        rows += ["", sentence]
    return "\n".join(rows)


def memory_table(stored: Mapping[str, Any]) -> str:
    """Return the table of trainings on large data."""
    rows = ["| | script | dlcli | bar | |", "|---|--:|--:|---|---|"]

    def add(what: str, unit: str, ours: float, theirs: float | None, bar: float) -> None:
        script = "" if theirs is None else number(theirs, unit)
        met = "met" if ours <= bar else "missed"
        rows.append(f"| {what} | {script} | {number(ours, unit)} | ≤ {number(bar, unit)} | {met} |")

    if images := stored.get("images"):
        script, ours = images["script"], images["dlcli"]
        what = f"{images['count']:,} images"
        add(f"{what}: peak memory", "MB", ours["peak"], script["peak"], 1500)
        add(f"{what}: an epoch", "s", ours["epoch"], script["epoch"], script["epoch"])
        seconds = number(script["seconds"], "s"), number(ours["seconds"], "s")
        rows.append(f"| {what}: whole process | {' | '.join(seconds)} | | |")
    if table := stored.get("table"):
        what = f"{table['rows']:,} rows × 50 ({table['file']:,.0f} MB of text)"
        add(f"{what}: peak memory", "MB", table["peak"], None, 4000)
        rows.append(f"| {what}: whole process | | {number(table['seconds'], 's')} | | |")
    return "\n".join(rows)


def search_tables(stored: Mapping[str, Any]) -> str:
    """Return the tables of searches."""
    rows = []
    if found := stored.get("loop"):
        keys = ("script_trainings", "tuner_trainings", "trainings")
        seconds = [number(found[key], "s") if key in found else "" for key in keys]
        ratio = found["script_trainings"] / found["trainings"]
        rows += [
            f"| {found['trials']} trials × 10 folds | Optuna | KerasTuner | dlcli | ratio |",
            "|---|--:|--:|--:|--:|",
            f"| the trainings alone | {' | '.join(seconds)} | {ratio:.0f} |",
            f"| whole process | | | {number(found['seconds'], 's')} | |",
            "",
        ]
    if grown := stored.get("growth"):
        rows += ["| trials | seconds | per trial | peak memory |", "|--:|--:|--:|--:|"]
        rows += [
            f"| {row['trials']:,} | {number(row['seconds'], 's')} | "
            f"{number(row['seconds'] / row['trials'], 's')} | {number(row['peak'], 'MB')} |"
            for row in grown["rows"]
        ]
        rows.append("")
    several = [stored[key] for key in ("seeds", "mnist") if key in stored]
    if several:
        rows += ["| several in one command | one alone | all | ratio |", "|---|--:|--:|--:|"]
        rows += [
            f"| {row['name']} | {number(row['one'], 's')} | {number(row['seconds'], 's')} | "
            f"{row['seconds'] / row['one']:.1f} |"
            for row in several
        ]
    return "\n".join(rows)


def write_readme() -> None:
    """Write the page from all files of figures."""
    speed, growth = load(SPEED), load(GROWTH)
    parts = [INTRODUCTION, speed_table(speed), "", below(speed), ""]
    if growth:
        parts += [GROWTH_TEXT, growth_tables(growth), "", below(growth), ""]
    if memory := load(MEMORY):
        parts += [MEMORY_TEXT, memory_table(memory), "", below(memory), ""]
    torture = load(TORTURE)
    if torture:
        parts += [TORTURE_TEXT, torture_tables(torture), "", below(torture), ""]
    if search := load(SEARCH):
        parts += [SEARCH_TEXT, search_tables(search), "", below(search), ""]
    if serve := load(SERVE):
        parts += [*serve_section(serve), "", below({"": serve["machine"]}), ""]
    if yardstick := load(YARDSTICK):
        parts += yardstick_section(yardstick)
    (HERE / "README.md").write_text("\n".join(parts), encoding="utf-8")
