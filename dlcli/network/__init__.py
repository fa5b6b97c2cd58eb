"""Keras and TensorFlow: build, compile, place and measure a network.

Other packages use the modules `backend`, `building`, `code_files`, `cost`, `ensemble`,
`environment`, `hardware`, `internals`, `keras_exports`, `loss_surface`, `memory`,
`numpy_metrics`, `outputs`, `registration`, `saved_model`, `scores`, `several_scores`,
`target_metrics` and `variables`.
"""
