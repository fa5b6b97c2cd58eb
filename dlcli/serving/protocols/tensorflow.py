"""The REST API of TensorFlow Serving: ``/v1/models/{name}:predict``, also KServe's first one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dlcli.serving.body import parse_json
from dlcli.serving.openapi import PROBLEMS, json_body
from dlcli.serving.problems import RequestError
from dlcli.serving.protocols.mlflow import ANSWER, LIST, response
from dlcli.serving.routing import Router
from dlcli.serving.values import FILES, predict_columns, predict_values

if TYPE_CHECKING:
    from dlcli.prediction.predictions import Predictions
    from dlcli.serving.models import ServedModel
    from dlcli.serving.service import Service

BODY_SCHEMA = {
    "oneOf": [
        {"type": "object", "properties": {"instances": LIST}, "required": ["instances"]},
        {"type": "object", "properties": {"inputs": {"type": "object"}}, "required": ["inputs"]},
    ]
}


def routes(service: Service) -> Router:
    """Return the routes."""
    router = Router("tensorflow serving", prefix="/v1/models")
    extra, responses = json_body(BODY_SCHEMA), {**ANSWER, **PROBLEMS}

    @router.post("/{name}:predict", extra=extra, responses=responses)
    async def predict(request: Request, name: str) -> Response:
        """Predict instances."""
        model = service.models.get(name)
        answer: Response = await service.answer(
            request,
            model,
            lambda body: _open(model, body),
            response,
            may_be_slow=model.signature.medium.kind in FILES,
        )
        return answer

    @router.get("/{name}", responses={404: PROBLEMS[404]})
    async def status(_: Request, name: str) -> dict[str, Any]:
        """Tell that a model is there."""
        model = service.models.get(name)
        state = {"error_code": "OK", "error_message": ""}
        versions = [{"version": "1", "state": "AVAILABLE", "status": state}]
        return {"name": model.name, "ready": True, "model_version_status": versions}

    return router


def _open(model: ServedModel, body: bytes) -> Predictions:
    document = parse_json(body)
    keys = [key for key in ("instances", "inputs") if key in document]
    if len(keys) != 1:
        raise RequestError(400, "expected either 'instances' or 'inputs'")
    key, value = keys[0], document[keys[0]]
    if key == "inputs" and isinstance(value, dict):
        return predict_columns(model, value)
    return predict_values(model, value, key)
