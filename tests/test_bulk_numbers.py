"""Numbers that are parsed at once are those that are parsed one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlcli.datasets.dialect import Dialect
from dlcli.datasets.tables import bulk_numbers
from dlcli.datasets.tables.bulk_numbers import parse_numbers
from dlcli.datasets.tables.numbers import parse_number

DIALECTS = [
    Dialect(decimal=decimal, thousands=thousands, affixes=affixes)
    for decimal, thousands in ((".", ""), (".", ","), (",", "."), (",", ""), (".", "'"), (",", " "))
    for affixes in ((), ("$",), ("€", "%", "()"), ("kr.", "US$", "$"), ("e", "1"))
]


@given(
    st.sampled_from(DIALECTS),
    st.lists(st.text("0123456789,.' -+$€%()eUSkr\n_", max_size=12), min_size=1, max_size=40),
    st.lists(st.integers(-(10**7), 10**7), max_size=10),
)
def test_numbers_are_those_of_one_by_one(dialect, texts, numbers):
    forms = ("{:,}", "${:,}", "{}%", "€{:,}.5", "-{}", "({})", "{:,}.25 $", "kr.{}")
    texts = [*texts, *(form.format(number) for number in numbers for form in forms)]
    texts = [text.strip() for text in texts]

    expected = [parse_number(text, dialect) for text in texts]

    np.testing.assert_array_equal(parse_numbers(texts, dialect), expected)


def test_many_numbers_are_parsed_as_few(monkeypatch):
    monkeypatch.setattr(bulk_numbers, "MIN_PANDAS_ROWS", 4)
    dialect = Dialect(thousands=",", affixes=("$",))

    for texts in (["$1,234.5", "2", "-3", "4"], ["$1,234.5", "2", "-3", "(4", "1,00,000", "NA"]):
        values = parse_numbers(texts, dialect)
        expected = [parse_number(text, dialect) for text in texts]
        np.testing.assert_array_equal(values, expected)
        values[0] = 0  # the array is its own
