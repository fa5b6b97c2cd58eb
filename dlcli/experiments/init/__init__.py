"""Write a config for a file or folder, with the reason of every decision."""

from dlcli.experiments.init.init import InitResult, init

__all__ = ["InitResult", "init"]
