"""MNIST, a small convolutional network, one epoch, as it is written by hand with Keras.

    python mnist_train.py FOLDER

FOLDER holds Keras's ``mnist.npz``. Leaves ``mnist.keras`` in the current folder. The last line is
the seconds of the fit.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.model_selection import train_test_split

with np.load(Path(sys.argv[1]) / "mnist.npz") as archive:
    x_train, y_train = archive["x_train"], archive["y_train"]
    x_test, y_test = archive["x_test"], archive["y_test"]
x_train = x_train[..., np.newaxis].astype("float32") / 255
x_test = x_test[..., np.newaxis].astype("float32") / 255
x_train, x_val, y_train, y_val = train_test_split(
    x_train, y_train, test_size=0.1, stratify=y_train, random_state=0
)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Dropout(0.25),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
started = time.monotonic()
model.fit(
    x_train, y_train, validation_data=(x_val, y_val), epochs=1, batch_size=128,
    callbacks=[stop], verbose=0,
)  # fmt: skip
seconds = time.monotonic() - started

_, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save("mnist.keras")
print(f"accuracy {accuracy:.4f}")
print(f"{seconds:.3f}")
