"""Export a model as one HTML file: the page of the server, the model, and ONNX Runtime Web.

Other modules use `page`.
"""
