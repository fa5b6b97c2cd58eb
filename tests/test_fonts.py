"""Korean names in pictures: a font that has them, or a note."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from dlcli.plots import fonts
from dlcli.plots.names import legend_labels, short_number, shortened_names
from dlcli.text_width import shortened, text_width

TABLE = "꽃잎 길이,색,품종\n" + "".join(f"{n / 10},{c},{k}\n" for n in range(12) for c, k in
                                  (("빨강", "무궁화"), ("파랑", "진달래")))  # fmt: skip


@pytest.fixture
def font_choice(monkeypatch):
    """Choose the font again, from none on the system and, if it is asked for, the extra's."""

    def use(*, packaged, others=()):
        monkeypatch.setattr(fonts, "KOREAN", ())
        monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: list(others))
        monkeypatch.setattr("matplotlib.font_manager.fontManager.ttflist", latin())
        if not packaged:
            monkeypatch.setattr(fonts, "PACKAGE", "no_such_package")
        fonts.font_families.cache_clear()

    yield use
    fonts.font_families.cache_clear()


def latin():
    from matplotlib.font_manager import fontManager

    return [font for font in fontManager.ttflist if font.name == fonts.LATIN]


def test_korean_names_are_drawn_with_the_font_of_the_extra(dlcli, write, font_choice):
    font_choice(packaged=True)
    write("꽃.csv", TABLE)

    code, _, err = dlcli("data", "plot", "꽃.csv", "--target", "품종", "-o", "with.png")

    assert code == 0
    assert fonts.font_families() == [fonts.LATIN, "Noto Sans CJK KR"]
    assert "note" not in err


def test_names_without_a_font_are_noted_once(dlcli, write, font_choice):
    font_choice(packaged=False)
    write("꽃.csv", TABLE)

    code, _, err = dlcli("data", "plot", "꽃.csv", "--target", "품종", "-o", "boxes.png")

    assert code == 0
    (note,) = [line for line in err.splitlines() if "note" in line]
    assert "boxes in place of '강' and 16 other characters" in note
    assert 'pip install "dlcli[ko]"' in note


def test_characters_of_other_scripts_are_noted_too(dlcli, write, font_choice):
    font_choice(packaged=False)
    write("faces.csv", "x,kind\n" + "1,一\n2,plain\n" * 6)

    _, _, err = dlcli("data", "plot", "faces.csv", "--target", "kind", "-o", "boxes.png")

    assert "in place of '一', which no font on this system has; install one" in err


def test_a_font_installed_after_matplotlib_listed_the_fonts_is_used(tmp_path, font_choice):
    spec = find_spec(fonts.PACKAGE)
    source = Path(spec.submodule_search_locations[0]) / fonts.PACKAGED
    newer = tmp_path / "newer.ttc"
    shutil.copy(source, newer)
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    font_choice(packaged=False, others=[str(tmp_path / "broken.ttf"), str(newer)])

    assert fonts.font_families()[1].startswith("Noto Sans CJK")


def test_a_training_notes_class_names_that_cannot_be_drawn(
    dlcli, people, write, font_choice, with_pictures
):
    font_choice(packaged=False)
    table = people.with_suffix(".csv")
    text = table.read_text(encoding="utf-8").replace(";a\n", ";가\n").replace(";b\n", ";나\n")
    table.write_text(text, encoding="utf-8")

    _, _, err = dlcli("train", people)
    assert err.count("boxes in place of '가' and 1 other character") == 1

    _, _, err = dlcli("kfold", people, "--folds", 2)
    assert err.count("boxes in place of '가' and 1 other character") == 1


def test_names_are_shortened_by_their_width():
    assert shortened("국어국문학과", 12) == "국어국문학과"
    assert shortened("소프트웨어공학과", 12) == "소프트웨어…"
    assert shortened("a long name", 8) == "a long…"
    assert text_width(shortened("소프트웨어공학과", 12)) <= 12


def test_names_that_differ_at_their_ends_stay_different():
    assert shortened_names(["Department of Law", "art"], 9) == ["Departme…", "art"]
    names = shortened_names(["Department of Law", "Department of Art"], 9)
    assert names == ["Depa… Law", "Depa… Art"]
    assert legend_labels(["_hidden"], 9) == [" _hidden"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(20260001, "20260001"), (15020.345, "15020.3"), (3.94364e-05, "3.944e-05"), (0.25, "0.25")],
)
def test_numbers_are_short_and_whole_ones_in_full(value, text):
    assert short_number(value) == text
