"""Train many variants of a config: sweeps over a grid, over seeds, and searches."""
