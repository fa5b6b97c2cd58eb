"""Estimators of scikit-learn as ONNX graphs of plain operators."""
