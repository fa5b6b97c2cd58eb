"""``dlcli export --to html`` in Chromium: the file answers like `predict`, without a server."""

import base64
import json
import os
from pathlib import Path

import pytest

from dlcli import export, load_model, predict

pytest.importorskip("playwright", reason="needs a browser: pip install 'dlcli[browser]'")
pytest.importorskip("starlette", reason="needs the server: pip install 'dlcli[serve]'")

from served_models import png, wav
from test_page_browser import CHROMIUM, answer, browser  # noqa: F401 (a fixture)
from test_serve import RECORDS

RUNTIME = os.environ.get("DLCLI_ONNXRUNTIME_WEB", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.skipif(
        not RUNTIME,
        reason="needs `npm pack onnxruntime-web`: set DLCLI_ONNXRUNTIME_WEB to the archive",
    ),
]


@pytest.fixture
def open_file(browser, tmp_path):  # noqa: F811
    """Return a function that exports a model, and opens the file; it must not complain."""
    problems, pages = [], []

    def open_file(model):
        path = tmp_path / "model.html"
        export(model, "html", path, runtime=Path(RUNTIME), force=True)
        page = browser.new_page(locale="en-US")
        pages.append(page)
        page.set_default_timeout(30_000)
        page.on(
            "console", lambda message: message.type == "error" and problems.append(message.text)
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((path.as_uri(), "data:", "blob:"))
                or problems.append(request.url)
            ),
        )
        page.goto(path.as_uri())
        page.wait_for_selector(".panel")
        return page

    yield open_file
    for page in pages:
        page.close()
    assert not problems


PREDICT = """async ([data, type]) => {
    const { predict } = await import("api.js");
    const body = type.startsWith("image/") || type.startsWith("audio/")
        ? new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]) : data;
    return (await predict("", body, type)).predictions.at(-1);
}"""
TIDE = "level\n" + "\n".join(f"{hour / 20 - 0.4:.2f}" for hour in range(12)) + "\n"
CASES = {
    "texts": ("win a free prize", "text/plain"),
    "tide": (TIDE, "text/csv"),
    "several": (json.dumps([{"a": 3, "b": 2.5}]), "application/json"),
    "labels": (json.dumps([{"a": 3, "b": 2.5}]), "application/json"),
    "images": (base64.b64encode(png(77)).decode(), "image/png"),
    "sounds": (base64.b64encode(wav(600)).decode(), "audio/wav"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_file_answers_like_predict(open_file, served_kinds, write, tmp_path, name):
    body, kind = CASES[name]
    model = served_kinds[name].loaded
    page = open_file(model)

    record = page.evaluate(PREDICT, [body, kind])

    files = {"images": "a.png", "sounds": "a.wav", "texts": "a.jsonl", "tide": "a.csv"}
    path = tmp_path / files.get(name, "a.jsonl")
    if name in ("images", "sounds"):
        path.write_bytes(base64.b64decode(body))
    elif name == "tide":
        path.write_text(body)
    else:
        row = {"text": body} if name == "texts" else json.loads(body)[0]
        path.write_text(json.dumps(row) + "\n")
    predictions = predict(model, path)
    expected = predictions.to_frame().iloc[-1]
    for column in predictions.outputs:
        if column in record:
            value = expected[column]
            assert record[column] == (
                value if isinstance(value, str) else pytest.approx(value, abs=1e-5)
            )
    numbers = [column for column in predictions.outputs if column in record]
    assert numbers


def test_a_form_without_a_server(open_file, people_runs):
    model = load_model(people_runs["keras"].path)
    page = open_file(model)
    for name, value in {**RECORDS[1], "age": ""}.items():
        field = page.get_by_label(name, exact=True)
        if name in ("city", "member"):
            field.select_option(value)
        else:
            field.fill(str(value))
    page.get_by_role("button", name="Predict").click()

    expected = predict(model, [{**RECORDS[1], "age": None}]).to_frame().iloc[0]
    name, share = answer(page).split()
    assert name == expected["prediction"]
    assert share == f"{100 * expected[f'p_{name}']:.1f}%"
    assert "age: missing values filled in" in page.locator(".notes").text_content()
    page.wait_for_selector(".influence")
    page.get_by_label("height", exact=True).fill("tall")
    page.get_by_role("button", name="Predict").click()
    page.locator(".field .error:visible").wait_for()
    assert page.locator("input[type=file]").count() == 0  # files of rows need the server
