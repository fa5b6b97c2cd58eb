"""Run directories: create, describe, reopen, list and compare them."""
