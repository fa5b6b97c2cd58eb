"""Pictures of data, networks, trainings and results.

Other packages use the modules `canvas`, `curves`, `data`, `diagram`, `fonts`, `learned`,
`learning_curve`, `results`, `several`, `summary`, `sweep` and `weights`.
"""
