"""Model files looked through before anything is built from them: they may come from strangers."""
