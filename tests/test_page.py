"""What the page of the server is made from: its files, the facts of columns, and what mattered."""

import json
import re
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from dlcli import load_model
from dlcli.models.metadata import parse_metadata
from dlcli.prediction.influence import influences, output_to_explain, rows_with_typical_values

pytest.importorskip("starlette", reason="needs the server: pip install 'dlcli[serve]'")

from test_serve import RECORDS, client_of

from dlcli.serving.column_facts import facts_of_columns
from dlcli.serving.models import served_model

PAGE = files("dlcli.serving").joinpath("page")
TEXTS = re.compile(r'^  (\w+): "(.+)",$', re.MULTILINE)


@pytest.fixture(scope="module")
def people_model(people_runs):
    return served_model(load_model(people_runs["keras"].path))


@pytest.fixture
def client(people_model):
    client, service = client_of(people_model)
    yield client
    service.batching.close()


def test_the_page_and_its_files(client):
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    linked = re.findall(r'(?:href|src)="(page/[^"]+)"', page.text)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert len(linked) >= 3
    for address in linked:
        answer = client.get(f"/{address}")
        assert answer.status_code == 200
        tag = {"If-None-Match": answer.headers["etag"]}
        assert client.get(f"/{address}", headers=tag).status_code == 304
    assert client.get("/page/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    for missing in ("no.js", "index.html", "..%2fgate.py", "__init__.py"):
        assert client.get(f"/page/{missing}").status_code == 404


def test_the_page_names_no_other_server_and_has_no_code_in_its_html():
    for item in PAGE.iterdir():
        text = item.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|\bstyle=|\bon\w+=|innerHTML|eval\(", text), item.name


def test_the_page_needs_no_token_but_the_models_do(people_model):
    client, service = client_of(people_model, token="secret")

    assert client.get("/").status_code == client.get("/page/style.css").status_code == 200
    assert client.get("/models").status_code == 401
    assert client.post("/models/people/influence", json=RECORDS[0]).status_code == 401
    service.batching.close()


def test_both_languages_have_all_texts():
    english, korean = (
        dict(TEXTS.findall((PAGE / f"{name}.js").read_text())) for name in ("en", "ko")
    )
    code = "".join(
        item.read_text() for item in PAGE.iterdir() if item.name not in ("en.js", "ko.js")
    )
    code += (files("dlcli.exports.html") / "offline.js").read_text()
    placeholders = re.compile(r"\{\w+\}")

    assert [*english] == [*korean] == sorted(english)
    for key, text in english.items():
        assert sorted(placeholders.findall(text)) == sorted(placeholders.findall(korean[key])), key
        assert re.search(rf'"{key}"', code) or key in ("true", "false"), f"{key} is not used"
    for key in re.findall(r'(?:\bsay: \[?|\btext\()"(\w+)"', code):
        assert key in english


def test_columns_are_described_by_the_training_rows(client):
    columns = {
        item["name"]: item for item in client.get("/models/people").json()["input"]["columns"]
    }

    age, height = columns["age"], columns["height"]
    assert age["low"] <= age["median"] == age["typical"] <= age["high"]
    assert age["integers"] is True
    assert height["integers"] is False
    assert columns["city"]["typical"] in columns["city"]["values"]
    assert columns["member"]["typical"] in (True, False)


def test_summaries_are_those_of_the_training_rows(dlcli, write):
    rows = "".join(f"{n},{'abc'[n % 3]},{2020 + n % 5}-03-01,{n % 2},{n}\n" for n in range(1, 31))
    write("rows.csv", f"n,letter,day,label,unique\n{rows}")
    config = write("rows.yaml", json.dumps({
        "dataset": {"csv": {"path": "rows.csv", "target": "label", "dates": ["day"], "types": {"unique": "categorical"}}},
        "split": {"test": 0}, "model": [{"Dense": {"activation": "sigmoid"}}],
        "loss": "binary_crossentropy", "fit": {"epochs": 1}, "seed": 0,
    }))  # fmt: skip
    code, _, err = dlcli("train", config)
    assert code == 0, err

    model = served_model(load_model("rows"))
    facts = facts_of_columns(model)

    assert [facts["n"][key] for key in ("low", "median", "high")] == [1, 15, 30]
    assert facts["letter"]["typical"] == "a"  # the first of three that are equally frequent
    assert facts["day"]["low"] == "2020-03-01"
    assert facts["day"]["typical"] == "2022-03-01"
    assert "typical" not in facts["unique"]  # each text belongs to one row only


def test_a_file_of_an_older_version_has_typical_values_from_its_preprocessing(people_model):
    older = people_model.loaded.metadata.model_copy(update={"summaries": ()})
    file = replace(people_model.loaded.file, metadata=older)
    model = replace(people_model, loaded=replace(people_model.loaded, file=file))

    facts = facts_of_columns(model)

    assert "median" not in facts["age"]
    assert facts["age"]["typical"] == pytest.approx(facts["age"]["mean"], rel=0.01)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"median": 1e9},
        {"low": None},
        {"most_frequent": "x" * 2000},
        {"high": "NaN"},
    ],
)
def test_damaged_summaries_are_refused(people_model, change):
    document = json.loads(people_model.loaded.metadata.model_dump_json())
    document["summaries"][0] |= change

    with pytest.raises(Exception, match="damaged"):
        parse_metadata(json.dumps(document), "model.keras")


