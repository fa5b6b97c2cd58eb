"""``python -m dlcli``."""

from dlcli.cli import process

if __name__ == "__main__":  # workers of a cross-validation import this module anew
    process()
