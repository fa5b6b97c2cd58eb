"""The config: one YAML file, checked before any work.

Other packages use the modules `base`, `callbacks`, `catalogue`, `checks`, `components`,
`date_formats`, `default_network`, `document`, `epoch_schedules`, `heads`, `in_memory`, `keys`,
`known`, `layer_costs`, `layers`, `load`, `loader_base`, `loaders`, `metric_bounds`, `metrics`,
`network_shapes`, `overrides`, `own_components`, `own_loaders`, `refused`, `schema`, `sections`,
`shape_messages`, `signatures`, `split_section`, `steps`, `table_loaders`, `target_checks`,
`task`, `tune` and `yaml_text`.
"""
