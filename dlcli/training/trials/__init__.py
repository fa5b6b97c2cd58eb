"""Train many variants of a config: seeds, sweeps and searches.

Other packages use the modules `trial` and `trainer`.
"""
