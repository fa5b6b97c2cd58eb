"""The registry of preprocessing steps, and their base class."""

from __future__ import annotations

from typing import Any, ClassVar

from dlcli.config.base import Section
from dlcli.config.registry import Registry

STEPS: Registry[type[Step]] = Registry("preprocessing step")


class Step(Section):
    """A preprocessing step, fitted on the training rows only."""

    column_types: ClassVar[tuple[str, ...]] = ("numeric", "boolean", "date")


Steps = tuple[Step, ...]


def plain_steps(steps: Steps) -> Any:
    """Return steps in the notation of configs."""
    if not steps:
        return "none"
    names = {STEPS[name]: name for name in STEPS}
    plain = []
    for step in steps:
        name, arguments = names[type(step)], step.model_dump(exclude_none=True)
        plain.append({name: arguments} if arguments else name)
    return plain
