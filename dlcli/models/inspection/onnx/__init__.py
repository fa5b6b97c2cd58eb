"""Inspect serialized ONNX models without importing ``onnx``."""
