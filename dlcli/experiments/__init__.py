"""The commands that train or score: each module runs one, from a config or a run to its result.

Other packages use the modules `baseline`, `check`, `compare`, `evaluate`, `init`, `kfold`,
`kfold_result`, `learning_curve`, `predicted_rows`, `reproduce`, `resume`, `search`, `train` and
`train_result`.
"""
