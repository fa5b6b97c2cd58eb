"""The page of `dlcli serve` as one file that needs no server."""

from __future__ import annotations

import base64
import json
import re
from importlib.resources import files
from pathlib import Path

from dlcli.exports.comparison import Comparison
from dlcli.exports.errors import ExportError
from dlcli.exports.html.runtime import read_runtime
from dlcli.exports.onnx.export import onnx_content
from dlcli.models.loading import LoadedModel
from dlcli.models.signature import Signature, signature_of
from dlcli.serving.description import description_of
from dlcli.serving.models import ServedModel

# Scripts are inside the file; nothing is loaded, and nothing is sent.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' data:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src blob:; base-uri 'none'; "
    "form-action 'none'"
)
DAY = {"%Y", "%m", "%d"}
BROWSERS_RESIZE = (
    "browsers resize images and resample recordings in their own way: answers for files differ "
    "slightly from those of `predict`, unless they have the size of the training"
)


def html_content(loaded: LoadedModel, runtime: Path | None) -> tuple[bytes, Comparison, list[str]]:
    """Return a page with a model.

    Parameters
    ----------
    loaded : LoadedModel
    runtime : Path or None
        See `read_runtime`.

    Returns
    -------
    content : bytes
    comparison : Comparison
        Of the model in the page with `predict`, computed by ONNX Runtime on this machine.
    notices : list of str

    Raises
    ------
    DlcliError
        If there is no runtime.
    ExportError
        If ONNX has no operators for a step, the graph gives other answers, or a column has dates
        that the page does not read.
    """
    signature = signature_of(loaded)
    _check_dates(signature)
    code, binary, notices = read_runtime(runtime)
    graph, comparison, others = onnx_content(loaded)
    if signature.medium.kind in ("image", "audio"):
        others = [*others, BROWSERS_RESIZE]
    name = loaded.metadata.name if loaded.metadata is not None else loaded.path.stem
    served = ServedModel(name, loaded, signature, loaded.file.digest[:12])
    description = description_of(served)
    description |= {"offline": True, "lowercase": signature.dialect.lowercase}
    page = _page(description, {"model": graph, "runtime": binary}, code)
    return page.encode(), comparison, [*notices, *others]


def _check_dates(signature: Signature) -> None:
    for column in signature.columns:
        if column.type == "date" and set(re.findall("%.", column.format)) != DAY:
            raise ExportError(
                f"column {column.name!r} has dates in the format {column.format}; the page reads "
                "those of a year, a month and a day",
                hint="`dlcli serve` reads all formats",
            )


def _page(description: object, contents: dict[str, bytes], runtime: bytes) -> str:
    """Return the HTML with all that it would otherwise load."""
    folder = files("dlcli.serving").joinpath("page")
    sources = {item.name: item.read_text("utf-8") for item in folder.iterdir()}
    sources["api.js"] = files("dlcli.exports.html").joinpath("offline.js").read_text("utf-8")
    modules = {
        # A module in the file has no folder, so that its parts are called by their names.
        name: _script(re.sub(r'from "\./', 'from "', text).encode())
        for name, text in sources.items()
        if name.endswith(".js")
    }
    imports = json.dumps({"imports": {**modules, "ort": _script(runtime)}})
    data = "\n".join(
        f'<script type="application/octet-stream" id="{name}-content">{_base64(content)}</script>'
        for name, content in contents.items()
    )
    facts = json.dumps(description, ensure_ascii=False).replace("<", "\\u003c")
    icon = f"data:image/svg+xml;base64,{_base64(sources['icon.svg'].encode())}"
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<style>\n{sources['style.css']}</style>\n"
        f'<script type="importmap">{imports}</script>'
    )
    body = (
        f'{data}\n<script type="application/json" id="description">{facts}</script>\n'
        '<script type="module">import "main.js";</script>\n</body>'
    )
    html = sources["index.html"].replace("page/icon.svg", icon)
    html = html.replace('<link rel="stylesheet" href="page/style.css">', head)
    html = html.replace('<script type="module" src="page/main.js"></script>', "")
    return html.replace("</body>", body)


def _script(content: bytes) -> str:
    return f"data:text/javascript;base64,{_base64(content)}"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
