"""Export a network to ONNX, and compute its outputs without TensorFlow."""

from dlcli.models.onnx.export import ExportError, export_graph
from dlcli.models.onnx.network import OnnxNetwork, import_onnxruntime

__all__ = ["ExportError", "OnnxNetwork", "export_graph", "import_onnxruntime"]