def test_the_influence_of_a_value_is_the_change_from_the_typical_one(client):
    row = {**RECORDS[0], "age": 60}
    columns = client.get("/models/people").json()["input"]["columns"]
    typical = {column["name"]: column["typical"] for column in columns}

    document = client.post("/models/people/influence", json={**row, "remark": "unused"}).json()
    rows = [row, *({**row, name: typical[name]} for name in row)]
    before, *after = client.post("/predict", json=rows).json()["predictions"]

    output = f"p_{before['prediction']}"
    assert document["output"] == output
    assert document["value"] == before[output]
    changes = {item["column"]: item["change"] for item in document["columns"]}
    expected = dict(zip(row, [before[output] - other[output] for other in after], strict=True))
    assert changes == pytest.approx(expected, abs=1e-6)
    sizes = [abs(item["change"]) for item in document["columns"]]
    assert sizes == sorted(sizes, reverse=True)
    assert any(sizes)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"age": 60}, 422, "no column"),
        ({**RECORDS[0], "age": "old"}, 422, "'age'"),
        ([RECORDS[0]], 400, "expected an object"),
    ],
)
def test_rows_that_cannot_be_explained(client, body, status, sentence):
    answer = client.post("/models/people/influence", json=body)

    assert answer.status_code == status
    assert sentence in answer.json()["error"]


def test_influences_are_signed_and_sorted():
    row, typical = {"a": 1, "b": 2, "c": "x", "d": None}, {"a": 0, "b": 5, "d": 3}
    rows = rows_with_typical_values(row, typical)
    predictions = [{"prediction": 10 * (r["a"] or 0) - (r["d"] or 0)} for r in rows]

    result = influences(row, typical, predictions, "prediction")

    assert [(item.column, item.change) for item in result] == [("a", 10), ("d", 3), ("b", 0)]


@pytest.mark.parametrize(
    ("prediction", "output"),
    [
        ({"prediction": "no", "p_no": 0.7, "p_yes": 0.3}, "p_no"),
        ({"prediction": "b", "score_a": -1.0, "score_b": 0.4}, "score_b"),
        ({"prediction": ["x"], "p_x": 0.6, "p_y": 0.2}, "p_x"),
        ({"prediction": [], "p_x": 0.1, "p_y": 0.2}, "p_y"),
        ({"prediction": 4.5, "lower": 4.0, "upper": 5.0}, "prediction"),
        ({"prediction_c": 1.0, "prediction_d": 2.0}, "prediction_c"),
    ],
)
def test_the_output_that_is_explained(prediction, output):
    assert output_to_explain(prediction) == output


@pytest.mark.slow
def test_models_without_columns_are_not_explained(served_kinds):
    client, service = client_of(*served_kinds.values())

    for name in ("images", "sounds", "tide"):
        answer = client.post(f"/models/{name}/influence", json={"x": 1})
        assert answer.status_code == 400
        assert "rows of a table" in answer.json()["error"]
    several = client.post("/models/several/influence", json={"a": 3, "b": 2}).json()
    assert several["output"] == "prediction_c"
    labels = client.post("/models/labels/influence", json={"a": 3, "b": 2}).json()
    assert labels["output"] in ("p_odd", "p_large")
    assert np.isfinite([item["change"] for item in labels["columns"]]).all()
    service.batching.close()
