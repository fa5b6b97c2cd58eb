"""Find, read and summarise the data set of a config; nothing is fitted here.

Other packages use these names and the modules `cache`, `card`, `dataset`, `dialect`, `media`,
`storage` and `tables`.
"""

from dlcli.datasets.dataset import Column, Dataset, Target
from dlcli.datasets.dialect import Dialect
from dlcli.datasets.loading import load_dataset

__all__ = ["Column", "Dataset", "Dialect", "Target", "load_dataset"]
