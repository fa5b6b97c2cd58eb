"""The page of the server in Chromium: what a user does with it, on every kind of model."""

import csv
import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from dlcli import load_config, load_model, train
from dlcli.serving.models import served_model

pytest.importorskip("playwright", reason="needs a browser: pip install 'dlcli[browser]'")
pytest.importorskip("starlette", reason="needs the server: pip install 'dlcli[serve]'")

from conftest import no_pictures
from served_models import png, wav
from test_serve_kinds import running

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, as in apt-get install chromium"),
]
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.85)]
MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
ANSWER = "#answer:not([aria-busy])"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox", *MICROPHONE]  # root needs the first
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def people_model(people_runs):
    return served_model(load_model(people_runs["keras"].path))


@pytest.fixture(scope="module")
def port(served_kinds, people_model):
    with running([people_model, *served_kinds.values()]) as port:
        yield port


@pytest.fixture
def open_page(browser, port):
    """Return a function that opens the page; it must not complain, nor reach another server."""
    contexts, problems = [], []

    def open_page(model, *, port=port, **options):
        context = browser.new_context(**{"locale": "en-US", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on(
            "console", lambda message: message.type == "error" and problems.append(message.text)
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        home = f"http://127.0.0.1:{port}/"
        page.on(
            "request",
            lambda request: request.url.startswith((home, "blob:")) or problems.append(request.url),
        )
        page.goto(f"{home}#{model}")
        page.problems = problems
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def answer(page):
    """Return the sentence for screen readers, once there is an answer."""
    page.wait_for_selector(f"{ANSWER} .headline")
    return page.locator("#status").text_content()


def draw(page, points, *, size=1.0):
    """Draw a line with the mouse."""
    box = page.locator("canvas.pad").bounding_box()
    places = [
        (box["x"] + size * x * box["width"], box["y"] + size * y * box["height"]) for x, y in points
    ]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_a_form_is_answered_with_what_mattered(open_page):
    page = open_page("people")
    age = page.get_by_label("age", exact=True)
    assert age.input_value()  # the median
    assert page.get_by_label("city", exact=True).input_value() in ('"Seoul"', '"Busan"')

    page.get_by_label("age", exact=True).fill("200")
    page.get_by_label("city", exact=True).select_option("Busan")
    page.get_by_label("member", exact=True).select_option("no")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Predict").click()

    name, share = answer(page).split()
    assert name in ("a", "b")
    assert share.endswith("%")
    assert page.locator(".bars li").count() == 2
    assert "Outside the range" in page.locator(".warning:visible").text_content()
    page.wait_for_selector(".influence li")
    assert 1 <= page.locator(".influence li").count() <= 5
    assert "200" in page.locator(".influence").text_content()


def test_a_gap_is_filled_and_noted_and_a_wrong_number_is_shown_at_its_field(open_page):
    page = open_page("people")
    page.get_by_label("age", exact=True).fill("")
    page.get_by_role("button", name="Predict").click()
    answer(page)
    assert "age" in page.locator(".notes").text_content()

    page.get_by_label("height", exact=True).fill("tall")
    page.get_by_role("button", name="Predict").click()
    error = page.locator(".field .error:visible")
    error.wait_for()
    assert "'tall'" in error.text_content()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    page.problems[:] = [text for text in page.problems if "422" not in text]  # Chromium's own


def test_a_table_comes_back_with_predictions(open_page, people_model, tmp_path):
    page = open_page("people")
    rows = (
        "age;city;member;height;name\n31;Seoul;yes;1.70;Kim\n42;Paris;no;1.81;이\n;Seoul;yes;1.7;\n"
    )
    (tmp_path / "rows.csv").write_text(rows, encoding="utf-8")
    page.locator("input[type=file]").set_input_files(tmp_path / "rows.csv")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")

    assert download.value.suggested_filename == "rows-predictions.csv"
    header, *lines = csv.reader(text.splitlines())
    assert header == ["age", "city", "member", "height", "name", "prediction", "p_a", "p_b"]
    assert [line[4] for line in lines] == ["Kim", "이", ""]
    notes = page.locator(".notes").text_content()  # in the words of the page
    assert "Column city: categories that training had not seen: 1" in notes
    assert "Column age: missing values filled in: 1" in notes
    assert page.locator("tbody tr").count() == 3


def test_an_excel_file(open_page, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="needs pip install 'dlcli[excel]'")
    book = openpyxl.Workbook()
    for row in (["age", "city", "member", "height"], [31, "Seoul", "yes", 1.7]):
        book.active.append(row)
    book.save(tmp_path / "rows.xlsx")
    page = open_page("people", locale="ko-KR")

    page.locator("input[type=file]").set_input_files(tmp_path / "rows.xlsx")

    page.wait_for_selector(f"{ANSWER} table")
    assert page.locator("td.output").count() == 3


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    with no_pictures():
        run = train(load_config("digits_cnn", {"fit.epochs": 8}), runs=folder)
    return served_model(load_model(run.path))


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    with np.load(Path(os.environ["DLCLI_DATA"].split(os.pathsep)[0]) / "mnist.npz") as file:
        np.savez(folder / "mnist.npz", x=file["x_train"][:3000], y=file["y_train"][:3000])
    data = {"dataset": {"npz": {"path": str(folder / "mnist.npz")}}, "fit.epochs": 2}
    with no_pictures():
        run = train(load_config("mnist_cnn", data), runs=folder)
    return served_model(load_model(run.path))


def check_seven(open_page, model):
    with running([model]) as port:
        page = open_page(model.name, port=port)
        draw(page, SEVEN)
        assert answer(page).split()[0] == "7"
        assert page.locator(".bars .predicted").text_content().startswith("7")

        page.get_by_role("button", name="Clear").click()
        assert not page.locator("#status").text_content()
        draw(page, SEVEN, size=0.4)  # small, and in the corner
        assert answer(page).split()[0] == "7"
        page.context.close()


def test_a_seven_drawn_with_the_mouse_is_a_seven_of_8_times_8_pixels(open_page, digits):
    check_seven(open_page, digits)


@pytest.mark.data
def test_a_seven_drawn_with_the_mouse_is_a_seven_of_mnist(open_page, mnist):
    check_seven(open_page, mnist)


def test_a_picture_is_dropped_and_inverted(open_page, tmp_path):
    page = open_page("images")
    (tmp_path / "light.png").write_bytes(png(250))
    page.locator("input[type=file]").first.set_input_files(tmp_path / "light.png")
    first = answer(page)
    page.get_by_label("Invert").check()
    page.wait_for_timeout(300)

    assert first.split()[0] in ("light", "dark")
    assert answer(page) != first
    assert page.locator("img.shown").is_visible()


def test_a_wav_file_and_a_recording(open_page, tmp_path):
    page = open_page("sounds", permissions=["microphone"])
    (tmp_path / "high.wav").write_bytes(wav(900))
    page.locator("input[type=file]").set_input_files(tmp_path / "high.wav")
    assert answer(page).split()[0] in ("high", "low")

    page.get_by_role("button", name="Record").click()
    page.wait_for_timeout(900)
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(f"{ANSWER} .headline")
    # The test device beeps once a second; the silence around a beep is cut off.
    assert 0.1 < page.locator("audio").evaluate("(player) => player.duration") < 2


def test_wav_files_are_written(open_page):
    page = open_page("sounds")
    written = page.evaluate("""async () => {
        const { trimmed, wav } = await import("/page/wav.js");
        const samples = new Float32Array(3000);
        samples.set([0.5, -1, 2], 1500);
        return [...new Uint8Array(await wav(trimmed(samples, 1000), 1000).arrayBuffer())];
    }""")

    rate, samples = wavfile.read(BytesIO(bytes(written)))
    assert (rate, samples.dtype, len(samples)) == (1000, np.int16, 202)
    assert samples[samples != 0].tolist() == [16384, -32767, 32767]


def test_a_sentence_and_a_series(open_page):
    page = open_page("texts")
    page.locator("textarea").fill("win a free prize")
    page.keyboard.press("Control+Enter")
    assert answer(page).split()[0] in ("spam", "ham")

    page.get_by_label("Model").select_option("tide")
    page.get_by_label("At least 8 values").fill("0.1 0.4 0.7")
    page.get_by_role("button", name="Predict").click()
    page.get_by_role("alert").wait_for()
    assert "3 numbers" in page.get_by_role("alert").text_content()
    page.locator("textarea").fill("\n".join(f"{np.sin(hour / 3):.3f}" for hour in range(10)))
    page.get_by_role("button", name="Predict").click()
    assert float(answer(page).split()[0]) < 2


def test_several_labels_and_numbers(open_page):
    page = open_page("labels")
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector(".bars li")
    assert page.locator(".bars li").count() == 2

    page.get_by_label("Model").select_option("several")
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector(".numbers dt")
    assert page.locator(".numbers dt").all_text_contents() == ["c", "d"]


def test_korean_and_english(open_page, tmp_path):
    page = open_page(
        "people", locale="ko-KR", color_scheme="dark", viewport={"width": 360, "height": 740}
    )
    rows = {"number": "age;city;member;height\n31;Seoul;yes;tall\n", "width": 'age\n"3\n'}
    for name, body in rows.items():
        (tmp_path / f"{name}.csv").write_text(body)
    files, problem = page.locator("input[type=file]"), page.locator(".problem p")
    files.set_input_files(tmp_path / "number.csv")
    problem.first.get_by_text("2번째 줄: 'height' 열의 'tall'은(는) 숫자가 아닙니다").wait_for()
    assert problem.nth(1).text_content() == "the body:2: 'tall' in column 'height' is not a number"
    assert problem.nth(1).get_attribute("lang") == "en"
    files.set_input_files(tmp_path / "width.csv")
    problem.first.get_by_text("모델이 쓸 수 없는 입력입니다.").wait_for()
    page.get_by_role("button", name="English").click()
    assert problem.first.text_content() == "The model cannot use this input."
    page.get_by_role("button", name="한국어").click()
    page.get_by_label("height").fill("tall")
    button = page.get_by_role("button", name="예측하기")
    button.click()
    page.locator(".field .error:visible").get_by_text("숫자가 아닙니다").wait_for()
    page.get_by_label("height").fill("1.7")
    button.click()
    page.wait_for_selector(".influence")
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.locator("#answer-title").text_content() == "결과"

    page.get_by_role("button", name="English").click()
    assert page.locator("#answer-title").text_content() == "Answer"
    assert "What mattered" in page.locator("#result").text_content()
    page.reload()
    page.get_by_role("button", name="Predict").wait_for()  # the language is remembered
    page.problems[:] = [text for text in page.problems if "422" not in text]  # Chromium's own


# Text and its background in both themes; WCAG asks for 4.5.
CONTRAST = """() => {
  const light = (css) => {
    const [r, g, b] = css.match(/[\\d.]+/g).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (e) => {
    for (; e; e = e.parentElement) {
      const css = getComputedStyle(e).backgroundColor;
      if (!css.startsWith("rgba(0, 0, 0, 0")) return css;
    }
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(background(e))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), e.textContent.trim().slice(0, 40)];
    })
    .filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_are_readable_and_fit_a_phone(open_page, scheme):
    page = open_page("people", color_scheme=scheme, viewport={"width": 360, "height": 740})
    page.get_by_label("age", exact=True).fill("200")
    page.get_by_role("button", name="Predict").click()
    page.wait_for_selector(".influence li")

    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    unlabelled = "[...document.querySelectorAll('input:not([aria-hidden]), select, textarea')].filter((e) => !e.labels.length)"
    assert page.evaluate(f"{unlabelled}.length") == 0


def test_the_page_works_with_the_keyboard(open_page):
    page = open_page("people")
    page.get_by_label("age", exact=True).wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # skips to the form
    assert page.get_by_label("age", exact=True).evaluate("(e) => e === document.activeElement")
    page.keyboard.press("Control+a")
    page.keyboard.type("55")
    page.keyboard.press("Enter")

    assert answer(page)
    assert page.locator("#status").get_attribute("role") == "status"


def test_the_address_names_the_model(open_page, port):
    page = open_page("texts")
    page.locator("textarea").wait_for()
    page.goto(f"http://127.0.0.1:{port}/#several")
    page.get_by_label("a", exact=True).wait_for()
    assert page.title() == "several · dlcli"
    page.get_by_label("a", exact=True).fill("3")
    # A file that is dropped beside its place does not replace the page.
    dropped = """() => {
        const event = new DragEvent("drop", { bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
        return event.defaultPrevented;
    }"""
    assert page.evaluate(dropped)


def test_the_token_is_asked_for_once(open_page, people_model):
    with running([people_model], token="secret") as port:
        page = open_page("people", port=port)
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        dialog.get_by_text("The token is wrong").wait_for()
        dialog.get_by_label("Token").fill("secret")
        page.keyboard.press("Enter")

        page.get_by_role("button", name="Predict").click()
        assert answer(page)
        page.reload()
        page.get_by_role("button", name="Predict").wait_for()
        page.context.close()
        page.problems[:] = [text for text in page.problems if "401" not in text]  # Chromium's own
