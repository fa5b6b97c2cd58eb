"""Predict the rows of a CSV file as it is written by hand with Keras, pandas and joblib.

    python predict.py MODEL SCALER INPUT [--output FILE] [--batch-size 32]

MODEL is a .keras file with one sigmoid or several softmax units, SCALER a StandardScaler that
joblib saved, INPUT a table of numbers without a header. Without a FILE the labels are printed.
"""

import argparse

import joblib
import keras
import numpy as np
import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("scaler")
parser.add_argument("input")
parser.add_argument("--output")
parser.add_argument("--batch-size", type=int, default=32)
options = parser.parse_args()

model = keras.models.load_model(options.model, compile=False)
scaler = joblib.load(options.scaler)
x = scaler.transform(pd.read_csv(options.input, header=None).to_numpy("float32"))
outputs = model.predict(x, batch_size=options.batch_size, verbose=0)
if outputs.shape[1] == 1:
    outputs = np.hstack([1 - outputs, outputs])
labels = outputs.argmax(axis=1)
if options.output:
    columns = [f"p_{label}" for label in range(outputs.shape[1])]
    table = pd.DataFrame(outputs, columns=columns)
    table.insert(0, "prediction", labels)
    table.to_csv(options.output, index=False)
else:
    print(*labels, sep="\n")
