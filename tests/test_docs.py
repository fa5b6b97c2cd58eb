"""Every command of README and docs runs, on the files that the page itself shows."""

import re
import shlex
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import slow
from PIL import Image
from scipy.io import wavfile

from dlcli import DlcliError, load_config
from dlcli.config.known import NAMED_DATASETS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)

# What takes minutes or a download runs for an epoch on a sample; the words stay those of the page.
SHORT = ["--set", "fit.epochs=1", "--quiet"]


# Pages that train many models.
LONG = {
    "classification", "compare", "course", "data", "eject", "images", "kfold", "machines", "optimizers", "overfitting", "regression",
    "report", "resume", "search", "sound", "text", "train",
}  # fmt: skip


def blocks(page):
    return [match.groupdict() for match in BLOCK.finditer(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_have_their_options_and_configs(page, dlcli, tmp_path):
    for block in blocks(page):
        mark, kind, text = block["mark"] or "", block["kind"], block["text"]
        if mark.startswith("file: "):
            (tmp_path / mark.removeprefix("file: ")).write_text(text, encoding="utf-8")
        for line in text.splitlines() if kind == "sh" and mark != "not run" else ():
            if line.startswith("dlcli "):
                arguments = shlex.split(line, comments=True)[1:]
                code, _, err = dlcli(*arguments, "--help")
                assert code == 0, f"{line}\n{err}"
                if arguments[0] == "init":
                    assert dlcli(*arguments)[0] == 0, line
                if trains_a_config(arguments):
                    code, _, err = dlcli("check", "--no-data", *config_and_changes(arguments))
                    assert code == (2 if mark == "fails" else 0), f"{line}\n{err}"


def trains_a_config(arguments):
    """Whether a command reads a config other than that of a run."""
    command, *others = arguments
    return (
        command in ("train", "kfold", "baseline", "learning-curve", "sweep", "tune")
        and "--resume" not in others
        and Path(others[0]).name != "config.yaml"
    )


def config_and_changes(arguments):
    changes = [pair for pair in pairwise(arguments) if pair[0] in ("--set", "--code")]
    return [arguments[1], *chain.from_iterable(changes)]


@pytest.mark.parametrize(
    "page",
    [slow(page) if page.stem in LONG else page for page in PAGES],
    ids=lambda page: page.stem,
)
def test_commands_run(page, dlcli, tmp_path, request):
    if page.stem == "eject":
        request.getfixturevalue("scripts_in_this_process")
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


@pytest.fixture(autouse=True)
def _files_that_pages_name(tmp_path):
    """Make the pictures and recordings that pages tell people to have."""
    grey = np.full((40, 40), 250, np.uint8)
    Image.fromarray(grey).save(tmp_path / "digit.png")
    Image.fromarray(grey).convert("RGB").save(tmp_path / "photo.jpg")
    for number in range(8):
        for kind, level in (("cat", 60), ("dog", 200)):
            folder = tmp_path / "pets" / kind
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(grey // 250 * level).save(folder / f"{number}.png")
        for kind, pitch in (("yes", 300), ("no", 900)):
            folder = tmp_path / "words" / kind
            folder.mkdir(parents=True, exist_ok=True)
            time = np.arange(4000) / 8000
            wavfile.write(folder / f"{number}.wav", 8000, np.sin(2 * np.pi * pitch * time))


def needs_download(name):
    try:
        dataset = load_config(name).dataset
    except DlcliError:
        return False
    return dataset.known and bool(NAMED_DATASETS[dataset.name].files)


def run(line, dlcli, expected):
    arguments = shlex.split(line, comments=True)[1:]
    if arguments[0] in ("train", "kfold", "baseline", "learning-curve", "sweep", "tune"):
        arguments += SHORT
        if needs_download(arguments[1]):
            arguments += ["--sample"]
    elif (
        arguments[:2] == ["data", "plot"]
        and NAMED_DATASETS.get(arguments[2])
        and NAMED_DATASETS[arguments[2]].files
    ):
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
