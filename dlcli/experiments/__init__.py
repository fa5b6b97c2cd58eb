"""The commands that train or score: each module runs one, from a config or a run to its result.

Other packages use the modules `baseline`, `check`, `compare`, `equation`, `evaluate`,
`held_out`, `importance`, `init`, `inputs`, `kfold`, `kfold_result`, `learning_curve`,
`predicted_rows`, `reproduce`, `resume`, `scored_predictions`, `search`, `train`, `train_result`
and `unfinished`.
"""
