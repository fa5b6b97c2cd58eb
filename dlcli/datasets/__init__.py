"""Config → Dataset: find, read and describe the data; nothing is fitted here."""

from dlcli.datasets.dataset import Column, Dataset, Dialect, Target
from dlcli.datasets.loading import load_dataset

__all__ = ["Column", "Dataset", "Dialect", "Target", "load_dataset"]
