"""Answer requests with models over HTTP, in the protocols that clients speak.

Other packages use the modules `description`, `limits`, `models`, `origins` and `server`.
"""
