"""What is inside the cells of tables: numbers as people write them, words for nothing, targets."""

import math
import time

import pytest

from dlcli import DatasetError, load_config
from dlcli.config.table_loaders import CsvLoader
from dlcli.datasets.tables import load_csv, loader_dialect, propose_values, read_table, to_number


@pytest.fixture
def load(tmp_path):
    def load_bytes(content, *, target="label", **options):
        path = tmp_path / "data.csv"
        path.write_text(content, encoding="utf-8")
        options = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in options.items()
        }
        return load_csv(CsvLoader(path=str(path), target=target, **options), path, "data")

    return load_bytes


@pytest.fixture
def propose(tmp_path):
    """Return the proposals for a table as one dict, lists and mappings merged."""

    def propose_options(content, target="label"):
        path = tmp_path / "data.csv"
        path.write_text(content, encoding="utf-8")
        delimiter = ";" if ";" in content else ","
        loader = CsvLoader(path=str(path), target=target, delimiter=delimiter)
        table = read_table(path, loader_dialect(loader))
        options = {}
        for proposal in propose_values(table, target):
            assert proposal.reason
            value = proposal.value
            if isinstance(value, list):
                value = [*options.get(proposal.option, []), *value]
            elif isinstance(value, dict):
                value = {**options.get(proposal.option, {}), **value}
            options[proposal.option] = value
        return options

    return propose_options


def column(texts, labels="ab", separator=";"):
    """Return a table with one column of texts and a target."""
    rows = (f"{text}{separator}{labels[at % len(labels)]}" for at, text in enumerate(texts))
    return "\n".join([f"a{separator}label", *rows]) + "\n"


