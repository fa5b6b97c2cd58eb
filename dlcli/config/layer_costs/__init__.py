"""Rules for the output shapes and the cost of layers, without Keras.

The check of a config and the inspection of model files share them.
"""

from __future__ import annotations

from dlcli.config.layer_costs.merging import MERGING_RULES
from dlcli.config.layer_costs.recurrence import WRAPPER_RULES
from dlcli.config.layer_costs.shapes import SIMPLE_RULES, LayerCost, Rule, Shape, to_size
from dlcli.config.layer_costs.windows import WINDOW_RULES

__all__ = ["LAYER_RULES", "WRAPPER_RULES", "LayerCost", "Rule", "Shape", "to_size"]

LAYER_RULES = {**SIMPLE_RULES, **WINDOW_RULES, **MERGING_RULES}
