"""``POST /models/{name}/influence``: which values of a row matter to its prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dlcli.errors import plural
from dlcli.prediction.influence import (
    influences,
    output_to_explain,
    rows_with_typical_values,
)
from dlcli.serving.body import parse_json
from dlcli.serving.column_facts import facts_of_columns
from dlcli.serving.json_text import json_bytes
from dlcli.serving.openapi import PROBLEMS, RECORD, json_answer, json_body
from dlcli.serving.problems import RequestError
from dlcli.serving.routing import Router
from dlcli.serving.values import predict_records

if TYPE_CHECKING:
    from dlcli.prediction.predictions import Predictions
    from dlcli.serving.answers import Answer
    from dlcli.serving.models import ServedModel
    from dlcli.serving.service import Service

# Each column is a row to predict, of as many values.
MAX_COLUMNS = 256
ANSWER = json_answer(
    {
        "type": "object",
        "properties": {
            "output": {"type": "string"},
            "value": {"type": "number"},
            "columns": {"type": "array", "items": RECORD},
        },
    },
    "The output that is explained, and for each column, the largest first: its value, the typical "
    "one, and how much the output changes from the typical value to this one.",
)


def routes(service: Service) -> Router:
    """Return the route."""
    router = Router("plain")
    # A model may have many categories; they do not change.
    typical_values = cache(_typical_values)

    @router.post(
        "/models/{name}/influence",
        extra=json_body(RECORD),
        responses={**ANSWER, **PROBLEMS},
    )
    async def influence(request: Request, name: str) -> Response:
        """Tell how the prediction of a row changes when single values are the typical ones."""
        model = service.models.get(name)
        typical = typical_values(model)
        rows: list[Mapping[str, Any]] = []

        def open_predictions(body: bytes) -> Predictions:
            row = parse_json(body)
            names = set(model.signature.names)
            inputs = {column: value for column, value in row.items() if column in names}
            rows.extend(rows_with_typical_values(inputs, typical))
            return predict_records(model, rows)

        answer: Response = await service.answer(
            request, model, open_predictions, lambda answer: _response(rows[0], typical, answer)
        )
        return answer

    return router


def _typical_values(model: ServedModel) -> dict[str, Any]:
    """Return the typical values of the columns that have one."""
    signature = model.signature
    if signature.preprocessor.shape or signature.medium.kind != "rows":
        raise RequestError(400, "only rows of a table are explained; this model takes other data")
    if len(signature.columns) > MAX_COLUMNS:
        count = plural(len(signature.columns), "column")
        raise RequestError(
            400, f"rows of at most {MAX_COLUMNS} columns are explained; the model has {count}"
        )
    facts = facts_of_columns(model)
    return {name: known["typical"] for name, known in facts.items() if "typical" in known}


def _response(row: Mapping[str, Any], typical: Mapping[str, Any], answer: Answer) -> Response:
    predictions = answer.records()
    output = output_to_explain(predictions[0])
    document = {
        "output": output,
        "value": predictions[0][output],
        "columns": [asdict(item) for item in influences(row, typical, predictions, output)],
        "notes": answer.notes,
    }
    return Response(json_bytes(document), media_type="application/json")
