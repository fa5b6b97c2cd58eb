"""The version of dlcli, in one place."""

__version__ = "0.1.0"
