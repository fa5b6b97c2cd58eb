"""The delimiter of a text is detected, whatever commas and blanks its cells have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables import propose_layout, read_table
from dlcli.datasets.tables.delimiter import detect_delimiter

NUMBERS = {
    "thousands": st.integers(-(10**9), 10**9).map("{:,}".format),
    "decimal comma": st.floats(-1e6, 1e6).map(lambda value: f"{value:.2f}".replace(".", ",")),
    "currency": st.integers(0, 10**7).map("${:,}".format),
    "both": st.floats(0, 1e6).map("{:,.2f}".format),
    "plain": st.integers(0, 10**6).map(str),
}
WORDS = st.sampled_from(["red", "green apple", "x", "New York"])


@st.composite
def tables(draw):
    """Draw rows of cells with the delimiter that joins them."""
    delimiter = draw(st.sampled_from([";", "|", "\t"]))
    kinds = draw(st.lists(st.sampled_from([*NUMBERS, "words"]), min_size=2, max_size=5))
    count = draw(st.integers(3, 30))
    cells = {**NUMBERS, "words": WORDS}
    rows = [[draw(cells[kind]) for kind in kinds] for _ in range(count)]
    header = [[f"name {at}" for at in range(len(kinds))]] if draw(st.booleans()) else []
    return delimiter, [delimiter.join(row) + "\n" for row in [*header, *rows]]


@settings(max_examples=200)
@given(tables())
def test_commas_in_numbers_are_no_delimiter(table):
    delimiter, lines = table

    assert detect_delimiter(lines, Dialect()) == delimiter


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a;b", *["1,000;2,000"] * 12], ";"),
        (["1,5;2,5;x"] * 5, ";"),
        (["a b", *["1,5 2,5"] * 9], "whitespace"),
        (["1,5 2,5"] * 9, "whitespace"),
        (["a,b", *["x;y,3"] * 9], ","),
        (["2020-01-01 00:00:00,1,2"] * 9, ","),
        (["time,a,b", *["2020-01-01 00:00:00,1,2"] * 9], ","),
        (["1, 2, 3"] * 9, ","),
        (["Sales report", "month,a,b", *["Jan 2020,5,6"] * 9], ","),
        (["Report, 2020", "a;b;c", *["1,5;3;4"] * 20], ";"),
        (["name;note", *["Smith, John;a, b"] * 9], ";"),
        (["a;b", *['"1,000";"x, y"'] * 9], ";"),
        (["a,b,c", *["1,000,5"] * 9], ","),
        (["x y,z", *["1 2,3"] * 9], ","),
    ],
)  # fmt: skip
def test_the_delimiter_of_a_text_is_detected(lines, expected):
    assert detect_delimiter([f"{line}\n" for line in lines], Dialect()) == expected


@pytest.mark.parametrize(("delimiter", "inner"), [("\t", ";"), (",", "|"), (";", ","), (",", ";")])
def test_lists_of_labels_are_no_fields_however_many_rows_there_are(write, delimiter, inner):
    labels = inner.join("abcde")
    rows = [f"{n}{delimiter}{labels}" for n in range(300)]
    path = write("table.csv", "\n".join([f"x{delimiter}tags", *rows]) + "\n")

    assert propose_layout(path, Dialect("auto")) == ()
    assert read_table(path, Dialect("auto")).names == ("x", "tags")
