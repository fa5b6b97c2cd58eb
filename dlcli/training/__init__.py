"""One fit and many: sessions, checkpoints, and copies of a model in one program."""
