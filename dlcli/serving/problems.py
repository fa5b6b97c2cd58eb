"""Problems of a request, and the answers that tell of them."""

from __future__ import annotations

from dlcli.errors import DlcliError, TooLargeError

MAX_TEXT = 2000  # characters of a message or a hint


class RequestError(DlcliError):
    """A request cannot be answered.

    Parameters
    ----------
    status : int
        HTTP status of the answer.
    message : str
    hint : str, optional
    headers : mapping, optional
        Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status, self.headers = status, headers or {}


def too_large(what: str, limit: str) -> RequestError:
    """Return the error for a request that exceeds a limit of the server."""
    return RequestError(413, f"{what}; this server takes {limit}", hint="send it in parts")


def busy(reason: str) -> RequestError:
    """Return the error for a request that the server has no room for now."""
    return RequestError(503, reason, hint="try again in a second", headers={"Retry-After": "1"})


def status_of(error: DlcliError) -> int:
    """Return the HTTP status for an error: 422 for data that the model cannot use."""
    if isinstance(error, RequestError):
        return error.status
    return 413 if isinstance(error, TooLargeError) else 422


def document_of(error: DlcliError) -> dict[str, str]:
    """Return the JSON document for an error; clients of all protocols look for ``error``."""
    document = {"error": _shortened(str(error))}
    return {**document, "hint": _shortened(error.hint)} if error.hint else document


def _shortened(text: str) -> str:
    """Return the beginning of a text that repeats a long value of the request."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} …"
