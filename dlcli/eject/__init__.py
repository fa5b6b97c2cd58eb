"""Write configs as plain scripts of Keras, pandas and scikit-learn, and prove them."""

from __future__ import annotations

from dlcli.eject.proof import Comparison
from dlcli.eject.write import Ejected, eject, write_script

__all__ = ["Comparison", "Ejected", "eject", "write_script"]
