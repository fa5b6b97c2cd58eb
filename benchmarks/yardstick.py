"""Compare the config that `dlcli init` writes with other models on tables, untuned.

Each table is split five times, 80 % of the rows for training; all models get the same rows. dlcli
reads the training rows as a CSV file, as a user's: `init`, `train`, `predict` on the test rows.
The others are scikit-learn's with their defaults, and, where they are installed, RealMLP-TD
(pytabkit; Holzmueller, Grinsztajn, Steinwart 2024) and CatBoost. Results are added to
``yardstick.json``, so that methods can be run one after the other, in environments of their own:

    DLCLI_DATA=/path/to/data python benchmarks/yardstick.py
    DLCLI_DATA=/path/to/data python benchmarks/yardstick.py --methods realmlp catboost
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from readme import YARDSTICK, write_readme
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TARGET = "target"
SPLITS = 5
MAX_CLASSES = 30
OBVIOUS = """\
dataset: {csv: {path: train.csv, target: target}}
split: {test: 0}
model: [{Dense: {units: 64, activation: relu}}, {Dense: {units: 32, activation: relu}}, HEAD]
loss: LOSS
fit: {epochs: 15}
"""
Fit = Callable[[pd.DataFrame, pd.DataFrame, bool], np.ndarray]


def tables(data: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield names and tables with a column ``target``."""
    for path in sorted((data / "tables").glob("*.csv.gz")):
        yield path.name.removesuffix(".csv.gz"), pd.read_csv(path)
    for name, options in {
        "winequality-red": {"sep": ";"},
        "winequality-white": {"sep": ";"},
        "pima-indians-diabetes": {"header": None},
        "sonar": {"header": None},
        "ThoraricSurgery": {"header": None},
        "housing": {"header": None, "sep": r"\s+"},
    }.items():
        frame = pd.read_csv(data / f"{name}.csv", **options)
        yield name, frame.rename(columns=str).rename(columns={str(frame.columns[-1]): TARGET})
    for load in (load_diabetes, load_wine, load_breast_cancer):
        yield load.__name__.removeprefix("load_"), load(as_frame=True).frame


def is_regression(y: pd.Series) -> bool:
    """Tell whether a target is a quantity."""
    return bool(pd.api.types.is_numeric_dtype(y) and y.nunique() > MAX_CLASSES)


def dlcli_init(train_rows: pd.DataFrame, test_rows: pd.DataFrame, _: bool) -> np.ndarray:
    """Train the config that `init` writes."""
    from dlcli.experiments.init import init

    train_rows.to_csv("train.csv", index=False)
    init(Path("train.csv"), target=TARGET, output=Path("my.yaml"), force=True)
    return _trained("my.yaml", test_rows, "split.test=0")


def dlcli_obvious(train_rows: pd.DataFrame, test_rows: pd.DataFrame, is_number: bool) -> np.ndarray:
    """Train two dense layers for 15 epochs."""
    classes = train_rows[TARGET].nunique()
    activation = "sigmoid" if classes == 2 else "softmax"
    loss = "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    head = "Dense" if is_number else f"{{Dense: {{activation: {activation}}}}}"
    text = OBVIOUS.replace("HEAD", head).replace("LOSS", "mse" if is_number else loss)
    if is_number:
        text = text.replace("target: target", "target: target, task: regression")
    Path("my.yaml").write_text(text, encoding="utf-8")
    train_rows.to_csv("train.csv", index=False)
    return _trained("my.yaml", test_rows)


def _trained(config: str, test_rows: pd.DataFrame, *overrides: str) -> np.ndarray:
    from dlcli import load_config, predict, train

    run = train(load_config(config, list(overrides)), runs="runs").path
    test_rows.drop(columns=TARGET).to_csv("test.csv", index=False)
    return predict(run, "test.csv").to_frame()["prediction"].to_numpy()


def scikit_learn(classifier: Any, regressor: Any) -> Fit:
    """Return the fit of a model of scikit-learn, with scaled numbers and one-hot categories."""

    def fit(train_rows: pd.DataFrame, test_rows: pd.DataFrame, is_number: bool) -> np.ndarray:
        x = train_rows.drop(columns=TARGET)
        numbers = [name for name in x if pd.api.types.is_numeric_dtype(x[name])]
        inputs = ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
                 numbers),
                ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                 [name for name in x if name not in numbers]),
            ]
        )  # fmt: skip
        model = regressor() if is_number else classifier()
        if "random_state" in model.get_params():
            model.set_params(random_state=0)
        pipeline = make_pipeline(inputs, model).fit(x, train_rows[TARGET])
        return pipeline.predict(test_rows.drop(columns=TARGET))

    return fit


