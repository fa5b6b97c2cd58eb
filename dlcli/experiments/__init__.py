"""The commands that train or score: each module runs one, from a config or a run to its result."""
