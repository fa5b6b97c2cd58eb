"""The config: one YAML file, checked before any work."""

from dlcli.config.checks import check_data
from dlcli.config.load import load_config
from dlcli.config.sections import Config

__all__ = ["Config", "check_data", "load_config"]
