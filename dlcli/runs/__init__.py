"""Run directories: create, describe, reopen, list and compare them.

Other packages use the modules `code`, `description`, `differences`, `directory`, `finding`,
`listing`, `metrics`, `records`, `scored_rows` and `training_rows`.
"""
