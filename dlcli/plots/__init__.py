"""Pictures of data, networks, trainings and results.

Other packages use the modules `canvas`, `curves`, `data`, `diagram`, `learned`, `results` and
`several`.
"""
