"""Reuters, an LSTM over word ranks, one epoch, as it is written by hand with Keras.

    python reuters_train.py FOLDER

FOLDER holds Keras's ``reuters.npz``. Leaves ``reuters.keras`` in the current folder. The last line
is the seconds of the fit.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.model_selection import train_test_split

WORDS, LENGTH = 1000, 100

with np.load(Path(sys.argv[1]) / "reuters.npz", allow_pickle=True) as archive:
    ranks, y = archive["x"], archive["y"]
# As keras.datasets.reuters.load_data: 1 starts a text, 2 is a rare word, the others follow.
texts = [[1] + [rank + 3 if rank + 3 < WORDS else 2 for rank in text] for text in ranks]
x = keras.utils.pad_sequences(texts, maxlen=LENGTH)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
x_train, x_val, y_train, y_val = train_test_split(
    x_train, y_train, test_size=0.1, stratify=y_train, random_state=0
)

keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((LENGTH,)),
        keras.layers.Embedding(WORDS, 100),
        keras.layers.LSTM(100),
        keras.layers.Dense(46, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
started = time.monotonic()
model.fit(
    x_train, y_train, validation_data=(x_val, y_val), epochs=1, batch_size=100,
    callbacks=[stop], verbose=0,
)  # fmt: skip
seconds = time.monotonic() - started

_, accuracy = model.evaluate(x_test, y_test, verbose=0)
model.save("reuters.keras")
print(f"accuracy {accuracy:.4f}")
print(f"{seconds:.3f}")
