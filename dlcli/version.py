"""The version of dlcli."""

__version__ = "0.2.0.dev0"
