"""`program --simulate` of the profiles with a simulated machine, with their committed models."""

import itertools
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from conftest import once

from benchmark.program import Compiler
from project import profile as profiles
from training import manifest

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")

# What `mixed` has, in its order. An MPU6050 does not hear bearings.
SCENES: Final = {
    "accelerometer": ["fall", "shake", "tilt", "dropout", "stuck"],
    "vibration": ["imbalance", "looseness", "blocked", "bearing", "dropout", "stuck"],
    "vibration_adc": ["imbalance", "looseness", "blocked", "bearing", "dropout", "stuck"],
    "microphone": ["clap", "alarm", "glass", "off", "dropout", "stuck"],
}
MISSED: Final = {("vibration", "bearing")}

Simulate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module", params=SCENES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def simulate(
    name: str, project: Path, host_compiler: Compiler, tmp_path_factory: pytest.TempPathFactory
) -> Simulate:
    """Runs the program of a profile."""

    def build(folder: Path) -> None:
        profile = profiles.load(profiles.find(name))
        host_compiler.build(profile, manifest.load(project / "models" / name), folder)

    folder = once(tmp_path_factory, f"twin-{name}", build)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(folder / "program"), "--simulate", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return run


def test_what_happens_to_it_is_found_but_for_what_the_part_does_not_show(
    simulate: Simulate, name: str
) -> None:
    done = simulate("mixed")
    assert done.returncode == 0, done.stderr
    outcomes = re.findall(r"injected (\w+), t=\S+ s: (\w+)", done.stdout)
    assert [scene for scene, _ in outcomes] == SCENES[name]
    missed = {(name, scene) for scene, outcome in outcomes if outcome != "found"}
    assert missed == {one for one in MISSED if one[0] == name}
    assert "Summary: alarms without an injection 0" in done.stdout
    assert re.search(r"injected dropout, .* FAULT$", done.stdout, re.MULTILINE)
    assert "Fault: stuck at one value | State: FAULT" in done.stdout


def test_normal_life_is_normal_and_decided_by_the_seed(simulate: Simulate) -> None:
    first, again, other = (
        re.sub(r"^Summary: throughput.*\n", "", simulate("normal", *options).stdout, flags=re.M)
        for options in (
            ("--seconds", "30"),
            ("--seconds", "30"),
            ("--seconds", "30", "--seed", "9"),
        )
    )
    assert first == again != other
    assert "Summary: anomalies 0" in first and "Summary: anomalies 0" in other
    assert "FAULT 0" in first


def test_only_what_suits_the_profile_can_be_asked_for(simulate: Simulate, name: str) -> None:
    known = ", ".join(["normal", *SCENES[name], "mixed"])
    for scene in {"spike", *itertools.chain(*SCENES.values())} - set(SCENES[name]):
        done = simulate(scene)
        assert done.returncode == 2
        assert done.stderr == f"unknown scenario {scene}; there are {known}\n"
