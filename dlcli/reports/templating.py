"""Jinja2, which is an optional dependency, and the filters of the templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dlcli.errors import missing_package
from dlcli.number_text import number

# Characters that would be read as Markdown or HTML.
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&])")


def check_jinja2() -> Any:
    """Import Jinja2.

    Raises
    ------
    DlcliError
        If it is not installed.
    """
    try:
        import jinja2
    except ImportError:
        raise missing_package("cards and reports need", "Jinja2", "report") from None
    return jinja2


def render(template: str, values: Mapping[str, Any], *, is_html: bool) -> str:
    """Render one of the templates of this package.

    Parameters
    ----------
    template : str
        File in ``templates``.
    values : mapping
    is_html : bool
        Whether all values are escaped for HTML.

    Raises
    ------
    DlcliError
        If Jinja2 is not installed.
    """
    jinja2 = check_jinja2()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dlcli.reports"),
        autoescape=is_html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        md=markdown_text, code=markdown_code, code_block=markdown_code_block, number=number
    )
    text: str = environment.get_template(template).render(**values)
    return text


def markdown_text(value: object) -> str:
    """Return a value as one line of Markdown that shows it as it is."""
    return MARKDOWN.sub(r"\\\1", " ".join(str(value).split()))


def markdown_code(value: object) -> str:
    """Return a value as code within a line of Markdown, also in a table."""
    text = " ".join(str(value).split())
    fence = _fence(text)
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", r"\|")


def markdown_code_block(text: str, language: str) -> str:
    """Return a block of code, which nothing in the text ends."""
    fence = _fence(text, least=3)
    return f"{fence}{language}\n{text}\n{fence}"


def _fence(text: str, least: int = 1) -> str:
    """Return more backticks than stand together anywhere in a text."""
    return "`" * max(least, 1 + max(map(len, re.findall("`+", text)), default=0))
