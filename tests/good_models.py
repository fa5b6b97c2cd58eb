"""Networks of many kinds of layers, as people save them: all have to load."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

layers = keras.layers

# Name, shape of a sample, layers. Whole numbers go into those whose name begins with "codes".
CHAINS = {
    "dense": ((6,), lambda: [layers.Dense(8, activation="relu", kernel_regularizer="l2"), layers.Dropout(0.2), layers.Dense(3, activation="softmax")]),
    "activations": ((6,), lambda: [layers.Dense(8, activation=layers.LeakyReLU(0.2)), layers.PReLU(), layers.ELU(), layers.ReLU(6.0), layers.Activation("swish"), layers.Softmax(), layers.Dense(2)]),
    "constraints": ((6,), lambda: [layers.Dense(8, kernel_constraint="max_norm", kernel_initializer=keras.initializers.HeNormal(seed=2**31)), layers.Dense(1, activity_regularizer=keras.regularizers.L1L2(0.1, 0.2))]),
    "normalized": ((6,), lambda: [layers.Normalization(mean=[1.0] * 6, variance=[1e9] * 6), layers.BatchNormalization(), layers.LayerNormalization(), layers.GroupNormalization(2), layers.UnitNormalization(), layers.RMSNormalization(), layers.Dense(2)]),
    "conv2d": ((12, 12, 3), lambda: [layers.Rescaling(1 / 255), layers.Conv2D(4, 3, padding="same", activation="relu"), layers.MaxPooling2D(), layers.Conv2D(8, (3, 2), strides=2), layers.Flatten(), layers.Dense(3, activation="softmax")]),
    "separable": ((12, 12, 3), lambda: [layers.SeparableConv2D(8, 3), layers.DepthwiseConv2D(3, depth_multiplier=2), layers.AveragePooling2D(2), layers.GlobalAveragePooling2D(), layers.Dense(2)]),
    "transposed": ((4, 4, 2), lambda: [layers.Conv2DTranspose(3, 3, strides=2, padding="same"), layers.UpSampling2D(2), layers.ZeroPadding2D(1), layers.Cropping2D(2), layers.GlobalMaxPooling2D(), layers.Dense(2)]),
    "conv1d": ((20, 3), lambda: [layers.Conv1D(4, 3, padding="causal", dilation_rate=2), layers.SpatialDropout1D(0.1), layers.MaxPooling1D(2), layers.SeparableConv1D(4, 3), layers.GlobalMaxPooling1D(), layers.Dense(2)]),
    "conv3d": ((6, 6, 6, 1), lambda: [layers.Conv3D(2, 2), layers.MaxPooling3D(), layers.Conv3DTranspose(2, 2), layers.GlobalAveragePooling3D(), layers.Dense(2)]),
    "lstm": ((9, 3), lambda: [layers.Masking(), layers.LSTM(5, return_sequences=True, recurrent_dropout=0.1), layers.LSTM(4), layers.Dense(1)]),
    "gru": ((9, 3), lambda: [layers.GRU(5, return_sequences=True), layers.SimpleRNN(4), layers.Dense(1)]),
    "bidirectional": ((9, 3), lambda: [layers.Bidirectional(layers.LSTM(4, return_sequences=True)), layers.Bidirectional(layers.GRU(3), merge_mode="sum"), layers.Dense(2)]),
    "cells": ((9, 3), lambda: [layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)]), layers.Dense(1)]),
    "codes embedding": ((7,), lambda: [layers.Embedding(50, 8, mask_zero=True), layers.LSTM(4), layers.Dense(1, activation="sigmoid")]),
    "codes conv": ((7,), lambda: [layers.Embedding(50, 8), layers.Conv1D(4, 3, padding="same"), layers.GlobalAveragePooling1D(), layers.Dense(1)]),
    "codes category": ((1,), lambda: [layers.CategoryEncoding(50, output_mode="one_hot"), layers.Dense(2)]),
    "distributed": ((5, 4, 4, 1), lambda: [layers.TimeDistributed(layers.Conv2D(2, 3)), layers.TimeDistributed(layers.Flatten()), layers.GRU(3), layers.Dense(1)]),
    "convlstm": ((3, 6, 6, 1), lambda: [layers.ConvLSTM2D(2, 3), layers.Flatten(), layers.Dense(1)]),
    "reshaped": ((24,), lambda: [layers.Reshape((4, -1)), layers.Permute((2, 1)), layers.Flatten(), layers.RepeatVector(3), layers.GlobalAveragePooling1D(), layers.Dense(2)]),
    "augmented": ((12, 12, 3), lambda: [layers.RandomFlip(seed=3), layers.RandomRotation(0.1), layers.RandomZoom(0.1), layers.Resizing(8, 8), layers.CenterCrop(6, 6), layers.Flatten(), layers.Dense(2)]),
    "noisy": ((6,), lambda: [layers.GaussianNoise(0.1), layers.GaussianDropout(0.1), layers.AlphaDropout(0.1), layers.Dense(2, activation="tanh")]),
    "discretized": ((3,), lambda: [layers.Discretization(bin_boundaries=[0.0, 1.0]), layers.Dense(2)]),
    "spectral": ((6,), lambda: [layers.SpectralNormalization(layers.Dense(4)), layers.EinsumDense("ab,bc->ac", 3, bias_axes="c"), layers.Dense(2)]),
    "sound": ((4000,), lambda: [layers.MelSpectrogram(num_mel_bins=20, sampling_rate=8000, fft_length=256, sequence_stride=128), layers.Flatten(), layers.Dense(2)]),
    "nested": ((6,), lambda: [keras.Sequential([layers.Dense(4), layers.BatchNormalization()]), layers.Dense(2)]),
    "bfloat": ((6,), lambda: [layers.Dense(4, dtype="bfloat16"), layers.Dense(2, dtype="float32")]),
    "mixed": ((6,), lambda: [layers.Dense(4, dtype="mixed_float16"), layers.Dense(2, dtype="float32")]),
}  # fmt: skip


def chain(name):
    """Return a Sequential model."""
    shape, added = CHAINS[name]
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), *added()])


def residual():
    """Return a functional model with a shortcut, and a layer that is called twice."""
    inputs = keras.Input((8,))
    shared = layers.Dense(8, activation="relu")
    x = layers.Add()([shared(inputs), inputs])
    x = layers.Concatenate()([shared(x), x])
    return keras.Model(inputs, layers.Dense(2)(x))


def attending():
    """Return a functional model with attention."""
    inputs = keras.Input((6, 8))
    x = layers.MultiHeadAttention(2, 4)(inputs, inputs)
    x = layers.LayerNormalization()(x + inputs)
    x = layers.Attention()([x, x])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(2)(x))


GRAPHS = {"residual": residual, "attending": attending}
NAMES = (*CHAINS, *GRAPHS)


def build(name):
    """Return the model of a name."""
    return GRAPHS[name]() if name in GRAPHS else chain(name)


def rows(model, name, count=3):
    """Return inputs for a model."""
    shape = (count, *model.input_shape[1:])
    generator = np.random.default_rng(0)
    if name.startswith("codes"):
        return generator.integers(0, 40, shape).astype(np.float32)
    return generator.normal(size=shape).astype(np.float32)


def save(name, path):
    """Write a model of plain Keras, and return it."""
    model = build(name)
    model.save(Path(path))
    return model
