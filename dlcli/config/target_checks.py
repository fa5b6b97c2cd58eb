"""Check the preprocessing of a numeric target against the loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dlcli.config.heads import UNSCALED_LOSSES, Finding
from dlcli.config.known import Facts
from dlcli.config.sections import Config
from dlcli.config.steps import MinMax, Quantile, Step

# Range of a standardized target; few values are outside.
STANDARDIZED = (-3.0, 3.0)
# The normal quantiles of 1e-7 and 1 - 1e-7.
NORMAL = (-5.2, 5.2)


def network_facts(config: Config, facts: Facts | None) -> Facts | None:
    """Return the facts with the range that the network sees of a target with steps."""
    steps = config.preprocess.target
    if facts is None or not steps or facts.task != "regression":
        return facts
    low, high = _range_after(steps[-1])
    return replace(facts, target_low=low, target_high=high, target_zeros=0)


def _range_after(step: Step) -> tuple[float, float]:
    """Return the range of a target after its last step."""
    if isinstance(step, Quantile):
        return NORMAL if step.output_distribution == "normal" else (0.0, 1.0)
    return (0.0, 1.0) if isinstance(step, MinMax) else STANDARDIZED


def target_step_errors(config: Config) -> Iterator[Finding]:
    """Yield losses that need a target as it is, if the config has steps for it."""
    if config.preprocess.target and config.loss.name in UNSCALED_LOSSES:
        reason = "needs the target as it is, and `preprocess: {target: …}` changes it"
        yield config.loss.path, f"{reason}; use mean_squared_error, or set `target: none`"
