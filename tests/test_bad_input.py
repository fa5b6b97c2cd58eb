"""Whatever is given: a sentence with its place, never a traceback, and nothing left behind."""

import shlex

import pytest
from bad_input import CASES

from dlcli import load_config, train


@pytest.fixture(scope="module")
def models(write_people, tmp_path_factory):
    """Return the command line's words for the models that cases predict with."""
    folder = tmp_path_factory.mktemp("models")
    people = train(load_config(write_people(folder)), runs=folder / "runs").path
    words = "".join(f"{'good' if n % 2 else 'bad'} day {n},{'ab'[n % 2]}\n" for n in range(12))
    (folder / "texts.csv").write_text(f"text,class\n{words}", encoding="utf-8")
    (folder / "texts.yaml").write_text(
        "dataset: {text: {path: texts.csv}}\nmodel: [{Dense: {activation: sigmoid}}]\nsplit: {test: 0}\n"
        "loss: binary_crossentropy\npreprocess: {text: {vectorize: {output_mode: multi_hot}}}\nfit: {epochs: 1}\n",
        encoding="utf-8",
    )
    texts = train(load_config(folder / "texts.yaml"), runs=folder / "runs").path
    return {"MODEL": str(people), "TEXTS": str(texts)}


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
