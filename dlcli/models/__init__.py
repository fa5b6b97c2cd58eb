"""Model files: written, inspected, read, and turned into ONNX graphs.

Other packages use the modules `checkpoint_files`, `contents`, `estimator_file`, `estimators`,
`file`, `guard`, `limits`, `loading`, `metadata`, `npz`, `onnx`, `onnx_cache`,
`onnx_conversion`, `onnx_graph`, `own_code`, `signature` and `trained_metadata`.
"""
