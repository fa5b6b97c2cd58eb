"""Media types: what a body is, and what a client accepts."""

from __future__ import annotations

import re
from typing import Literal

from dlcli.serving.problems import RequestError

Kind = Literal["table", "image", "audio", "text", "unknown"]
AnswerType = Literal["json", "csv", "jsonl"]

# Endings of files by the media types of tables.
TABLES = {
    "text/csv": ".csv", "application/csv": ".csv", "text/tab-separated-values": ".tsv",
    "application/json": ".json", "application/jsonl": ".jsonl", "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl", "application/x-jsonlines": ".jsonl",
    "application/jsonlines": ".jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.apache.parquet": ".parquet",
}  # fmt: skip
# What clients send if nobody told them the type; curl calls all that it posts a form.
UNTOLD = (
    "",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "binary/octet-stream",
)
ANSWERS: dict[str, AnswerType] = {
    "application/json": "json", "text/csv": "csv", "application/csv": "csv",
    "application/x-ndjson": "jsonl", "application/jsonl": "jsonl", "application/ndjson": "jsonl",
}  # fmt: skip
IMAGE = re.compile(rb"\x89PNG|\xff\xd8\xff|BM|GIF8|II\*\x00|MM\x00\*|RIFF....WEBP", re.DOTALL)
AUDIO = re.compile(rb"RI(FF|FX)....WAVE", re.DOTALL)


def media_type(header: str) -> str:
    """Return the media type of a Content-Type without its parameters."""
    return header.partition(";")[0].strip().lower()


def kind_of(header: str, body: bytes) -> tuple[Kind, str]:
    """Return what a body is, and the ending of such files.

    Parameters
    ----------
    header : str
        The Content-Type; where it tells nothing, the body does.
    body : bytes

    Raises
    ------
    RequestError
        415 for a type that no model takes.
    """
    name = media_type(header)
    if name in TABLES:
        return "table", TABLES[name]
    if name.startswith("image/"):
        return "image", ""
    if name.startswith("audio/"):
        return "audio", ""
    if name == "text/plain":
        return "text", ""
    if name in UNTOLD:
        if AUDIO.match(body):
            return "audio", ""
        return ("image", "") if IMAGE.match(body) else ("unknown", "")
    hint = "send a CSV, JSON, an image, a WAV file or a text"
    if name.startswith("multipart/"):
        hint = "send the file itself: curl --data-binary @FILE"
    raise RequestError(415, f"the body has the Content-Type {name[:80]!r}", hint=hint)


def answer_type(accept: str, default: AnswerType) -> AnswerType:
    """Return the type of the answer that a client likes most.

    Raises
    ------
    RequestError
        406 if it accepts none.
    """
    best: tuple[float, AnswerType] = (0.0, default)
    for part in accept.split(",") if accept else ["*/*"]:
        name, *parameters = (item.strip().lower() for item in part.split(";"))
        quality = next((_number(item[2:]) for item in parameters if item.startswith("q=")), 1.0)
        is_any = name in ("*/*", "text/*" if default == "csv" else "application/*")
        kind = default if is_any else ANSWERS.get(name)
        if kind is not None and quality > best[0]:
            best = (quality, kind)
    if not best[0]:
        raise RequestError(
            406, f"no answer has the type {accept[:80]!r}", hint=f"accept {', '.join(ANSWERS)}"
        )
    return best[1]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
