"""Predict the rows of files, tables and arrays with a saved model.

Other packages use the modules `blocks`, `content`, `influence`, `layout`, `memory`, `output`,
`predict`, `predictions` and `rows`.
"""
