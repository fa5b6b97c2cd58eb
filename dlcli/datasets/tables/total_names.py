"""Names of totals and means, as spreadsheets and statistical offices have them."""

from __future__ import annotations

import re

# Without blanks and what stands in brackets, in lower case. The first are totals wherever they
# stand, also behind a name, as in `서울 소계`; the others may be categories too.
SURE_TOTALS = ("합계", "총계", "소계", "subtotal", "grandtotal")
TOTALS = {
    "계", "전체", "평균", "총평균", "전국", "전국평균",
    "total", "totals", "sum", "average", "mean",
}  # fmt: skip
MAX_LENGTH = 40  # of a name of totals


def is_total(text: str) -> bool:
    """Tell whether a cell is a name of totals or means."""
    if len(text) > MAX_LENGTH:
        return False
    word = _plain(text)
    return word in TOTALS or word.endswith(SURE_TOTALS)


def is_surely_total(text: str) -> bool:
    """Tell whether a cell is a name of totals that no category has."""
    return is_total(text) and _plain(text).endswith(SURE_TOTALS)


def _plain(text: str) -> str:
    return "".join(re.sub(r"\([^()]*\)", "", text).split()).casefold()