@pytest.mark.parametrize(
    ("texts", "options", "values"),
    [
        (["5,339", "12,000", "7"], {"thousands": ","}, [5339, 12000, 7]),
        (["1,234,567.5", "0.25", "1,000"], {"thousands": ","}, [1234567.5, 0.25, 1000]),
        (["1 234,5", "0,25", "1\u00a0000"], {"thousands": " ", "decimal": ","}, [1234.5, 0.25, 1000]),
        (["1'000", "1’500", "7.5"], {"thousands": "'"}, [1000, 1500, 7.5]),
        (["1.234,5", "1.000", "0,5"], {"decimal": ","}, [1234.5, 1000, 0.5]),
        (["12,00,000", "1,000"], {"thousands": ","}, [1200000, 1000]),
        (["5 %", "12.5%", "7％"], {"affixes": ["%", "％"]}, [5, 12.5, 7]),
        (["$5,000", "-$3", "($1,200)"], {"affixes": ["$", "()"], "thousands": ","}, [5000, -3, -1200]),
        (["₩1,000", "3,000원"], {"affixes": ["₩", "원"], "thousands": ","}, [1000, 3000]),
        (["5 kg", "7.5kg", "8"], {"affixes": ["kg"]}, [5, 7.5, 8]),
        (["−5", "－7", "１２"], {}, [-5, -7, 12]),
        (["5", "-", "NULL", "None", "<NA>", "#N/A", "."], {}, [5, *[None] * 6]),
        (["5", "none given", "NA"], {"missing": ["none given"]}, [5, None, None]),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(load, texts, options, values):
    dataset = load(column(texts), delimiter=";", types={"a": "numeric"}, **options)

    assert [None if value != value else value for value in dataset.x["a"]] == values


@pytest.mark.parametrize("text", ["5,33", "53,39,1", "0,125", "1,2345", "5,339,", "05,339"])
def test_only_groups_of_three_digits_have_thousands_separators(text):
    assert to_number("5,339", thousands=",") == 5339
    assert to_number(text, thousands=",") != to_number(text, thousands=",")


def test_a_point_behind_a_zero_is_no_separator_of_thousands():
    assert [to_number(text, ",") for text in ("1.234", "12.345,5")] == [1234, 12345.5]
    assert math.isnan(to_number("0.123", ","))


@pytest.mark.parametrize(
    ("texts", "hint", "never"),
    [
        (["5,339", "12,000", "7"], 'set `thousands: ","` in the loader', "decimal"),
        (["5,339", "1,250", "7,125", "8,5"], "", "decimal"),
        (["0,125", "1,250", "3,5"], 'set `decimal: ","` in the loader', "thousands"),
        (["1 000", "2 500", "3"], 'set `thousands: " "` in the loader', "decimal"),
        (["$5", "$7", "$8"], 'set `affixes: ["$"]` in the loader', "decimal"),
        (["$5,000", "$7", "$(8)"], 'set `thousands: ","` and `affixes: ["$"', "decimal"),
        (["5 %", "7 %", "8 %"], 'set `affixes: ["%"]` in the loader', "decimal"),
    ],
)
def test_hints_name_the_option_that_reads_the_numbers(load, texts, hint, never):
    try:
        load(column(texts * 4), delimiter=";")
        said = ""
    except DatasetError as error:
        said = error.hint

    assert hint in said
    assert never not in said


def test_texts_for_missing_values_are_added_to_the_usual_ones(load):
    content = column(["5", "gone", "NA", "7"])

    added = load(content, missing=["gone"])
    replaced = load(content, missing=["gone"], usual_missing=False)

    assert added.columns[0].type == "numeric"
    assert added.x["a"].isna().sum() == 2
    assert replaced.columns[0].type == "categorical"
    assert list(replaced.x["a"]) == ["5", None, "NA", "7"]


def test_a_column_of_numbers_may_be_mostly_missing(load):
    dataset = load(column(["NULL"] * 15 + ["7", "8", "9", "10"]))

    assert dataset.columns[0].type == "numeric"
    assert dataset.x["a"].notna().sum() == 4


def test_a_bare_hyphen_among_texts_is_a_category_with_a_note(load):
    dataset = load(column(["red", "-", "blue", "red", "None", "-"]))

    assert list(dataset.x["a"]) == ["red", "-", "blue", "red", "None", "-"]
    assert any("has the category '-', in 2 rows; add it" in note for note in dataset.notices)


SALARIES = "years,salary\n" + "".join(f"{n % 9},{'NA' if n % 5 == 0 else n * 10.5}\n" for n in range(30))  # fmt: skip


def test_rows_without_a_number_to_predict(load):
    with pytest.raises(DatasetError, match="'NA' in the target 'salary' is not a number") as error:
        load(SALARIES, target="salary")
    assert "`missing_target: drop`" in error.value.hint

    dataset = load(SALARIES, target="salary", missing_target="drop")

    assert dataset.target.task == "regression"
    assert len(dataset) == 24
    assert dataset.place(0).endswith("data.csv:3")
    assert "left out: 6 rows without 'salary' ('NA' in 6; first on line 2)" in dataset.notices


def test_rows_without_a_class(load):
    content = column(["1", "2", "3", "4", "5"], ["x", "", "y", "NA", "x"])

    with pytest.raises(DatasetError, match="no 'label' in 1 row") as error:
        load(content)
    assert "`missing_target: drop`" in error.value.hint
    dataset = load(content, missing_target="drop")
    assert dataset.target.class_names == ("x", "y")
    assert list(dataset.x["a"]) == [1, 3, 5]


def test_all_problems_of_all_columns_are_told_at_once(load):
    rows = "".join(f'${n},{n}%,"{n},000",{"x" if n == 7 else n},\n' for n in range(1, 31))

    with pytest.raises(DatasetError) as error:
        load(f"price,share,sold,age,label\n{rows}")

    text = str(error.value)
    assert text.startswith("5 problems in the data\n")
    for part in (
        "data.csv:2: '$1' in column 'price' has a currency sign\n  hint: set `affixes: [\"$\"]`",
        "data.csv:2: '1%' in column 'share' has a percent sign",
        "data.csv:2: '1,000' in column 'sold' has commas between its digits",
        "data.csv:8: 'x' in column 'age' is not a number, but 29 of 30 values are",
        "data.csv:2: no 'label' in 30 rows",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("values", "loss", "head", "task"),
    [
        (["4", "8", "9", "8", "9", "10", "11", "12", "4", "8", "9", "12"], "mse", "Dense", "regression"),
        (["0", "1"] * 6, "mse", "Dense", "regression"),
        (["0", "1"] * 6, "mse", "{Dense: {activation: sigmoid}}", "classification"),
        (["0", "1", "2"] * 4, "sparse_categorical_crossentropy", "{Dense: {activation: softmax}}", "classification"),
        ([str(n % 26) for n in range(104)], "sparse_categorical_crossentropy", "{Dense: {activation: softmax}}", "classification"),
        (["a", "b"] * 6, "mse", "Dense", "classification"),
    ],
)  # fmt: skip
def test_the_loss_decides_what_whole_numbers_are(write, values, loss, head, task):
    from dlcli.datasets.loading import load_dataset

    write("data.csv", "a,label\n" + "".join(f"{n / 2},{value}\n" for n, value in enumerate(values)))
    config = write(
        "exp.yaml",
        "dataset: {csv: {path: data.csv, target: label}}\nsplit: {test: 0}\n"
        f"model: [{head}]\nloss: {loss}\nfit: {{epochs: 1}}\n",
    )

    dataset = load_dataset(load_config(config))

    assert dataset.target.task == task
    decided = loss == "mse" and head == "Dense" and task == "regression"
    assert (
        any("are read as numbers, as the loss does" in note for note in dataset.notices) == decided
    )


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([4, 8, 8, 8, 9, 9, 9, 9, 10, 10, 11, 11, 12, 12, 12, 13, 13, 8], "regression"),
        ([0, 10, 25, 50, 75, 100] * 4, "regression"),
        ([3, 4, 5, 6, 7, 8] * 4, "classification"),
        ([0, 50, 100] * 4, "classification"),
    ],
)
def test_gaps_and_single_values_make_whole_numbers_a_quantity(load, values, task):
    dataset = load("a,label\n" + "".join(f"{n / 2},{value}\n" for n, value in enumerate(values)))

    assert dataset.target.task == task
    assert any("whole numbers of 'label'" in note for note in dataset.notices) == (
        len(set(values)) > 5
    )


