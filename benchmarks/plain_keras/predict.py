"""Predict the rows of a CSV file as it is written by hand with Keras, pandas and joblib.

    python predict.py MODEL SCALER INPUT [OUTPUT]

MODEL is a .keras file with one sigmoid or several softmax units, SCALER a StandardScaler that
joblib saved, INPUT a table of numbers without a header. Without OUTPUT the labels are printed.
"""

import sys

import joblib
import keras
import numpy as np
import pandas as pd

model = keras.models.load_model(sys.argv[1], compile=False)
scaler = joblib.load(sys.argv[2])
x = scaler.transform(pd.read_csv(sys.argv[3], header=None).to_numpy("float32"))
# A step per 1024 rows: with Keras's 32 a million rows take four times as long.
outputs = model.predict(x, batch_size=1024, verbose=0)
if outputs.shape[1] == 1:
    outputs = np.hstack([1 - outputs, outputs])
labels = outputs.argmax(axis=1)
if len(sys.argv) > 4:
    columns = [f"p_{label}" for label in range(outputs.shape[1])]
    table = pd.DataFrame(outputs, columns=columns)
    table.insert(0, "prediction", labels)
    table.to_csv(sys.argv[4], index=False)
else:
    print(*labels, sep="\n")
