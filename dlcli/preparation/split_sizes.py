"""Say how the shares of a split became whole numbers of rows."""

from __future__ import annotations

from dlcli.config.split_section import SplitConfig
from dlcli.datasets.dataset import Dataset
from dlcli.preparation.split import DEFAULT_TEST, VALIDATION, Split


def rounded_shares(dataset: Dataset, section: SplitConfig, split: Split) -> tuple[str, ...]:
    """Return a sentence for each share of the rows that is no whole number.

    Parameters
    ----------
    dataset : Dataset
    section : SplitConfig
    split : Split
        Made of these rows with this section.
    """
    sentences = []
    rest = len(split.train)
    if not section.validates_on_test:
        rest += len(split.validation)
    if dataset.parts is None:
        share = DEFAULT_TEST if section.test is None else section.test
        sentences.append(_sentence("test", share, rest + len(split.test), len(split.test)))
    if section.validation_share and not _has_validation_rows(dataset):
        share = section.validation_share
        sentences.append(_sentence("validation", share, rest, len(split.validation)))
    return tuple(filter(None, sentences))


def _has_validation_rows(dataset: Dataset) -> bool:
    return dataset.parts is not None and bool((dataset.parts == VALIDATION).any())


def _sentence(name: str, share: float, rows: int, size: int) -> str:
    # A share such as 0.07 of 100 rows is a whole number but for its binary form.
    exact = round(share * rows, 6)
    if exact == size:
        return ""
    how = "rounded to" if size in (1, round(share * rows)) else "with whole groups"
    return f"{name} rows: {share:g} × {rows} = {exact:g}, {how} {size}"
