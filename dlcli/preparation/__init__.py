"""Split data sets, and fit preprocessors to their training rows.

Other packages use the modules `calibration`, `column_summaries`, `fitting`, `folds`, `labels`,
`linear_form`, `prepare`, `preprocessor`, `report`, `rows`, `split`, `split_sizes`, `steps`,
`subsets`, `target_preprocessing`, `targets` and `variation`.
"""
