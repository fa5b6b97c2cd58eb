"""Serve a model as it is written by hand with FastAPI, Keras and joblib.

    MODEL=model.keras SCALER=scaler.joblib CLASSES=a,b,c uvicorn serve:app --port 8000

MODEL is a .keras file with one softmax unit per class, SCALER a StandardScaler that joblib saved.
"""

import os

import joblib
import keras
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = keras.models.load_model(os.environ["MODEL"], compile=False)
scaler = joblib.load(os.environ["SCALER"])
classes = os.environ["CLASSES"].split(",")


class Rows(BaseModel):
    """Rows of numbers."""

    rows: list[list[float]]


@app.post("/predict")
def predict(request: Rows) -> list[dict[str, float | str]]:
    """Return the class and the probabilities of each row."""
    x = scaler.transform(np.array(request.rows, "float32"))
    outputs = model.predict(x, verbose=0)
    return [
        {
            "prediction": classes[int(row.argmax())],
            **{f"p_{name}": float(p) for name, p in zip(classes, row, strict=True)},
        }
        for row in outputs
    ]
