"""Seeds of several trainings of one config."""

from __future__ import annotations

from collections.abc import Sequence

from dlcli.errors import DlcliError

MAX_SEEDS = 100_000


def seed_list(seeds: int | Sequence[int], first: int) -> list[int]:
    """Return seeds: those given, or as many as given, from the first one on.

    Raises
    ------
    DlcliError
    """
    if isinstance(seeds, int) and seeds > MAX_SEEDS:
        raise DlcliError(f"seeds: {seeds:,} are more than {MAX_SEEDS:,}")
    values = list(range(first, first + seeds)) if isinstance(seeds, int) else list(seeds)
    if not values or any(not isinstance(seed, int) or not 0 <= seed < 2**32 for seed in values):
        raise DlcliError(f"seeds: expected a number of seeds, or integers ≥ 0, got {seeds!r:.80}")
    if len(set(values)) < len(values):
        raise DlcliError("seeds: the same seed twice gives the same training twice")
    return values
