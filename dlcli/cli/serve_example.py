"""A line that tries a server, for the terminal."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dlcli.serving.models import ServedModel

# A record with more columns would not fit on a line.
MAX_COLUMNS = 6
FILES = {"image": ("image/png", "@image.png"), "audio": ("audio/wav", "@recording.wav")}


def example(model: ServedModel, address: str, needs_token: bool) -> str:
    """Return a command that sends a row, a file or a text to the first model."""
    from dlcli.serving.description import description_of

    described = description_of(model)["input"]
    kind, columns = described["kind"], described.get("columns", [])
    if kind in FILES:
        content_type, data = FILES[kind]
    elif kind == "text":
        content_type, data = "text/plain", "You have won a prize!"
    elif kind == "rows" and 0 < len(columns) <= MAX_COLUMNS:
        record = {column["name"]: _value(column) for column in columns}
        content_type, data = "application/json", json.dumps(record, ensure_ascii=False)
    else:
        content_type, data = "text/csv", "@rows.csv"
    words = ["curl", f"{address}/predict", "-H", f"Content-Type: {content_type}"]
    token = ' -H "Authorization: Bearer $DLCLI_TOKEN"' if needs_token else ""
    return f"{shlex.join([*words, '--data-binary', data])}{token}"


def _value(column: dict[str, Any]) -> Any:
    """Return a value that a column may have."""
    if "typical" in column:
        return column["typical"]
    if column.get("values"):
        return column["values"][0]
    return {"number": 1.0, "boolean": True, "date": "2026-01-31"}.get(column["kind"], "text")
