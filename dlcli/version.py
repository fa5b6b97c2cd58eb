"""The version of dlcli."""

__version__ = "0.1.0"
