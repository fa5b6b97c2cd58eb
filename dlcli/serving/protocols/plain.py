"""``POST /predict``: a file in, predictions out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from dlcli.datasets.file_content import FileContent
from dlcli.prediction.content import predict_files, predict_table
from dlcli.serving.json_text import json_bytes, utf_8
from dlcli.serving.media_types import AnswerType, answer_type, kind_of
from dlcli.serving.openapi import PLAIN_ANSWER, PLAIN_BODY, PROBLEMS
from dlcli.serving.problems import RequestError
from dlcli.serving.routing import Router
from dlcli.serving.values import BODY, FILES, predict_records

if TYPE_CHECKING:
    from dlcli.prediction.layout import Keep
    from dlcli.prediction.predictions import Predictions
    from dlcli.serving.answers import Answer
    from dlcli.serving.models import ServedModel
    from dlcli.serving.service import Service

MEDIA_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8",
               "jsonl": "application/x-ndjson"}  # fmt: skip
MAX_NOTES = 4000  # characters of a header


def routes(service: Service) -> Router:
    """Return the routes of the plain protocol."""
    router = Router("plain")

    async def predict(request: Request, name: str | None = None) -> Response:
        model = service.models.get(name)
        content_type = request.headers.get("content-type", "")
        default: AnswerType = "csv" if content_type.startswith("text/csv") else "json"
        wanted = answer_type(request.headers.get("accept", ""), default)
        options = _options(request)
        answer: Response = await service.answer(
            request,
            model,
            lambda body: _open(model, body, content_type, options, service.limits.unpacked),
            lambda answer: _response(model, answer, wanted, safe=options.csv_safe),
            may_be_slow=model.signature.medium.kind in FILES,
        )
        return answer

    @router.post("/predict", extra=PLAIN_BODY, responses={**PLAIN_ANSWER, **PROBLEMS})
    async def predict_default(request: Request) -> Response:
        """Predict with the first model."""
        return await predict(request)

    @router.post("/models/{name}/predict", extra=PLAIN_BODY, responses={**PLAIN_ANSWER, **PROBLEMS})
    async def predict_named(request: Request, name: str) -> Response:
        """Predict with a model."""
        return await predict(request, name)

    return router


@dataclass(frozen=True)
class Options:
    """The parameters in an address, those of ``dlcli predict``."""

    keep: Keep = ()
    invert: bool = False
    csv_safe: bool = False


def _options(request: Request) -> Options:
    parameters = request.query_params
    for key in parameters:
        if key not in ("keep", "invert", "csv_safe"):
            hint = "use keep, invert or csv_safe"
            raise RequestError(400, f"unknown parameter {key[:40]!r}", hint=hint)
    flags = {}
    for key in ("invert", "csv_safe"):
        text = parameters.get(key, "false").lower()
        if text not in ("true", "false"):
            raise RequestError(400, f"{key}: expected true or false")
        flags[key] = text == "true"
    keep: Keep = parameters.getlist("keep")
    return Options("all" if keep == ["all"] else keep, **flags)


def _open(
    model: ServedModel, body: bytes, content_type: str, options: Options, max_unpacked: int
) -> Predictions:
    """Start the predictions of a body."""
    kind, suffix = kind_of(content_type, body)
    medium = model.signature.medium.kind
    if options.invert and medium != "image":
        raise RequestError(400, "only images can be inverted; this model takes other data")
    if kind in ("image", "audio"):
        if kind != medium:
            raise RequestError(
                415, f"the body is {_article(kind)}; the model takes {_taken(model)}"
            )
        return predict_files(
            model.loaded, model.signature, [FileContent(BODY, body)], invert=options.invert
        )
    if kind == "text" and model.signature.is_text:
        return predict_records(model, [{model.signature.names[0]: _decoded(body)}])
    if medium == "audio":
        raise RequestError(415, "the body is no recording; the model takes WAV files")
    table = FileContent(BODY, body, suffix, max_unpacked)
    return predict_table(model.loaded, model.signature, table, options.keep)


def _article(kind: str) -> str:
    return "an image" if kind == "image" else "a recording"


def _taken(model: ServedModel) -> str:
    if model.signature.is_text:
        return "texts"
    kinds = {"image": "images", "audio": "recordings", "series": "series of numbers"}
    return kinds.get(model.signature.medium.kind, "rows of a table")


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(400, f"the text is not UTF-8 (byte {error.start})") from None


def _response(model: ServedModel, answer: Answer, wanted: AnswerType, *, safe: bool) -> Response:
    notes = answer.notes
    if wanted == "csv":
        body = utf_8(answer.csv(safe=safe))
    elif wanted == "jsonl":
        body = b"".join(json_bytes(record) + b"\n" for record in answer.records())
    else:
        document: dict[str, Any] = {
            "model": model.name,
            "rows": answer.rows,
            "columns": answer.columns,
            "predictions": answer.records(),
            "notes": notes,
        }
        body = json_bytes(document)
    # In the body of JSON; in a header for the other types, which have no place for them.
    headers = {"Dlcli-Notes": _header_of(notes)} if notes and wanted != "json" else {}
    return Response(body, media_type=MEDIA_TYPES[wanted], headers=headers)


def _header_of(notes: list[str]) -> str:
    """Return notes as JSON, without the last ones if they are too long for a header."""
    text = json.dumps(notes)
    while len(text) > MAX_NOTES:
        notes = notes[: len(notes) // 2]
        text = json.dumps(notes)
    return text
