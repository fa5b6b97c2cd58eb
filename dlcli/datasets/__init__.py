"""Find, read and summarise the data set of a config; nothing is fitted here.

Other packages use these names and the modules `cache`, `card`, `dataset`, `media`, `storage`
and `tables`.
"""

from dlcli.datasets.dataset import Column, Dataset, Dialect, Target
from dlcli.datasets.loading import load_dataset

__all__ = ["Column", "Dataset", "Dialect", "Target", "load_dataset"]
