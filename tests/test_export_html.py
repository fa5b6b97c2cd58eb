"""``dlcli export --to html``: the page as one file, with the model and ONNX Runtime Web inside."""

import base64
import io
import json
import re
import tarfile

import pytest

from dlcli import export
from dlcli.errors import DlcliError
from dlcli.exports.html.runtime import BINARY, CODE


def pack(path, contents):
    """Write an archive like those of npm."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_the_file_contains_all_that_it_needs(people_runs, tmp_path):
    runtime = pack(
        tmp_path / "runtime.tgz", {CODE: b"export default 1;", BINARY: b"\0asm", "other.js": b""}
    )

    result = export(people_runs["keras"].path, "html", tmp_path / "people.html", runtime=runtime)

    text = result.path.read_text(encoding="utf-8")
    assert "with which the page is tested" in " ".join(result.notices)
    assert result.comparison.rows > 0
    assert not re.search(r"""(src|href)=["'](?!data:|#)""", text)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text)
    imports = json.loads(re.search(r'type="importmap">(.*?)</script>', text)[1])["imports"]
    sources = {
        name: base64.b64decode(data.partition(",")[2]).decode() for name, data in imports.items()
    }
    assert sources["ort"] == "export default 1;"
    for source in sources.values():
        assert {*re.findall(r'from "([^"]+)"', source)} <= imports.keys()
    assert base64.b64encode(b"\0asm").decode() in text
    # The module in place of the server has all functions that the others import from it.
    called = set()
    for source in sources.values():
        for names in re.findall(r'import \{([^}]+)\} from "api.js"', source):
            called |= {name.strip() for name in names.split(",")}
    defined = set(
        re.findall(r"export (?:async )?(?:function|const|class) (\w+)", sources["api.js"])
    )
    assert called <= defined


@pytest.mark.parametrize("kind", ["none", "missing", "damaged", "incomplete"])
def test_a_runtime_is_needed(people_runs, tmp_path, kind):
    path = tmp_path / "runtime.tgz"
    if kind == "damaged":
        path.write_bytes(b"\x1f\x8bno archive")
    elif kind == "incomplete":
        pack(path, {CODE: b"export default 1;"})

    with pytest.raises(DlcliError, match=r"ONNX Runtime Web|onnxruntime-web") as error:
        export(
            people_runs["keras"].path,
            "html",
            tmp_path / "a.html",
            runtime=None if kind == "none" else path,
        )

    assert "npm pack onnxruntime-web" in error.value.hint
    assert not (tmp_path / "a.html").exists()


def test_other_formats_have_no_runtime(people_runs, tmp_path):
    with pytest.raises(DlcliError, match="part of html alone"):
        export(people_runs["keras"].path, "onnx", tmp_path / "a.onnx", runtime=tmp_path)
