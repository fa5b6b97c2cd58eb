"""Parts of the OpenAPI document: bodies that the routes read themselves."""

from __future__ import annotations

from typing import Any

ANY: dict[str, Any] = {}
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
    404: "There is no such model.",
    406: "The client accepts no type of answer.",
    408: "The body did not arrive in time.",
    413: "The body or the number of rows exceeds a limit.",
    415: "The body has a type that the model does not take.",
    422: "The model cannot use the data.",
    503: "Too many requests wait.",
    504: "The answer took too long.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": PROBLEM}}}
    for status, text in STATUSES.items()
}


def json_body(schema: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return the description of a route that takes JSON of a schema, or other types."""
    content = {"application/json": {"schema": schema}, **others}
    return {"requestBody": {"required": True, "content": content}}


def json_answer(schema: dict[str, Any], description: str) -> dict[int | str, dict[str, Any]]:
    """Return the description of an answer of JSON."""
    return {200: {"description": description, "content": {"application/json": {"schema": schema}}}}


PLAIN_BODY = {
    "parameters": [
        {"name": "keep", "in": "query", "schema": {"type": "string"},
         "description": "A column of the input to keep; repeatable; all: all of them."},
        {"name": "invert", "in": "query", "schema": {"type": "boolean"},
         "description": "Invert the pixels of an image."},
    ],
    **json_body(
        {"type": "array", "items": RECORD},
        **{
            "text/csv": TEXT, "application/x-ndjson": TEXT, "text/plain": TEXT,
            "image/png": BINARY, "image/jpeg": BINARY, "audio/wav": BINARY,
        },
    ),
}  # fmt: skip
PLAIN_ANSWER: dict[int | str, dict[str, Any]] = {
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
