"""Inspect untrusted model files before anything is built from them."""
