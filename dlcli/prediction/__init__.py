"""Predict the rows of files, tables and arrays with a saved model.

Other packages use the modules `memory`, `predict`, `predictions` and `rows`.
"""
