"""The packages: what others may use of them. The layers are checked by import-linter."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import dlcli

ROOT = Path(dlcli.__file__).parent
PACKAGES = sorted(
    path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "cli"
)


@cache
def imported_modules(path):
    """Return the modules of dlcli that a file imports, as parts of their names."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dlcli."):
            for alias in node.names:
                parts = [*node.module.split(".")[1:], alias.name]
                module = ROOT.joinpath(*parts)
                is_module = module.is_dir() or module.with_suffix(".py").exists()
                modules.append(parts if is_module else parts[:-1])
    return modules


@pytest.mark.parametrize("package", PACKAGES)
def test_other_packages_use_the_modules_that_a_package_names(package):
    text = ast.get_docstring(
        ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    )
    named = set(re.findall(r"`(\w+)`", text))

    used = {
        parts[1]
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] != package
        for parts in imported_modules(path)
        if parts[0] == package and len(parts) > 1
    }

    assert used == named
