"""Compare dlcli with hand-written Keras scripts, whole processes by turns.

    python benchmarks/speed.py                            everything, 5 repeats; then README.md
    python benchmarks/speed.py --only kfold_pima --full   one comparison, the script with all folds
    python benchmarks/speed.py --repeats 1 --only start   only to try it
    python benchmarks/speed.py --write                    only rewrite README.md from speed.json

The data sets are in the first folder of ``DLCLI_DATA``. The figures of every repeat are kept in
``speed.json``; those of comparisons that are not measured stay as they are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench import Bench
from comparisons import COMPARISONS
from measure import here
from readme import SPEED, load, missed, write_readme


def main() -> None:
    """Measure the comparisons and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", choices=COMPARISONS, default=list(COMPARISONS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--full", action="store_true", help="all folds of the slowest scripts")
    parser.add_argument("--write", action="store_true", help="measure nothing")
    options = parser.parse_args()
    stored = load(SPEED)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.repeats, options.full)
        for name in () if options.write else options.only:
            print(name, flush=True)
            started = time.monotonic()
            found = asdict(COMPARISONS[name](bench))
            seconds = round(time.monotonic() - started)
            stored[name] = {**found, "repeats": options.repeats, "took": seconds, **here()}
            kept = {key: stored[key] for key in COMPARISONS if key in stored}
            text = json.dumps(kept, indent=1, ensure_ascii=False)
            SPEED.write_text(text + "\n", encoding="utf-8")
    write_readme()
    if short := missed(stored):
        raise SystemExit("short of the bar:\n" + "\n".join(short))


if __name__ == "__main__":
    main()
