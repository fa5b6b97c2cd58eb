"""Run directories: create, describe, reopen, list and compare them.

Other packages use the modules `changed_keys`, `code`, `description`, `differences`, `directions`,
`directory`, `finding`, `labels`, `listing`, `metrics`, `notes`, `ordering`, `records`, `removal`,
`scored_rows` and `training_rows`.
"""
