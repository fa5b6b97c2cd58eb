"""Split data sets, and fit preprocessors to their training rows."""

from dlcli.preparation.fitting import fit_preprocessor, resolve
from dlcli.preparation.preprocessor import Group, Preprocessor

__all__ = ["Group", "Preprocessor", "fit_preprocessor", "resolve"]
