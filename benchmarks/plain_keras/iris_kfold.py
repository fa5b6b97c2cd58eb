"""Iris, 10-fold cross-validation as it is written by hand with Keras and scikit-learn.

    python iris_kfold.py FOLDER [--first N]

FOLDER holds ``iris.csv``. ``--first`` trains the first few folds only. The last line is the
seconds of the trainings.
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
parser.add_argument("--first", type=int)
options = parser.parse_args()

table = pd.read_csv(options.folder / "iris.csv", header=None)
x = table.iloc[:, :4].to_numpy("float32")
species = LabelEncoder().fit_transform(table[4])
y = keras.utils.to_categorical(species)

keras.utils.set_random_seed(0)
splits = StratifiedKFold(n_splits=10, shuffle=True, random_state=0).split(x, species)
accuracies = []
seconds = 0.0
for train, test in list(splits)[: options.first]:
    scaler = StandardScaler().fit(x[train])
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    started = time.monotonic()
    model.fit(scaler.transform(x[train]), y[train], epochs=50, batch_size=1, verbose=0)
    seconds += time.monotonic() - started
    accuracies.append(model.evaluate(scaler.transform(x[test]), y[test], verbose=0)[1])
print(f"accuracy {np.mean(accuracies):.4f} ± {np.std(accuracies):.4f}")
print(f"{seconds:.3f}")
