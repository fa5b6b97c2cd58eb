"""One YAML file, one reproducible Keras run."""

__version__ = "0.1.0"
