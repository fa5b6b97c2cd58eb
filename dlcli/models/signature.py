"""Inputs and outputs of a model, from its metadata or from the network alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from dlcli.datasets.dataset import Column, Medium, Target, pixel_columns
from dlcli.datasets.dialect import Dialect
from dlcli.errors import ModelFileError
from dlcli.models.loading import LoadedModel
from dlcli.preparation.calibration import Calibration
from dlcli.preparation.preprocessor import Group, Preprocessor
from dlcli.preparation.target_preprocessing import TargetPreprocessor
from dlcli.preparation.targets import Output


@dataclass(frozen=True)
class Signature:
    """Columns of the inputs, and classes or value of the output.

    Parameters
    ----------
    columns : tuple of Column
    dialect : Dialect
        Format of the training table, with which input files are read.
    preprocessor : Preprocessor
    input_shape : tuple of int
        Of one sample, after preprocessing.
    output : {"value", "probability", "logit", "score"}
    class_names : tuple of str
        Empty for regression.
    target : Target or None
        None for a model of plain Keras.
    medium : Medium
    target_preprocessor : TargetPreprocessor
    calibration : Calibration, optional
    """

    columns: tuple[Column, ...]
    dialect: Dialect
    preprocessor: Preprocessor
    input_shape: tuple[int, ...]
    output: Output
    class_names: tuple[str, ...]
    target: Target | None = field(default=None)
    medium: Medium = field(default_factory=Medium)
    target_preprocessor: TargetPreprocessor = field(default_factory=TargetPreprocessor)
    calibration: Calibration | None = None

    @property
    def is_text(self) -> bool:
        """Whether the one column is raw text."""
        return [column.type for column in self.columns] == ["text"]

    @property
    def names(self) -> list[str]:
        """Names of the columns in their order."""
        return [column.name for column in self.columns]


def signature_of(loaded: LoadedModel) -> Signature:
    """Return the signature of a loaded model.

    Raises
    ------
    ModelFileError
        If the metadata does not fit the network.
    """
    network, metadata = loaded.network, loaded.metadata
    input_shape, output_shape = network.input_shape, network.output_shape
    if len(output_shape) != 1:
        raise ModelFileError(
            f"{loaded.path}: the output has shape {output_shape}; expected one number per class"
        )
    units = output_shape[0]
    if metadata is None:
        return _plain_keras_signature(input_shape, units)
    preprocessor = metadata.preprocessor()
    names = metadata.target.class_names
    if preprocessor.input_shape != input_shape:
        raise ModelFileError(
            f"{loaded.path} is damaged: its network expects inputs of shape {input_shape}, "
            f"but its preprocessing returns {preprocessor.input_shape}"
        )
    labels, medium = metadata.target.labels, metadata.medium
    if len(labels) not in (0, len(names)):
        raise ModelFileError(
            f"{loaded.path} is damaged: {len(labels)} labels for {len(names)} classes"
        )
    if medium.kind == "audio" and not medium.sampling_rate:
        raise ModelFileError(f"{loaded.path} is damaged: audio without a sampling rate")
    metadata.check_units(units, str(loaded.path))
    return Signature(
        metadata.columns or pixel_columns(preprocessor.shape),
        metadata.dialect,
        preprocessor,
        input_shape,
        metadata.output,
        names,
        metadata.target,
        metadata.medium,
        metadata.target_preprocessor(),
        metadata.calibration,
    )


def _plain_keras_signature(input_shape: tuple[int, ...], units: int) -> Signature:
    """Return the signature of a network without metadata: numbers in order, numbered classes."""
    columns = tuple(
        Column(str(column.position), "numeric", column.position)
        for column in pixel_columns(input_shape)
    )
    group = Group(tuple(column.name for column in columns), ())
    classes = tuple(map(str, range(units))) if units > 1 else ()
    is_image = len(input_shape) == 3 and input_shape[-1] in (1, 3)
    return Signature(
        columns,
        Dialect("auto"),
        Preprocessor((group,), input_shape),
        input_shape,
        "probability" if units > 1 else "value",
        classes,
        medium=Medium("image") if is_image else Medium(),
    )
