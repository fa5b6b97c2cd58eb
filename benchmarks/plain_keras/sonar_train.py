"""Sonar, one training with test rows set apart, as it is written by hand with Keras.

    python sonar_train.py FOLDER

FOLDER holds ``sonar.csv``. Leaves ``sonar.keras`` and ``scaler.joblib`` in the current folder.
The last line is the seconds of the fit.
"""

import sys
import time
from pathlib import Path

import joblib
import keras
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler

table = pd.read_csv(Path(sys.argv[1]) / "sonar.csv", header=None)
x = table.iloc[:, :60].to_numpy("float32")
y = LabelEncoder().fit_transform(table[60])
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, stratify=y, random_state=0)
scaler = StandardScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)

keras.utils.set_random_seed(0)
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
model.fit(x_train, y_train, epochs=130, batch_size=5, verbose=0)
seconds = time.monotonic() - started

_, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save("sonar.keras")
joblib.dump(scaler, "scaler.joblib")
print(f"accuracy {accuracy:.4f}")
print(f"{seconds:.3f}")
