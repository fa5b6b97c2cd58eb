"""Whatever is given: a sentence with its place, never a traceback, and nothing left behind."""

import shlex
from pathlib import Path

import pytest
from bad_input import CASES

from dlcli import load_config, train


@pytest.fixture(scope="module")
def models(people_runs, tmp_path_factory):
    """Return the command line's words for the models that cases predict with."""
    folder = tmp_path_factory.mktemp("models")
    words = "".join(f"{'good' if n % 2 else 'bad'} day {n},{'ab'[n % 2]}\n" for n in range(12))
    (folder / "texts.csv").write_text(f"text,class\n{words}", encoding="utf-8")
    (folder / "texts.yaml").write_text(
        "dataset: {text: {path: texts.csv}}\nmodel: [{Dense: {activation: sigmoid}}]\nsplit: {test: 0}\n"
        "loss: binary_crossentropy\npreprocess: {text: {vectorize: {output_mode: multi_hot}}}\nfit: {epochs: 1}\n",
        encoding="utf-8",
    )
    texts = train(load_config(folder / "texts.yaml"), runs=folder / "runs").path
    return {"MODEL": str(people_runs["keras"].path), "TEXTS": str(texts)}


# What the libraries do without a word, by its number in `bad_input`.
SILENT = {
    3,
    4,
    5,
    7,
    10,
    22,
    23,
    27,
    28,
    30,
    32,
    33,
    35,
    44,
    45,
    46,
    55,
    57,
    58,
    72,
    77,
    78,
    95,
    96,
}
# A test of their own: folds that learn from their own rows alone, and batches beyond the memory,
# odd surroundings, labels that are formulas; and what goes wrong with runs and model files.
ELSEWHERE = {75, 86, 91, 102} | {76, 79, 80, 81, 82, 84, 85, 88, 89, 90, 92, 93, 94, 99, 100, 101}


def test_every_number_has_a_case():
    numbers = {case.number for case in CASES}

    assert numbers >= SILENT
    assert numbers | ELSEWHERE == set(range(1, 103))


def _everything(folder):
    return {str(path) for path in folder.rglob("*") if "cache" not in path.parts}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input(case, dlcli, models, tmp_path):
    for name, content in case.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = _everything(tmp_path)
    words = [models.get(word, word) for word in shlex.split(case.command, comments=True)]

    code, out, err = dlcli(*words)

    assert code == case.code, out + err
    for part in case.says:
        assert part in out + err
    for part in (*case.never, "Traceback"):
        assert part not in out + err
    if code == 2:
        assert not out, "what fails prints no result"
        assert "dlcli: error:" in err or "Usage:" in err
        assert _everything(tmp_path) == before


def test_what_plays_with_the_terminal_is_escaped(dlcli, write):
    labels = ("x", "y\x1b]0;z")
    rows = "".join(f"{n * 7 % 9},{n},{labels[n % 2]}\n" for n in range(40))
    write("data.csv", f"a\x1b[31m,b,label\n{rows}")
    write(
        "exp.yaml",
        "dataset: {csv: {path: data.csv, target: label}}\nmodel: [{Dense: {activation: sigmoid}}]\n"
        "loss: binary_crossentropy\nmetrics: [accuracy]\nfit: {epochs: 1}\n",
    )
    write("number.yaml",
          'dataset: {csv: {path: data.csv, target: b, unit: "k\\e[31mg"}}\nmodel: [Dense]\nloss: mse\nfit: {epochs: 1}\n')  # fmt: skip

    printed = ""
    for line in ("show exp.yaml --no-build", "train exp.yaml", "evaluate runs/exp/latest", "train number.yaml",
                 "evaluate runs/number/latest", "data show data.csv", "check exp.yaml --set split.group=zz",
                 "predict runs/exp/latest exp.yaml", "kfold number.yaml --folds 2"):  # fmt: skip
        printed += "".join(map(str, dlcli(*line.split())))

    assert "\x1b" not in printed
    assert "\\x1b" in printed


def test_a_batch_that_does_not_fit_is_refused_before_it_is_tried(dlcli, people, monkeypatch):
    from dlcli.network import memory

    monkeypatch.setattr(memory, "available_memory", lambda: 170)

    code, _, err = dlcli("train", people, "--set", "fit.batch_size=64", "--out", "kept")

    assert code == 2
    assert "fit.batch_size: a batch of 9 rows needs at least" in err
    assert "try 2" in err
    assert not Path("kept").exists()


@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_no_locale_or_clock_makes_it_fail(process, models, write, tmp_path, encoding):
    rows = write("줄.csv", "age;city;member;height\n31;서울;yes;1.70\n")
    surroundings = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": encoding,
        "TZ": "Nowhere/Lost",
        "COLUMNS": "0",
        "TERM": "dumb",
    }

    done = process(
        "predict", models["MODEL"], rows, cwd=tmp_path, env=surroundings, errors="replace"
    )
    missing = process(
        "predict", models["MODEL"], "없음.csv", cwd=tmp_path, env=surroundings, errors="replace"
    )

    assert (done.returncode, missing.returncode) == (0, 2), done.stderr
    assert done.stdout.startswith("prediction,p_a,p_b\n")
    assert "category not seen" in done.stderr
    assert "no file" in missing.stderr
    assert "Traceback" not in done.stderr + missing.stderr
