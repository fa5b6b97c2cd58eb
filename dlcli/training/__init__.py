"""Train models: sessions, callbacks, checkpoints, and the folds of a cross-validation."""
