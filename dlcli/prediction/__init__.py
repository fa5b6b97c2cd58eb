"""Predict the rows of files, tables and arrays with a saved model."""
