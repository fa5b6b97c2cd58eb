"""IMDB, a convolution over words and an LSTM, one epoch, as it is written by hand with Keras.

    python imdb_train.py FOLDER

FOLDER holds Keras's ``imdb.npz``. Leaves ``imdb.keras`` in the current folder. The last line is the
seconds of the fit.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.model_selection import train_test_split

WORDS, LENGTH = 5000, 300


def padded(texts):
    """Return word ranks as `keras.datasets.imdb.load_data`: 1 starts a text, 2 is a rare word."""
    ranks = [[1] + [rank + 3 if rank + 3 < WORDS else 2 for rank in text] for text in texts]
    return keras.utils.pad_sequences(ranks, maxlen=LENGTH)


with np.load(Path(sys.argv[1]) / "imdb.npz", allow_pickle=True) as archive:
    x_train, y_train = padded(archive["x_train"]), archive["y_train"]
    x_test, y_test = padded(archive["x_test"]), archive["y_test"]
x_train, x_val, y_train, y_val = train_test_split(
    x_train, y_train, test_size=0.1, stratify=y_train, random_state=0
)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((LENGTH,)),
        keras.layers.Embedding(WORDS, 100),
        keras.layers.Dropout(0.5),
        keras.layers.Conv1D(64, 5, activation="relu"),
        keras.layers.MaxPooling1D(4),
        keras.layers.LSTM(55),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True)
started = time.monotonic()
model.fit(
    x_train, y_train, validation_data=(x_val, y_val), epochs=1, batch_size=100,
    callbacks=[stop], verbose=0,
)  # fmt: skip
seconds = time.monotonic() - started

_, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save("imdb.keras")
print(f"accuracy {accuracy:.4f}")
print(f"{seconds:.3f}")
