"""Sonar, a search with KerasTuner as it is written by hand: ten folds for each trial.

    python sonar_kerastuner.py FOLDER [--trials 3] [--epochs 60] [--batch-size 5]

The last line is the seconds of the trainings.
"""

import argparse
import tempfile
import time
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import LabelEncoder, StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--trials", type=int, default=3)
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--batch-size", type=int, default=5)
options = parser.parse_args()

table = pd.read_csv(options.folder / "sonar.csv", header=None)
x = table.iloc[:, :-1].to_numpy("float32")
y = LabelEncoder().fit_transform(table.iloc[:, -1])
folds = StratifiedKFold(n_splits=10, shuffle=True, random_state=0)
seconds: list[float] = []


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    """Return a compiled model with the values of a trial."""
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            keras.layers.Dense(
                hp.Choice("units", [8, 16, 32]),
                activation="relu",
                kernel_regularizer=keras.regularizers.L2(hp.Float("l2", 1e-5, 0.1, sampling="log")),
            ),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    rate = hp.Float("rate", 1e-4, 0.1, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


class Tuner(keras_tuner.BayesianOptimization):
    """Compare trials by their mean accuracy over the folds."""

    def run_trial(self, trial: keras_tuner.engine.trial.Trial, **_: object) -> dict[str, float]:
        """Train all folds of a trial."""
        accuracies = []
        for train, test in folds.split(x, y):
            keras.utils.set_random_seed(0)
            scaler = StandardScaler().fit(x[train])
            model = build(trial.hyperparameters)
            started = time.monotonic()
            model.fit(
                scaler.transform(x[train]), y[train], epochs=options.epochs,
                batch_size=options.batch_size, verbose=0,
            )  # fmt: skip
            seconds.append(time.monotonic() - started)
            accuracies.append(model.evaluate(scaler.transform(x[test]), y[test], verbose=0)[1])
        return {"accuracy": float(np.mean(accuracies))}


with tempfile.TemporaryDirectory() as directory:
    tuner = Tuner(
        build,
        objective=keras_tuner.Objective("accuracy", "max"),
        max_trials=options.trials,
        directory=directory,
    )
    tuner.search(verbose=0)
print(f"{sum(seconds):.3f}")
