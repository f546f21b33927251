"""The fingerprint changes with what changes a model, and with nothing else."""

import ast
import dataclasses
import importlib
import inspect
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from project import profile as profiles
from project.paths import PROJECT
from project.profile.inputs import Linear
from training import data, fingerprint, train

LESSON, TEMPERATURE = (profiles.load(profiles.find(name)) for name in ("lesson", "temperature"))
VIBRATION = profiles.load(profiles.find("vibration"))
PUMP, FAN = (profiles.load(PROJECT / "examples" / f"{name}.toml") for name in ("pump", "fan"))

# Modules that a training goes through but that cannot change what comes out: they write, name,
# judge or silence.
HARMLESS = {"evaluation", "files", "fingerprint", "manifest", "quiet", "understood", "wishes"}
SOURCES = {
    *fingerprint.ALWAYS,
    *fingerprint.WITH_NETWORK,
    *fingerprint.WITH_CHANNELS,
    *fingerprint.WITH_STRETCH,
    *fingerprint.WITH_FRAMES,
    *fingerprint.WITH_RECORDINGS,
    *fingerprint.WITH_LEARNING,
    *fingerprint.WITH_SLOW,
    *fingerprint.WITH_TWIN,
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
    assert found - HARMLESS == SOURCES


def without_network(profile: profiles.Profile) -> profiles.Profile:
    detector = dataclasses.replace(profile.detector, kind="mahalanobis")
    return dataclasses.replace(profile, detector=detector)


@pytest.mark.parametrize(
    "profile", [LESSON, without_network(LESSON), without_network(TEMPERATURE)], ids=str
)
def test_code_that_is_not_hashed_is_not_called(
    profile: profiles.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever would be called has to count; a network is not trained to its end here."""
    network = dataclasses.replace(profile.network, steps=5)
    profile = dataclasses.replace(profile, network=network)
    dataset = data.own(profile)
    hashed = fingerprint.sources(profile, dataset.identity)
    for name in SOURCES - set(hashed):
        module = importlib.import_module(f"training.{name}")
        for function, _ in inspect.getmembers(module, inspect.isfunction):
            told = f"training/{name}.py: {function} is called and not hashed"
            monkeypatch.setattr(module, function, lambda *_, told=told, **__: pytest.fail(told))
    assert train.train(profile, dataset, lambda *_: None, False).manifest


def test_profile_and_data_change_it() -> None:
    plain = fingerprint.compute(LESSON, ["synthetic"])
    assert len(plain) == 64
    assert plain == fingerprint.compute(LESSON, ["synthetic"])
    others: list[tuple[Any, list[Any]]] = [
        (TEMPERATURE, ["synthetic"]),
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


@pytest.mark.parametrize(
    ("module", "stale"),
    [
        ("train", "all"),
        ("stretch", "stretched"),
        ("cause", "of channels, framed, of a twin, of a taught twin"),
        ("frames", "framed, of a twin, of a taught twin"),
        ("twin", "of a twin"),
        ("conversion", "with a network, stretched, of channels, recorded"),
        ("table", "recorded, of a taught twin"),
        ("evaluation", "none"),
    ],
)
def test_a_source_counts_for_the_profiles_that_use_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, stale: str
) -> None:
    copy = tmp_path / "training"
    shutil.copytree(project / "training", copy)
    monkeypatch.setattr(fingerprint, "__file__", str(copy / "fingerprint.py"))
    cases: dict[str, tuple[profiles.Profile, list[Any]]] = {
        "plain": (without_network(LESSON), ["synthetic"]),
        "with a network": (LESSON, ["synthetic"]),
        "stretched": (TEMPERATURE, ["synthetic"]),
        "of channels": (PUMP, ["synthetic"]),
        "framed": (without_network(FAN), ["synthetic"]),
        "of a twin": (without_network(VIBRATION), ["synthetic"]),
        "of a taught twin": (without_network(VIBRATION), ["file", "00"]),
        "recorded": (LESSON, ["recordings", "00"]),
    }
    before = {name: fingerprint.compute(*case) for name, case in cases.items()}
    with (copy / f"{module}.py").open("a") as source:
        source.write("CHANGED = True\n")
    changed = {name for name, case in cases.items() if fingerprint.compute(*case) != before[name]}
    wanted = {"all": set(cases), "none": set[str]()}.get(stale, set(stale.split(", ")))
    assert changed == wanted


EACH: Final = {"lesson", "pump", "temperature"}


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("def compute(", "def newcomer(s):\n    return _of_newcomer(s)\n\n\ndef compute(", set()),
        ("def compute(", "def _of_newcomer(s):\n    return s.x\n\n\ndef compute(", set()),
        ("mean = s.x[0].copy()", "mean = 2 * s.x[0]", {"pump"}),  # of smooth
        ("np.sqrt(2) * s.sigma", "np.sqrt(3) * s.sigma", {"temperature"}),  # of jump
        ("np.cbrt(result)", "np.sqrt(result)", {"temperature"}),  # of energies
        ("_ENERGY_BOUND: Final = 6.0", "_ENERGY_BOUND: Final = 7.0", EACH),
        ("np.stack(columns", "np.stack(2 * columns", EACH),
    ],
)
def test_a_kind_counts_for_the_profiles_that_use_it(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    stale: set[str],
) -> None:
    copy = tmp_path / "training"
    shutil.copytree(project / "training", copy)
    monkeypatch.setattr(fingerprint, "__file__", str(copy / "fingerprint.py"))
    monkeypatch.setitem(profiles.CATALOGUE, "newcomer", profiles.CATALOGUE["value"])
    cases = (LESSON, PUMP, TEMPERATURE)
    before = {p.name: fingerprint.compute(p, ["synthetic"]) for p in cases}
    source = copy / "features.py"
    text = source.read_text("utf-8")
    assert old in text
    source.write_text(text.replace(old, new), "utf-8")
    changed = {p.name for p in cases if fingerprint.compute(p, ["synthetic"]) != before[p.name]}
    assert changed == stale


def test_what_the_project_says_of_a_kind_counts_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """How a feature is scaled and a reading quantised: neither stands in a profile."""
    before = [fingerprint.compute(p, ["synthetic"]) for p in (TEMPERATURE, LESSON)]
    kind = dataclasses.replace(profiles.CATALOGUE["jump"], one_sided=True)
    monkeypatch.setitem(profiles.CATALOGUE, "jump", kind)
    after = [fingerprint.compute(p, ["synthetic"]) for p in (TEMPERATURE, LESSON)]
    assert after[0] != before[0]
    assert after[1] == before[1]
    monkeypatch.setattr(Linear, "step", lambda *_: 0.01)
    assert fingerprint.compute(LESSON, ["synthetic"]) != before[1]


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
