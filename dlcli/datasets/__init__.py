"""Find, read and summarise the data set of a config; nothing is fitted here.

Other packages use the modules `cache`, `card`, `dataset`, `dialect`, `file_content`, `loading`,
`media`, `row_hashes`, `storage` and `tables`.
"""
