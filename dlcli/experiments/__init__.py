"""The verbs: each module runs one command, from a config or a run to its results."""
