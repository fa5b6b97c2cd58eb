"""The OpenAPI document, and its parts that several protocols share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dlcli.version import __version__

if TYPE_CHECKING:
    from dlcli.serving.routing import Operation

VERSION = "3.1.0"  # of OpenAPI
BINARY = {"schema": {"type": "string", "format": "binary"}}
TEXT = {"schema": {"type": "string"}}
RECORD = {"type": "object"}

PROBLEM = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "hint": {"type": "string"}},
    "required": ["error"],
}
STATUSES = {
    400: "The request is malformed.",
    401: "The token is missing or wrong.",
    403: "A page of another server sends the request.",
    404: "There is no such model.",
    406: "The client accepts no type of answer.",
    408: "The body did not arrive in time.",
    413: "The body or the number of rows exceeds a limit.",
    415: "The body has a type that the model does not take.",
    421: "The request names a host that is not this server.",
    422: "The model cannot use the data.",
    503: "Too many requests wait.",
    504: "The answer took too long.",
}
PROBLEMS: dict[int, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": PROBLEM}}}
    for status, text in STATUSES.items()
}

# Of every request.
GATE = {status: PROBLEMS[status] for status in (401, 421)}
TEXT_ANSWER = {200: {"description": "A text.", "content": {"text/plain": TEXT}}}


def json_body(schema: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return the description of a route that takes JSON of a schema, or other types."""
    content = {"application/json": {"schema": schema}, **others}
    return {"requestBody": {"required": True, "content": content}}


def json_answer(schema: dict[str, Any], description: str) -> dict[int, dict[str, Any]]:
    """Return the description of an answer of JSON."""
    return {200: {"description": description, "content": {"application/json": {"schema": schema}}}}


PLAIN_BODY = {
    "parameters": [
        {"name": "keep", "in": "query", "schema": {"type": "string"},
         "description": "A column of the input to keep; repeatable; all: all of them."},
        {"name": "invert", "in": "query", "schema": {"type": "boolean"},
         "description": "Invert the pixels of an image."},
        {"name": "csv_safe", "in": "query", "schema": {"type": "boolean"},
         "description": "Write texts so that spreadsheets do not run them as formulas."},
    ],
    **json_body(
        {"type": "array", "items": RECORD},
        **{
            "text/csv": TEXT, "application/x-ndjson": TEXT, "text/plain": TEXT,
            "image/png": BINARY, "image/jpeg": BINARY, "audio/wav": BINARY,
        },
    ),
}  # fmt: skip
PLAIN_ANSWER: dict[int, dict[str, Any]] = {
    200: {
        "description": "The predictions, as `dlcli predict` gives them.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "model": {"type": "string"},
                        "rows": {"type": "integer"},
                        "columns": {"type": "array", "items": {"type": "string"}},
                        "predictions": {"type": "array", "items": RECORD},
                        "notes": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["model", "rows", "columns", "predictions", "notes"],
                }
            },
            "text/csv": TEXT,
            "application/x-ndjson": TEXT,
        },
    }
}


def openapi_document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the description of a server's operations."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        if operation.is_described:
            described = _described(operation)
            paths.setdefault(operation.path, {})[operation.method.lower()] = described
    info = {"title": "dlcli serve", "version": __version__}
    return {"openapi": VERSION, "info": info, "paths": paths}


def _described(operation: Operation) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)\}", operation.path)
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    responses = {**json_answer({}, "The answer."), **operation.responses, **GATE}
    extra = dict(operation.extra)
    parameters = [*in_path, *extra.pop("parameters", [])]
    return {
        "tags": [operation.tag],
        "summary": (operation.handler.__doc__ or "").partition("\n")[0],
        "operationId": re.sub(r"\W+", "_", f"{operation.method.lower()}{operation.path}"),
        **({"parameters": parameters} if parameters else {}),
        **extra,
        "responses": {str(status): responses[status] for status in sorted(responses)},
    }
