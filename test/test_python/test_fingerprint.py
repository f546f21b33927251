"""The fingerprint changes with what changes a model, and with nothing else."""

import ast
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from project import profile as profiles
from training import fingerprint

LESSON = profiles.load(profiles.find("lesson"))

# Modules that a training goes through but that cannot change what comes out: they read (profiles;
# its outcome is hashed itself), write, name or silence.
HARMLESS = {
    *(
        "errors",
        "evaluation",
        "files",
        "fingerprint",
        "manifest",
        "profiles",
        "quiet",
        "understood",
    ),
    "wishes",
}


def imports(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "training":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("training."):
            names.add(str(node.module).split(".")[1])
    return names


def test_every_module_that_a_training_goes_through_counts(project: Path) -> None:
    found: set[str] = set()
    open_ends = {"train"}
    while open_ends:
        found |= open_ends
        open_ends = set().union(*(imports(project / f"training/{m}.py") for m in open_ends))
        open_ends -= found
    assert {f"{name}.py" for name in found - HARMLESS} == set(fingerprint.SOURCES)


def test_profile_and_data_change_it() -> None:
    plain = fingerprint.compute(LESSON, ["synthetic"])
    assert len(plain) == 64
    assert plain == fingerprint.compute(LESSON, ["synthetic"])
    temperature = profiles.load(profiles.find("temperature"))
    others: list[tuple[Any, list[Any]]] = [
        (temperature, ["synthetic"]),
        (LESSON, ["recordings", "00"]),
        (LESSON, ["recordings", "01"]),
        (LESSON, fingerprint.file_identity("00", {})),
        (LESSON, fingerprint.file_identity("00", {"rows": "0:9"})),
        (LESSON, fingerprint.file_identity("00", {"columns": ["2"]})),
    ]
    prints = [fingerprint.compute(profile, identity) for profile, identity in others]
    assert len({plain, *prints}) == len(others) + 1


def test_sources_change_it_but_their_line_ends_do_not(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "training"
    shutil.copytree(project / "training", copy)
    monkeypatch.setattr(fingerprint, "__file__", str(copy / "fingerprint.py"))
    plain = fingerprint.compute(LESSON, ["synthetic"])
    network = copy / "network.py"
    content = network.read_bytes()
    network.write_bytes(content.replace(b"\n", b"\r\n"))
    assert fingerprint.compute(LESSON, ["synthetic"]) == plain
    network.write_bytes(content + b"# changed\n")
    assert fingerprint.compute(LESSON, ["synthetic"]) != plain


def test_recordings_are_taken_once_there_are_any_and_partial_ones_never(
    tmp_path: Path,
) -> None:
    folder = tmp_path
    lesson = dataclasses.replace(LESSON, home=folder)
    assert fingerprint.own_identity(lesson) == ["synthetic"]
    (folder / "a.partial.csv").write_text("time,value\n0,25\n")
    (folder / "b.csv").write_text("# Partial: interrupted\n0,25\n")
    assert fingerprint.own_identity(lesson) == ["synthetic"]
    (folder / "c.csv").write_text("# board x\n0,25\n")
    assert fingerprint.recordings(lesson) == [folder / "c.csv"]
    before = fingerprint.expected(lesson, None)
    (folder / "c.csv").write_text("# board x\n0,26\n")
    assert fingerprint.expected(lesson, None) != before


def test_a_model_belongs_to_its_file_while_it_exists_and_to_its_hash_after(tmp_path: Path) -> None:
    file = tmp_path / "given.csv"
    file.write_text("25\n26\n")
    sha256 = fingerprint.file_sha256(file)
    wishes = {"rows": "0:2"}
    record = {"kind": "file", "path": str(file), "sha256": sha256, "wishes": wishes}
    trained = fingerprint.compute(LESSON, fingerprint.file_identity(sha256, wishes))
    assert fingerprint.expected(LESSON, record) == trained
    file.write_text("25\n27\n")
    assert fingerprint.expected(LESSON, record) != trained
    file.unlink()
    assert fingerprint.expected(LESSON, record) == trained