def test_unicode_forms_and_spellings_of_categories(load):
    decomposed, composed = "u\u0308ber", "\u00fcber"
    content = column([decomposed, composed, "Red", "red ", "RED", composed], ["Yes", "No", "yes"])

    dataset = load(content)
    merged = load(content, lowercase=True)

    assert set(dataset.x["a"]) == {composed, "Red", "red", "RED"}
    notes = " ".join(dataset.notices)
    assert "column 'a': 'RED' and 'Red' are two categories; `lowercase: true`" in notes
    assert "target 'label': 'Yes' and 'yes' are two classes; `lowercase: true`" in notes
    assert set(merged.x["a"]) == {composed, "red"}
    assert merged.target.class_names == ("no", "yes")


def reasons(tmp_path, content):
    """Return the reasons of the proposals for a table by option."""
    path = tmp_path / "data.csv"
    # A column that stays, since one is kept if all are to be dropped.
    rows = [f"{line};{at % 3 / 2}" for at, line in enumerate(content.splitlines()[1:])]
    header = content.splitlines()[0]
    path.write_text("\n".join([f"{header};other", *rows, ""]), encoding="utf-8")
    loader = CsvLoader(path=str(path), target="label", delimiter=";")
    proposals = propose_values(read_table(path, loader_dialect(loader)), "label")
    return {proposal.option: proposal.reason for proposal in proposals}


