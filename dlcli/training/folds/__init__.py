"""Train the folds of a cross-validation."""
