"""``python -m dlcli``."""

from dlcli.cli import process

if __name__ == "__main__":  # spawned worker processes import this module too
    process()
