"""Names that the architecture in a model file may contain.

The layers and other components are those that a config may name, from Keras's catalogue. Keras
writes some more names, which are listed here.
"""

from __future__ import annotations

from dlcli.config.catalogue import Entry, installed_catalogue, stored_catalogue
from dlcli.config.refused import CONTAINS_CODE, UNSAFE_LAYERS

MODELS = ("Sequential", "Functional", "Model")
OPERATIONS = (
    "Add", "Divide", "Maximum", "Minimum", "Multiply", "Negative", "Subtract", "TrueDivide",
)  # fmt: skip
# Kinds of components that a `module` in the file may hold. Files of Keras 2 have no `module`.
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
NAMES_BY_KIND = {
    "models": MODELS,
    "dtypes": ("DTypePolicy", "Policy"),
    "generators": ("SeedGenerator",),
    # Operators such as + between the outputs of layers.
    "operations": OPERATIONS,
}
COMPONENT_KEYS = {
    "class_name", "module", "config", "registered_name", "build_config", "compile_config", "name",
    "inbound_nodes", "shared_object_id", "backend", "keras_version",
}  # fmt: skip
# Arguments that the catalogue lacks: of the base class, of some layers, of earlier versions.
EXTRA_ARGUMENTS = {
    "name", "trainable", "dtype", "autocast", "batch_shape", "batch_input_shape", "input_shape",
    "batch_size", "input_dtype", "input_length", "sparse", "ragged", "implementation", "time_major",
    "optional", "synchronized", "quantization_config", "activity_regularizer", "seed",
    "data_format", "zero_output_for_mask", "unroll", "vocabulary_size", "rms_scaling", "oov_method",
}  # fmt: skip
MODEL_ARGUMENTS = {
    "name", "trainable", "layers", "input_layers", "output_layers", "dtype", "build_input_shape",
}  # fmt: skip
# Arguments whose numbers are not sizes.
UNLIMITED_ARGUMENTS = {
    "seed", "salt", "vocabulary", "mean", "variance", "bin_boundaries", "idf_weights",
    "mask_value", "mask_token", "sampling_rate", "shared_object_id", "value_range", "max_value",
    "scale", "offset",
}  # fmt: skip
DTYPES = {
    "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8",
    "uint16", "uint32", "bool", "string", "mixed_float16", "mixed_bfloat16",
}  # fmt: skip
ACTIVATION_ALIASES = {"swish", "hard_swish", "linear"}
LAYER_KINDS = ("layers", "models", "operations")
LAYER_ARGUMENTS = ("layer", "backward_layer", "layers", "cell", "cells", "forward_layer")

# Names that run code or open files.
REFUSED_NAMES = {
    **UNSAFE_LAYERS,
    "__lambda__": CONTAINS_CODE,
    "function": "names a function to call",
    "__typespec__": "names a type to build",
}


def find_entry(kind: str, name: str) -> Entry | None:
    """Look up a name; in the installed Keras only if the stored catalogue lacks it."""
    if kind in NAMES_BY_KIND:
        return None
    return stored_catalogue().find(kind, name) or installed_catalogue().find(kind, name)
