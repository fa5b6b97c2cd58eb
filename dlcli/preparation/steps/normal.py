"""The standard normal distribution without SciPy, whose import takes longer than a prediction."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcli.types import Array

# Coefficients of numerator and denominator, that of the highest power first.
CENTRAL = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
     4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
     1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
     2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
     4.2313330701600911252e1, 1.0),
)  # fmt: skip
MIDDLE = (
    (7.7454501427834140764e-4, 2.2723844989269184583e-2, 2.4178072517745061177e-1,
     1.2704582524523683826e0, 3.6478483247632045726e0, 5.7694972214606914055e0,
     4.6303378461565452959e0, 1.4234371107496835594e0),
    (1.0507500716444169050e-9, 5.4759380849953446010e-4, 1.5198666563616457197e-2,
     1.4810397642748007459e-1, 6.8976733498510000455e-1, 1.6763848301838038494e0,
     2.0531916266377588326e0, 1.0),
)  # fmt: skip
OUTER = (
    (2.0103343992922881077e-7, 2.7115555687434876037e-5, 1.2426609473880784356e-3,
     2.6532189526576123093e-2, 2.9656057182850488770e-1, 1.7848265399172912770e0,
     5.4637849111641143698e0, 6.6579046435011037772e0),
    (2.0442631033899397237e-15, 1.4215117583164459217e-7, 1.8463183175100546818e-5,
     7.8686913114561325764e-4, 1.4875361290850615025e-2, 1.3692988092273580531e-1,
     5.9983220655588793769e-1, 1.0),
)  # fmt: skip
NORMAL_PARTS = (CENTRAL, MIDDLE, OUTER)


def normal_quantile(shares: Array) -> Array:
    """Return the values below which the shares of a standard normal distribution lie.

    Parameters
    ----------
    shares : ndarray
        Above 0 and below 1, or NaN.

    Returns
    -------
    ndarray of float64
        With an accuracy of about 1e-16.

    Notes
    -----
    Source: Wichura (1988), "Algorithm AS 241: The percentage points of the normal distribution",
    Applied Statistics 37, 477-484, doi:10.2307/2347330.
    """
    shares = np.asarray(shares, np.float64)
    distance = shares - 0.5
    values = distance * _ratio(CENTRAL, 0.180625 - distance * distance)
    is_tail = np.abs(distance) > 0.425
    tail = shares[is_tail]
    depth = np.sqrt(-np.log(np.minimum(tail, 1 - tail)))
    size = np.where(depth <= 5, _ratio(MIDDLE, depth - 1.6), _ratio(OUTER, depth - 5))
    values[is_tail] = np.where(tail < 0.5, -size, size)
    return values


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], at: Array) -> Array:
    numerator, denominator = coefficients
    return np.asarray(np.polyval(numerator, at) / np.polyval(denominator, at))


def normal_share(values: Any, ops: Any) -> Any:
    """Return the shares of a standard normal distribution that are smaller than some values.

    Parameters
    ----------
    values : array or tensor
    ops : module
        ``numpy`` or ``keras.ops``.
    """
    scaled = values * math.sqrt(0.5)
    if ops is np:  # which has no error function
        return 0.5 + 0.5 * np.frompyfunc(math.erf, 1, 1)(scaled).astype(np.float64)
    return 0.5 + 0.5 * ops.erf(scaled)
