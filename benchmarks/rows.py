"""Generate tables for the benchmarks, and compare predictions; a process of its own.

    python rows.py features SOURCE COLUMNS ROWS OUTPUT
    python rows.py table SOURCE COLUMNS ROWS OUTPUT
    python rows.py scaler MODEL OUTPUT
    python rows.py compare FIRST SECOND

``features`` draws rows from those of SOURCE with a little noise; COLUMNS wraps around the columns
that there are. ``table`` adds the label as a last column. ``scaler`` writes the standardization
that a model file of dlcli holds as a fitted StandardScaler.
"""

import json
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.preprocessing import StandardScaler

BLOCK = 10_000


def generate(source: str, columns: str, rows: str, output: str, *, label: bool) -> None:
    """Write random rows with 4 decimals, block by block."""
    table = pd.read_csv(source, header=None)
    real = table.iloc[:, np.arange(int(columns)) % (table.shape[1] - 1)].to_numpy("float64")
    spread = real.std(axis=0)
    rng = np.random.default_rng(0)
    with Path(output).open("w", encoding="utf-8") as file:
        for start in range(0, int(rows), BLOCK):
            drawn = rng.integers(len(real), size=min(BLOCK, int(rows) - start))
            noise = rng.normal(scale=0.2, size=(len(drawn), real.shape[1])) * spread
            block = pd.DataFrame(real[drawn] + noise)
            if label:
                block["label"] = table.iloc[drawn, -1].to_numpy()
            block.to_csv(file, header=False, index=False, float_format="%.4f")


def save_scaler(model: str, output: str) -> None:
    """Write the mean and the standard deviation of a model file as joblib keeps them."""
    with zipfile.ZipFile(model) as archive:
        groups = json.loads(archive.read("dlcli.json"))["preprocess"]["groups"]
    steps = [step for group in groups for step in group["steps"]]
    if [step["name"] for step in steps] != ["standardize"]:
        raise SystemExit(f"{model}: not one standardization")
    (fitted,) = steps
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_ = np.asarray(fitted["mean"]), np.asarray(fitted["scale"])
    scaler.var_ = scaler.scale_**2
    scaler.n_features_in_ = len(scaler.mean_)
    joblib.dump(scaler, output)


def compare(first: str, second: str) -> None:
    """Say how far two files of predictions are apart; fail if they do not agree."""
    ours, theirs = pd.read_csv(first), pd.read_csv(second)
    apart = np.abs(ours.iloc[:, 1:].to_numpy() - theirs.iloc[:, 1:].to_numpy()).max()
    classes = [name.removeprefix("p_") for name in ours.columns[1:]]
    codes = ours["prediction"].astype(str).map({name: code for code, name in enumerate(classes)})
    different = int((codes.to_numpy() != theirs["prediction"].to_numpy()).sum())
    if apart > 1e-4 or different > len(ours) * 1e-4:
        raise SystemExit(f"{different} labels differ, probabilities by up to {apart:.2g}")
    print(f"probabilities agree to {apart:.1g}, {different} of {len(ours):,} labels differ")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command in ("features", "table"):
        generate(*arguments, label=command == "table")
    elif command == "scaler":
        save_scaler(*arguments)
    else:
        compare(*arguments)
