"""Sonar, 10-fold cross-validation as it is written by hand with Keras and scikit-learn.

    DLCLI_DATA=/path/to/data python benchmarks/plain_keras/sonar_kfold.py [FOLDS]

FOLDS trains the first few folds only. The last line is the seconds of the trainings alone.
"""

import os
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import LabelEncoder, StandardScaler

folds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
folder = os.environ.get("DLCLI_DATA", ".").split(os.pathsep)[0]
table = pd.read_csv(next(Path(folder).rglob("sonar.csv")), header=None)
x = table.iloc[:, :60].to_numpy("float32")
y = LabelEncoder().fit_transform(table[60])

keras.utils.set_random_seed(0)
splits = StratifiedKFold(n_splits=10, shuffle=True, random_state=0).split(x, y)
accuracies = []
seconds = 0.0
for fold, (train, test) in enumerate(splits, 1):
    if fold > folds:
        break
    scaler = StandardScaler().fit(x[train])
    model = keras.Sequential(
        [
            keras.Input((60,)),
            keras.layers.Dense(24, activation="relu"),
            keras.layers.Dense(10, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="mean_squared_error", optimizer="adam", metrics=["accuracy"])
    started = time.monotonic()
    model.fit(scaler.transform(x[train]), y[train], epochs=100, batch_size=5, verbose=0)
    seconds += time.monotonic() - started
    accuracy = model.evaluate(scaler.transform(x[test]), y[test], verbose=0)[1]
    accuracies.append(accuracy)
    print(f"fold {fold}: accuracy {accuracy:.4f}", flush=True)
print(f"accuracy {np.mean(accuracies):.4f} ± {np.std(accuracies, ddof=1):.4f}")
print(f"{seconds:.2f}")
