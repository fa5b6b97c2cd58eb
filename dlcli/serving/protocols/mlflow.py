"""The scoring server of MLflow: ``/invocations``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dlcli.datasets.file_content import FileContent
from dlcli.prediction.content import predict_table
from dlcli.serving.body import parse_json
from dlcli.serving.json_text import json_bytes
from dlcli.serving.media_types import media_type
from dlcli.serving.openapi import PROBLEMS, TEXT, TEXT_ANSWER, json_answer, json_body
from dlcli.serving.problems import RequestError
from dlcli.serving.routing import Router
from dlcli.serving.values import BODY, FILES, predict_columns, predict_records, predict_values
from dlcli.version import __version__

if TYPE_CHECKING:
    from dlcli.prediction.predictions import Predictions
    from dlcli.serving.answers import Answer
    from dlcli.serving.models import ServedModel
    from dlcli.serving.service import Service

FORMATS = ("dataframe_split", "dataframe_records", "inputs", "instances")
LIST: dict[str, Any] = {"type": "array", "minItems": 1}
SPLIT: dict[str, Any] = {
    "type": "object",
    "properties": {"columns": {"type": "array", "items": {"type": "string"}}, "data": LIST},
    "required": ["columns", "data"],
}
SCHEMAS: dict[str, Any] = {
    "dataframe_split": SPLIT,
    "dataframe_records": {**LIST, "items": {"type": "object"}},
    "inputs": {"oneOf": [LIST, {"type": "object"}]},
    "instances": {"oneOf": [LIST, {"type": "object"}]},
}
BODY_SCHEMA = {
    "oneOf": [
        {"type": "object", "properties": {key: schema}, "required": [key]}
        for key, schema in SCHEMAS.items()
    ]
}
ANSWER = json_answer(
    {"type": "object", "properties": {"predictions": {"type": "array"}}},
    "The predictions, a record for each row.",
)


def routes(service: Service) -> Router:
    """Return the routes."""
    router = Router("mlflow")

    @router.get("/version", responses=TEXT_ANSWER)
    async def version(_: Request) -> Response:
        """Return the version of the server."""
        return PlainTextResponse(__version__)

    @router.post(
        "/invocations",
        extra=json_body(BODY_SCHEMA, **{"text/csv": TEXT}),
        responses={**ANSWER, **PROBLEMS},
    )
    async def invocations(request: Request) -> Response:
        """Predict a DataFrame, an array or a CSV with the first model."""
        model = service.models.default
        content_type = media_type(request.headers.get("content-type", ""))
        if content_type not in ("text/csv", "application/json"):
            hint = "use application/json or text/csv"
            raise RequestError(415, f"the body has the Content-Type {content_type!r}", hint=hint)
        answer: Response = await service.answer(
            request,
            model,
            lambda body: _open(model, body, content_type, service.limits.unpacked),
            response,
            may_be_slow=model.signature.medium.kind in FILES,
        )
        return answer

    return router


def response(answer: Answer) -> Response:
    """Return predictions as MLflow and TensorFlow Serving do, with notes if there are any."""
    document: dict[str, Any] = {"predictions": answer.records()}
    if notes := answer.notes:
        document["notes"] = notes
    return Response(json_bytes(document), media_type="application/json")


def _open(model: ServedModel, body: bytes, content_type: str, max_unpacked: int) -> Predictions:
    if content_type == "text/csv":
        table = FileContent(BODY, body, ".csv", max_unpacked)
        return predict_table(model.loaded, model.signature, table)
    document = parse_json(body)
    keys = [key for key in FORMATS if key in document]
    if len(keys) != 1:
        present = " and ".join(map(repr, keys)) or "none"
        raise RequestError(
            400, f"the body has {present} of {', '.join(FORMATS)}", hint="send exactly one of them"
        )
    key, value = keys[0], document[keys[0]]
    if key == "dataframe_split":
        return predict_records(model, _records_of_split(value))
    if key == "dataframe_records":
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise RequestError(400, f"{key!r}: expected a list of objects")
        return predict_records(model, value)
    if isinstance(value, dict):
        return predict_columns(model, value)
    return predict_values(model, value, key)


def _records_of_split(value: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a DataFrame in the orientation that pandas calls "split"."""
    key = "dataframe_split"
    columns, data = (value.get("columns"), value.get("data")) if isinstance(value, dict) else (0, 0)
    if not isinstance(columns, list) or not isinstance(data, list):
        raise RequestError(400, f"{key!r}: expected an object with the lists columns and data")
    names = [name if isinstance(name, str) else json.dumps(name) for name in columns]
    if len(set(names)) < len(names):
        raise RequestError(400, f"{key!r}: a column appears twice")
    for number, row in enumerate(data, 1):
        if not isinstance(row, list) or len(row) != len(names):
            raise RequestError(400, f"{key!r}, row {number}: expected {len(names)} values")
    return [dict(zip(names, row, strict=True)) for row in data]