def test_the_example_of_a_reason_has_what_the_reason_says(tmp_path):
    prices = ["70만원", *(f"{n},{n:03}만원" for n in range(1, 40))]

    said = reasons(tmp_path, column(prices))

    assert said["thousands"] == "'a' has commas between its digits, as in '1,001만원' on line 3"
    assert said["affixes"] == "'a' has '만원' beside the number, as in '70만원' on line 2"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ([f"{n}억 {n + 2000:,}" for n in range(5, 40)],
         "amounts of several parts, as in '5억 2,005'"),
        ([f"{n}억 {n + 2000:,}만원" for n in range(5, 40)],
         "amounts of several parts, as in '5억 2,005만원'"),
        ([f"{n}억" if n % 2 else f"{n},500만" for n in range(5, 40)],
         "amounts in different units, as in '5억' and '6,500만'"),
        ([*(f"{n + 2000:,}" for n in range(5, 40)), "1억 2,000"],
         "amounts of several parts, as in '1억 2,000', beside plain numbers"),
        ([f"{n} {'kg' if n % 2 else 'lb'}" for n in range(5, 40)],
         "numbers followed by different texts, as in '5 kg' and '6 lb'"),
    ],
)  # fmt: skip
def test_quantities_in_several_units_are_no_identifiers(tmp_path, texts, reason):
    said = reasons(tmp_path, column(texts))["drop"]

    assert said.startswith(reason)
    assert said.endswith("; write each as one number in one unit to use them")


def test_numbers_of_another_form_than_those_of_other_columns_are_no_identifiers(tmp_path):
    rows = "".join(f"{n},250;{n},150;{n},{n};{'ab'[n % 2]}\n" for n in range(10, 50))

    said = reasons(tmp_path, f"a;b;c;label\n{rows}")

    assert said["drop"] == "numbers in another form than those of others, as in '10,10'"


def test_a_huge_number_among_others_makes_no_identifier(tmp_path):
    assert "drop" not in reasons(tmp_path, column([*map(str, range(100, 140)), "1e30"]))
    assert "drop" not in reasons(tmp_path, column([f"{n}.5e30" for n in range(10, 50)]))
    assert reasons(tmp_path, column([str(10**16 + 7 * n) for n in range(40)]))["drop"].endswith(
        "whose last digits would be lost: an identifier"
    )


