"""Run directories: create, describe, reopen, list and compare them.

Other packages use the modules `description`, `differences`, `directory`, `listing` and
`records`.
"""
