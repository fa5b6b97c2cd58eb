"""A model as one ONNX graph: columns in, names of classes or values out."""
