"""Preprocessing: fitted on training rows only, kept as plain data, applied alike everywhere."""

from dlcli.preparation.fitting import fit_preprocessor, resolve
from dlcli.preparation.preprocessor import Group, Preprocessor

__all__ = ["Group", "Preprocessor", "fit_preprocessor", "resolve"]
