"""ONNX graphs, inspected before they run."""
