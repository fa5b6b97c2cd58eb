"""YAML 1.2 scalars, lines, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcli.config.document import dump, parse
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


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text, "x")
    except ConfigError as error:
        assert error.problems
