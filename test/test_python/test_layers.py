"""What may know what: an arrow between the Python packages goes down only, and none goes round."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

# Ground floor first: what a package imports stands before it. Those of one floor do not meet.
FLOORS: Final = (("project",), ("monitor", "training"), ("server",), ("benchmark",))
BELOW: Final = {
    package: {below for floor in FLOORS[:number] for below in floor}
    for number, floor in enumerate(FLOORS)
    for package in floor
}
Place = tuple[str, int]  # a module that is imported, and the line where


def modules(project: Path, package: str) -> dict[str, ast.Module]:
    """The modules of a package by their dotted names."""
    found = {}
    for file in sorted((project / package).rglob("*.py")):
        name = ".".join(file.relative_to(project).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(file.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module) -> Iterator[Place]:
    """What a module imports, anywhere in it; `from a import b` may mean the module a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def foreign_privates(tree: ast.Module) -> list[str]:
    """Names with an underscore that a module takes from another one."""
    own = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.module != "__future__":
                found += [f"{node.lineno}: {a.name}" for a in node.names if is_private(a.name)]
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = node.value
            while isinstance(owner, ast.Attribute):
                owner = owner.value
            if isinstance(owner, ast.Name) and owner.id in own and owner.id not in LIBRARIES:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


LIBRARIES: Final = {"os", "sys"}  # os._exit is public, whatever its name


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """A way from a node back to itself, or []."""

    def walk(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        for other in sorted(arrows[node] - free):
            if found := walk(other, [*way, node]):
                return found
        free.add(node)
        return []

    free: set[str] = set()
    return next(filter(None, (walk(node, []) for node in sorted(arrows))), [])


def test_the_floors_name_every_package(project: Path) -> None:
    packages = {file.parent.name for file in project.glob("*/__init__.py")}
    assert packages == BELOW.keys()


@pytest.mark.parametrize("package", BELOW)
def test_a_package_knows_only_what_is_below(project: Path, package: str) -> None:
    wrong = [
        f"{name}, line {line}: {imported}"
        for name, tree in modules(project, package).items()
        for imported, line in imports(tree)
        if imported.partition(".")[0] in BELOW.keys() - BELOW[package] - {package}
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle(project: Path) -> None:
    """An import inside a function counts too: it only hides the circle."""
    trees = {n: tree for package in BELOW for n, tree in modules(project, package).items()}
    arrows: dict[str, set[str]] = {}
    for name, tree in trees.items():
        arrows[name] = set()
        for imported, _ in imports(tree):
            target = imported if imported in trees else imported.rpartition(".")[0]
            if target in trees and not name.startswith(f"{target}."):
                arrows[name].add(target)
    assert circle(arrows) == []


@pytest.mark.parametrize("package", BELOW)
def test_no_module_takes_a_private_name_of_another(project: Path, package: str) -> None:
    found = {name: foreign_privates(tree) for name, tree in modules(project, package).items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_an_arrow_up_a_circle_and_a_private_name_are_found() -> None:
    tree = ast.parse("import a.b\nfrom c import d, _e\ndef f():\n    from g import h\n    d._i()\n")
    assert [name for name, _ in imports(tree)] == ["a.b", "c.d", "c._e", "g.h"]
    assert foreign_privates(tree) == ["2: _e", "5: d._i"]
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
