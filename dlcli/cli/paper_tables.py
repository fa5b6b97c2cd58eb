"""Tables of text for papers: Markdown, LaTeX and CSV, with what they need escaped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Literal

from dlcli.cli.tables import table

TableFormat = Literal["text", "markdown", "latex", "csv"]
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "±": r"$\pm$", "−": "$-$", "–": "--", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
MARKDOWN = re.compile(r"([\\|`*_{}\[\]<>#~&])")


def formatted(rows: Sequence[Sequence[str]], kind: TableFormat, left: int = 1) -> str:
    """Format rows, the first of which is the header.

    Parameters
    ----------
    rows : sequence of sequence of str
        All of one length.
    kind : {"text", "markdown", "latex", "csv"}
        LaTeX needs the package ``booktabs``.
    left : int
        Number of columns that are aligned to the left; the others are numbers.
    """
    if kind == "text":
        return table(rows, left=left)
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().removesuffix("\n")
    lines = [[" ".join(cell.split()) for cell in row] for row in rows]
    if kind == "markdown":
        cells = [[MARKDOWN.sub(r"\\\1", cell) for cell in row] for row in lines]
        rule = [":--" if at < left else "--:" for at in range(len(rows[0]))]
        return "\n".join(f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:]))
    columns = "l" * left + "r" * (len(rows[0]) - left)
    cells = [["".join(LATEX.get(sign, sign) for sign in cell) for cell in row] for row in lines]
    header, *body = [" & ".join(row) + r" \\" for row in cells]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}", r"\toprule", header, r"\midrule", *body,
            r"\bottomrule", r"\end{tabular}",
        ]
    )  # fmt: skip
