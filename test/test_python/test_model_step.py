"""The model step of a build, with a real SCons build in a copy of the project."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import build_quickly

from project.paths import PROFILES, PROJECT, home_of
from training import model_step

PlatformIO = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links a virtual environment")

# Cheap enough to train again and again.
EDITS = (("steps = 1600 ", "steps = 60 "), ("rows = 1000", "rows = 200"))


@pytest.fixture
def copy(project_copy: Path) -> Path:
    """A copy whose .venv is the environment that these tests run in, with a small lesson."""
    (project_copy / ".venv").symlink_to(sys.prefix)
    build_quickly(project_copy)
    profile = project_copy / "profiles" / "lesson.toml"
    text = profile.read_text(encoding="utf-8")
    for old, new in EDITS:
        assert old in text
        text = text.replace(old, new)
    profile.write_text(text, encoding="utf-8")
    return project_copy


def headers(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes())
        for path in (root / "include").glob("*.h")
    }


def build(platformio: PlatformIO, root: Path, *targets: str, **environment: str | Path) -> str:
    """What `pio run` says about the model; the host program is compiled where that is needed."""
    settings = {"ANOMALY_PROFILE": "lesson", **environment}
    done = platformio("run", "-e", "native", *targets, cwd=root, **settings)
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def test_a_changed_number_retrains_once_then_reuses(copy: Path, platformio: PlatformIO) -> None:
    profile = copy / "profiles" / "lesson.toml"
    original = (PROJECT / "profiles" / "lesson.toml").read_text()
    shipped = {p.name: p.read_bytes() for p in (copy / "models" / "lesson").iterdir()}
    (copy / "mine.py").write_text('Import("env")\nenv.AddCustomTarget("mine", "$PROGPATH", "echo")')
    scripts = "${env.extra_scripts}\n    mine.py"
    (copy / "platformio.local.ini").write_text(f"[env:native]\nextra_scripts =\n    {scripts}\n")
    first = build(platformio, copy, "-t", "envdump")
    assert "another state of profile, data or code" in first
    assert "not trained for this target" in first
    assert headers(copy) == {}

    refused = build(platformio, copy, ANOMALY_MODEL="reuse")
    assert refused.startswith("1\n")
    assert "custom_model = reuse forbids training; run: ./piow train --profile lesson" in refused
    assert "Traceback" not in refused

    trained = build(platformio, copy)
    assert trained.startswith("0\n"), trained
    assert "Model lesson: trained (float32" in trained
    assert "step 60 of 60" in trained
    assert (copy / ".pio" / "build" / "native" / "program").is_file()
    before = headers(copy)
    assert set(before) == {"model_config.h", "model_data.h"}

    again = build(platformio, copy)
    assert "Model lesson: up to date" in again
    assert "headers unchanged" in again
    assert "Compiling" not in again
    assert headers(copy) == before

    # What ships is as it was cloned, and fits again as soon as the profile does.
    assert shipped == {p.name: p.read_bytes() for p in (copy / "models" / "lesson").iterdir()}
    changed = profile.read_text()
    profile.write_text(original)
    assert "Model lesson: up to date" in build(platformio, copy, "-t", "envdump")
    assert headers(copy) != before
    profile.write_text(changed)
    assert "Model lesson: up to date" in build(platformio, copy, "-t", "envdump")
    assert {name: text for name, (_, text) in headers(copy).items()} == {
        name: text for name, (_, text) in before.items()
    }
    before = headers(copy)

    # A target that nobody knows here and that links all the same gets no wrong model.
    profile.write_text(changed.replace("sd = 2.0", "sd = 2.2"))
    (copy / ".pio" / "build" / "native" / "program").unlink()
    linked = build(platformio, copy, "-t", "mine")
    assert linked.startswith("1\n"), linked
    assert "does not belong to its profile and data (above); run: pio run -e native" in linked
    profile.write_text(changed)

    # A broken training says so, and leaves model and headers as they were.
    profile.write_text(changed.replace("sd = 2.0", "sd = 2.5"))
    network = copy / "training" / "network.py"
    network.write_text(network.read_text() + "\nraise SystemExit('out of luck')\n")
    own = copy / "data" / "lesson" / "model"
    model = {p.name: p.read_bytes() for p in own.iterdir()}
    broken = build(platformio, copy)
    assert broken.startswith("1\n")
    assert "out of luck" in broken
    assert "the training failed (status 1" in broken
    assert headers(copy) == before
    assert model == {p.name: p.read_bytes() for p in own.iterdir()}


def test_another_model_folder_leaves_the_committed_one_alone(
    copy: Path, platformio: PlatformIO, tmp_path: Path
) -> None:
    csv = tmp_path / "room.csv"
    csv.write_text("time,room\n" + "".join(f"{i / 2},{24 + i % 7 / 5}\n" for i in range(200)))
    folder = tmp_path / "room model"
    command = [sys.executable, "-m", "training", "train", "--profile", "lesson"]
    command += ["--data", str(csv), "--out", str(folder)]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    committed = {p.name: p.read_bytes() for p in (copy / "models" / "lesson").iterdir()}

    fresh = build(platformio, copy, "-t", "modelinfo", ANOMALY_MODEL_DIR=folder)
    assert "Model lesson: up to date (float32" in fresh
    assert "room.csv: 200 rows" in fresh

    csv.write_text(csv.read_text() + "100,26\n")
    stale = build(platformio, copy, ANOMALY_MODEL_DIR=folder, ANOMALY_MODEL="reuse")
    assert stale.startswith("1\n")
    assert str(folder) in stale
    retrained = build(platformio, copy, "-t", "train", ANOMALY_MODEL_DIR=folder)
    assert "room.csv: 201 rows" in retrained
    assert committed == {p.name: p.read_bytes() for p in (copy / "models" / "lesson").iterdir()}


def test_clean_needs_no_model(copy: Path, platformio: PlatformIO) -> None:
    cleaned = build(platformio, copy, "-t", "clean")
    assert cleaned.startswith("0\n")
    assert "Model" not in cleaned


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ANOMALY_MODEL": "sometimes"}, "sometimes: is not one of auto, reuse, retrain"),
        ({"ANOMALY_PROFILE": "leson"}, "no such profile (did you mean lesson?)"),
    ],
)
def test_a_wrong_choice_is_one_sentence(
    copy: Path, platformio: PlatformIO, environment: dict[str, str], message: str
) -> None:
    said = build(platformio, copy, **environment)
    assert said.startswith("1\n")
    assert f"Error: model step: {'custom_model = ' if 'MODEL' in message else ''}" in said
    assert message in said
    assert "Traceback" not in said


def test_a_fresh_model_needs_neither_numpy_nor_tensorflow(
    project_copy: Path,
) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from training import model_step as step\n"
        "print(step.prepare(step.choose('', '', ''), Path('include')))\n"
        "print(sorted({'numpy', 'tensorflow', 'rich', 'keras'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=project_copy, capture_output=True, text=True, check=True)
    line, heavy = done.stdout.splitlines()
    assert "up to date" in line
    assert heavy == "[]"


def test_where_tensorflow_cannot_be_installed_the_cure_is_named(
    project_copy: Path, platformio: PlatformIO
) -> None:
    (project_copy / "piow").write_text("import sys; print('no room'); sys.exit(1)\n")
    said = build(platformio, project_copy, ANOMALY_MODEL="retrain")
    assert said.startswith("1\n")
    assert "Training needs TensorFlow: preparing the project's .venv" in said
    assert "again: ./piow --install train" in said


def test_a_profile_elsewhere_has_recordings_and_a_model_of_its_own(
    copy: Path, platformio: PlatformIO
) -> None:
    elsewhere = copy / "machine" / "lesson.toml"
    elsewhere.parent.mkdir()
    elsewhere.write_text((copy / "profiles" / "lesson.toml").read_text())
    before = {p: p.read_bytes() for p in (copy / "models").rglob("*.*") if p.is_file()}
    trained = build(platformio, copy, "-t", "train", ANOMALY_PROFILE="machine/lesson.toml")
    assert trained.startswith("0\n"), trained
    assert before == {p: p.read_bytes() for p in (copy / "models").rglob("*.*") if p.is_file()}
    [manifest] = (copy / "data").rglob("manifest.json")
    assert manifest.parent.parent.name.startswith("lesson-")
    shown = build(platformio, copy, "-t", "modelinfo", ANOMALY_PROFILE=str(elsewhere))
    assert manifest.parent.relative_to(copy).as_posix() in shown


def test_each_profile_has_its_own_home(tmp_path: Path) -> None:
    homes = [
        home_of(file)
        for file in (
            PROFILES / "pump.v1.toml",
            PROFILES / "pump.v2.toml",
            PROJECT / "examples" / "pump.toml",
            tmp_path / "pump.toml",
            tmp_path / "other" / "pump.toml",
        )
    ]
    assert homes[:2] == [PROJECT / "data" / "pump.v1", PROJECT / "data" / "pump.v2"]
    assert len(set(homes)) == len(homes)
    assert all(home.parent == PROJECT / "data" for home in homes)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("", True),
        ("upload", True),
        ("upload monitor", True),
        ("size", True),
        ("__debug", True),
        (".pio/build/native/program", True),
        ("upload nobuild", False),
        ("erase", False),
        ("buildfs", False),
        ("uploadfs", False),
        ("collect", False),
        ("whatever comes", False),
        ("erase upload", True),
    ],
)
def test_only_a_target_that_compiles_wants_a_model(targets: str, expected: bool) -> None:
    assert model_step.compiles(set(targets.split())) is expected
