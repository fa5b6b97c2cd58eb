"""YAML 1.2 scalars, lines, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.config.yaml_text import dump, parse, scalar
from dlcli.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.0e+3", 1000.0),
        (".5", 0.5),
        ("-7", -7),
        ("no", "no"),
        ("on", "on"),
        ("NO", "NO"),
        ("true", True),
        ("12:30", "12:30"),
        ("012", "012"),
        ("1_000", "1_000"),
        ("0o12", "0o12"),
        ("2024-01-01", "2024-01-01"),
        ("'1e-3'", "1e-3"),
        ('"true"', "true"),
        ("~", None),
        ("", None),
        (".inf", float("inf")),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    assert parse(f"key: {text}", "x").value == {"key": value}


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), plain, max_size=5))
def test_what_is_dumped_is_read_back(value):
    assert parse(dump(value), "x").value == value


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice (first on line 1)"),
        ("a:\n\tb: 1\n", 2, "a tab is used for indentation"),
        ("a: [1\n", 2, "not valid YAML"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("a: &x 1\nb: *x\n", 1, "anchors (&name) are not supported"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
        ("a: 1\n---\nb: 2\n", 2, "single YAML document"),
        ("a: " + "[" * 30 + "]" * 30, 1, "nested too deeply"),
    ],
)
def test_what_is_refused_is_located(text, line, message):
    with pytest.raises(ConfigError) as error:
        parse(text, "my.yaml")

    assert str(error.value).startswith(f"my.yaml:{line}:")
    assert message in str(error.value)


def test_a_huge_text_is_refused_at_once():
    with pytest.raises(ConfigError, match="larger than 256 kB"):
        parse("a: " + "x" * 300_000, "x")


PIECES = [
    "a", "b: ", "- ", "? ", ": ", "[", "]", "{", "}", ",", "\n", "\n  ", "\n    ", "\t", "'", '"', "#", "&x ", "*x",
    "!t ", "!!map ", "|", ">", "-\n", "---\n", "...", "%YAML 1.2\n", "<<: ", "~", "1e3", ".inf", "한", "\ufeff",
    "\0", "\x85", "\u2028", "\ud7ff",
]  # fmt: skip


@given(
    st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
)
def test_any_text_is_read_or_refused_with_its_place(text):
    try:
        document = parse(text, "x")
    except ConfigError as error:
        assert error.problems
        assert all(problem.where == "x" and problem.message for problem in error.problems)
        assert all(
            0 <= problem.line <= text.count("\n") + text.count("\r") + 9
            for problem in error.problems
        )
    else:
        assert all(line >= 1 for line in document.lines.values())


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**27), 10**27)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=8), anything, max_size=3))
def test_any_value_is_dumped_so_that_it_is_read_back(value):
    assert parse(dump(value), "x").value == value


@given(st.text("0123456789+-._eExo:aInfN~ ", max_size=8))
def test_a_plain_scalar_is_a_number_exactly_if_yaml_1_2_says_so(text):
    json_number = re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", text)
    core_number = re.fullmatch(
        r"[-+]?[0-9]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        text,
    )
    value = scalar(text)

    number = isinstance(value, int | float) and not isinstance(value, bool)
    assert number or not json_number
    assert core_number or not number
    if number and not text.lower().endswith(("inf", "nan")):
        assert value == float(text)
    assert isinstance(value, str) == (not number and text not in ("", "~"))
