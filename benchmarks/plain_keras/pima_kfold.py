"""Pima, 10-fold cross-validation as it is written by hand with Keras and scikit-learn.

    python pima_kfold.py FOLDER [--first N]

FOLDER holds ``pima-indians-diabetes.csv``. ``--first`` trains the first few folds only. The last
line is the seconds of the trainings.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--first", type=int)
options = parser.parse_args()

table = pd.read_csv(options.folder / "pima-indians-diabetes.csv", header=None)
x = table.iloc[:, :8].to_numpy("float32")
y = table[8].to_numpy()
# Glucose, pressure, skin, insulin and BMI: a zero means that nobody measured.
measured = [1, 2, 3, 4, 5]

keras.utils.set_random_seed(0)
splits = StratifiedKFold(n_splits=10, shuffle=True, random_state=0).split(x, y)
accuracies = []
seconds = 0.0
for train, test in list(splits)[: options.first]:
    imputer = SimpleImputer(missing_values=0, strategy="median")
    preprocess = make_pipeline(
        make_column_transformer((imputer, measured), remainder="passthrough"), StandardScaler()
    ).fit(x[train])
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(12, activation="relu"),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    started = time.monotonic()
    model.fit(preprocess.transform(x[train]), y[train], epochs=200, batch_size=10, verbose=0)
    seconds += time.monotonic() - started
    accuracies.append(model.evaluate(preprocess.transform(x[test]), y[test], verbose=0)[1])
print(f"accuracy {np.mean(accuracies):.4f} ± {np.std(accuracies):.4f}")
print(f"{seconds:.3f}")
