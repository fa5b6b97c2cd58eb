"""Run directories: made, recorded, listed and compared."""
