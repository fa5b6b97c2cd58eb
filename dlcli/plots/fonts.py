"""Fonts that have the characters of names, such as Hangul, and a note where there is none."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from dlcli.errors import plural

LATIN = "DejaVu Sans"  # comes with matplotlib
# Usual fonts with Hangul, the best first.
KOREAN = (
    "Noto Sans CJK KR", "Noto Sans KR", "Pretendard", "NanumGothic", "NanumBarunGothic",
    "Malgun Gothic", "Apple SD Gothic Neo", "AppleGothic", "Source Han Sans K",
)  # fmt: skip
# The font of the extra `dlcli[ko]`: a module, which is not imported, and the file in it.
PACKAGE, PACKAGED = "noto_cjk_sans_otc", "NotoSansCJK-Regular.ttc"
HANGUL = range(0xAC00, 0xD7A4)
MISSING = re.compile(r"Glyph (\d+) .*missing")

_missing: set[int] = set()


@cache
def font_families() -> list[str]:
    """Return the names of the fonts for texts: the second one draws what the first one lacks."""
    korean = _usual_font() or _packaged_font() or _any_font()
    return [LATIN, korean] if korean else [LATIN]


def _usual_font() -> str | None:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in KOREAN if name in installed), None)


def _packaged_font() -> str | None:
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    paths = [Path(folder) / PACKAGED for folder in folders or ()]
    return next((_register(path) for path in paths if path.is_file()), None)


def _any_font() -> str | None:
    """Return any font on the system that has Hangul, also one newer than matplotlib's list."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.fname for font in fontManager.ttflist}
    for path in sorted({*known, *findSystemFonts()}):
        if not _has_hangul(path):
            continue
        return _register(Path(path))
    return None


def _has_hangul(path: str) -> bool:
    from matplotlib.ft2font import FT2Font

    try:
        return bool(FT2Font(path).get_char_index(HANGUL[0]))
    except (OSError, RuntimeError, ValueError):  # a damaged file, or a format without outlines
        return False


def _register(path: Path) -> str:
    """Return the name of a font's Korean face, or of its first; make it known to matplotlib."""
    from matplotlib.font_manager import fontManager

    def names() -> list[str]:
        return [font.name for font in fontManager.ttflist if font.fname == str(path)]

    if not names():
        fontManager.addfont(path)
    return next((name for name in names() if name.endswith(" KR")), names()[0])


@contextmanager
def missing_glyphs_noted() -> Iterator[None]:
    """Remember characters that no font has, in place of matplotlib's warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=MISSING.pattern)
        yield
    for warning in caught:
        if match := MISSING.match(str(warning.message)):
            _missing.add(int(match[1]))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


def font_notices() -> list[str]:
    """Return a note on the characters that were drawn as boxes since the last call, if any."""
    codes = sorted(_missing)
    _missing.clear()
    return [_notice(codes)] if codes else []


def _notice(codes: Sequence[int]) -> str:
    others = plural(len(codes) - 1, "other character")
    what = f"'{chr(codes[0])}'" + (f" and {others}" if len(codes) > 1 else "")
    is_korean = any(code in HANGUL for code in codes)
    remedy = '`pip install "dlcli[ko]"` installs one' if is_korean else "install one that has them"
    return f"pictures have boxes in place of {what}, which no font on this system has; {remedy}"
