"""One YAML file, one reproducible Keras run.

>>> from dlcli import load_config, train, evaluate, kfold, baseline, predict

Importing dlcli imports neither Keras nor pandas; they are imported when a function needs them.
"""

import lazy_loader

# The names are in __init__.pyi; each module is imported when one of its names is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
