"""The Python files of ``--code``, which register components of one's own."""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

from dlcli.config.own_components import OwnComponent, find_own, own_components, used_own
from dlcli.config.sections import Config
from dlcli.errors import DlcliError, first_line
from dlcli.network.backend import import_keras
from dlcli.network.registration import registering_from

MAX_CODE_BYTES = 10_000_000

_sources: dict[str, str] = {}  # SHA-256 of each file, by its absolute path


def load_code(paths: Iterable[str | Path]) -> None:
    """Import Python files, which register components; each file once.

    Parameters
    ----------
    paths : iterable of path
        Files that the user has named: nothing else may be passed here, least of all a name from
        a config or a model file.

    Raises
    ------
    DlcliError
        If a file cannot be read, fails, or registers nothing; with the line in it.
    """
    for path in map(Path, paths):
        file = str(path.absolute())
        if file not in _sources:
            _load(path, file, _read(path))


def _load(path: Path, file: str, text: bytes) -> None:
    import_keras()  # before the file does, which knows nothing of backends and messages
    _run(path, file, text)
    _sources[file] = hashlib.sha256(text).hexdigest()


def _read(path: Path) -> bytes:
    if path.suffix != ".py":
        raise DlcliError(f"{path} is no Python file", hint="--code takes files that end in .py")
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CODE_BYTES + 1)
    except OSError as error:
        raise DlcliError(f"cannot read {path}: {error.strerror}") from None
    if len(text) > MAX_CODE_BYTES:
        raise DlcliError(f"{path} is larger than {MAX_CODE_BYTES // 1_000_000} MB")
    return text


def _run(path: Path, file: str, text: bytes) -> None:
    """Run a file as a module, and have its errors name the file and the line."""
    before = own_components()
    spec = spec_from_loader(f"dlcli_code_{path.stem}", None, origin=file)
    module = module_from_spec(spec)  # type: ignore[arg-type]
    module.__file__ = file
    sys.modules[module.__name__] = module  # dataclasses and pickle look a module up there
    try:
        with registering_from(file):
            code = compile(text, file, "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102 (named by the user)
    except SyntaxError as error:
        raise DlcliError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except DlcliError as error:
        raise DlcliError(f"{path}:{_line(error, file)}: {error}", hint=error.hint) from error
    except (Exception, SystemExit) as error:
        message = f"{path}:{_line(error, file)}: {type(error).__name__}: {first_line(error)}"
        raise DlcliError(message, hint=_import_hint(error, path)) from error
    if all(any(item is old for old in before) for item in own_components()):
        hint = 'write @dlcli.register("layer") above the class'
        raise DlcliError(f"{path} registers no component", hint=hint)


def _import_hint(error: BaseException, path: Path) -> str | None:
    if not isinstance(error, ModuleNotFoundError):
        return None
    if (path.parent / f"{error.name}.py").is_file():
        return f"{error.name}.py is not installed as a package; put all code into {path.name}"
    return f"install the package that has {error.name}"


def _line(error: BaseException, file: str) -> int:
    """Return the last line of a file that an error has passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 1 for f in reversed(frames) if f.filename == file), 1)


def own_place(error: BaseException) -> str:
    """Return file and line, in the code of one's own, where an error was raised; may be empty."""
    files = {component.file for component in own_components()} - {""}
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for item in chain:
        for frame in reversed(traceback.extract_tb(item.__traceback__)):
            if frame.filename in files:
                return f"{Path(frame.filename).name}:{frame.lineno}"
    return ""


def error_text(error: BaseException) -> str:
    """Return the message of an error, with its place if it is in the code of one's own."""
    place = own_place(error)
    return f"{place}: {type(error).__name__}: {first_line(error)}" if place else first_line(error)


def code_files(components: Iterable[OwnComponent]) -> dict[str, str]:
    """Return the SHA-256 of the files that register some components, by their paths."""
    digests = {}
    for component in components:
        file = component.file
        if file and file not in digests:
            digests[file] = _sources.get(file) or _sha256(Path(file))
    return digests


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@dataclass(frozen=True)
class Origin:
    """Where another process gets a component from: a file of ``--code``, or a module.

    The process may be on a machine that does not have the file, so its text is sent along.
    """

    kind: str
    name: str
    file: str
    text: bytes
    module: str


def origins(config: Config) -> list[Origin]:
    """Return where the components of one's own in a config come from.

    Raises
    ------
    DlcliError
        If one of them is in no file, so that no other process can have it.
    """
    places = []
    for item in used_own(config):
        if not item.file:
            raise DlcliError(
                f"{item.name} is in no Python file, so that other processes cannot train with it",
                hint="use one process, or define it in a file",
            )
        file = item.file if item.file in _sources else ""
        text = _read(Path(file)) if file else b""
        places.append(Origin(item.kind, item.name, file, text, item.target.__module__))
    return places


def load_absent(components: Iterable[Origin]) -> None:
    """Register, in another process, the components that it does not have yet."""
    for origin in components:
        if find_own(origin.kind, origin.name) is None and origin.file:
            _load(Path(origin.file), origin.file, origin.text)
        elif find_own(origin.kind, origin.name) is None:
            import_module(origin.module)


def loaded_files() -> list[str] | None:
    """Return the files of ``--code``; None if other components are registered, too."""
    files = {component.file for component in own_components()}
    return sorted(files) if files <= _sources.keys() else None
