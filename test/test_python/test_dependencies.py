"""What is installed is pinned, file by file; what is read is never run."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from conftest import load_piow
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from project import profile as profiles
from training import codegen, fingerprint, manifest

STAGES = (
    "requirements",
    "requirements-train",
    "requirements-server",
    "requirements-dev",
    "offline/requirements",
)

ESPHOME = "requirements-esphome"  # an environment of its own, so it need not agree

RUNS_WHAT_IT_READS = {"eval", "exec", "compile", "__import__"}
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


def named(file: Path) -> dict[str, Requirement]:
    """The requirements that a file written by hand names."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def locked(file: Path) -> dict[str, tuple[Requirement, list[str]]]:
    """The requirements of a lock file with what follows each on its line."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.partition("#")[0].split("--hash=") for line in text.splitlines()]
    found = [(Requirement(first), hashes) for first, *hashes in lines if first.strip()]
    assert len({requirement.name for requirement, _ in found}) == len(found), "named twice"
    return {canonicalize_name(requirement.name): (requirement, rest) for requirement, rest in found}


@pytest.mark.parametrize("stage", [*STAGES, ESPHOME])
def test_every_line_of_a_lock_has_one_version_and_its_hashes(project: Path, stage: str) -> None:
    found = locked(project / f"{stage}.txt")
    for requirement, hashes in found.values():
        assert re.fullmatch(r"==(\d+!)?[^=*,<>~!]+", str(requirement.specifier)), requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", text.strip()) for text in hashes)
    for name, requirement in named(project / f"{stage}.in").items():
        assert found[name][0].specifier == requirement.specifier
        assert (found[name][0].marker is None) == (requirement.marker is None)
    assert "uv pip compile" in (project / f"{stage}.txt").read_text(encoding="utf-8")[:200]


def test_the_locks_agree_on_what_they_share(project: Path) -> None:
    versions: dict[str, set[str]] = {}
    for stage in STAGES:
        for name, (requirement, _) in locked(project / f"{stage}.txt").items():
            versions.setdefault(name, set()).add(str(requirement.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
    assert len(versions) > 50


def test_piow_installs_nothing_but_these_locks(project: Path) -> None:
    piow = load_piow(project / "piow")
    stages = piow.STAGES
    assert f"{ESPHOME}.txt" == piow.ESPHOME_LOCK
    assert {requirements for requirements, _ in stages.values()} == {f"{s}.txt" for s in STAGES}


def sources(project: Path) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"]
    try:
        listed = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
        files = [project / name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        folders = (
            "training",
            "components",
            "monitor",
            "server",
            "benchmark",
            "extra_scripts",
            "offline",
            "test",
        )
        files = [file for folder in folders for file in (project / folder).rglob("*.py")]
    return [project / "piow", *(file for file in files if file.is_file())]


def findings(source: str) -> list[str]:
    """What in a program could run data as code."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in RUNS_WHAT_IT_READS:
                found.append(f"{node.lineno}: {called.id}()")
            if isinstance(called, ast.Attribute) and called.attr == "read_pickle":
                found.append(f"{node.lineno}: read_pickle()")
            for keyword in node.keywords:
                on = not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
                if keyword.arg in ("allow_pickle", "shell") and on:
                    found.append(f"{node.lineno}: {keyword.arg}")
        elif isinstance(node, ast.Attribute):
            owner = node.value
            if isinstance(owner, ast.Name) and (owner.id, node.attr) in {
                ("yaml", "load"),
                ("yaml", "unsafe_load"),
                ("os", "system"),
                ("os", "popen"),
            }:
                found.append(f"{node.lineno}: {owner.id}.{node.attr}")
        found += [f"import {m}" for m in modules if m.partition(".")[0] in PICKLES]
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "exec(text)",
        "yaml.load(text)",
        "np.load(f, allow_pickle=True)",
        "np.load(f, allow_pickle=flag)",
        "pd.read_pickle(f)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_the_search_finds(source: str) -> None:
    assert len(findings(source)) == 1


def test_nothing_here_runs_what_it_reads(project: Path) -> None:
    files = sources(project)
    assert len(files) > 60
    found = {str(file): findings(file.read_text(encoding="utf-8")) for file in files}
    assert {file: lines for file, lines in found.items() if lines} == {}


@pytest.mark.parametrize("name", ["lesson", "temperature"])
def test_what_is_generated_says_where_it_comes_from(project: Path, name: str) -> None:
    folder = project / "models" / name
    profile, found = profiles.load(profiles.find(name)), manifest.load(folder)
    assert found["profile"] == name
    assert found["fingerprint"] == fingerprint.expected(profile, found["data"])
    assert set(found["versions"]) >= {"python", "tensorflow", "numpy"}
    model = (folder / manifest.MODEL).read_bytes()
    for header in (
        codegen.config_header(profile, found),
        codegen.data_header(profile, found, model),
    ):
        head = header.partition("#pragma once")[0]
        assert "training/codegen" in head and "Do not edit" in head
        assert f"Profile:     {name}\n" in head
        assert found["fingerprint"] in head
        assert found["data"]["description"] in head
        assert f"tensorflow {found['versions']['tensorflow']}" in head