def filled(rows: pd.DataFrame, train_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the inputs with text categories, and medians in place of missing numbers."""
    x = rows.drop(columns=TARGET).copy()
    for name in x:
        if pd.api.types.is_numeric_dtype(x[name]):
            x[name] = x[name].fillna(train_rows[name].median())
        else:
            x[name] = x[name].astype(str)
    return x


def realmlp(train_rows: pd.DataFrame, test_rows: pd.DataFrame, is_number: bool) -> np.ndarray:
    """Fit RealMLP with its tuned defaults."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    model = (RealMLP_TD_Regressor if is_number else RealMLP_TD_Classifier)(
        device="cpu", random_state=0, verbosity=0
    )
    model.fit(filled(train_rows, train_rows), train_rows[TARGET])
    return np.asarray(model.predict(filled(test_rows, train_rows)))


def catboost(train_rows: pd.DataFrame, test_rows: pd.DataFrame, is_number: bool) -> np.ndarray:
    """Fit CatBoost with its defaults."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    x = filled(train_rows, train_rows)
    texts = [name for name in x if not pd.api.types.is_numeric_dtype(x[name])]
    model = (CatBoostRegressor if is_number else CatBoostClassifier)(
        cat_features=texts, random_seed=0, verbose=False, allow_writing_files=False
    )
    model.fit(x, train_rows[TARGET])
    return np.asarray(model.predict(filled(test_rows, train_rows))).reshape(-1)


METHODS: dict[str, Fit] = {
    "dlcli init": dlcli_init,
    "obvious config": dlcli_obvious,
    "random forest": scikit_learn(RandomForestClassifier, RandomForestRegressor),
    "gradient boosting": scikit_learn(
        HistGradientBoostingClassifier, HistGradientBoostingRegressor
    ),
    "linear": scikit_learn(lambda: LogisticRegression(max_iter=2000), Ridge),
    "scikit-learn MLP": scikit_learn(MLPClassifier, MLPRegressor),
    "realmlp": realmlp,
    "catboost": catboost,
}


def measure(method: str, frame: pd.DataFrame, split: int) -> dict[str, Any]:
    """Fit a method on a split; score it in a folder of its own."""
    is_number = is_regression(frame[TARGET])
    classes = None if is_number else frame[TARGET]
    train_rows, test_rows = train_test_split(
        frame, test_size=0.2, random_state=split, stratify=classes
    )
    started, cpu = time.monotonic(), sum(os.times()[:4])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here = Path.cwd()
        os.chdir(folder)
        try:
            with redirect_stdout(io.StringIO()):
                predicted = METHODS[method](train_rows, test_rows, is_number)
        finally:
            os.chdir(here)
    true = test_rows[TARGET].to_numpy()
    if is_number:
        score = r2_score(true, predicted.astype(float))
    else:
        score = accuracy_score(true.astype(str), np.asarray(predicted).astype(str))
    return {
        "score": round(float(score), 5),
        "seconds": round(time.monotonic() - started, 2),
        "cpu_seconds": round(sum(os.times()[:4]) - cpu, 2),
        "task": "regression" if is_number else "classification",
    }


def main() -> None:
    """Measure what is not in ``yardstick.json`` yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="*", default=list(METHODS)[:6], choices=METHODS)
    parser.add_argument("--tables", nargs="*", help="names; default: all")
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--again", action="store_true", help="measure what is measured already")
    options = parser.parse_args()
    results = json.loads(YARDSTICK.read_text()) if YARDSTICK.exists() else {}
    for name, frame in tables(Path(os.environ["DLCLI_DATA"])):
        if options.tables and name not in options.tables:
            continue
        for method in options.methods:
            splits = results.setdefault(name, {}).setdefault(method, {})
            for split in range(options.splits):
                if options.again or str(split) not in splits:
                    splits[str(split)] = measure(method, frame, split)
            scores = [entry["score"] for entry in splits.values()]
            print(f"{name:24} {method:18} {np.mean(scores):.4f}", flush=True)
            YARDSTICK.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    write_readme()


if __name__ == "__main__":
    main()
