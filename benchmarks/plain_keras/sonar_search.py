"""Sonar, a search with Optuna as it is written by hand with Keras: ten folds for each trial.

    python sonar_search.py FOLDER [--trials 3] [--epochs 60] [--batch-size 5]

The last line is the seconds of the trainings.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
import optuna
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


def objective(trial: optuna.Trial) -> float:
    """Return the mean accuracy over the folds."""
    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    l2 = trial.suggest_float("l2", 1e-5, 1e-1, log=True)
    units = trial.suggest_categorical("units", [8, 16, 32])
    accuracies = []
    for train, test in folds.split(x, y):
        keras.utils.set_random_seed(0)
        scaler = StandardScaler().fit(x[train])
        model = keras.Sequential(
            [
                keras.Input((x.shape[1],)),
                keras.layers.Dense(
                    units, activation="relu", kernel_regularizer=keras.regularizers.L2(l2)
                ),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.optimizer.learning_rate = rate
        started = time.monotonic()
        model.fit(
            scaler.transform(x[train]), y[train], epochs=options.epochs,
            batch_size=options.batch_size, verbose=0,
        )  # fmt: skip
        seconds.append(time.monotonic() - started)
        accuracies.append(model.evaluate(scaler.transform(x[test]), y[test], verbose=0)[1])
    return float(np.mean(accuracies))


study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=options.trials)
print(f"best {study.best_value:.4f} {study.best_params}")
print(f"{sum(seconds):.3f}")