def test_long_identifiers_may_repeat(tmp_path):
    accounts = [str(10**17 + 7 * (n // 3)) for n in range(40)]

    assert reasons(tmp_path, column(accounts))["drop"].endswith("an identifier")


@pytest.mark.parametrize("cell", ["1" + "천만" * 40 + "x", "(" * 40_000, "1" + "억 " * 400 + "x"])
def test_a_cell_of_any_content_is_read_at_once(tmp_path, cell):
    # Some ways of searching need more than minutes.
    assert "drop" not in reasons(tmp_path, column([cell, *(f"{n % 7}천만" for n in range(60))]))


def test_leading_zeros_are_kept_in_codes_that_repeat(load):
    dataset = load(column(["02139", "10001", "04524"] * 8))

    assert set(dataset.x["a"]) == {"02139", "10001", "04524"}
    single = load(column([f"{n:03}" for n in range(40)]))
    assert single.columns[0].type == "numeric"
    assert any(
        "leading zeros, which vanish; `types: {a: categorical}`" in n for n in single.notices
    )


@pytest.mark.parametrize(
    ("texts", "says_so"),
    [
        (["01234", "00042", "02139", "10001"], False),
        (["1", "2", "3", "12"], False),
        (["1,5", "2,25", "3,5"], False),
        (["012-A", "013-B", "104-A"], False),
        (["5 kg", "7 kg", "12 kg"], True),
        (["08:30", "09:15", "12:00"], True),
    ],
)
def test_only_units_and_times_lose_their_order_as_categories(load, texts, says_so):
    cells = [f'"{text}"' if "," in text else text for text in texts]

    notices = load(column(cells * 8), types={"a": "categorical"}).notices

    assert any("lose their order" in notice for notice in notices) == says_so


def test_a_number_far_from_the_others_may_mean_missing(load):
    dataset = load(column(["3.5", "-200", "7.25", "-200", "12", "8"] * 5))

    assert any("has -200 in 10 rows" in n and "missing_values: -200" in n for n in dataset.notices)
    assert not any("missing_values" in n for n in load(column(["1", "99", "50", "98"] * 5)).notices)


@pytest.mark.parametrize(("name", "is_owner"), [("Critics_User", False), ("user", True)])
def test_owners_are_whole_numbers_or_texts(load, name, is_owner):
    share = "" if is_owner else ".5"
    rows = "".join(f"{n % 8}{share},{n * 1.25}\n" for n in range(40))

    dataset = load(f"{name},label\n{rows}")

    assert any("split: {group" in note for note in dataset.notices) == is_owner


@pytest.mark.parametrize(
    ("content", "target", "options"),
    [
        (SALARIES, "salary", {"missing_target": "drop"}),
        (column(["$1,000", "$2,500"] * 8), "label",
         {"thousands": ",", "affixes": ["$"]}),
        (column(["1,5", "2,25"] * 8), "label", {"decimal": ","}),
        (column(["5,339", "1,250"] * 8), "label", {"thousands": ","}),
        (column(["5 kg", "7 kg", "8"] * 8), "label", {"affixes": ["kg"]}),
        (column(["5 kg", "700 g", "8"] * 8), "label", {}),
        (column(["3", "unknown", "5", "4"] * 8), "label",
         {"missing": ["unknown"]}),
        (column(["02139", "10001"] * 8), "label",
         {"types": {"a": "categorical"}}),
        ("id,same,a,label\n" + "".join(f"k{n},7,{n % 5}.5,{'xy'[n % 2]}\n" for n in range(30)), "label",
         {"drop": ["id", "same"]}),
        ("n,a,label\n" + "".join(f"{n},{n % 5}.5,{'Xxy'[n % 3]}\n" for n in range(30)), "label",
         {"drop": ["n"], "lowercase": True}),
        (column([f"a sentence with {n} words" for n in range(30)]), "label",
         {"types": {"a": "text"}}),
        (column(["3.5", "1.5"] * 9, "4888999910112"), "label", {"task": "regression"}),
        (column(["3.5", "-200", "7.25"] * 8), "label",
         {"missing": ["-200"]}),
    ],
)  # fmt: skip
def test_proposals_for_the_cells_of_a_table(propose, load, content, target, options):
    proposed = propose(content, target)

    assert proposed == options
    assert load(content, target=target, delimiter=";" if ";" in content else ",", **proposed)


def test_a_number_that_means_missing_in_one_column_is_a_value_of_another(propose):
    rows = [f"{n % 5 if n % 9 else 99},{n * 7 % 40 + 60},{n / 8}" for n in range(45)]
    negative = [f"{n % 5 if n % 9 else -200},{n if n % 9 else -200}" for n in range(2, 45)]

    assert propose("\n".join(["a,age,label", *rows])) == {}
    proposed = propose("\n".join(["a,label", *negative]))

    assert proposed == {"missing": ["-200"], "missing_target": "drop"}


SHOP = "id,price,off,member,bought\n" + "".join(
    f'c{n},"${n * 700 % 9000 + 1000:,}",{n % 9}%,{"YN"[n % 2]},{["Yes", "no", "yes ", "NA"][n % 4]}\n'
    for n in range(40)
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Train a table whose cells need all options."""
    from dlcli import train

    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.csv").write_text(SHOP, encoding="utf-8")
    (folder / "shop.yaml").write_text(
        "dataset:\n  csv: {path: shop.csv, target: bought, drop: [id], thousands: ',',"
        " affixes: ['$', '%'], missing_target: drop, lowercase: true}\n"
        "model: [{Dense: {activation: sigmoid}}]\nloss: binary_crossentropy\n"
        "split: {test: 0}\nfit: {epochs: 1}\n",
        encoding="utf-8",
    )
    return train(load_config(folder / "shop.yaml"), runs=folder / "runs").path


def test_a_model_reads_cells_as_its_training_did(shop, dlcli, write):
    write("raw.csv", 'price,off,member\n"$1,700",1%,Y\n1700,1,Y\n')
    write("raw.jsonl", '{"price": 1700, "off": 1.0, "member": true}\n')

    code, out, err = dlcli("predict", shop, "raw.csv")
    _, of_json, _ = dlcli("predict", shop, "raw.jsonl")

    assert code == 0, err
    header, first, second = out.splitlines()
    assert header == "prediction,p_no,p_yes"
    assert first == second == of_json.splitlines()[1]


def test_a_third_value_of_a_boolean_column_is_counted(shop, dlcli, write):
    write("raw.csv", "price,off,member\n1700,1,Y\n1700,1,maybe\n1700,1,\n".replace("1700,1,\n", ""))

    code, out, err = dlcli("predict", shop, "raw.csv")

    assert code == 0, err
    assert "column 'member': 1 category not seen in training" in err
    assert len(set(out.splitlines())) == 3


def test_a_class_that_training_did_not_have_is_refused(dlcli, write):
    rows = "".join(f"{n},{('1', '2', 'other')[n % 3]}\n" for n in range(30))
    write("rows.csv", f"a,label\n{rows}")
    write("new.csv", "a,label\n1,other\n2,1\n3,another\n")
    write(
        "c.yaml",
        "dataset: {csv: {path: rows.csv, target: label}}\nmodel: [{Dense: {activation: softmax}}]\n"
        "loss: sparse_categorical_crossentropy\nfit: {epochs: 1}\n",
    )

    assert dlcli("train", "c.yaml", "-q")[0] == 0
    code, _, err = dlcli("evaluate", "runs/c/1", "new.csv")

    assert code == 2
    assert "new.csv:4: label 'another' did not occur in training (1, 2, other)" in err


def test_numbers_of_json_are_read_by_a_model_of_decimal_commas(dlcli, write):
    rows = "".join(f"{n},5;{2 * n},125\n" for n in range(30))
    write("rows.csv", f"a;y\n{rows}")
    write("new.csv", "a;y\n1,5;2,125\n4;8,5\n")
    write("new.jsonl", '{"a": 1.5, "y": 2.125}\n{"a": "4,0", "y": 8.5}\n')
    write(
        "c.yaml",
        "dataset: {csv: {path: rows.csv, target: y, decimal: ','}}\nmodel: [Dense]\nloss: mse\n"
        "fit: {epochs: 1}\n",
    )

    assert dlcli("train", "c.yaml", "-q")[0] == 0
    of_csv, of_json = (dlcli("evaluate", "runs/c/1", name) for name in ("new.csv", "new.jsonl"))

    assert of_csv[0] == of_json[0] == 0, of_json[2]
    assert of_csv[1].splitlines()[1:] == of_json[1].splitlines()[1:]


def test_evaluation_leaves_out_the_rows_without_a_label(shop, dlcli, write):
    write("raw.csv", SHOP)

    code, out, err = dlcli("evaluate", shop, "raw.csv")

    assert code == 0, err
    assert "left out: 10 rows without 'bought'" in out + err
    assert "'Yes'" not in err


def test_a_gap_in_a_series_is_named_and_its_numbers_may_have_separators(load):
    values = "".join(f'"{1000 + n:,}"\n' for n in range(12))

    with pytest.raises(DatasetError, match=r"data.csv:14: the series 'label' has a gap"):
        load(f"label\n{values}-\n", delimiter=";", window=3, thousands=",")
    dataset = load(f"label\n{values}", delimiter=";", window=3, thousands=",")
    assert list(dataset.y[:2]) == [1003, 1004]
    assert dataset.dialect.thousands == ","


def test_an_infinite_value_is_proposed_as_missing(propose):
    assert propose(column(["1.5", "2.5", "Inf", "3"] * 5)) == {"missing": ["Inf"]}


def test_a_list_that_never_ends_is_refused_quickly(load):
    started = time.process_time()

    with pytest.raises(DatasetError, match="is no list of labels"):
        load(f"a,label\n1,[x{' ' * 30_000}y]\n", task="multilabel")

    assert time.process_time() - started < 5  # 30 s when each blank was tried as each end
