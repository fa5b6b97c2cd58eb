"""Train models: sessions, callbacks, checkpoints, and the folds of a cross-validation.

Other packages use the modules `batches`, `calibrate`, `callback_state`, `checkpoint`,
`data_notices`, `fit`, `folds`, `network_check`, `notebook`, `progress`, `session`,
`training_state`, `trials`, `weight_history` and `worker_start`.
"""
