"""The Open Inference Protocol over REST, also called V2: Triton and KServe speak it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dlcli.serving.description import tensors_of
from dlcli.serving.openapi import PROBLEMS, json_answer, json_body
from dlcli.serving.problems import RequestError
from dlcli.serving.protocols.v2_infer import InferRequest
from dlcli.serving.protocols.v2_tensors import DTYPES
from dlcli.serving.routing import Router
from dlcli.serving.values import FILES
from dlcli.version import __version__

if TYPE_CHECKING:
    from dlcli.serving.models import ServedModel
    from dlcli.serving.service import Service

HEADER = "Inference-Header-Content-Length"
TENSOR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
        "datatype": {"type": "string", "enum": [*DTYPES, "BYTES"]},
        "parameters": {"type": "object"},
        "data": {"type": "array"},
    },
    "required": ["name", "shape", "datatype"],
}
OUTPUT = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
REQUEST = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "parameters": {"type": "object"},
        "inputs": {"type": "array", "items": TENSOR, "minItems": 1},
        "outputs": {"type": "array", "items": OUTPUT},
    },
    "required": ["inputs"],
}
RESPONSE = {
    "type": "object",
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "parameters": {"type": "object"},
        "outputs": {"type": "array", "items": TENSOR},
    },
    "required": ["model_name", "outputs"],
}


def routes(service: Service) -> Router:
    """Return the routes."""
    router = Router("open inference protocol", prefix="/v2")
    _add_descriptions(router, service)
    extra = json_body(REQUEST)
    responses = {**json_answer(RESPONSE, "The columns of the predictions."), **PROBLEMS}

    @router.post("/models/{name}/infer", extra=extra, responses=responses)
    @router.post("/models/{name}/versions/{version}/infer", extra=extra, responses=responses)
    async def infer(request: Request, name: str, version: str | None = None) -> Response:
        """Predict tensors."""
        model = _find(service, name, version)
        infer_request = InferRequest(model, request.headers.get(HEADER, ""))
        body, length = await service.answer(
            request,
            model,
            infer_request.open,
            infer_request.answer,
            may_be_slow=model.signature.medium.kind in FILES,
        )
        if length is None:
            return Response(body, media_type="application/json")
        return Response(body, media_type="application/octet-stream", headers={HEADER: str(length)})

    return router


def _add_descriptions(router: Router, service: Service) -> None:
    not_there: Any = {404: PROBLEMS[404]}

    @router.get("")
    @router.get("/", is_described=False)
    async def server(_: Request) -> dict[str, Any]:
        """Describe the server."""
        return {"name": "dlcli", "version": __version__, "extensions": ["binary_tensor_data"]}

    @router.get("/models/{name}", responses=not_there)
    @router.get("/models/{name}/versions/{version}", responses=not_there)
    async def metadata(_: Request, name: str, version: str | None = None) -> dict[str, Any]:
        """Describe the tensors of a model."""
        model = _find(service, name, version)
        inputs, outputs = tensors_of(model)
        head = {"name": model.name, "versions": [model.version], "platform": "onnx_onnxruntime"}
        return {**head, "inputs": inputs, "outputs": outputs}

    @router.get("/models/{name}/ready", responses=not_there)
    @router.get("/models/{name}/versions/{version}/ready", responses=not_there)
    async def ready(_: Request, name: str, version: str | None = None) -> dict[str, Any]:
        """Tell that a model is there."""
        return {"name": _find(service, name, version).name, "ready": True}


def _find(service: Service, name: str, version: str | None) -> ServedModel:
    model = service.models.get(name)
    if version not in (None, model.version):
        raise RequestError(404, f"no version {str(version)[:40]!r} of model {name!r}")
    return model
