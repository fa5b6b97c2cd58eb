"""Estimate the memory and work that a network needs, from its architecture alone."""
