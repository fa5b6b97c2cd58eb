"""The head of a model: its last layer with weights, and everything that changes its outputs.

Activations, pooling and normalization can be layers of their own, so the last layers are judged
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcli.config.catalogue import DENSE_LAYERS, keras_catalogue
from dlcli.config.components import Component
from dlcli.config.document import Path
from dlcli.config.known import Facts

BINARY_LOSSES = {"BinaryCrossentropy", "BinaryFocalCrossentropy"}
# Losses with integer targets.
SPARSE_LOSSES = {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"}
CATEGORICAL_LOSSES = {
    "CategoricalCrossentropy", "CategoricalFocalCrossentropy", *SPARSE_LOSSES,
}  # fmt: skip
CROSSENTROPIES = BINARY_LOSSES | CATEGORICAL_LOSSES
# Losses that depend on where the target is 0.
UNSCALED_LOSSES = {"MeanSquaredLogarithmicError", "Poisson", "MeanAbsolutePercentageError"}
HINGE_LOSSES = {"Hinge", "SquaredHinge", "CategoricalHinge"}
# Losses that compare vectors, so that one output per class is needed, even for two classes.
VECTOR_LOSSES = {*CATEGORICAL_LOSSES, "CategoricalHinge", "CosineSimilarity", "KLDivergence"}

# Layers that are activations by themselves.
ACTIVATION_LAYERS = {
    "Softmax": "softmax", "ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "PReLU": "prelu",
}  # fmt: skip
NORMALIZATIONS = (
    "BatchNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization",
    "UnitNormalization", "Normalization", "Rescaling",
)  # fmt: skip
NOISE_LAYERS = ("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout")
WITHOUT_ACTIVATION = (*NOISE_LAYERS, "Identity", "ActivityRegularization")
# Layers whose outputs are usually a row of numbers, not an image or a sequence.
ONE_ROW_LAYERS = ("Dense", "LSTM", "GRU", "SimpleRNN")
RESHAPING = ("Flatten", "Reshape", "Permute")
# Layers with one layer inside, whose activation is theirs.
WRAPPERS = ("Bidirectional", "SpectralNormalization", "TimeDistributed")
# Activations whose outputs are probabilities: of one class each, or of all classes together.
SIGMOIDS = ("sigmoid", "hard_sigmoid", "sparse_sigmoid")
SOFTMAXES = ("softmax", "sparsemax")
PROBABILITIES = (*SIGMOIDS, *SOFTMAXES)

Finding = tuple[Path, str]


@dataclass(frozen=True)
class Head:
    """The last layer with weights, and what the layers after it do to its outputs.

    Parameters
    ----------
    layer : Component
        The last layer with weights.
    index : int
        Its index among the layers.
    activations : tuple
        Name and path of each activation that is applied to its outputs, in order.
    normalizations : tuple
        For each normalization or scaling layer after it: the layer, and the number of
        activations before it.
    has_units : bool
        Whether the units of the layer are the outputs of the model; they are not if a later layer
        reshapes them.
    """

    layer: Component
    index: int
    activations: tuple[tuple[str, Path], ...] = ()
    normalizations: tuple[tuple[Component, int], ...] = ()
    has_units: bool = True

    @property
    def activation(self) -> str:
        """The activation that is applied last; ``"linear"`` if there is none."""
        return self.activations[-1][0] if self.activations else "linear"

    @property
    def path(self) -> Path:
        """Path of the last activation, or of the layer."""
        return self.activations[-1][1] if self.activations else self.layer.path

    @property
    def units(self) -> int | None:
        """Number of outputs; None if it is unknown or inferred from the data set."""
        if not self.has_units:
            return None
        names = ("units", "filters", "output_dim")
        units = next((self.layer.arguments[n] for n in names if n in self.layer.arguments), None)
        return units if isinstance(units, int) else None

    @property
    def infers_units(self) -> bool:
        """Whether the number of outputs comes from the data set."""
        is_open = self.layer.name in DENSE_LAYERS and "units" not in self.layer.arguments
        return is_open and self.has_units

    @property
    def normalization_after(self) -> Component | None:
        """The normalization or scaling layer after the last activation, if there is one."""
        last = [layer for layer, count in self.normalizations if count == len(self.activations)]
        return last[-1] if last else None


def find_head(layers: Sequence[Component]) -> Head | None:
    """Return the head of a model; None if no layer with weights is among its last layers."""
    activations: list[tuple[str, Path]] = []
    normalizations: list[tuple[Component, int]] = []
    has_units, is_pooled = True, False
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if layer.name in NORMALIZATIONS:
            normalizations.append((layer, len(activations)))
        elif layer.name in RESHAPING:
            has_units = False
        elif layer.name.startswith("Global"):  # pooling, which leaves one value per channel
            has_units = is_pooled = True
        elif layer.name == "EnsembleMean":
            has_units = is_pooled = True
            if (name := _activation(layer)) not in (None, "linear"):
                activations.insert(0, (str(name), layer.path))
        elif layer.name not in WITHOUT_ACTIVATION and "Pooling" not in layer.name:
            name = _activation(layer)
            if name is None:
                return None
            if name != "linear":
                activations.insert(0, (name, layer.path))
            if layer.name == "Activation" or layer.name in ACTIVATION_LAYERS:
                continue
            count = len(activations)
            before = tuple((item, count - after) for item, after in reversed(normalizations))
            has_units = has_units and (is_pooled or layer.name in ONE_ROW_LAYERS)
            return Head(layer, index, tuple(activations), before, has_units)
    return None


def _activation(layer: Component) -> str | None:
    """Return the activation of a layer; None if it has no weights, or its cells are unknown."""
    if layer.name in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[layer.name]
    if layer.name in WRAPPERS:
        inner = layer.arguments.get("layer")
        return _activation(inner) if isinstance(inner, Component) else None
    if layer.name == "Embedding":
        return "linear"
    entry = keras_catalogue().find("layers", layer.name)
    if entry is None or "activation" not in entry.parameters:
        return None
    activation = layer.arguments.get("activation", entry.optional.get("activation"))
    return str(activation or "linear")


def from_logits(loss: Component) -> bool:
    """Return whether a loss applies the sigmoid or softmax itself."""
    return loss.arguments.get("from_logits") is True


def possible_units(facts: Facts) -> tuple[int, ...]:
    """Return the numbers of outputs that a model can have for a target."""
    if facts.task != "classification":
        return (facts.num_outputs,)
    return (1, 2) if facts.num_classes == 2 else (facts.num_classes,)


def output_units(head: Head, loss: Component, facts: Facts) -> int:
    """Return the number of outputs for a ``Dense`` without ``units``."""
    one_per_class = head.activation in SOFTMAXES or loss.name in VECTOR_LOSSES
    units = possible_units(facts)
    return units[-1] if one_per_class else units[0]


def activation_errors(head: Head) -> Iterator[Finding]:
    """Yield activations that undo each other, whatever the loss is."""
    for first, (name, path) in _pairs(head):
        if name in PROBABILITIES and first in PROBABILITIES:
            reason = "which are probabilities already; remove one of the two"
            yield path, f"{name} is applied to the outputs of {first}, {reason}"
        elif name in SIGMOIDS and low_of(first) == 0:
            reason = "which is never negative: the outputs are 0.5 or more for every row"
            yield path, f"{name} is applied to the outputs of {first}, {reason}; remove {first}"


def activation_warnings(head: Head) -> Iterator[Finding]:
    """Yield activations that limit each other."""
    for first, (name, path) in _pairs(head):
        if name in SOFTMAXES and first not in PROBABILITIES and first in RANGES:
            reason = "which limits the probabilities and stops learning where it is flat"
            yield path, f"{name} is applied to the outputs of {first}, {reason}; remove {first}"


def _pairs(head: Head) -> Iterator[tuple[str, tuple[str, Path]]]:
    """Yield each activation with the name of the one before it; normalization separates them."""
    separated = {count for _, count in head.normalizations}
    for number in range(1, len(head.activations)):
        if number not in separated:
            yield head.activations[number - 1][0], head.activations[number]


INFINITY = float("inf")
# The values that an activation can return.
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(PROBABILITIES, (0.0, 1.0)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1.0, 1.0)),
    **dict.fromkeys(
        ("relu", "softplus", "exponential", "squareplus", "sparse_plus"), (0.0, INFINITY)
    ),
    "relu6": (0.0, 6.0),
    **dict.fromkeys(("log_sigmoid", "log_softmax"), (-INFINITY, 0.0)),
}


def low_of(activation: str) -> float:
    """Return the least value that an activation can return."""
    return RANGES.get(activation, (-INFINITY, INFINITY))[0]
