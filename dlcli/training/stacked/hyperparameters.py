"""Numbers of a model that differ between its copies: rates, factors, decays.

Keras keeps them as Python numbers in layers, regularizers, losses and optimizers. While the program
of all copies is traced, they are replaced by variables, one number per copy, so that the same
program trains other copies with other numbers.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from dlcli.network import internals
from dlcli.types import Array

LEARNING_RATE = "optimizer.learning_rate"


class TensorNumber:
    """A tensor in place of a number that is known to be positive, and below 1 if it is a rate.

    Keras and TensorFlow ask whether a rate is a number, and whether it is 0 or 1, before they use
    it. A tensor could not answer while a program is traced.

    Parameters
    ----------
    tensor : tf.Tensor or tf.Variable of float32
        Scalar, or a column with one number per copy.
    """

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        """Return the tensor, as ``tf.convert_to_tensor`` asks for it."""
        import tensorflow as tf

        tensor = tf.convert_to_tensor(self.tensor)
        return tensor if dtype is None else tf.cast(tensor, dtype, name)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __gt__(self, other: float) -> bool:
        return True

    def __lt__(self, other: float) -> bool:
        return False

    __ge__ = __lt__  # rate >= 1

    def __add__(self, other: Any) -> Any:
        return self.tensor + other

    def __sub__(self, other: Any) -> Any:
        return self.tensor - other

    def __mul__(self, other: Any) -> Any:
        return self.tensor * other

    def __truediv__(self, other: Any) -> Any:
        return self.tensor / other

    def __rsub__(self, other: Any) -> Any:
        return other - self.tensor

    __radd__, __rmul__ = __add__, __mul__


numbers.Real.register(TensorNumber)


class Hyperparameters:
    """Values of all copies, by place.

    Parameters
    ----------
    values : sequence of mapping
        For each copy, a positive number by place: ``optimizer.beta_1``, ``loss.label_smoothing``,
        ``layers.2.rate`` or ``layers.0.kernel_regularizer.l2``. All copies have the same places.
    """

    def __init__(self, values: Sequence[Mapping[str, float]]) -> None:
        self.values = [dict(copy_values) for copy_values in values]
        self.places = sorted(self.values[0])
        if any(sorted(copy_values) != self.places for copy_values in self.values):
            raise ValueError("copies differ in the places of their hyperparameters")
        self.of_network = [place for place in self.places if not place.startswith("optimizer.")]
        self._variables: dict[str, Any] = {}

    @property
    def learning_rates(self) -> Array | None:
        """Learning rates, shape (copies,); None if they are all that of the model."""
        return self._array(LEARNING_RATE) if LEARNING_RATE in self.places else None

    def subset(self, copies: Sequence[int]) -> Hyperparameters:
        """Return the hyperparameters of some of the copies."""
        return Hyperparameters([self.values[copy] for copy in copies])

    def assign(self, values: Sequence[Mapping[str, float]]) -> None:
        """Replace all values by those of other copies, also in programs that use them."""
        self.values = [dict(copy_values) for copy_values in values]
        for place, variable in self._variables.items():
            variable.assign(self._array(place).reshape(variable.shape))

    def read(self) -> tuple[Any, ...]:
        """Return the values of the network's hyperparameters: float32, shape (copies,) each."""
        return tuple(self._variable(place).read_value() for place in self.of_network)

    def set_in_optimizer(self, optimizer: Any) -> None:
        """Replace numbers of an optimizer by columns with one number per copy."""
        for place in self.places:
            owner, _, name = place.partition(".")
            if owner == "optimizer" and place != LEARNING_RATE:
                setattr(optimizer, name, TensorNumber(self._variable(place, columns=1)))

    @contextmanager
    def in_network(self, model: Any, values: Sequence[Any]) -> Iterator[None]:
        """Replace numbers of layers and loss by tensors of one copy, within the block."""
        with ExitStack() as stack:
            for place, value in zip(self.of_network, values, strict=True):
                stack.enter_context(_replaced(model, place, TensorNumber(value)))
            yield

    def _variable(self, place: str, columns: int | None = None) -> Any:
        import tensorflow as tf

        if place not in self._variables:
            array = self._array(place)
            array = array if columns is None else array.reshape(-1, columns)
            with tf.init_scope():
                self._variables[place] = tf.Variable(array, trainable=False)
        return self._variables[place]

    def _array(self, place: str) -> Array:
        return np.array([copy_values[place] for copy_values in self.values], np.float32)


@contextmanager
def numbers_in(model: Any, numbers: Mapping[str, float]) -> Iterator[None]:
    """Replace the numbers of layers and loss by those of one copy, within the block."""
    with ExitStack() as stack:
        for place, number in numbers.items():
            if not place.startswith("optimizer."):
                stack.enter_context(_replaced(model, place, number))
        yield


@contextmanager
def _replaced(model: Any, place: str, value: Any) -> Iterator[None]:
    """Replace one number within the block."""
    owner_name, *path, name = place.split(".")
    if owner_name == "loss":
        with internals.replaced_loss_argument(model.loss, name, value):
            yield
        return
    owner = model.layers[int(path[0])]
    for attribute in path[1:]:
        owner = getattr(owner, attribute)
    number = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, number)
