"""The models of a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlcli.errors import DlcliError
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature, signature_of
from dlcli.serving.problems import RequestError
from dlcli.serving.steady_sizes import steady_sizes
from dlcli.types import Array


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model that answers requests.

    Parameters
    ----------
    name : str
        In addresses.
    loaded : LoadedModel
    signature : Signature
    version : str
        First digits of the SHA-256 of architecture and weights.
    sizes : tuple of int
        Batch sizes that do not change the outputs of a row.
    """

    name: str
    loaded: LoadedModel
    signature: Signature
    version: str
    sizes: tuple[int, ...] = ()

    def outputs_of_rows(self, rows: Sequence[Array]) -> list[Array]:
        """Return the outputs of preprocessed rows, each of shape (1, …), as if each was alone."""
        outputs: list[Array] = []
        start = 0
        while start < len(rows):
            part = rows[start : start + max(self.sizes, default=1)]
            start += len(part)
            size = next((size for size in (1, *self.sizes) if size >= len(part)), 1)
            x = np.concatenate([*part, *[part[0]] * (size - len(part))]) if size > 1 else part[0]
            computed = self.loaded.network(x)
            outputs += [computed[row : row + 1] for row in range(len(part))]
        return outputs


class ServedModels:
    """The models of a server by their names; the first is the default.

    Parameters
    ----------
    models : sequence of ServedModel

    Raises
    ------
    DlcliError
        If two have the same name.
    """

    def __init__(self, models: Sequence[ServedModel]) -> None:
        self._models = {model.name: model for model in models}
        self.default = models[0]
        names = [model.name for model in models]
        for name in names:
            if names.count(name) > 1:
                raise DlcliError(
                    f"two models are called {name!r}", hint="name them, as in old=runs/sonar/1"
                )

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models.values())

    def __len__(self) -> int:
        return len(self._models)

    def get(self, name: str | None = None) -> ServedModel:
        """Return a model, for None the default.

        Raises
        ------
        RequestError
            404 if there is none of that name.
        """
        if name is None:
            return self.default
        model = self._models.get(name)
        if model is None:
            names = ", ".join(self._models)
            raise RequestError(404, f"no model {name[:100]!r}", hint=f"there are {names}")
        return model


def served_model(loaded: LoadedModel, name: str = "") -> ServedModel:
    """Return a loaded model with its name: that of its config, or of its file."""
    if not name:
        name = loaded.metadata.name if loaded.metadata else loaded.path.stem
        name = name.replace("/", "_") or "model"  # a part of addresses
    version = loaded.file.digest[:12]
    return ServedModel(name, loaded, signature_of(loaded), version, steady_sizes(loaded))
