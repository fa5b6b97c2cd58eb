"""Train and score the folds of a cross-validation."""
