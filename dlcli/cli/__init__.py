"""The command line: parse, call the function of the same name, print, exit."""

from dlcli.cli.entry_point import main, process

__all__ = ["main", "process"]
