"""Why a model cannot be exported."""

from __future__ import annotations

from dlcli.errors import DlcliError


class ExportError(DlcliError):
    """A model cannot be exported in a format; nothing is written."""
