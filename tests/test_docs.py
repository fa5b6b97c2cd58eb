"""Every command of README and docs runs, on the files that the page itself shows."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)

# What takes minutes or a download runs for an epoch on a sample; the words stay those of the page.
SHORT = ["--set", "fit.epochs=1", "--quiet"]


def blocks(page):
    return [match.groupdict() for match in BLOCK.finditer(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_run(page, dlcli, tmp_path):
    said = ""
    for block in blocks(page):
        mark, kind, text = block["mark"] or "", block["kind"], block["text"]
        if mark.startswith("file: "):
            (tmp_path / mark.removeprefix("file: ")).write_text(text, encoding="utf-8")
        elif mark == "output":
            assert text == said
        elif kind == "sh" and mark != "not run":
            for line in text.splitlines():
                if line.startswith("dlcli "):
                    said = run(line, dlcli, expected=2 if mark == "fails" else 0)
        elif kind == "python":
            exec(compile(text, str(page), "exec"), {"__name__": "docs"})  # the page's own code


def run(line, dlcli, expected):
    arguments = shlex.split(line, comments=True)[1:]
    if arguments[0] in ("train", "kfold", "baseline"):
        arguments += SHORT
        if any(name in line for name in ("mnist", "sonar")):
            arguments += ["--sample"]
    code, out, err = dlcli(*arguments)
    assert code == expected, f"{line}\n{err}"
    return out + err


def test_the_readme_has_the_two_commands_that_set_everything_up():
    lines = [
        line
        for block in blocks(ROOT / "README.md")
        if block["kind"] == "sh"
        for line in block["text"].splitlines()
        if line.startswith("pip ")
    ]

    assert lines == [
        "pip install . && dlcli train configs/digits_cnn.yaml",
        'pip install ".[test]" && pytest',
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
