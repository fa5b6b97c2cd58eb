"""Export models: as one ONNX graph with the preprocessing, and in formats of Keras.

Other packages use the modules `export` and `mlflow_tracking`.
"""
