"""The log of a server: a line of JSON for each event, without the data of requests."""

from __future__ import annotations

import json
import logging
import time

from dlcli.errors import escape_control


class JsonLines(logging.Formatter):
    """Write each event of the log as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of an event."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry = {"time": f"{stamp}.{int(record.msecs):03d}Z", "level": record.levelname.lower()}
        entry |= getattr(record, "entry", None) or {"message": escape_control(record.getMessage())}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
