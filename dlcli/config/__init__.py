"""The config: one YAML file, checked before any work.

Other packages use these names and the modules `base`, `callbacks`, `catalogue`, `components`,
`date_formats`, `document`, `heads`, `keys`, `known`, `layer_costs`, `layers`, `load`,
`loader_base`, `loaders`, `metric_bounds`, `metrics`, `network_shapes`, `overrides`,
`own_components`, `refused`, `schema`, `sections`, `shape_messages`, `signatures`, `steps`,
`table_loaders` and `task`.
"""

from dlcli.config.checks import check_data
from dlcli.config.load import load_config
from dlcli.config.sections import Config

__all__ = ["Config", "check_data", "load_config"]
