"""The target that `dlcli init` proposes is no date and no identifier, if another column can be one."""

import pytest

from dlcli.datasets.tables import parsed_table
from dlcli.experiments.init.init import init

ROWS = 40


@pytest.mark.parametrize("is_parsed", [False, True])
@pytest.mark.parametrize(
    ("name", "cell", "obstacle"),
    [
        ("day", lambda row: f"2024-03-{row % 28 + 1:02}", "a date"),
        ("day", lambda row: "NA" if row == 3 else f"2024-03-{row % 28 + 1:02}", "a date"),
        ("day", lambda row: 20240301 + row % 28, "a date"),
        ("order_date", lambda row: 45_000 + row, "a date"),
        ("year", lambda row: 1990 + row % 9, "a date"),
        ("y", lambda row: f"{row % 28 + 1}.03.2024", "a date"),
        ("label", lambda row: f"A-{row * 7 % 41}", "an identifier or a text"),
        (
            "code",
            lambda row: f"{row * 7 % 41}" if row % 5 else f"B{row}",
            "an identifier or a text",
        ),
        ("nr", lambda row: 1000 + row * 7 % 41, "an identifier"),
        ("row", lambda row: ROWS - row, "an identifier"),
        ("phone", lambda row: f"0{100 + row * 7 % 41}", "an identifier"),
        ("patient_id", lambda row: row // 4, "an identifier"),
        ("customer_no", lambda row: f"C{row // 8}", "an identifier"),
        ("version", lambda _: "1.0", "constant"),
        ("grade", lambda row: "" if row % 3 == 0 else 7, "constant"),
    ],
)
def test_dates_and_identifiers_are_no_targets(
    tmp_path, monkeypatch, name, cell, obstacle, is_parsed
):
    lines = [
        f"{'red' if row % 3 else 'blue'},{row * 3 % 17}.5,{cell(row)}\n" for row in range(ROWS)
    ]
    path = tmp_path / "t.csv"
    path.write_text("".join([f"color,size,{name}\n", *lines]))
    if is_parsed:
        monkeypatch.setattr(parsed_table, "MIN_SIZE", 0)
    likely = []

    result = init(path, output=tmp_path / "a.yaml")
    init(
        path,
        output=tmp_path / "b.yaml",
        choose_target=lambda _, proposed: likely.append(proposed) or "size",
    )

    assert result.config.dataset.loader.target == "size"
    assert f"last column that can be predicted; {name} is {obstacle}" in result.text
    assert likely == ["size"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("size", lambda row: row * 7 % 41),
        ("delivery_time", lambda row: row * 3 % 50),
        ("price", lambda row: f"€ {row * 37 % 41}.50"),
        ("weight", lambda row: f"{row * 7 % 41} kg"),
        ("sold", lambda row: "none" if row % 3 else "yes"),
        ("grade", lambda row: f"{row % 3}" if row % 4 else "none"),
        ("person", lambda row: "child" if row % 3 else "adult"),
        ("y", lambda row: 2000 + row % 3),
    ],
)
def test_quantities_and_classes_are_targets_still(tmp_path, name, cell):
    lines = [
        f"{'red' if row % 3 else 'blue'},{row * 3 % 17}.5,{cell(row)}\n" for row in range(ROWS)
    ]
    path = tmp_path / "t.csv"
    path.write_text("".join([f"color,width,{name}\n", *lines]))

    result = init(path, output=tmp_path / "a.yaml")

    assert result.config.dataset.loader.target == name


def test_the_last_attribute_is_no_target_if_it_is_an_identifier(tmp_path):
    path = tmp_path / "t.arff"
    rows = "".join(f"{row},{'ab'[row % 2]},A{row}\n" for row in range(ROWS))
    declared = "@attribute size numeric\n@attribute kind {a,b}\n@attribute id string\n"
    path.write_text(f"@relation r\n{declared}@data\n{rows}")

    result = init(path, output=tmp_path / "a.yaml")

    assert result.config.dataset.loader.target == "kind"
