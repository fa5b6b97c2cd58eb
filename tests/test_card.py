"""Model cards: the facts of a run, as the Hugging Face Hub and people read them."""

import json
import sys

import pytest
import yaml

from dlcli import DlcliError, card


def parts_of(text):
    """Return the front matter as values, and the Markdown."""
    _, front_matter, markdown = text.split("---\n", 2)
    return yaml.safe_load(front_matter), markdown


def test_a_card_has_the_figures_of_the_run(trained):
    run = trained.path
    metrics = json.loads((run / "metrics.json").read_text())
    record = json.loads((run / "run.json").read_text())

    front_matter, markdown = parts_of(card(run))

    assert front_matter["library_name"] == "keras"
    assert front_matter["pipeline_tag"] == "tabular-classification"
    assert "license" not in front_matter
    result = front_matter["model-index"][0]["results"][0]
    measured = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert measured == {k: v for k, v in metrics["test"]["metrics"].items() if k != "loss"}
    assert record["data"]["fingerprint"] in markdown
    for name, version in record["versions"].items():
        assert f"{name} {version}" in markdown
    headings = [line for line in markdown.splitlines() if line.startswith("## ")]
    assert [heading[3:] for heading in headings] == [
        "What it is for", "Data", "Training", "Results", "Limits", "How to use", "How to reproduce",
    ]  # fmt: skip


def test_names_are_shown_and_not_read_as_markdown(trained):
    run = trained.path
    record = json.loads((run / "run.json").read_text())
    record["data"]["name"] = "a|b`<script>"
    record["versions"] = {"[x](http://y)": "<b>"}
    (run / "run.json").write_text(json.dumps(record))

    front_matter, markdown = parts_of(card(run))

    assert front_matter["model-index"][0]["results"][0]["dataset"]["name"] == "a|b`<script>"
    assert r"`` a\|b`<script> ``" in markdown
    assert r"\[x\](http://y) \<b\>" in markdown


def test_blocks_of_code_and_the_front_matter_end_where_they_should(trained):
    run = trained.path
    record = json.loads((run / "run.json").read_text())
    record["command"] = ["dlcli", "train", "x\n```\n# not a heading\n````\n"]
    record["data"]["name"] = "a\n---\nb"
    (run / "run.json").write_text(json.dumps(record))

    front_matter, markdown = parts_of(card(run))

    assert front_matter["model-index"][0]["results"][0]["dataset"]["name"] == "a\n---\nb"
    assert "`````sh\ndlcli train 'x\n```\n# not a heading\n````\n'\n`````\n" in markdown


def test_the_licence_is_that_of_the_option(trained):
    assert parts_of(card(trained.path, license="mit"))[0]["license"] == "mit"
    with pytest.raises(DlcliError, match="licence 'a b'"):
        card(trained.path, license="a b")


def test_a_sample_has_no_results_for_the_hub(trained):
    run = trained.path
    metrics = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps({**metrics, "sample": True}))

    front_matter, markdown = parts_of(card(run))

    assert "model-index" not in front_matter
    assert "its figures mean nothing" in markdown


def test_the_command_writes_a_file_and_replaces_none(dlcli, trained, tmp_path):
    assert dlcli("card", trained.path, "-o", "README.md")[:2] == (0, "README.md\n")
    assert (tmp_path / "README.md").read_text() == card(trained.path)
    code, _, err = dlcli("card", trained.path, "-o", "README.md")
    assert code == 2
    assert "README.md exists" in err
    assert dlcli("card", trained.path, "-o", "README.md", "--force")[0] == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is damaged"),
        ('{"test": {"rows": 1, "metrics": {}, "classes": {}, "confusion_matrix": [[1]]}}', "fit"),
    ],
)
def test_damaged_results_are_named(trained, text, problem):
    (trained.path / "metrics.json").write_text(text)

    with pytest.raises(DlcliError, match=problem) as error:
        card(trained.path)
    assert "metrics.json" in str(error.value)


def test_a_run_without_a_model_is_no_model(dlcli, trained):
    run = trained.path
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "kind": "kfold"}))

    code, _, err = dlcli("card", run)

    assert code == 2
    assert "is a run of `dlcli kfold`, which has no model" in err


def test_without_jinja2_the_extra_is_named(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)

    with pytest.raises(DlcliError, match="cards and reports need Jinja2") as error:
        card(trained.path)
    assert error.value.hint == '`pip install "dlcli[report]"`'
