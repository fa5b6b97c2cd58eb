"""Check the preprocessing of a numeric target against the loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dlcli.config.heads import UNSCALED_LOSSES, Finding, Head
from dlcli.config.known import Facts
from dlcli.config.sections import Config
from dlcli.config.steps import MinMax, Quantile, Step

# The squares of larger values are infinite in float32, and losses and metrics square them.
SQUARE_OVERFLOWS = 1.84e19
# Outputs start near 0 and move by about the learning rate per step.
LARGE_TARGET = 100.0
# The random initial outputs differ more than a target with a smaller range.
SMALL_RANGE = 0.01
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


def target_scale_warnings(config: Config, head: Head, facts: Facts | None) -> Iterator[Finding]:
    """Yield a target so large or small that the outputs need many steps to fit it.

    Published data sets are left alone: their configs are those of courses.
    """
    seen = network_facts(config, facts)
    if seen is None or seen.task != "regression" or config.dataset.known:
        return
    low, high = seen.target_low, seen.target_high
    if low is None or high is None or config.loss.name in UNSCALED_LOSSES:
        return
    if head.normalization_after is not None:  # Rescaling gives the outputs the target's scale
        return
    largest = high if abs(high) >= abs(low) else low
    if abs(largest) > SQUARE_OVERFLOWS:  # reported with its row when the data are read
        return
    advice = "set `preprocess: {target: standardize}`"
    if abs(largest) > LARGE_TARGET:
        yield head.layer.path, f"the target reaches {largest:g}, and outputs start near 0; {advice}"
    elif 0 < high - low < SMALL_RANGE:
        reason = f"the target varies by {high - low:.2g}, and first outputs by about 1"
        yield head.layer.path, f"{reason}; {advice}"
