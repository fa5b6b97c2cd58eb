"""Make the tables that follow a formula: bmi.csv and tide.csv.

    python data/make.py

Python's `random.Random` gives the same numbers on every machine, so the files come out as they are.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent

# Period in hours and amplitude in metres of the main lunar and solar constituents, twice a day
# (M2, S2) and once (K1, O1).
CONSTITUENTS = ((12.4206, 1.2), (12.0, 0.4), (23.9345, 0.25), (25.8193, 0.2))


def people(count: int = 20_000) -> Iterable[tuple[int, int, str]]:
    """Yield height in centimetres, weight in kilograms, and what the body mass index says."""
    numbers = random.Random(0)  # noqa: S311 (no secret is made of it)
    for _ in range(count):
        height, weight = numbers.randint(120, 200), numbers.randint(35, 80)
        index = weight / (height / 100) ** 2
        yield height, weight, "thin" if index < 18.5 else "normal" if index < 25 else "fat"


def tide(hours: int = 2000) -> Iterable[tuple[int, str]]:
    """Yield the hour, and a height in metres: tide, a surge that dies away slowly, noise."""
    numbers = random.Random(0)  # noqa: S311
    surge = 0.0
    for hour in range(hours):
        surge = 0.95 * surge + numbers.gauss(0, 0.03)
        astronomical = sum(
            amplitude * math.cos(2 * math.pi * hour / period) for period, amplitude in CONSTITUENTS
        )
        yield hour, f"{astronomical + surge + numbers.gauss(0, 0.02):.3f}"


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table."""
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    write("bmi.csv", ("height", "weight", "label"), people())
    write("tide.csv", ("hour", "height"), tide())
