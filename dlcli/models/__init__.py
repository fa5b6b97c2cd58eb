"""Model files: written, inspected, read, and turned into ONNX graphs."""
