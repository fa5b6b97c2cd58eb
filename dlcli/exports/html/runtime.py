"""ONNX Runtime Web, which a user gives: the package of npm, or its folder."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from dlcli.errors import DlcliError

VERSION = "1.30.0"  # with which the page is tested
# Files of the package, with the SHA-256 of this version.
CODE, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
FILES = {
    CODE: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    BINARY: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
MAX_SIZE = 64 << 20  # bytes of a file
HINT = f"`npm pack onnxruntime-web@{VERSION}`, then --runtime onnxruntime-web-{VERSION}.tgz"


def read_runtime(path: Path | None) -> tuple[bytes, bytes, list[str]]:
    """Read ONNX Runtime Web.

    Parameters
    ----------
    path : Path or None
        The archive of the package ``onnxruntime-web``, or a folder with its files.

    Returns
    -------
    code, binary : bytes
        A JavaScript module and WebAssembly.
    notices : list of str
        If it is another version than the tested one.

    Raises
    ------
    DlcliError
        If there is none.
    """
    if path is None:
        raise DlcliError("the page needs ONNX Runtime Web, which is not part of dlcli", hint=HINT)
    try:
        contents = _read_folder(path) if path.is_dir() else _read_archive(path)
    except (OSError, tarfile.TarError, EOFError) as error:
        raise DlcliError(f"{path} cannot be read as onnxruntime-web: {error}", hint=HINT) from None
    for name in FILES:
        if name not in contents:
            raise DlcliError(f"{path} has no file {name} of onnxruntime-web", hint=HINT)
    is_known = all(hashlib.sha256(contents[name]).hexdigest() == FILES[name] for name in FILES)
    notice = f"{path} is not onnxruntime-web {VERSION}, with which the page is tested"
    return contents[CODE], contents[BINARY], [] if is_known else [notice]


def _read_folder(folder: Path) -> dict[str, bytes]:
    places = (folder, folder / "dist", folder / "package" / "dist")
    found = [place / name for name in FILES for place in places if (place / name).is_file()]
    return {path.name: path.read_bytes() for path in found if path.stat().st_size <= MAX_SIZE}


def _read_archive(path: Path) -> dict[str, bytes]:
    contents = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            folder, _, name = member.name.rpartition("/")
            if folder == "package/dist" and name in FILES and 0 < member.size <= MAX_SIZE:
                file = archive.extractfile(member)
                if file is not None:
                    contents[name] = file.read()
    return contents
