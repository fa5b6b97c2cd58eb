"""How many rows a network can compute together without changing a bit of their outputs."""

from __future__ import annotations

import time

import numpy as np

from dlcli.errors import ModelFileError
from dlcli.models.loading import LoadedModel

SIZES = (2, 4, 8, 16, 32)
# A network that takes longer for a row gains nothing from larger batches.
MAX_SECONDS = 0.005
PERIOD = 10_007  # of the numbers to try; a prime, so that no two rows are equal


def steady_sizes(model: LoadedModel) -> tuple[int, ...]:
    """Return the batch sizes in which each row has the outputs that it has alone, bit for bit.

    Matrix products may be summed in another order for another number of rows. The order depends on
    the shapes alone, so that rows of any different numbers show it.

    Parameters
    ----------
    model : LoadedModel

    Returns
    -------
    tuple of int
        The first sizes of `SIZES` up to one that differs; empty for a slow network.
    """
    network = model.network
    # From 0 to 1: networks of texts take the numbers of words. The fractions of the multiples of
    # the golden ratio have no pattern; NumPy's generators would take long to import.
    numbers = (np.arange(PERIOD) * ((1 + 5**0.5) / 2) % 1).astype(np.float32)
    x = np.resize(numbers, (SIZES[-1], *network.input_shape))
    try:
        network(x[:1])  # the first call allocates
        start = time.perf_counter()
        first = network(x[:1])
        if time.perf_counter() - start > MAX_SECONDS:
            return ()
        alone = np.concatenate([first, *(network(x[row : row + 1]) for row in range(1, len(x)))])
        steady = []
        for size in SIZES:
            if network(x[:size]).tobytes() != alone[:size].tobytes():
                break
            steady.append(size)
    except ModelFileError:  # the network does not take these numbers
        return ()
    return tuple(steady)
