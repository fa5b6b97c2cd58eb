"""Components of Keras that configs and model files cannot use, and former names of arguments."""

from __future__ import annotations

CONTAINS_CODE = "contains Python code"
OPENS_FILES = "opens files"
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")
IS_CELL = "is a part of RNN; use LSTM, GRU or SimpleRNN, or `RNN: {cell: …}`"
MIXES = "mixes images, but not their labels; use other augmentation"
# Layers that are refused in configs and in model files.
UNSAFE_LAYERS = {
    **dict.fromkeys(("Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"), CONTAINS_CODE),
    "TFSMLayer": OPENS_FILES,
}
REFUSED_COMPONENTS: dict[tuple[str, str], str] = {
    **{("layers", name): reason for name, reason in UNSAFE_LAYERS.items()},
    ("layers", "InputLayer"): "is not needed: the input shape comes from the data set",
    **{("layers", name): IS_CELL for name in CELLS},
    ("layers", "StackedRNNCells"): "is not needed: `RNN: {cell: [LSTMCell: 8, GRUCell: 8]}`",
    **{("layers", name): MIXES for name in ("MixUp", "CutMix")},
    ("layers", "Equalization"): "cannot be built by this version of Keras; use AutoContrast",
    ("layers", "RandomShear"): "makes models that Keras cannot load again; use RandomRotation",
    ("layers", "TextVectorization"): "takes texts; use `preprocess: {text: vectorize}`",
    ("layers", "StringLookup"): "takes texts; use `preprocess: {categorical: ordinal}`, or "
    "`{text: vectorize}` for texts of several words",
    ("layers", "HashedCrossing"): "needs two columns, but a layer here has one input",
    ("activations", "threshold"): "needs arguments, which a config cannot give; use relu",
    ("activations", "glu"): "halves the number of units, which layers do not expect",
    ("initializers", "STFT"): "is for the kernels inside STFTSpectrogram",
    ("layers", "RandomCrop"): "crops during training only; use CenterCrop or Resizing",
    ("losses", "CTC"): "is for sequences of labels, which dlcli does not support",
    ("losses", "Circle"): "compares embeddings, which dlcli does not support",
    ("callbacks", "LambdaCallback"): CONTAINS_CODE,
    ("callbacks", "RemoteMonitor"): "sends data over the network",
    ("callbacks", "OrbaxCheckpoint"): "does not write model files; use ModelCheckpoint",
    ("callbacks", "BackupAndRestore"): "is not needed; use `dlcli train --resume`",
    ("callbacks", "History"): "is not needed: every run writes history.csv",
    ("callbacks", "ProgbarLogger"): "is not needed: the terminal always shows the progress",
    **{("metrics", name): "measures values, not predictions" for name in ("Mean", "Sum")},
    ("optimizers", "MultiOptimizer"): "needs a mapping of variables, which a config cannot contain",
}
# Names of parameters in earlier versions of Keras, and usual short forms.
FORMER_NAMES = {
    "lr": "learning_rate", "rate": "learning_rate", "p": "rate", "init": "kernel_initializer",
    "nb_filter": "filters", "output_dim": "units", "border_mode": "padding",
    "subsample": "strides", "epsilon_decay": "decay_rate", "alpha": "negative_slope",
    "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint", "bias": "use_bias",
    "nb_row": "kernel_size", "filter_length": "kernel_size", "pool_length": "pool_size",
    "inner_activation": "recurrent_activation", "inner_init": "recurrent_initializer",
    "dropout_W": "dropout", "dropout_U": "recurrent_dropout",
    "beta1": "beta_1", "beta2": "beta_2", "eps": "epsilon",
}  # fmt: skip

RMSE = "minimize mse, which has the same minimum; results always include the RMSE"
STEP = "a step has no slope to learn by; use sigmoid, whose classes change at 0.5 like a step"
# What to do instead of components that Keras does not have, and that people look for.
ADVICE = {
    **{
        ("losses", name): RMSE
        for name in ("rmse", "root_mean_squared_error", "rootmeansquarederror")
    },
    **{("activations", name): STEP for name in ("step", "heaviside", "binary_step", "sign")},
}
