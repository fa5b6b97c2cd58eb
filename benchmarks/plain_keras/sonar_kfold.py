"""Sonar, k-fold cross-validation as it is written by hand with Keras and scikit-learn.

    python sonar_kfold.py FOLDER [--table FILE] [--folds 10] [--epochs 100] [--first N]

FOLDER holds ``sonar.csv``; another table may stand in for it, with the label in its last column.
``--first`` trains the first few of the folds only. The last line is the seconds of the trainings.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import LabelEncoder, StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--table", type=Path)
parser.add_argument("--folds", type=int, default=10)
parser.add_argument("--epochs", type=int, default=100)
parser.add_argument("--first", type=int)
options = parser.parse_args()

table = pd.read_csv(options.table or options.folder / "sonar.csv", header=None)
x = table.iloc[:, :-1].to_numpy("float32")
y = LabelEncoder().fit_transform(table.iloc[:, -1])

keras.utils.set_random_seed(0)
splits = StratifiedKFold(n_splits=options.folds, shuffle=True, random_state=0).split(x, y)
accuracies = []
seconds = 0.0
for train, test in list(splits)[: options.first]:
    scaler = StandardScaler().fit(x[train])
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            keras.layers.Dense(24, activation="relu"),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="mean_squared_error", optimizer="adam", metrics=["accuracy"])
    started = time.monotonic()
    model.fit(scaler.transform(x[train]), y[train], epochs=options.epochs, batch_size=5, verbose=0)
    seconds += time.monotonic() - started
    accuracies.append(model.evaluate(scaler.transform(x[test]), y[test], verbose=0)[1])
print(f"accuracy {np.mean(accuracies):.4f} ± {np.std(accuracies):.4f}")
print(f"{seconds:.3f}")
