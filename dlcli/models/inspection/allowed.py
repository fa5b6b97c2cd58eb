"""What a model file may name: what a config may, and what Keras writes beside it."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.config.catalogue import Catalogue, Entry, keras_catalogue, stored_catalogue
from dlcli.config.components import CODE, UNSAFE_LAYERS

MODELS = ("Sequential", "Functional", "Model")
OPERATIONS = (
    "Add", "Divide", "Maximum", "Minimum", "Multiply", "Negative", "Subtract", "TrueDivide",
)  # fmt: skip
# Where Keras says that its own things are; older files say nothing.
MODULES = {
    "keras": ("models", "dtypes"),
    "keras.models": ("models",),
    "keras.src.models.functional": ("models",),
    "keras.src.models.sequential": ("models",),
    "keras.src.models.model": ("models",),
    "keras.dtype_policies": ("dtypes",),
    "keras.random": ("generators",),
    "keras.src.ops.numpy": ("operations",),
    **{
        f"keras.{kind}": (kind,)
        for kind in ("layers", "initializers", "regularizers", "constraints", "activations")
    },
}
FIXED = {
    "models": MODELS,
    "dtypes": ("DTypePolicy", "Policy"),
    "generators": ("SeedGenerator",),
    # What + and the like become between layers.
    "operations": OPERATIONS,
}
KEYS = {
    "class_name", "module", "config", "registered_name", "build_config", "compile_config", "name",
    "inbound_nodes", "shared_object_id", "backend", "keras_version",
}  # fmt: skip
# Arguments that the catalogue lacks, of every layer, of some, or of earlier versions.
COMMON = {
    "name", "trainable", "dtype", "autocast", "batch_shape", "batch_input_shape", "input_shape",
    "batch_size", "input_dtype", "input_length", "sparse", "ragged", "implementation", "time_major",
    "optional", "synchronized", "quantization_config", "activity_regularizer", "seed",
    "data_format", "zero_output_for_mask", "unroll", "vocabulary_size", "rms_scaling", "oov_method",
}  # fmt: skip
MODEL_KEYS = {"name", "trainable", "layers", "input_layers", "output_layers", "dtype",
              "build_input_shape"}  # fmt: skip
# Numbers that are no sizes.
FREE = {
    "seed", "salt", "vocabulary", "mean", "variance", "bin_boundaries", "idf_weights",
    "mask_value", "mask_token", "sampling_rate", "shared_object_id", "value_range", "max_value",
    "scale", "offset",
}  # fmt: skip
DTYPES = {
    "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8",
    "uint16", "uint32", "bool", "string", "mixed_float16", "mixed_bfloat16",
}  # fmt: skip
SPELLED = {"swish", "hard_swish", "linear"}
INNER = ("layers", "models", "operations")
HELD = ("layer", "backward_layer", "layers", "cell", "cells", "forward_layer")


# What runs code or opens files; the first of it is refused in configs too.
REFUSED_NAMES = {
    **UNSAFE_LAYERS,
    "__lambda__": CODE,
    "function": "names a function to call",
    "__typespec__": "names a type to build",
}


def find_entry(kind: str, name: str) -> Entry | None:
    """Look a name up; in the installed Keras only if the stored catalogue lacks it."""
    if kind in FIXED:
        return None
    for catalogue in _catalogues():
        if found := catalogue.find(kind, name):
            return found
    return None


def _catalogues() -> Iterator[Catalogue]:
    yield stored_catalogue()
    yield keras_catalogue()
